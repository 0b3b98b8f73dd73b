/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Commands one after the other, typed. */
#include "command.h"

/*
 * A prompt with history and TAB on the terminal of standard input, until exit or Ctrl-D. Every line starts
 * with the words of `prefix`: the options of culvertctl itself.
 */
enum cli_exit cli_shell(const struct cli_noun *nouns, size_t prefix_count, const char *const *prefix);
