/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* All commands of culvertctl. */
#include "command.h"

extern const struct cli_noun cli_nouns[];
