/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The ports of the data plane. */
#include "rpc.h"

void api_port_list(struct call *call, yyjson_val *params);
