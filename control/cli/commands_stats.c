/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_stats.h"

#include "shared/stats.h"
#include "text_table.h"
#include "units.h"
#include "watch.h"

#include <inttypes.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* X(member, meaning): what control tells about itself. */
#define CONTROL_LIST(X)                                                        \
    X(uptime_ms, "since control started")                                      \
    X(pairs, "pairs that should exist")                                        \
    X(clients, "connections to the control socket now")                        \
    X(subscribers, "of these, subscribed to events")                           \
    X(events, "events while anybody was subscribed")                           \
    X(events_lost, "of these, not delivered: a subscriber did not read")       \
    X(draining, "1: peers are sent away, and no sessions are taken")           \
    X(requests_in_flight, "requests that the data plane has not answered yet") \
    X(bad_messages, "messages of the data plane that were refused")

/* Groups of counters in the answer, and what is known of each. */
struct group {
    const char *member;
    const char *title;
    const struct cli_term *terms;
};

#define TERM(field, meaning) {#field, meaning},
static const struct cli_term worker_terms[] = {CV_COUNTER_LIST(TERM){0}};
static const struct cli_term keeper_terms[] = {CV_KEEPER_COUNTER_LIST(TERM){0}};
static const struct cli_term session_terms[] = {CV_SHARD_LIST(TERM) CV_HANDSHAKE_LIST(TERM){0}};
static const struct cli_term control_terms[] = {CONTROL_LIST(TERM){0}};
#undef TERM

static const struct group groups[] = {
    {"counters", "workers", worker_terms},
    {"keeper", "data plane", keeper_terms},
    {"sessions", "sessions", session_terms},
    {"control", "control", control_terms},
};

static const char *meaning(const struct cli_term *terms, const char *name)
{
    for (; terms->name; terms++) {
        if (strcmp(terms->name, name) == 0)
            return terms->meaning;
    }
    return "";
}

/* What stands at this moment, as opposed to what only grows: it has no rate. */
static bool is_gauge(const char *name)
{
    static const char *const gauges[] = {"clients",    "draining", "handshakes",
                                         "legs_bound", "pairs",    "requests_in_flight",
                                         "retry_now",  "sessions", "subscribers"};

    for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
        if (strcmp(name, gauges[i]) == 0)
            return true;
    }
    return ends_with(name, "_ms");
}

static struct cli_text total_text(const char *name, uint64_t value, double tsc_hz)
{
    if (ends_with(name, "_bytes"))
        return cli_bytes(value);
    if (ends_with(name, "_ms"))
        return cli_duration(value);
    if (ends_with(name, "_cycles") && tsc_hz > 0)
        return cli_duration((uint64_t)((double)value * 1000 / tsc_hz));
    return cli_number(value);
}

static struct cli_text rate_text(const char *name, double growth, double tsc_hz)
{
    if (ends_with(name, "_bytes"))
        return cli_bit_rate(8 * growth);
    if (ends_with(name, "_pkts"))
        return cli_pkt_rate(growth);
    if (ends_with(name, "_cycles") && tsc_hz > 0)
        return cli_share(growth, tsc_hz);
    return cli_event_rate(growth);
}

static void print_facts(struct cli_call *call, yyjson_val *stats)
{
    static const char *const columns[] = {"", "", NULL};
    const uint64_t pairs = cli_member_number(stats, "pairs"), most = cli_member_number(stats, "pairs_max");
    const uint64_t sessions = cli_member_number(yyjson_obj_get(stats, "sessions"), "sessions");
    const uint64_t most_sessions = cli_member_number(stats, "sessions_max");
    struct cli_table table;

    cli_table_begin(&table, call->out, false, columns);
    cli_table_cell(&table, "up for");
    cli_table_cell(&table, "%s", cli_duration(cli_member_number(stats, "uptime_ms")).s);
    cli_table_cell(&table, "pairs");
    cli_table_cell(&table, "%s of %s (%s)", cli_number(pairs).s, cli_number(most).s,
                   cli_share((double)pairs, (double)most).s);
    cli_table_cell(&table, "legs bound");
    cli_table_cell(&table, "%s of %s", cli_number(cli_member_number(stats, "legs_bound")).s,
                   cli_number(2 * pairs).s);
    cli_table_cell(&table, "sessions");
    cli_table_cell(&table, "%s of %s (%s)", cli_number(sessions).s, cli_number(most_sessions).s,
                   cli_share((double)sessions, (double)most_sessions).s);
    cli_table_cell(&table, "memory");
    cli_table_cell(&table, "%s, of which %s a pair", cli_bytes(cli_member_number(stats, "memory_bytes")).s,
                   cli_bytes(cli_member_number(stats, "pair_bytes")).s);
    cli_table_end(&table);
}

/* The members of one of the answer's objects that are numbers. */
static void print_group(struct cli_call *call, const struct group *group, yyjson_val *now, yyjson_val *before,
                        double seconds)
{
    const char *const totals[] = {group->title, ">total", "meaning", NULL};
    const char *const rates[] = {group->title, ">rate", ">total", NULL};
    const double tsc_hz = (double)cli_member_number(now, "tsc_hz");
    yyjson_val *counters = yyjson_obj_get(now, group->member), *old = yyjson_obj_get(before, group->member);
    struct cli_table table;
    yyjson_val *key, *value;
    size_t i, count;

    if (!yyjson_is_obj(counters))
        return;
    cli_table_begin(&table, call->out, call->bold, before ? rates : totals);
    yyjson_obj_foreach(counters, i, count, key, value)
    {
        const char *name = yyjson_get_str(key);

        if (!yyjson_is_uint(value) || (before && is_gauge(name)))
            continue;
        cli_table_cell(&table, "%s", name);
        if (before)
            cli_table_cell(&table, "%s", rate_text(name, cli_growth(counters, old, name, seconds), tsc_hz).s);
        cli_table_cell(&table, "%s", total_text(name, yyjson_get_uint(value), tsc_hz).s);
        if (!before)
            cli_table_cell(&table, "%s", meaning(group->terms, name));
    }
    if (table.cell_count > 0)
        fputs("\n", call->out);
    cli_table_end(&table);
}

static void show(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    print_facts(call, now);
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        print_group(call, &groups[i], now, before, seconds);
}

enum cli_exit cli_stats_show(struct cli_call *call)
{
    static const struct cli_view view = {"stats.get", show, NULL};

    return cli_show_or_watch(call, &view);
}
