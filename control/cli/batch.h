/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Commands one after the other, from a file. */
#include "command.h"

#include <stdio.h>

/*
 * Lines from `in`, each after the words of `prefix`; "#" starts a comment line. Stops at the first command
 * that fails, with its status.
 */
enum cli_exit cli_batch(const struct cli_noun *nouns, FILE *in, size_t prefix_count,
                        const char *const *prefix);
