/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "text_table.h"
#include "units.h"

#include <inttypes.h>

static const char *wanted_name(struct cli_call *call)
{
    return call->parse->argument_count > 0 ? call->parse->arguments[0].text : NULL;
}

static bool is_wanted(struct cli_call *call, yyjson_val *port)
{
    return !wanted_name(call) || cli_member_is(port, "name", wanted_name(call));
}

/* The port of this name in an answer to port.list; NULL when there is none. */
static yyjson_val *port_named(yyjson_val *answer, const char *name)
{
    yyjson_val *port;
    size_t i, count;

    yyjson_arr_foreach(yyjson_obj_get(answer, "ports"), i, count, port)
    {
        if (cli_member_is(port, "name", name))
            return port;
    }
    return NULL;
}

static void add_link(struct cli_table *table, yyjson_val *port)
{
    const uint64_t mbps = cli_member_number(port, "link_mbps");

    if (mbps > 0)
        cli_table_cell(table, "%s %s", cli_member_text(port, "link"), cli_bit_rate((double)mbps * 1e6).s);
    else
        cli_table_cell(table, "%s", cli_member_text(port, "link"));
}

static void print_ports(struct cli_call *call, yyjson_val *ports)
{
    static const char *const columns[] = {"port", "driver", "device", "MAC", ">MTU", "link", ">queues", NULL};
    struct cli_table table;
    yyjson_val *port;
    size_t i, count;

    cli_table_begin(&table, call->out, call->bold, columns);
    yyjson_arr_foreach(ports, i, count, port)
    {
        if (!is_wanted(call, port))
            continue;
        cli_table_cell(&table, "%s", cli_member_text(port, "name"));
        cli_table_cell(&table, "%s", cli_member_text(port, "driver"));
        cli_table_cell(&table, "%s", cli_member_text(port, "device"));
        cli_table_cell(&table, "%s", cli_member_text(port, "mac"));
        cli_table_cell(&table, "%" PRIu64, cli_member_number(port, "mtu"));
        add_link(&table, port);
        cli_table_cell(&table, "%" PRIu64, cli_member_number(port, "queues"));
    }
    cli_table_head(&table);
    cli_table_end(&table);
}

static void print_addresses(struct cli_call *call, yyjson_val *ports)
{
    static const char *const columns[] = {"port", "address", NULL};
    struct cli_table table;
    yyjson_val *port, *address;
    size_t i, j, count, address_count;

    cli_table_begin(&table, call->out, call->bold, columns);
    yyjson_arr_foreach(ports, i, count, port)
    {
        if (!is_wanted(call, port))
            continue;
        yyjson_arr_foreach(yyjson_obj_get(port, "addresses"), j, address_count, address)
        {
            const char *text = yyjson_get_str(address);

            cli_table_cell(&table, "%s", cli_member_text(port, "name"));
            cli_table_cell(&table, "%s", text ? text : "-");
        }
    }
    cli_table_end(&table);
}

static void print_totals(struct cli_call *call, yyjson_val *ports)
{
    static const char *const columns[] = {"port",    ">received",  ">bytes",     ">sent",      ">bytes",
                                          ">missed", ">rx errors", ">tx errors", ">no buffer", NULL};
    struct cli_table table;
    yyjson_val *port;
    size_t i, count;

    cli_table_begin(&table, call->out, call->bold, columns);
    yyjson_arr_foreach(ports, i, count, port)
    {
        if (!is_wanted(call, port))
            continue;
        cli_table_cell(&table, "%s", cli_member_text(port, "name"));
        cli_table_cell(&table, "%s", cli_number(cli_member_number(port, "rx_pkts")).s);
        cli_table_cell(&table, "%s", cli_bytes(cli_member_number(port, "rx_bytes")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(port, "tx_pkts")).s);
        cli_table_cell(&table, "%s", cli_bytes(cli_member_number(port, "tx_bytes")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(port, "rx_missed")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(port, "rx_errors")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(port, "tx_errors")).s);
        cli_table_cell(&table, "%s", cli_number(cli_member_number(port, "rx_no_buffer")).s);
    }
    cli_table_end(&table);
}

static void print_rates(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    static const char *const columns[] = {"port",    ">received",  "",           ">sent",      "",
                                          ">missed", ">rx errors", ">tx errors", ">no buffer", NULL};
    struct cli_table table;
    yyjson_val *port;
    size_t i, count;

    cli_table_begin(&table, call->out, call->bold, columns);
    yyjson_arr_foreach(yyjson_obj_get(now, "ports"), i, count, port)
    {
        yyjson_val *old = port_named(before, cli_member_text(port, "name"));

        if (!is_wanted(call, port))
            continue;
        cli_table_cell(&table, "%s", cli_member_text(port, "name"));
        cli_table_cell(&table, "%s", cli_pkt_rate(cli_growth(port, old, "rx_pkts", seconds)).s);
        cli_table_cell(&table, "%s", cli_bit_rate(8 * cli_growth(port, old, "rx_bytes", seconds)).s);
        cli_table_cell(&table, "%s", cli_pkt_rate(cli_growth(port, old, "tx_pkts", seconds)).s);
        cli_table_cell(&table, "%s", cli_bit_rate(8 * cli_growth(port, old, "tx_bytes", seconds)).s);
        cli_table_cell(&table, "%s", cli_event_rate(cli_growth(port, old, "rx_missed", seconds)).s);
        cli_table_cell(&table, "%s", cli_event_rate(cli_growth(port, old, "rx_errors", seconds)).s);
        cli_table_cell(&table, "%s", cli_event_rate(cli_growth(port, old, "tx_errors", seconds)).s);
        cli_table_cell(&table, "%s", cli_event_rate(cli_growth(port, old, "rx_no_buffer", seconds)).s);
    }
    cli_table_head(&table);
    cli_table_end(&table);
}

static yyjson_val *pick(struct cli_call *call, yyjson_val *answer)
{
    yyjson_val *port = wanted_name(call) ? port_named(answer, wanted_name(call)) : answer;

    if (!port)
        cli_complain(call, CLI_REFUSED, "no_such_port", "the relay has no port '%s'", wanted_name(call));
    return port;
}

static void show(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    if (before) {
        print_rates(call, now, before, seconds);
        return;
    }
    print_ports(call, yyjson_obj_get(now, "ports"));
    fputs("\n", call->out);
    print_addresses(call, yyjson_obj_get(now, "ports"));
    fputs("\n", call->out);
    print_totals(call, yyjson_obj_get(now, "ports"));
}

enum cli_exit cli_port_show(struct cli_call *call)
{
    static const struct cli_view view = {"port.list", show, pick};

    return cli_show_or_watch(call, &view);
}
