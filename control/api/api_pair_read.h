/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* One pair, and lists of pairs. */
#include "rpc.h"

void api_pair_get(struct call *call, yyjson_val *params);
void api_pair_list(struct call *call, yyjson_val *params);
