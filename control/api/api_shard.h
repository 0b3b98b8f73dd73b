/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Who owns the sessions, and what protects their packets. */
#include "rpc.h"

void api_shard_list(struct call *call, yyjson_val *params);
void api_crypto_get(struct call *call, yyjson_val *params);
