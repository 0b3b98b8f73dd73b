/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Traces of sessions as the data plane shows them in the shared memory, as JSON. */
#include "rpc.h"
#include "shared/shared.h"

/* The trace in that place; NULL: there is none. */
yyjson_mut_val *trace_json(struct call *call, const struct cv_shared *shared, unsigned place);

/* The trace that records this session; JSON's null when none does. */
yyjson_mut_val *trace_json_of_session(struct call *call, uint64_t session);
