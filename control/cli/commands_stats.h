/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Counters of the whole relay. */
#include "command.h"

enum cli_exit cli_stats_show(struct cli_call *call);
