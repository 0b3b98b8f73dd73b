/* SPDX-License-Identifier: BSD-3-Clause */
/* stats.get and drop.list. */
#include "api_stats.h"

#include "api.h"
#include "base/clock.h"
#include "refuse.h"
#include "sessions/drain.h"
#include "shared_json.h"

#include <stddef.h>

/* Adds up a counter, given by its offset, over all workers. */
static uint64_t sum(const struct cv_shared *shared, size_t offset)
{
    uint64_t total = 0;

    for (uint32_t i = 0; i < shared->header.worker_count; i++) {
        const uint64_t *counter = (const void *)((const char *)&shared->workers[i] + offset);

        total += SHARED_LOAD(*counter);
    }
    return total;
}

static void add_counters(yyjson_mut_doc *doc, yyjson_mut_val *result, const struct cv_shared *shared)
{
    yyjson_mut_val *counters = yyjson_mut_obj_add_obj(doc, result, "counters");
    yyjson_mut_val *keeper;

#define STATS_COUNTER(name, kind, unit, meaning) \
    (void)yyjson_mut_obj_add_uint(doc, counters, #name, sum(shared, offsetof(struct cv_worker_stats, name)));
    CV_COUNTER_LIST(STATS_COUNTER)
#undef STATS_COUNTER
    keeper = yyjson_mut_obj_add_obj(doc, result, "keeper");
#define STATS_KEEPER(name, kind, unit, meaning) \
    (void)yyjson_mut_obj_add_uint(doc, keeper, #name, SHARED_LOAD(shared->keeper->name));
    CV_KEEPER_COUNTER_LIST(STATS_KEEPER)
#undef STATS_KEEPER
}

/* Of all shards together. */
static void add_sessions(yyjson_mut_doc *doc, yyjson_mut_val *result, const struct cv_shared *shared)
{
    yyjson_mut_val *object = yyjson_mut_obj_add_obj(doc, result, "sessions");
    const struct cv_handshake_stats *handshake = &shared->sessions->handshake;
    uint64_t sessions = 0, key_updates = 0, unopened_pkts = 0;

    for (uint32_t i = 0; i <= shared->header.worker_count; i++) {
        sessions += SHARED_LOAD(shared->shards[i].sessions);
        key_updates += SHARED_LOAD(shared->shards[i].key_updates);
        unopened_pkts += SHARED_LOAD(shared->shards[i].unopened_pkts);
    }
    (void)yyjson_mut_obj_add_uint(doc, object, "sessions", sessions);
    (void)yyjson_mut_obj_add_uint(doc, object, "key_updates", key_updates);
    (void)yyjson_mut_obj_add_uint(doc, object, "unopened_pkts", unopened_pkts);
#define STATS_HANDSHAKE(name, kind, unit, meaning) \
    (void)yyjson_mut_obj_add_uint(doc, object, #name, SHARED_LOAD(handshake->name));
    CV_HANDSHAKE_LIST(STATS_HANDSHAKE)
#undef STATS_HANDSHAKE
}

/* False when the store cannot be read. */
static bool add_control(struct call *call, yyjson_mut_val *result)
{
    const struct api *api = call->api;
    const struct services *services = api->services;
    yyjson_mut_val *object = yyjson_mut_obj_add_obj(call->doc, result, "control");
    uint64_t stored = 0;

    if (store_count_pairs(services->store, &stored) != 0)
        return false;
    (void)yyjson_mut_obj_add_str(call->doc, object, "version", CULVERT_VERSION);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "uptime_ms", clock_monotonic_ms() - api->start_ms);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "pairs", stored);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "clients", api->clients);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "subscribers", events_subscribers(&services->events));
    (void)yyjson_mut_obj_add_uint(call->doc, object, "events", services->events.published);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "events_lost", services->events.lost);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "draining", draining(api->sessions));
    (void)yyjson_mut_obj_add_uint(call->doc, object, "requests_in_flight",
                                  dataplane_in_flight(services->dataplane));
    (void)yyjson_mut_obj_add_uint(call->doc, object, "bad_messages",
                                  dataplane_bad_messages(services->dataplane));
    return true;
}

void api_stats_get(struct call *call, yyjson_val *params)
{
    const struct cv_shared *shared = shared_for_call(call, params);
    const struct cv_keeper_stats *keeper;
    yyjson_mut_val *result;
    uint64_t start;
    uint64_t now = clock_unix_ms();

    if (shared == NULL)
        return;
    keeper = shared->keeper;
    result = yyjson_mut_obj(call->doc);
    start = SHARED_LOAD(keeper->start_unix_ms);
    (void)yyjson_mut_obj_add_uint(call->doc, result, "uptime_ms", now > start ? now - start : 0);
    (void)yyjson_mut_obj_add_uint(call->doc, result, "pairs", SHARED_LOAD(keeper->pairs));
    (void)yyjson_mut_obj_add_uint(call->doc, result, "pairs_max", SHARED_LOAD(keeper->pairs_max));
    (void)yyjson_mut_obj_add_uint(call->doc, result, "legs_bound", SHARED_LOAD(keeper->legs_bound));
    (void)yyjson_mut_obj_add_uint(call->doc, result, "memory_bytes", SHARED_LOAD(keeper->memory_bytes));
    (void)yyjson_mut_obj_add_uint(call->doc, result, "pair_bytes", SHARED_LOAD(keeper->pair_bytes));
    (void)yyjson_mut_obj_add_uint(call->doc, result, "sessions_max", SHARED_LOAD(shared->sessions->max));
    add_counters(call->doc, result, shared);
    add_sessions(call->doc, result, shared);
    if (add_control(call, result))
        call_answer(call, result);
    else
        call_refuse_store(call);
}

static void add_drop(yyjson_mut_doc *doc, yyjson_mut_val *drops, const struct cv_shared *shared,
                     enum cv_drop reason)
{
    yyjson_mut_val *drop = yyjson_mut_arr_add_obj(doc, drops);
    yyjson_mut_val *workers;

    (void)yyjson_mut_obj_add_str(doc, drop, "name", cv_drop_name(reason));
    (void)yyjson_mut_obj_add_str(doc, drop, "meaning", cv_drop_meaning(reason));
    (void)yyjson_mut_obj_add_uint(
        doc, drop, "pkts",
        sum(shared, offsetof(struct cv_worker_stats, drops) + (size_t)reason * sizeof(uint64_t)));
    workers = yyjson_mut_obj_add_arr(doc, drop, "per_worker");
    for (uint32_t i = 0; i < shared->header.worker_count; i++)
        (void)yyjson_mut_arr_add_uint(doc, workers, SHARED_LOAD(shared->workers[i].drops[reason]));
}

void api_drop_list(struct call *call, yyjson_val *params)
{
    const struct cv_shared *shared = shared_for_call(call, params);
    yyjson_mut_val *result;
    yyjson_mut_val *drops;

    if (shared == NULL)
        return;
    result = yyjson_mut_obj(call->doc);
    drops = yyjson_mut_obj_add_arr(call->doc, result, "drops");
    for (unsigned reason = 0; reason < CV_DROP_COUNT; reason++)
        add_drop(call->doc, drops, shared, (enum cv_drop)reason);
    call_answer(call, result);
}
