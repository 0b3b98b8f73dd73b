/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "text_table.h"
#include "units.h"

#include <inttypes.h>

static void add_worker(struct cli_table *table, yyjson_val *worker, const char *state)
{
    cli_table_cell(table, "%" PRIu64, cli_member_number(worker, "worker"));
    cli_table_cell(table, "%" PRIu64, cli_member_number(worker, "core"));
    cli_table_cell(table, "%s", state);
}

static void print_totals(struct cli_call *call, yyjson_val *now)
{
    static const char *const columns[] = {">worker",    ">core",   "state",       ">received",
                                          ">forwarded", ">bytes",  ">sent",       ">answered",
                                          ">tokens",    ">by CID", ">busy turns", NULL};
    struct cli_table table;
    yyjson_val *worker;
    size_t i, count;

    cli_table_begin(&table, call->out, call->bold, columns);
    yyjson_arr_foreach(yyjson_obj_get(now, "workers"), i, count, worker)
    {
        add_worker(&table, worker, cli_member_text(worker, "state"));
        cli_table_cell(&table, "%s", cli_number(cli_member_number(worker, "rx_pkts")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(worker, "forwarded_pkts")).s);
        cli_table_cell(&table, "%s", cli_bytes(cli_member_number(worker, "forwarded_bytes")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(worker, "tx_pkts")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(worker, "answered_pkts")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(worker, "token_pkts")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(worker, "cid_pkts")).s);
        cli_table_cell(&table, "%s",
                       cli_share((double)cli_member_number(worker, "busy_loops"),
                                 (double)cli_member_number(worker, "loops"))
                           .s);
    }
    cli_table_head(&table);
    cli_table_end(&table);
}

/* A worker in state run whose heartbeat stood still between two reads turns no more. */
static const char *observed_state(yyjson_val *worker, yyjson_val *before)
{
    if (cli_member_is(worker, "state", "run") &&
        cli_member_number(worker, "heartbeat") == cli_member_number(before, "heartbeat"))
        return "stuck";
    return cli_member_text(worker, "state");
}

static void print_rates(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    static const char *const columns[] = {">worker",  ">core", "state",  ">received",   ">forwarded",
                                          ">payload", ">sent", ">turns", ">busy turns", NULL};
    struct cli_table table;
    yyjson_val *worker;
    size_t i, count;

    cli_table_begin(&table, call->out, call->bold, columns);
    yyjson_arr_foreach(yyjson_obj_get(now, "workers"), i, count, worker)
    {
        yyjson_val *old = yyjson_arr_get(yyjson_obj_get(before, "workers"), i);

        add_worker(&table, worker, observed_state(worker, old));
        cli_table_cell(&table, "%s", cli_pkt_rate(cli_growth(worker, old, "rx_pkts", seconds)).s);
        cli_table_cell(&table, "%s", cli_pkt_rate(cli_growth(worker, old, "forwarded_pkts", seconds)).s);
        cli_table_cell(&table, "%s", cli_bit_rate(8 * cli_growth(worker, old, "forwarded_bytes", seconds)).s);
        cli_table_cell(&table, "%s", cli_pkt_rate(cli_growth(worker, old, "tx_pkts", seconds)).s);
        cli_table_cell(&table, "%s", cli_event_rate(cli_growth(worker, old, "loops", seconds)).s);
        cli_table_cell(&table, "%s",
                       cli_share(cli_growth(worker, old, "busy_loops", seconds),
                                 cli_growth(worker, old, "loops", seconds))
                           .s);
    }
    cli_table_head(&table);
    cli_table_end(&table);
}

static void show(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    if (before)
        print_rates(call, now, before, seconds);
    else
        print_totals(call, now);
}

enum cli_exit cli_worker_show(struct cli_call *call)
{
    static const struct cli_view view = {"worker.list", show, NULL};

    return cli_show_or_watch(call, &view);
}
