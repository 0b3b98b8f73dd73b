/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What --help prints, made from the command table. */
#include "command.h"

#include <stdio.h>

void cli_help_program(FILE *out, const struct cli_noun *nouns);
void cli_help_noun(FILE *out, const struct cli_noun *noun);
void cli_help_command(FILE *out, const struct cli_noun *noun, const struct cli_command *command);

/* "pair add A B [OPTION...]", on the man page too. */
struct cli_synopsis {
    char s[128];
} cli_synopsis(const struct cli_noun *noun, const struct cli_command *command);

/* "-n, --count N" */
struct cli_option_text {
    char s[64];
} cli_option_text(const struct cli_item *option);
