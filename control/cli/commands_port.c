/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_port.h"

#include "member_table.h"
#include "watch.h"

static struct cli_text link_text(const struct cli_sample *sample)
{
    const uint64_t mbps = cli_member_number(sample->object, "link_mbps");
    struct cli_text text;

    snprintf(text.s, sizeof(text.s), "%.20s%s%.40s", cli_member_text(sample->object, "link"), mbps ? " " : "",
             mbps ? cli_bit_rate((double)mbps * 1e6).s : "");
    return text;
}

static const struct cli_column links[] = {
    {"port", "name", CLI_AS_TEXT, NULL},        {"driver", "driver", CLI_AS_TEXT, NULL},
    {"device", "device", CLI_AS_TEXT, NULL},    {"MAC", "mac", CLI_AS_TEXT, NULL},
    {">MTU", "mtu", CLI_AS_ID, NULL},           {"link", NULL, CLI_AS_COMPUTED, link_text},
    {">queues", "queues", CLI_AS_NUMBER, NULL}, {0},
};

static const struct cli_column totals[] = {
    {"port", "name", CLI_AS_TEXT, NULL},
    {">received", "rx_pkts", CLI_AS_NUMBER, NULL},
    {">bytes", "rx_bytes", CLI_AS_BYTES, NULL},
    {">sent", "tx_pkts", CLI_AS_NUMBER, NULL},
    {">bytes", "tx_bytes", CLI_AS_BYTES, NULL},
    {">missed", "rx_missed", CLI_AS_NUMBER, NULL},
    {">rx errors", "rx_errors", CLI_AS_NUMBER, NULL},
    {">tx errors", "tx_errors", CLI_AS_NUMBER, NULL},
    {">no buffer", "rx_no_buffer", CLI_AS_NUMBER, NULL},
    {0},
};

static const struct cli_column rates[] = {
    {"port", "name", CLI_AS_TEXT, NULL},
    {">received", "rx_pkts", CLI_AS_PKT_RATE, NULL},
    {">", "rx_bytes", CLI_AS_BIT_RATE, NULL},
    {">sent", "tx_pkts", CLI_AS_PKT_RATE, NULL},
    {">", "tx_bytes", CLI_AS_BIT_RATE, NULL},
    {">missed", "rx_missed", CLI_AS_EVENT_RATE, NULL},
    {">rx errors", "rx_errors", CLI_AS_EVENT_RATE, NULL},
    {">tx errors", "tx_errors", CLI_AS_EVENT_RATE, NULL},
    {">no buffer", "rx_no_buffer", CLI_AS_EVENT_RATE, NULL},
    {0},
};

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

static void print_members(struct cli_call *call, const struct cli_column *columns, yyjson_val *now,
                          yyjson_val *before, double seconds)
{
    struct cli_table table;
    yyjson_val *port;
    size_t i, count;

    cli_member_table_begin(&table, call, columns);
    yyjson_arr_foreach(yyjson_obj_get(now, "ports"), i, count, port)
    {
        yyjson_val *old = port_named(before, cli_member_text(port, "name"));

        if (is_wanted(call, port))
            cli_member_table_row(&table, columns, &(struct cli_sample){now, port, old, seconds});
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

static void show(struct cli_call *call, yyjson_val *now, yyjson_val *before, double seconds)
{
    if (before) {
        print_members(call, rates, now, before, seconds);
        return;
    }
    print_members(call, links, now, NULL, 0);
    fputs("\n", call->out);
    print_addresses(call, yyjson_obj_get(now, "ports"));
    fputs("\n", call->out);
    print_members(call, totals, now, NULL, 0);
}

static yyjson_val *pick(struct cli_call *call, yyjson_val *answer)
{
    yyjson_val *port = wanted_name(call) ? port_named(answer, wanted_name(call)) : answer;

    if (!port)
        cli_complain(call, CLI_REFUSED, "no_such_port", "the relay has no port '%s'", wanted_name(call));
    return port;
}

enum cli_exit cli_port_show(struct cli_call *call)
{
    static const struct cli_view view = {"port.list", show, pick};

    return cli_show_or_watch(call, &view);
}
