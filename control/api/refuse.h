/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Refusals that several methods share. Each ends the call. */
#include "rpc.h"

/* What the data plane said to a request, a negative errno of RESULT. */
void call_refuse_result(struct call *call, int error);

/* The store failed; a negative errno other than -ENOENT. */
void call_refuse_store(struct call *call);

void call_refuse_no_pair(struct call *call, uint64_t pair);
void call_refuse_no_dataplane(struct call *call);
void call_refuse_no_memory(struct call *call);
