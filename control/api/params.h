/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Reading a call's parameters. Each function answers the call with -32602 and the reason when it returns
 * false, after which the call is gone.
 */
#include "rpc.h"

/* No member but these (a NULL-terminated list): a misspelt one is better refused than ignored. */
bool params_only(struct call *call, yyjson_val *params, const char *const *names);

/* A whole number of 0 to `max`. When it is missing, *value keeps what it had, unless `required`. */
bool params_number(struct call *call, yyjson_val *params, const char *name, bool required, uint64_t max,
                   uint64_t *value);

/*
 * A string without NUL bytes; NULL in *text when it is missing and not `required`. Lives as long as `params`.
 */
bool params_text(struct call *call, yyjson_val *params, const char *name, bool required, const char **text);

/*
 * All parameters of a list: `cursor`, the last one that the page before had (0: this is the first page), and
 * `limit`, how many are wanted.
 */
bool params_page(struct call *call, yyjson_val *params, uint64_t cursor_max, uint64_t *cursor,
                 uint32_t *limit);
