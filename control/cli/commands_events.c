/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_events.h"

#include "allocate.h"
#include "base/vocabulary.h"
#include "call.h"
#include "interrupt.h"
#include "text_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TIME_WIDTH 24 /* 2026-01-31T12:34:56.789Z */

static const char *const columns[] = {"time", "event", ">pair", "leg", "peer", "address", "more", NULL};

/* The members of an event that have a column of their own: all but the last. */
static const char *const members[] = {"time", "event", "pair", "leg", "peer", "address"};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]) - 1)

static void begin_table(struct cli_table *table, struct cli_call *call)
{
    cli_table_begin(table, call->out, call->bold, columns);
    cli_table_widen(table, 0, TIME_WIDTH);
#define WIDEN(id, name, meaning) cli_table_widen(table, 1, strlen(name));
    EVENT_LIST(WIDEN)
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

static void write_value(FILE *text, yyjson_val *value)
{
    yyjson_val *element;
    size_t i, count;

    if (yyjson_is_str(value)) {
        fputs(yyjson_get_str(value), text);
    } else if (yyjson_is_uint(value)) {
        fprintf(text, "%" PRIu64, yyjson_get_uint(value));
    } else if (yyjson_is_bool(value)) {
        fputs(yyjson_get_bool(value) ? "yes" : "no", text);
    } else if (yyjson_is_arr(value)) {
        yyjson_arr_foreach(value, i, count, element)
        {
            const char *name = yyjson_get_str(element);
            fprintf(text, "%s%s", i ? " " : "", name ? name : "?");
        }
    } else if (yyjson_is_null(value)) {
        fputs("-", text);
    }
}

/* Whatever an event tells besides: "previous 198.51.100.7:4433, cause token". */
static void add_others(struct cli_table *table, yyjson_val *event)
{
    const char *separator = "";
    yyjson_val *key, *value;
    size_t i, count, bytes;
    char *text;
    FILE *stream = open_memstream(&text, &bytes);

    if (!stream)
        cli_out_of_memory();
    yyjson_obj_foreach(event, i, count, key, value)
    {
        bool has_column = false;

        for (size_t column = 0; column + 1 < COLUMNS; column++)
            has_column |= yyjson_equals_str(key, members[column]);
        if (has_column)
            continue;
        fputs(separator, stream);
        write_value(stream, key);
        fputc(' ', stream);
        write_value(stream, value);
        separator = ", ";
    }
    fclose(stream);
    cli_table_cell(table, "%s", text);
    free(text);
}

static void print_event(struct cli_call *call, struct cli_table *table, yyjson_val *event)
{
    if (call->json) {
        cli_print_json_line(call, event);
        return;
    }
    for (size_t column = 0; column + 1 < COLUMNS; column++)
        add_member(table, event, members[column]);
    add_others(table, event);
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
    if (call->json)
        fputs("{\"event\":\"subscribed\"}\n", call->out);
    else
        cli_table_head(&table);
    fflush(call->out);
    outcome = stream(call, &table, deadline_ns);
    cli_table_end(&table);
    return outcome;
}
