/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* From words to a command that ran. */
#include "command.h"

/*
 * Parses and runs. Prints to standard output and standard error. `shell` (may be NULL) is what stands in
 * for the command when there is none among the words; it gets them, they are only options then.
 */
enum cli_exit cli_run(const struct cli_noun *nouns, size_t count, const char *const *words,
                      enum cli_exit (*shell)(const struct cli_noun *nouns, size_t count,
                                             const char *const *words));
