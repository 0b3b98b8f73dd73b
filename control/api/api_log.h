/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The log level of control and of the data plane. */
#include "rpc.h"

void api_log_level(struct call *call, yyjson_val *params);
