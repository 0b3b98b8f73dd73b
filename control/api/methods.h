/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The methods of the control socket. Each runs one call: it reads its parameters (params.h), and ends in
 * exactly one call_answer or call_refuse, at once or later. `params` is an object or NULL, and gone when
 * `run` returns. X(method, function, parameters -> result)
 */
#include "rpc.h"

#define METHOD_LIST(X)                                                                           \
    X("pair.add", api_pair_add, "a, b, idle_s, rate_bps -> the pair, with its tokens")           \
    X("pair.delete", api_pair_delete, "pair -> {}")                                              \
    X("pair.get", api_pair_get, "pair -> the pair")                                              \
    X("pair.list", api_pair_list, "cursor, limit -> pairs, next")                                \
    X("session.list", api_session_list, "cursor, limit -> sessions, next")                       \
    X("session.get", api_session_get, "session -> the session")                                  \
    X("session.close", api_session_close, "session -> {}; its peer is told: operator")           \
    X("session.drain", api_session_drain, "after_s -> told; sends all peers away")               \
    X("session.resume", api_session_resume, "-> {}; takes sessions again")                       \
    X("trace.add", api_trace_add, "network, qlog, keylog, for_s -> trace")                       \
    X("trace.list", api_trace_list, "-> allowed, traces")                                        \
    X("trace.delete", api_trace_delete, "trace -> {}")                                           \
    X("port.list", api_port_list, "-> ports")                                                    \
    X("worker.list", api_worker_list, "-> workers")                                              \
    X("shard.list", api_shard_list, "-> shards, and the limits of sessions and handshakes")      \
    X("crypto.get", api_crypto_get, "-> engine, why this one, suites with their limits")         \
    X("stats.get", api_stats_get, "-> sums over all workers, and what keeper and control count") \
    X("drop.list", api_drop_list, "-> drops, one for each reason")                               \
    X("events.subscribe", api_events_subscribe, "-> {}, then notifications: events.h")           \
    X("log.level", api_log_level, "target, level -> {}")                                         \
    X("cancel", api_cancel, "id -> {}; ends a list or subscription of this connection")

struct method {
    const char *name;
    void (*run)(struct call *call, yyjson_val *params);
};

/* NULL: there is none. */
const struct method *method_find(const char *name, size_t bytes);
