/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "interrupt.h"
#include "text_table.h"

#include <inttypes.h>
#include <string.h>

#define TIME_WIDTH 24 /* 2026-01-31T12:34:56.789Z */

static const char *const columns[] = {"time", "event", ">pair", "leg", "peer", "address", "", NULL};

static void begin_table(struct cli_table *table, struct cli_call *call)
{
    cli_table_begin(table, call->out, call->bold, columns);
    cli_table_widen(table, 0, TIME_WIDTH);
#define WIDEN(name, meaning) cli_table_widen(table, 1, strlen(#name));
    CLI_EVENT_LIST(WIDEN)
#undef WIDEN
    cli_table_widen(table, 2, 6);
    cli_table_widen(table, 4, 8);
    cli_table_widen(table, 5, 21); /* an IPv4 address with its port */
}

/* What does not apply to an event stays empty. */
static void add_member(struct cli_table *table, yyjson_val *event, const char *name)
{
    yyjson_val *value = yyjson_obj_get(event, name);

    if (yyjson_is_uint(value))
        cli_table_cell(table, "%" PRIu64, yyjson_get_uint(value));
    else
        cli_table_cell(table, "%s", yyjson_is_str(value) ? yyjson_get_str(value) : "");
}

static void print_event(struct cli_call *call, struct cli_table *table, yyjson_val *event)
{
    const char *previous = yyjson_get_str(yyjson_obj_get(event, "previous"));
    const char *cause = yyjson_get_str(yyjson_obj_get(event, "cause"));

    if (call->json) {
        cli_print_json_line(call, event);
        return;
    }
    add_member(table, event, "time");
    add_member(table, event, "event");
    add_member(table, event, "pair");
    add_member(table, event, "leg");
    add_member(table, event, "peer");
    add_member(table, event, "address");
    cli_table_cell(table, "%s%s%s%s", previous ? "was " : "", previous ? previous : "",
                   previous && cause ? ", by " : "", cause ? cause : "");
    cli_table_flush(table);
    fflush(call->out);
}

static bool is_wanted(const struct cli_parse *parse, yyjson_val *event)
{
    const struct cli_value *name = cli_parse_option(parse, "event");
    const struct cli_value *pair = cli_parse_option(parse, "pair");

    if (!yyjson_is_obj(event) || (name->text && !cli_member_is(event, "event", name->text)))
        return false;
    return !pair->text || cli_member_number(event, "pair") == pair->number;
}

/* Until there were enough, the time is up, or Ctrl-C: all of them ends that one asked for. */
static enum cli_exit stream(struct cli_call *call, struct cli_table *table, uint64_t deadline_ns)
{
    const struct cli_value *count = cli_parse_option(call->parse, "count");
    const uint64_t subscription = call->rpc.last_id;
    const uint64_t wanted = count->text ? count->number : UINT64_MAX;

    for (uint64_t seen = 0; seen < wanted;) {
        yyjson_doc *notice;
        const enum cli_rpc_status status = cli_rpc_notice(&call->rpc, subscription, deadline_ns, &notice);

        if (status == CLI_RPC_INTERRUPTED || (status == CLI_RPC_EXPIRED && !count->text))
            return CLI_DONE;
        if (status == CLI_RPC_EXPIRED)
            return cli_complain(call, CLI_NO_DAEMON, "timeout",
                                "the time is up after %" PRIu64 " of %" PRIu64 " events", seen, wanted);
        if (status != CLI_RPC_OK)
            return cli_explain(call, status, NULL);

        yyjson_val *event = yyjson_obj_get(yyjson_doc_get_root(notice), "params");
        if (is_wanted(call->parse, event)) {
            print_event(call, table, event);
            seen++;
        }
        yyjson_doc_free(notice);
    }
    return CLI_DONE;
}

enum cli_exit cli_events(struct cli_call *call)
{
    const struct cli_value *timeout = cli_parse_option(call->parse, "timeout");
    const uint64_t deadline_ns =
        timeout->text ? cli_now_ns() + timeout->number * 1000000000 : CLI_NO_DEADLINE;
    struct cli_request request = cli_request_new();
    struct cli_reply reply;
    struct cli_table table;

    enum cli_exit outcome = cli_ask(call, "events.subscribe", &request, &reply);
    if (outcome != CLI_DONE)
        return outcome;
    cli_reply_free(&reply);

    begin_table(&table, call);
    if (!call->json) {
        cli_table_head(&table);
        fflush(call->out);
    }
    outcome = stream(call, &table, deadline_ns);
    cli_table_end(&table);
    return outcome;
}
