/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Counters, and what was dropped. */
#include "rpc.h"

void api_stats_get(struct call *call, yyjson_val *params);
void api_drop_list(struct call *call, yyjson_val *params);
