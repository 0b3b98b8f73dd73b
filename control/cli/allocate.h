/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A short-lived program has nothing better to do without memory than to say so and stop: these never
 * return NULL. Free with free().
 */
#include <stddef.h>

void *cli_resize(void *memory, size_t bytes);
char *cli_copy(const char *text);
char *cli_copy_part(const char *text, size_t bytes);
_Noreturn void cli_out_of_memory(void);
