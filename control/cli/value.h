/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The value of one option or argument. */
#include "command.h"

struct cli_value {
    const char *text; /* NULL: not given */
    uint64_t number;  /* in the unit that its kind says */
};

/*
 * Reads `text` as what `item` wants. 0, or -EINVAL with what is wrong and what is expected in `error`.
 */
int cli_value_parse(const struct cli_item *item, const char *text, struct cli_value *value, char *error,
                    size_t error_bytes);
