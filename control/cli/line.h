/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* One line of the shell or of a file of commands, quoted as in sh. */
#include "command.h"

/*
 * Runs the line after the words of `prefix`. Empty lines and those that start with '#' are done at once;
 * "exit" and "quit" set `leave`.
 */
enum cli_exit cli_line_run(const struct cli_noun *nouns, const char *line, size_t prefix_count,
                           const char *const *prefix, bool *leave);
