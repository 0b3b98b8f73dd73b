/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_stats.h"

#include "shared/stats.h"
#include "text_table.h"
#include "units.h"
#include "watch.h"

#include <inttypes.h>
#include <string.h>

/* What control tells about itself: X(member, kind, unit, meaning), as the lists of stats.h. */
#define CONTROL_LIST(X)                                                                      \
    X(uptime_ms, GAUGE, MS, "since control started")                                         \
    X(pairs, GAUGE, ITEMS, "pairs that should exist")                                        \
    X(clients, GAUGE, ITEMS, "connections to the control socket now")                        \
    X(subscribers, GAUGE, ITEMS, "of these, subscribed to events")                           \
    X(events, COUNTER, ITEMS, "events while anybody was subscribed")                         \
    X(events_lost, COUNTER, ITEMS, "of these, not delivered: a subscriber did not read")     \
    X(draining, GAUGE, ITEMS, "1: peers are sent away, and no sessions are taken")           \
    X(requests_in_flight, GAUGE, ITEMS, "requests that the data plane has not answered yet") \
    X(bad_messages, COUNTER, ITEMS, "messages of the data plane that were refused")

/* What is known of a number in the answer. */
struct figure {
    const char *name;
    const char *meaning;
    enum cv_stat_kind kind;
    enum cv_stat_unit unit;
};

/* Groups of numbers in the answer; the figures end with one without a name. */
struct group {
    const char *member;
    const char *title;
    const struct figure *figures;
};

#define FIGURE(field, kind, unit, meaning) {#field, meaning, CV_STAT_##kind, CV_STAT_##unit},
static const struct figure worker_figures[] = {CV_COUNTER_LIST(FIGURE){0}};
static const struct figure keeper_figures[] = {CV_KEEPER_COUNTER_LIST(FIGURE){0}};
static const struct figure session_figures[] = {CV_SHARD_LIST(FIGURE) CV_HANDSHAKE_LIST(FIGURE){0}};
static const struct figure control_figures[] = {CONTROL_LIST(FIGURE){0}};
#undef FIGURE

static const struct group groups[] = {
    {"counters", "workers", worker_figures},
    {"keeper", "data plane", keeper_figures},
    {"sessions", "sessions", session_figures},
    {"control", "control", control_figures},
};

/* A relay of another version may tell of more: those are counters of things that we cannot explain. */
static const struct figure *figure_of(const struct group *group, const char *name)
{
    static const struct figure unknown = {"", "", CV_STAT_COUNTER, CV_STAT_ITEMS};

    for (const struct figure *figure = group->figures; figure->name != NULL; figure++) {
        if (strcmp(figure->name, name) == 0)
            return figure;
    }
    return &unknown;
}

static struct cli_text total_text(enum cv_stat_unit unit, uint64_t value, double tsc_hz)
{
    if (unit == CV_STAT_BYTES)
        return cli_bytes(value);
    if (unit == CV_STAT_MS)
        return cli_duration(value);
    if (unit == CV_STAT_CYCLES && tsc_hz > 0)
        return cli_duration((uint64_t)((double)value * 1000 / tsc_hz));
    return cli_number(value);
}

static struct cli_text rate_text(enum cv_stat_unit unit, double growth, double tsc_hz)
{
    if (unit == CV_STAT_BYTES)
        return cli_bit_rate(8 * growth);
    if (unit == CV_STAT_PKTS)
        return cli_pkt_rate(growth);
    if (unit == CV_STAT_CYCLES && tsc_hz > 0)
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
        const struct figure *figure = figure_of(group, name);

        if (!yyjson_is_uint(value) || (before && figure->kind == CV_STAT_GAUGE))
            continue;
        cli_table_cell(&table, "%s", name);
        if (before)
            cli_table_cell(&table, "%s",
                           rate_text(figure->unit, cli_growth(counters, old, name, seconds), tsc_hz).s);
        cli_table_cell(&table, "%s", total_text(figure->unit, yyjson_get_uint(value), tsc_hz).s);
        if (!before)
            cli_table_cell(&table, "%s", figure->meaning);
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
