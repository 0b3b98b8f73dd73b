/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* TAB in other shells. */
#include "command.h"

#include <stdio.h>

/*
 * For completion scripts: the candidates for `line`, which starts with the program's name, one on a line;
 * or the single line ":files".
 */
void cli_completion_print(FILE *out, const struct cli_noun *nouns, const char *line);

/* The script for bash. */
void cli_completion_bash_print(FILE *out);
