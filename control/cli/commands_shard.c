/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_shard.h"

#include "member_table.h"
#include "shared/stats.h"
#include "watch.h"

static struct cli_text name_text(const struct cli_sample *sample)
{
    yyjson_val *name = yyjson_obj_get(sample->object, "shard");
    struct cli_text text;

    if (yyjson_is_uint(name))
        return cli_number(yyjson_get_uint(name));
    snprintf(text.s, sizeof(text.s), "%.60s", cli_member_text(sample->object, "shard"));
    return text;
}

static struct cli_text part_text(yyjson_val *object, const char *part, const char *whole)
{
    struct cli_text text;

    snprintf(text.s, sizeof(text.s), "%.30s of %.30s", cli_number(cli_member_number(object, part)).s,
             cli_number(cli_member_number(object, whole)).s);
    return text;
}

static struct cli_text pages_text(const struct cli_sample *sample)
{
    return part_text(sample->object, "pages_used", "pages");
}

/* Of the ring that is nearest to its end. */
static struct cli_text ring_text(const struct cli_sample *sample)
{
    static const struct {
        const char *used, *room;
    } rings[] = {{"packets", "packets_max"},
                 {"returned", "returned_max"},
                 {"orders", "orders_max"},
                 {"told", "told_max"}};
    double most = 0;

    for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
        const double room = (double)cli_member_number(sample->object, rings[i].room);
        const double used = (double)cli_member_number(sample->object, rings[i].used);

        most = room > 0 && used / room > most ? used / room : most;
    }
    return cli_share(most, 1);
}

static const struct cli_column totals[] = {
    {"shard", NULL, CLI_AS_COMPUTED, name_text},
    {">core", "core", CLI_AS_NUMBER, NULL},
    {">sessions", "sessions", CLI_AS_NUMBER, NULL},
    {">timers", "timers", CLI_AS_NUMBER, NULL},
    {">pages used", NULL, CLI_AS_COMPUTED, pages_text},
    {">fullest ring", NULL, CLI_AS_COMPUTED, ring_text},
    {">DATAGRAMs in", "datagrams_in", CLI_AS_NUMBER, NULL},
    {">out", "datagrams_out", CLI_AS_NUMBER, NULL},
    {">key updates", "key_updates", CLI_AS_NUMBER, NULL},
    {">not opened", "unopened_pkts", CLI_AS_NUMBER, NULL},
    {0},
};

static const struct cli_column rates[] = {
    {"shard", NULL, CLI_AS_COMPUTED, name_text},
    {">sessions", "sessions", CLI_AS_NUMBER, NULL},
    {">pages used", NULL, CLI_AS_COMPUTED, pages_text},
    {">fullest ring", NULL, CLI_AS_COMPUTED, ring_text},
    {">DATAGRAMs in", "datagrams_in", CLI_AS_PKT_RATE, NULL},
    {">out", "datagrams_out", CLI_AS_PKT_RATE, NULL},
    {">key updates", "key_updates", CLI_AS_EVENT_RATE, NULL},
    {">not opened", "unopened_pkts", CLI_AS_PKT_RATE, NULL},
    {0},
};

static const struct cli_term shard_terms[] = {
#define TERM(field, kind, unit, meaning) {#field, meaning},
    CV_SHARD_LIST(TERM){0}};
static const struct cli_term handshake_terms[] = {CV_HANDSHAKE_LIST(TERM){0}};
#undef TERM

static const struct cli_value *wanted(struct cli_call *call)
{
    return call->parse->argument_count > 0 ? &call->parse->arguments[0] : NULL;
}

static yyjson_val *find(yyjson_val *answer, const struct cli_value *value)
{
    yyjson_val *shard;
    size_t i, count;

    yyjson_arr_foreach(yyjson_obj_get(answer, "shards"), i, count, shard)
    {
        yyjson_val *name = yyjson_obj_get(shard, "shard");

        if (yyjson_is_uint(name) ? yyjson_get_uint(name) == value->number
                                 : yyjson_equals_str(name, value->text))
            return shard;
    }
    return NULL;
}

