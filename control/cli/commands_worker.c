/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_worker.h"

#include "member_table.h"
#include "watch.h"

/* A worker in state run whose heartbeat stood still between two reads turns no more. */
static struct cli_text state(const struct cli_sample *sample)
{
    const bool runs = cli_member_is(sample->object, "state", "run");
    const bool beats = cli_growth(sample->object, sample->before, "heartbeat", sample->seconds) > 0;
    struct cli_text text;

    snprintf(text.s, sizeof(text.s), "%s",
             runs && !beats ? "stuck" : cli_member_text(sample->object, "state"));
    return text;
}

static struct cli_text busy_time(const struct cli_sample *sample)
{
    const double cycles = (double)cli_member_number(sample->object, "busy_cycles");
    const double hz = (double)cli_member_number(sample->answer, "tsc_hz");

    return hz > 0 ? cli_duration((uint64_t)(1000 * cycles / hz)) : (struct cli_text){"-"};
}

static struct cli_text busy_share(const struct cli_sample *sample)
{
    return cli_share(cli_growth(sample->object, sample->before, "busy_cycles", sample->seconds),
                     (double)cli_member_number(sample->answer, "tsc_hz"));
}

static const struct cli_column totals[] = {
    {">worker", "worker", CLI_AS_ID, NULL},
    {">core", "core", CLI_AS_ID, NULL},
    {"state", "state", CLI_AS_TEXT, NULL},
    {">received", "rx_pkts", CLI_AS_NUMBER, NULL},
    {">forwarded", "forwarded_pkts", CLI_AS_NUMBER, NULL},
    {">payload", "forwarded_bytes", CLI_AS_BYTES, NULL},
    {">sent", "tx_pkts", CLI_AS_NUMBER, NULL},
    {">answered", "answered_pkts", CLI_AS_NUMBER, NULL},
    {">tokens", "token_pkts", CLI_AS_NUMBER, NULL},
    {">by CID", "cid_pkts", CLI_AS_NUMBER, NULL},
    {">busy for", NULL, CLI_AS_COMPUTED, busy_time},
    {0},
};

static const struct cli_column rates[] = {
    {">worker", "worker", CLI_AS_ID, NULL},
    {">core", "core", CLI_AS_ID, NULL},
    {"state", NULL, CLI_AS_COMPUTED, state},
    {">received", "rx_pkts", CLI_AS_PKT_RATE, NULL},
    {">forwarded", "forwarded_pkts", CLI_AS_PKT_RATE, NULL},
    {">payload", "forwarded_bytes", CLI_AS_BIT_RATE, NULL},
    {">sent", "tx_pkts", CLI_AS_PKT_RATE, NULL},
    {">turns", "loops", CLI_AS_EVENT_RATE, NULL},
    {">busy", NULL, CLI_AS_COMPUTED, busy_share},
    {0},
};

static void show(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    const struct cli_column *columns = before ? rates : totals;
    struct cli_table table;
    yyjson_val *worker;
    size_t i, count;

    cli_member_table_begin(&table, call, columns);
    yyjson_arr_foreach(yyjson_obj_get(now, "workers"), i, count, worker)
    {
        yyjson_val *old = yyjson_arr_get(yyjson_obj_get(before, "workers"), i);

        cli_member_table_row(&table, columns, &(struct cli_sample){now, worker, old, seconds});
    }
    cli_table_head(&table);
    cli_table_end(&table);
}

enum cli_exit cli_worker_show(struct cli_call *call)
{
    static const struct cli_view view = {"worker.list", show, NULL};

    return cli_show_or_watch(call, &view);
}
