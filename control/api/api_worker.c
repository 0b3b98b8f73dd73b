/* SPDX-License-Identifier: BSD-3-Clause */
/* worker.list. */
#include "api_worker.h"

#include "shared_json.h"

static const char *state_name(uint32_t state)
{
    switch (state) {
    case CV_WORKER_BOOT:
        return "boot";
    case CV_WORKER_RUN:
        return "run";
    case CV_WORKER_HALT:
        return "halt";
    default:
        return "?";
    }
}

static void add_worker(yyjson_mut_doc *doc, yyjson_mut_val *worker, const struct cv_worker_stats *stats)
{
    (void)yyjson_mut_obj_add_uint(doc, worker, "core", SHARED_LOAD(stats->core));
    (void)yyjson_mut_obj_add_str(doc, worker, "state", state_name(SHARED_LOAD(stats->state)));
    (void)yyjson_mut_obj_add_uint(doc, worker, "heartbeat", SHARED_LOAD(stats->heartbeat));
#define WORKER_COUNTER(name, kind, unit, meaning) \
    (void)yyjson_mut_obj_add_uint(doc, worker, #name, SHARED_LOAD(stats->name));
    CV_COUNTER_LIST(WORKER_COUNTER)
#undef WORKER_COUNTER
}

void api_worker_list(struct call *call, yyjson_val *params)
{
    const struct cv_shared *shared = shared_for_call(call, params);
    yyjson_mut_val *result;
    yyjson_mut_val *workers;

    if (shared == NULL)
        return;
    result = yyjson_mut_obj(call->doc);
    (void)yyjson_mut_obj_add_uint(call->doc, result, "tsc_hz", SHARED_LOAD(shared->keeper->tsc_hz));
    workers = yyjson_mut_obj_add_arr(call->doc, result, "workers");
    for (uint32_t i = 0; i < shared->header.worker_count; i++) {
        yyjson_mut_val *worker = yyjson_mut_arr_add_obj(call->doc, workers);

        (void)yyjson_mut_obj_add_uint(call->doc, worker, "worker", i);
        add_worker(call->doc, worker, &shared->workers[i]);
    }
    call_answer(call, result);
}
