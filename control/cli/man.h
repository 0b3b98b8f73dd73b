/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* culvertctl(1) in the man macros, made from the command table. */
#include "command.h"

#include <stdio.h>

void cli_man_print(FILE *out, const struct cli_noun *nouns);
