/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Traces of sessions. */
#include "rpc.h"

void api_trace_add(struct call *call, yyjson_val *params);
void api_trace_list(struct call *call, yyjson_val *params);
void api_trace_delete(struct call *call, yyjson_val *params);
