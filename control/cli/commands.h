/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the commands in command_table.c run. Each prints to its call's `out` and `err`, and returns what to
 * exit with.
 */
#include "call.h"

enum cli_exit cli_pair_add(struct cli_call *call);
enum cli_exit cli_pair_del(struct cli_call *call);
enum cli_exit cli_pair_show(struct cli_call *call);
enum cli_exit cli_pair_list(struct cli_call *call);
enum cli_exit cli_port_show(struct cli_call *call);
enum cli_exit cli_worker_show(struct cli_call *call);
enum cli_exit cli_stats_show(struct cli_call *call);
enum cli_exit cli_drop_show(struct cli_call *call);
enum cli_exit cli_events(struct cli_call *call);
enum cli_exit cli_log_level(struct cli_call *call);
enum cli_exit cli_completion_bash(struct cli_call *call);
enum cli_exit cli_completion_candidates(struct cli_call *call);
enum cli_exit cli_man(struct cli_call *call);
enum cli_exit cli_help(struct cli_call *call);

/* X(name, meaning): what `events` shows. */
#define CLI_EVENT_LIST(X)                                                                        \
    X(pair_added, "a pair was made")                                                             \
    X(pair_removed, "a pair was deleted")                                                        \
    X(leg_bound, "a leg without an address got one")                                             \
    X(leg_moved, "a leg has another address now: its peer's NAT was rebound, or the peer moved") \
    X(pair_idle, "no packet for half the pair's idle time")                                      \
    X(pair_expired, "a pair was removed because it was idle")                                    \
    X(dataplane_attached, "control found the data plane and gave it the pairs it should have")   \
    X(dataplane_lost, "the data plane went away")                                                \
    X(events_lost, "there were more events than could be kept")

/*
 * Repeats a read. Without --watch the method's answer is shown once, with `before` NULL. With --watch
 * SECONDS it is read at that pace until Ctrl-C or --count, and shown with the answer before and the seconds
 * between them. With --json each answer is printed as it is.
 */
typedef enum cli_exit cli_show(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds);
enum cli_exit cli_show_or_watch(struct cli_call *call, const char *method, cli_show *show);

/* Growth of a counter per second. A counter that went back was started again: from zero. */
double cli_growth(yyjson_val *now, yyjson_val *before, const char *name, double seconds);
