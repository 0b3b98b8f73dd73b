/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Sending all peers away, and taking sessions again. */
#include "rpc.h"

void api_session_drain(struct call *call, yyjson_val *params);
void api_session_resume(struct call *call, yyjson_val *params);
