/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Who owns the sessions. */
#include "command.h"

enum cli_exit cli_shard_show(struct cli_call *call);
