/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_drop.h"

#include "text_table.h"
#include "units.h"
#include "watch.h"

static yyjson_val *reason_named(yyjson_val *answer, const char *name)
{
    yyjson_val *drop;
    size_t i, count;

    yyjson_arr_foreach(yyjson_obj_get(answer, "drops"), i, count, drop)
    {
        if (cli_member_is(drop, "name", name))
            return drop;
    }
    return NULL;
}

static void show(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    static const char *const totals[] = {"reason", ">packets", "meaning", NULL};
    static const char *const rates[] = {"reason", ">packets", ">rate", "meaning", NULL};
    const bool all = cli_parse_option(call->parse, "all")->text != NULL;
    struct cli_table table;
    yyjson_val *drop;
    size_t i, count;

    cli_table_begin(&table, call->out, call->bold, before ? rates : totals);
    yyjson_arr_foreach(yyjson_obj_get(now, "drops"), i, count, drop)
    {
        const uint64_t pkts = cli_member_number(drop, "pkts");

        if (pkts == 0 && !all)
            continue;
        cli_table_cell(&table, "%s", cli_member_text(drop, "name"));
        cli_table_cell(&table, "%s", cli_number(pkts).s);
        if (before) {
            yyjson_val *old = reason_named(before, cli_member_text(drop, "name"));
            cli_table_cell(&table, "%s", cli_pkt_rate(cli_growth(drop, old, "pkts", seconds)).s);
        }
        cli_table_cell(&table, "%s", cli_member_text(drop, "meaning"));
    }
    if (table.cell_count == 0)
        fputs("No packet was dropped.\n", call->out);
    cli_table_end(&table);
}

enum cli_exit cli_drop_show(struct cli_call *call)
{
    static const struct cli_view view = {"drop.list", show, NULL};

    return cli_show_or_watch(call, &view);
}
