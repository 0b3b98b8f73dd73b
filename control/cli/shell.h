/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Commands one after the other. `prefix` are words that every line starts with: the options of culvertctl
 * itself.
 */
#include "command.h"

#include <stdio.h>

/* A prompt with history and TAB on the terminal of standard input, until exit or Ctrl-D. */
enum cli_exit cli_shell(size_t prefix_count, const char *const *prefix);

/* Lines from `in`; "#" starts a comment line. Stops at the first command that fails, with its status. */
enum cli_exit cli_batch(FILE *in, size_t prefix_count, const char *const *prefix);
