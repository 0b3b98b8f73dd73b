/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_pair_list.h"

#include "call.h"
#include "text_table.h"
#include "units.h"

#include <inttypes.h>

#define PAGE_PAIRS     100  /* when --limit does not say */
#define PAGE_PAIRS_ALL 1000 /* the same with --all: the most that the relay gives at once */

static const char *const columns[] = {">pair",   ">port",        "a",        "a's leg", "b",
                                      "b's leg", ">last packet", ">packets", ">bytes",  NULL};

/* What both legs carried, and when either was last heard of. */
static void add_traffic(struct cli_table *table, yyjson_val *legs)
{
    yyjson_val *latest = NULL, *leg;
    uint64_t pkts = 0, bytes = 0;
    size_t i, count;

    yyjson_arr_foreach(legs, i, count, leg)
    {
        yyjson_val *seen = yyjson_obj_get(leg, "seen_ms_ago");

        pkts += cli_member_number(leg, "pkts");
        bytes += cli_member_number(leg, "bytes");
        if (yyjson_is_uint(seen) && (!latest || yyjson_get_uint(seen) < yyjson_get_uint(latest)))
            latest = seen;
    }
    cli_table_cell(table, "%s", cli_age(latest).s);
    cli_table_cell(table, "%s", cli_number(pkts).s);
    cli_table_cell(table, "%s", cli_bytes(bytes).s);
}

/* "udp 198.51.100.7:40001", or of a tunnel leg session and channel: "tunnel 5/3, 1,198 B" */
static void add_leg(struct cli_table *table, yyjson_val *leg)
{
    if (cli_member_is(leg, "kind", "tunnel"))
        cli_table_cell(table, "tunnel %" PRIu64 "/%" PRIu64 ", %s B", cli_member_number(leg, "session"),
                       cli_member_number(leg, "channel"), cli_count(yyjson_obj_get(leg, "payload_bytes")).s);
    else
        cli_table_cell(table, "udp %s", cli_member_text(leg, "address"));
}

static void add_pair(struct cli_table *table, yyjson_val *pair)
{
    yyjson_val *legs = yyjson_obj_get(pair, "legs");

    cli_table_cell(table, "%" PRIu64, cli_member_number(pair, "pair"));
    cli_table_cell(table, "%s", cli_id(yyjson_obj_get(pair, "relay_port")).s);
    for (size_t i = 0; i < 2; i++) {
        cli_table_cell(table, "%s", cli_member_text(yyjson_arr_get(legs, i), "peer"));
        add_leg(table, yyjson_arr_get(legs, i));
    }
    add_traffic(table, legs);
}

static void print_page(struct cli_call *call, struct cli_table *table, yyjson_val *pairs)
{
    yyjson_val *pair;
    size_t i, count;

    yyjson_arr_foreach(pairs, i, count, pair)
    {
        if (call->json)
            cli_print_json_line(call, pair);
        else
            add_pair(table, pair);
    }
    cli_table_flush(table);
    fflush(call->out);
}

static enum cli_exit ask_page(struct cli_call *call, bool more, uint64_t cursor, uint64_t limit,
                              struct cli_reply *reply)
{
    struct cli_request request = cli_request_new();

    if (more)
        yyjson_mut_obj_add_uint(request.doc, request.params, "cursor", cursor);
    yyjson_mut_obj_add_uint(request.doc, request.params, "limit", limit);
    return cli_ask(call, "pair.list", &request, reply);
}

/* Page after page, each printed as it comes: neither side ever holds the whole list. */
static enum cli_exit list_all(struct cli_call *call, struct cli_table *table, bool more, uint64_t cursor,
                              uint64_t limit)
{
    for (;;) {
        struct cli_reply reply;
        const enum cli_exit outcome = ask_page(call, more, cursor, limit, &reply);

        if (outcome != CLI_DONE)
            return outcome;
        print_page(call, table, yyjson_obj_get(reply.result, "pairs"));

        yyjson_val *next = yyjson_obj_get(reply.result, "next");
        const bool ends = !yyjson_is_uint(next);
        const bool turns_back = !ends && more && yyjson_get_uint(next) <= cursor;
        cursor = yyjson_get_uint(next);
        more = true;
        cli_reply_free(&reply);
        if (ends)
            return CLI_DONE;
        if (turns_back)
            return cli_complain(call, CLI_NO_DAEMON, "bad_cursor",
                                "the relay's list does not advance (cursor %" PRIu64 "): it ends here",
                                cursor);
    }
}

static enum cli_exit list_page(struct cli_call *call, struct cli_table *table, bool more, uint64_t cursor,
                               uint64_t limit)
{
    struct cli_reply reply;
    const enum cli_exit outcome = ask_page(call, more, cursor, limit, &reply);

    if (outcome != CLI_DONE)
        return outcome;
    if (call->json) {
        cli_print_json(call, reply.result);
    } else {
        yyjson_val *next = yyjson_obj_get(reply.result, "next");

        print_page(call, table, yyjson_obj_get(reply.result, "pairs"));
        if (yyjson_is_uint(next))
            fprintf(call->err, "There are more: pair list --cursor %" PRIu64 ", or pair list --all\n",
                    yyjson_get_uint(next));
    }
    cli_reply_free(&reply);
    return CLI_DONE;
}

enum cli_exit cli_pair_list(struct cli_call *call)
{
    const struct cli_value *limit = cli_parse_option(call->parse, "limit");
    const struct cli_value *cursor = cli_parse_option(call->parse, "cursor");
    const bool all = cli_parse_option(call->parse, "all")->text != NULL;
    struct cli_table table;

    cli_table_begin(&table, call->out, call->bold, columns);
    const enum cli_exit outcome =
        (all ? list_all : list_page)(call, &table, cursor->text != NULL, cursor->number,
                                     limit->text ? limit->number
                                     : all       ? PAGE_PAIRS_ALL
                                                 : PAGE_PAIRS);
    if (outcome == CLI_DONE && !call->json)
        cli_table_head(&table);
    cli_table_end(&table);
    return outcome;
}
