/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Adding and deleting pairs. */
#include "rpc.h"

void api_pair_add(struct call *call, yyjson_val *params);
void api_pair_delete(struct call *call, yyjson_val *params);
