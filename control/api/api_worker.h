/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The workers of the data plane. */
#include "rpc.h"

void api_worker_list(struct call *call, yyjson_val *params);