static void print_all(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    const struct cli_column *columns = before ? rates : totals;
    struct cli_table table;
    yyjson_val *shard;
    size_t i, count;

    cli_member_table_begin(&table, call, columns);
    yyjson_arr_foreach(yyjson_obj_get(now, "shards"), i, count, shard)
    {
        yyjson_val *old = yyjson_arr_get(yyjson_obj_get(before, "shards"), i);

        if (!wanted(call) || shard == find(now, wanted(call)))
            cli_member_table_row(&table, columns, &(struct cli_sample){now, shard, old, seconds});
    }
    cli_table_end(&table);
}

static void print_limits(struct cli_call *call, yyjson_val *answer)
{
    static const char *const headings[] = {"", "", NULL};
    struct cli_table table;

    fputs("\n", call->out);
    cli_table_begin(&table, call->out, false, headings);
    cli_table_cell(&table, "sessions");
    cli_table_cell(&table, "at most %s, of %s each at rest",
                   cli_count(yyjson_obj_get(answer, "sessions_max")).s,
                   cli_amount(yyjson_obj_get(answer, "session_bytes")).s);
    cli_table_cell(&table, "handshakes");
    cli_table_cell(&table, "%s in progress", part_text(answer, "handshakes", "handshakes_max").s);
    cli_table_cell(&table, "Retry");
    if (cli_member_is(answer, "retry", "always"))
        cli_table_cell(&table, "always on");
    else
        cli_table_cell(&table, "%s; on from %s handshakes in progress",
                       cli_member_number(answer, "retry_now") ? "on" : "off",
                       cli_count(yyjson_obj_get(answer, "retry_over")).s);
    cli_table_end(&table);
}

static void add_terms(struct cli_table *table, yyjson_val *object, const struct cli_term *terms)
{
    for (; terms->name; terms++) {
        cli_table_cell(table, "%s", terms->name);
        cli_table_cell(table, "%s", cli_count(yyjson_obj_get(object, terms->name)).s);
        cli_table_cell(table, "%s", terms->meaning);
    }
}

static void print_one(struct cli_call *call, yyjson_val *answer, yyjson_val *shard)
{
    static const char *const headings[] = {"", ">", "", NULL};
    const bool worker = yyjson_is_uint(yyjson_obj_get(shard, "shard"));
    struct cli_table table;
    yyjson_val *suite;
    size_t i, count;

    cli_table_begin(&table, call->out, false, headings);
    if (worker) {
        cli_table_cell(&table, "core");
        cli_table_cell(&table, "%s", cli_count(yyjson_obj_get(shard, "core")).s);
        cli_table_cell(&table, "of worker %s", name_text(&(struct cli_sample){.object = shard}).s);
        cli_table_cell(&table, "datagrams_in");
        cli_table_cell(&table, "%s", cli_count(yyjson_obj_get(shard, "datagrams_in")).s);
        cli_table_cell(&table, "UDP payloads received in DATAGRAM frames");
        cli_table_cell(&table, "datagrams_out");
        cli_table_cell(&table, "%s", cli_count(yyjson_obj_get(shard, "datagrams_out")).s);
        cli_table_cell(&table, "UDP payloads sent in them");
    }
    add_terms(&table, shard, shard_terms);
    if (!worker)
        add_terms(&table, answer, handshake_terms);
    yyjson_arr_foreach(yyjson_obj_get(shard, "suites"), i, count, suite)
    {
        if (!worker)
            break;
        cli_table_cell(&table, "suite");
        cli_table_cell(&table, "%s", cli_count(yyjson_obj_get(suite, "sessions")).s);
        cli_table_cell(&table, "sessions with %s", cli_member_text(suite, "name"));
    }
    cli_table_end(&table);
}

static void show(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    if (cli_member_number(now, "sessions_max") == 0) {
        fputs("This relay has no sessions (dataplane.session).\n", call->out);
    } else if (wanted(call) && !before) {
        print_one(call, now, find(now, wanted(call)));
    } else {
        print_all(call, now, before, seconds);
        if (!before)
            print_limits(call, now);
    }
}

static yyjson_val *pick(struct cli_call *call, yyjson_val *answer)
{
    yyjson_val *shard = wanted(call) ? find(answer, wanted(call)) : answer;

    if (!shard)
        cli_complain(call, CLI_REFUSED, "no_such_shard", "the relay has no shard %s", wanted(call)->text);
    return shard;
}

enum cli_exit cli_shard_show(struct cli_call *call)
{
    static const struct cli_view view = {"shard.list", show, pick};

    return cli_show_or_watch(call, &view);
}
