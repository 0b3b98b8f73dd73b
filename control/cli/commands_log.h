/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the processes write about themselves. */
#include "command.h"

enum cli_exit cli_log_level(struct cli_call *call);
