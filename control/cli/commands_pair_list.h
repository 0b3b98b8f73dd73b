/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Pairs: list. */
#include "command.h"

enum cli_exit cli_pair_list(struct cli_call *call);
