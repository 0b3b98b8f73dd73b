/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* culvertctl(1) in the man macros, made from the command table. */
#include <stdio.h>

void cli_man_print(FILE *out);
