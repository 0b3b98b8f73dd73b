/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the commands in command_table.c run. Each prints to its call's `out` and `err`, and returns what to
 * exit with.
 */
#include "base/vocabulary.h"
#include "call.h"

enum cli_exit cli_pair_add(struct cli_call *call);
enum cli_exit cli_pair_del(struct cli_call *call);
enum cli_exit cli_pair_show(struct cli_call *call);
enum cli_exit cli_pair_list(struct cli_call *call);
enum cli_exit cli_session_list(struct cli_call *call);
enum cli_exit cli_session_show(struct cli_call *call);
enum cli_exit cli_session_close(struct cli_call *call);
enum cli_exit cli_session_drain(struct cli_call *call);
enum cli_exit cli_session_resume(struct cli_call *call);
enum cli_exit cli_session_trace(struct cli_call *call);
enum cli_exit cli_session_traces(struct cli_call *call);
enum cli_exit cli_session_untrace(struct cli_call *call);
enum cli_exit cli_port_show(struct cli_call *call);
enum cli_exit cli_worker_show(struct cli_call *call);
enum cli_exit cli_shard_show(struct cli_call *call);
enum cli_exit cli_crypto_show(struct cli_call *call);
enum cli_exit cli_stats_show(struct cli_call *call);
enum cli_exit cli_drop_show(struct cli_call *call);
enum cli_exit cli_events(struct cli_call *call);
enum cli_exit cli_log_level(struct cli_call *call);
enum cli_exit cli_completion_bash(struct cli_call *call);
enum cli_exit cli_completion_candidates(struct cli_call *call);
enum cli_exit cli_man(struct cli_call *call);
enum cli_exit cli_help(struct cli_call *call);

/*
 * A read that can be repeated. Without --watch the method's answer is shown once, with `before` NULL. With
 * --watch SECONDS it is read at that pace until Ctrl-C or --count, and shown with the answer before and the
 * seconds between them. With --json each answer is printed as it is, or what `pick` makes of it.
 */
struct cli_view {
    const char *method;
    void (*show)(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds);
    /* The part of an answer that was asked for. May be NULL; complains when it returns NULL. */
    yyjson_val *(*pick)(struct cli_call *call, yyjson_val *answer);
};
enum cli_exit cli_show_or_watch(struct cli_call *call, const struct cli_view *view);

/* Growth of a counter per second. A counter that went back was started again: from zero. */
double cli_growth(yyjson_val *now, yyjson_val *before, const char *name, double seconds);
