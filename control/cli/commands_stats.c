/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "stats.h"
#include "text_table.h"
#include "units.h"

#include <inttypes.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* What lib/stats.h says about a counter; "" for those that control counts itself. */
static const char *meaning(const char *name)
{
#define MEANING(field, text)       \
    if (strcmp(name, #field) == 0) \
        return text;
    CV_COUNTER_LIST(MEANING)
    CV_KEEPER_COUNTER_LIST(MEANING)
#undef MEANING
    return "";
}

/* What stands at this moment, as opposed to what only grows: it has no rate. */
static bool is_gauge(const char *name)
{
    static const char *const gauges[] = {"clients", "legs_bound", "pairs", "requests_in_flight",
                                         "subscribers"};

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
    cli_table_cell(&table, "memory");
    cli_table_cell(&table, "%s, of which %s a pair", cli_bytes(cli_member_number(stats, "memory_bytes")).s,
                   cli_bytes(cli_member_number(stats, "pair_bytes")).s);
    cli_table_end(&table);
}

/* The members of one of the answer's objects that are numbers. */
static void print_counters(struct cli_call *call, const char *title, const char *group, yyjson_val *now,
                           yyjson_val *before, double seconds)
{
    const char *const totals[] = {title, ">total", "meaning", NULL};
    const char *const rates[] = {title, ">rate", ">total", NULL};
    const double tsc_hz = (double)cli_member_number(now, "tsc_hz");
    struct cli_table table;
    yyjson_val *key, *value;
    size_t i, count;

    cli_table_begin(&table, call->out, call->bold, before ? rates : totals);
    yyjson_obj_foreach(yyjson_obj_get(now, group), i, count, key, value)
    {
        const char *name = yyjson_get_str(key);

        if (!yyjson_is_uint(value) || (before && is_gauge(name)))
            continue;
        cli_table_cell(&table, "%s", name);
        if (before) {
            const double growth =
                cli_growth(yyjson_obj_get(now, group), yyjson_obj_get(before, group), name, seconds);
            cli_table_cell(&table, "%s", rate_text(name, growth, tsc_hz).s);
        }
        cli_table_cell(&table, "%s", total_text(name, yyjson_get_uint(value), tsc_hz).s);
        if (!before)
            cli_table_cell(&table, "%s", meaning(name));
    }
    if (table.cell_count > 0)
        fputs("\n", call->out);
    cli_table_end(&table);
}

static void show(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    print_facts(call, now);
    print_counters(call, "workers", "counters", now, before, seconds);
    print_counters(call, "data plane", "keeper", now, before, seconds);
    print_counters(call, "control", "control", now, before, seconds);
}

enum cli_exit cli_stats_show(struct cli_call *call)
{
    static const struct cli_view view = {"stats.get", show, NULL};

    return cli_show_or_watch(call, &view);
}
