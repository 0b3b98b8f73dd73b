/* SPDX-License-Identifier: BSD-3-Clause */
/* shard.list and crypto.get. */
#include "api_shard.h"

#include "shared_json.h"

#include <stdio.h>

static void add_suites(yyjson_mut_doc *doc, yyjson_mut_val *shard, const struct cv_shared *shared,
                       const struct cv_shard_stats *stats)
{
    yyjson_mut_val *suites = yyjson_mut_obj_add_arr(doc, shard, "suites");

    for (unsigned i = 0; i < CV_STATS_SUITES; i++) {
        yyjson_mut_val *suite = yyjson_mut_arr_add_obj(doc, suites);

        shared_add_text(doc, suite, "name", shared->sessions->suites[i].name,
                        sizeof(shared->sessions->suites[i].name));
        (void)yyjson_mut_obj_add_uint(doc, suite, "sessions", SHARED_LOAD(stats->suites[i]));
    }
}

/* `worker` NULL: the handshake thread, which has no core of its own and no tunnel legs. */
static void add_shard(yyjson_mut_doc *doc, yyjson_mut_val *shard, const struct cv_shared *shared,
                      const struct cv_shard_stats *stats, const struct cv_worker_stats *worker)
{
    if (worker != NULL) {
        (void)yyjson_mut_obj_add_uint(doc, shard, "core", SHARED_LOAD(worker->core));
        (void)yyjson_mut_obj_add_uint(doc, shard, "datagrams_in", SHARED_LOAD(worker->tunnel_rx_pkts));
        (void)yyjson_mut_obj_add_uint(doc, shard, "datagrams_out", SHARED_LOAD(worker->tunnel_tx_pkts));
    } else {
        (void)yyjson_mut_obj_add_null(doc, shard, "core");
        (void)yyjson_mut_obj_add_null(doc, shard, "datagrams_in");
        (void)yyjson_mut_obj_add_null(doc, shard, "datagrams_out");
    }
#define SHARD_FIELD(name, kind, unit, meaning) \
    (void)yyjson_mut_obj_add_uint(doc, shard, #name, SHARED_LOAD(stats->name));
    CV_SHARD_LIST(SHARD_FIELD)
#undef SHARD_FIELD
    add_suites(doc, shard, shared, stats);
}

static void add_limits(yyjson_mut_doc *doc, yyjson_mut_val *result, const struct cv_session_stats *stats)
{
    const struct cv_handshake_stats *handshake = &stats->handshake;

    (void)yyjson_mut_obj_add_uint(doc, result, "sessions_max", SHARED_LOAD(stats->max));
    (void)yyjson_mut_obj_add_uint(doc, result, "session_bytes", SHARED_LOAD(stats->session_bytes));
    (void)yyjson_mut_obj_add_uint(doc, result, "memory_bytes", SHARED_LOAD(stats->memory_bytes));
    (void)yyjson_mut_obj_add_uint(doc, result, "handshakes_max", SHARED_LOAD(stats->handshakes_max));
    (void)yyjson_mut_obj_add_uint(doc, result, "handshakes_per_prefix",
                                  SHARED_LOAD(stats->handshakes_per_prefix));
    (void)yyjson_mut_obj_add_str(doc, result, "retry",
                                 SHARED_LOAD(stats->retry_always) ? "always" : "loaded");
    (void)yyjson_mut_obj_add_uint(doc, result, "retry_over", SHARED_LOAD(stats->retry_over));
#define HANDSHAKE_FIELD(name, kind, unit, meaning) \
    (void)yyjson_mut_obj_add_uint(doc, result, #name, SHARED_LOAD(handshake->name));
    CV_HANDSHAKE_LIST(HANDSHAKE_FIELD)
#undef HANDSHAKE_FIELD
}

void api_shard_list(struct call *call, yyjson_val *params)
{
    const struct cv_shared *shared = shared_for_call(call, params);
    yyjson_mut_val *result, *shards;
    uint32_t workers;

    if (shared == NULL)
        return;
    workers = shared->header.worker_count;
    result = yyjson_mut_obj(call->doc);
    add_limits(call->doc, result, shared->sessions);
    shards = yyjson_mut_obj_add_arr(call->doc, result, "shards");
    for (uint32_t i = 0; i <= workers && SHARED_LOAD(shared->sessions->max) != 0; i++) {
        yyjson_mut_val *shard = yyjson_mut_arr_add_obj(call->doc, shards);

        if (i < workers)
            (void)yyjson_mut_obj_add_uint(call->doc, shard, "shard", i);
        else
            (void)yyjson_mut_obj_add_str(call->doc, shard, "shard", "handshake");
        add_shard(call->doc, shard, shared, &shared->shards[i], i < workers ? &shared->workers[i] : NULL);
    }
    call_answer(call, result);
}

static void add_suite_limits(yyjson_mut_doc *doc, yyjson_mut_val *suite, const struct cv_shared *shared,
                             unsigned number)
{
    const struct cv_suite_stats *stats = &shared->sessions->suites[number];
    uint64_t sessions = 0;
    char code[16];

    for (uint32_t i = 0; i <= shared->header.worker_count; i++)
        sessions += SHARED_LOAD(shared->shards[i].suites[number]);
    snprintf(code, sizeof(code), "0x%04x", SHARED_LOAD(stats->code));
    shared_add_text(doc, suite, "name", stats->name, sizeof(stats->name));
    (void)yyjson_mut_obj_add_strcpy(doc, suite, "code", code);
    (void)yyjson_mut_obj_add_uint(doc, suite, "sessions", sessions);
    (void)yyjson_mut_obj_add_uint(doc, suite, "sealed_max", SHARED_LOAD(stats->sealed_max));
    (void)yyjson_mut_obj_add_uint(doc, suite, "failed_max", SHARED_LOAD(stats->failed_max));
}

void api_crypto_get(struct call *call, yyjson_val *params)
{
    const struct cv_shared *shared = shared_for_call(call, params);
    const struct cv_session_stats *stats;
    uint64_t updates = 0, unopened = 0;
    yyjson_mut_val *result, *suites;

    if (shared == NULL)
        return;
    stats = shared->sessions;
    result = yyjson_mut_obj(call->doc);
    shared_add_text(call->doc, result, "engine", stats->crypto_engine, sizeof(stats->crypto_engine));
    shared_add_text(call->doc, result, "wanted", stats->crypto_wanted, sizeof(stats->crypto_wanted));
    shared_add_text(call->doc, result, "about", stats->crypto_about, sizeof(stats->crypto_about));
    shared_add_text(call->doc, result, "passed_over", stats->crypto_passed_over,
                    sizeof(stats->crypto_passed_over));
    shared_add_text(call->doc, result, "cpu_flags", stats->cpu_flags, sizeof(stats->cpu_flags));
    for (uint32_t i = 0; i <= shared->header.worker_count; i++) {
        updates += SHARED_LOAD(shared->shards[i].key_updates);
        unopened += SHARED_LOAD(shared->shards[i].unopened_pkts);
    }
    (void)yyjson_mut_obj_add_uint(call->doc, result, "key_updates", updates);
    (void)yyjson_mut_obj_add_uint(call->doc, result, "unopened_pkts", unopened);
    suites = yyjson_mut_obj_add_arr(call->doc, result, "suites");
    for (unsigned i = 0; i < CV_STATS_SUITES && SHARED_LOAD(stats->max) != 0; i++)
        add_suite_limits(call->doc, yyjson_mut_arr_add_obj(call->doc, suites), shared, i);
    call_answer(call, result);
}
