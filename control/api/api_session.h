/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* One session, lists of sessions, and closing one. */
#include "rpc.h"

void api_session_list(struct call *call, yyjson_val *params);
void api_session_get(struct call *call, yyjson_val *params);
void api_session_close(struct call *call, yyjson_val *params);
