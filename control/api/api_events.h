/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Subscribing to events, and cancelling what goes on. */
#include "rpc.h"

void api_events_subscribe(struct call *call, yyjson_val *params);
void api_cancel(struct call *call, yyjson_val *params);
