/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_session.h"

#include "call.h"
#include "member_table.h"

#include <inttypes.h>

#define PAGE_SESSIONS     100  /* when --limit does not say */
#define PAGE_SESSIONS_ALL 1000 /* the same with --all: the most that the relay gives at once */

static struct cli_text state_text(const struct cli_sample *sample)
{
    const bool registered = yyjson_get_bool(yyjson_obj_get(sample->object, "registered"));
    struct cli_text text;

    snprintf(text.s, sizeof(text.s), "%s",
             registered && cli_member_is(sample->object, "phase", "open")
                 ? "registered"
                 : cli_member_text(sample->object, "phase"));
    return text;
}

static const struct cli_column columns[] = {
    {">session", "session", CLI_AS_ID, NULL},
    {"peer", "peer", CLI_AS_TEXT, NULL},
    {"address", "address", CLI_AS_TEXT, NULL},
    {"state", NULL, CLI_AS_COMPUTED, state_text},
    {">pairs", "pairs", CLI_AS_NUMBER, NULL},
    {"admitted", "admitted", CLI_AS_TEXT, NULL},
    {0},
};

/* A page; its cursor goes to `next`, which is NULL at the end. The reply is to be freed. */
static enum cli_exit ask_page(struct cli_call *call, uint64_t cursor, uint64_t limit, struct cli_reply *reply)
{
    struct cli_request request = cli_request_new();

    yyjson_mut_obj_add_uint(request.doc, request.params, "cursor", cursor);
    yyjson_mut_obj_add_uint(request.doc, request.params, "limit", limit);
    return cli_ask(call, "session.list", &request, reply);
}

static void print_page(struct cli_call *call, struct cli_table *table, yyjson_val *sessions, bool lines)
{
    yyjson_val *session;
    size_t i, count;

    yyjson_arr_foreach(sessions, i, count, session)
    {
        if (lines)
            cli_print_json_line(call, session);
        else
            cli_member_table_row(table, columns, &(struct cli_sample){.object = session});
    }
}

static enum cli_exit list(struct cli_call *call, struct cli_table *table, uint64_t cursor, uint64_t limit,
                          bool all)
{
    for (;;) {
        struct cli_reply reply;
        const enum cli_exit outcome = ask_page(call, cursor, limit, &reply);

        if (outcome != CLI_DONE)
            return outcome;
        if (call->json && !all)
            cli_print_json(call, reply.result);
        else
            print_page(call, table, yyjson_obj_get(reply.result, "sessions"), call->json);

        yyjson_val *next = yyjson_obj_get(reply.result, "next");
        const bool more = yyjson_is_uint(next) && yyjson_get_uint(next) > cursor;
        cursor = yyjson_get_uint(next);
        cli_reply_free(&reply);
        if (more && all)
            continue;
        if (more && !call->json)
            fprintf(call->err, "There are more: session list --cursor %" PRIu64 ", or session list --all\n",
                    cursor);
        return CLI_DONE;
    }
}

enum cli_exit cli_session_list(struct cli_call *call)
{
    const struct cli_value *limit = cli_parse_option(call->parse, "limit");
    const struct cli_value *cursor = cli_parse_option(call->parse, "cursor");
    const bool all = cli_parse_option(call->parse, "all")->text != NULL;
    struct cli_table table;

    cli_member_table_begin(&table, call, columns);
    const enum cli_exit outcome = list(call, &table, cursor->number,
                                       limit->text ? limit->number
                                       : all       ? PAGE_SESSIONS_ALL
                                                   : PAGE_SESSIONS,
                                       all);
    if (outcome == CLI_DONE && !call->json)
        cli_table_head(&table);
    cli_table_end(&table);
    return outcome;
}

static void print_chain(struct cli_table *table, yyjson_val *chain)
{
    yyjson_val *id;
    size_t i, count;

    yyjson_arr_foreach(chain, i, count, id)
    {
        if (i == 0)
            continue; /* the peer itself */
        cli_table_cell(table, "  also known as");
        cli_table_cell(table, "%s", yyjson_get_str(id));
    }
}

#define NAMES_TEXT 1100

/* A list of names in one cell. */
static void print_names(struct cli_table *table, const char *label, yyjson_val *names)
{
    char text[NAMES_TEXT] = "none";
    yyjson_val *name;
    size_t i, count, used = 0;

    yyjson_arr_foreach(names, i, count, name)
    {
        if (used < sizeof(text))
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? ", " : "",
                                     yyjson_get_str(name));
    }
    cli_table_cell(table, "%s", label);
    cli_table_cell(table, "%s", text);
}

/* Of a peer that has registered. */
static void print_instance(struct cli_table *table, yyjson_val *session)
{
    if (!yyjson_is_str(yyjson_obj_get(session, "instance")))
        return;
    cli_table_cell(table, "  instance");
    cli_table_cell(table, "%s", cli_member_text(session, "instance"));
    print_names(table, "  services", yyjson_obj_get(session, "services"));
    cli_table_cell(table, "  reachable by");
    cli_table_cell(table, "%s", cli_member_text(session, "reachable"));
}

/* Its files, where one is being recorded. */
static void print_trace(struct cli_table *table, yyjson_val *trace)
{
    if (yyjson_is_str(yyjson_obj_get(trace, "qlog"))) {
        cli_table_cell(table, "  qlog");
        cli_table_cell(table, "%s", cli_member_text(trace, "qlog"));
    }
    if (yyjson_is_str(yyjson_obj_get(trace, "keylog"))) {
        cli_table_cell(table, "  key log");
        cli_table_cell(table, "%s", cli_member_text(trace, "keylog"));
    }
}

static void print_session(struct cli_call *call, yyjson_val *session)
{
    static const char *const headings[] = {"", "", NULL};
    static const struct {
        const char *label, *member;
    } texts[] = {{"  peer", "peer"},         {"  address", "address"}, {"  at our", "local"},
                 {"  admitted", "admitted"}, {"  state", "phase"},     {"  speaks", "version"},
                 {"  cipher suite", "suite"}};
    static const struct {
        const char *label, *member;
    } numbers[] = {{"  worker", "worker"},
                   {"  pairs", "pairs"},
                   {"  requests that wait", "requests"},
                   {"  offers that wait", "offers"},
                   {"  largest DATAGRAM, bytes", "payload_bytes"},
                   {"  round trip, us", "round_trip_us"},
                   {"  packets received", "rx_pkts"},
                   {"  packets sent", "tx_pkts"}};
    struct cli_table table;

    fprintf(call->out, "Session %" PRIu64 "\n", cli_member_number(session, "session"));
    cli_table_begin(&table, call->out, false, headings);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cli_table_cell(&table, "%s", texts[i].label);
        cli_table_cell(&table, "%s", cli_member_text(session, texts[i].member));
        if (i == 0)
            print_chain(&table, yyjson_obj_get(session, "chain"));
    }
    print_instance(&table, session);
    print_names(&table, "  kinds of leg", yyjson_obj_get(session, "legs"));
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        cli_table_cell(&table, "%s", numbers[i].label);
        cli_table_cell(&table, "%s", cli_count(yyjson_obj_get(session, numbers[i].member)).s);
    }
    cli_table_cell(&table, "  round trip measured");
    cli_table_cell(&table, "%s", cli_age(yyjson_obj_get(session, "round_trip_ms_ago")).s);
    print_trace(&table, yyjson_obj_get(session, "trace"));
    cli_table_cell(&table, "  last packet");
    cli_table_cell(&table, "%s", cli_age(yyjson_obj_get(session, "seen_ms_ago")).s);
    cli_table_end(&table);
}

enum cli_exit cli_session_show(struct cli_call *call)
{
    struct cli_request request = cli_request_new();

    yyjson_mut_obj_add_uint(request.doc, request.params, "session", call->parse->arguments[0].number);
    return cli_ask_and_show(call, "session.get", &request, print_session);
}

static void print_drained(struct cli_call *call, yyjson_val *answer)
{
    fprintf(call->out, "%s peers told to go; no sessions are taken\n",
            cli_number(cli_member_number(answer, "told")).s);
}

enum cli_exit cli_session_drain(struct cli_call *call)
{
    const struct cli_value *after = cli_parse_option(call->parse, "after");
    const struct cli_value *to = cli_parse_option(call->parse, "to");
    const struct cli_value *relay = cli_parse_option(call->parse, "relay");
    struct cli_request request = cli_request_new();

    if (after->text)
        yyjson_mut_obj_add_uint(request.doc, request.params, "after_s", after->number);
    if (to->text)
        yyjson_mut_obj_add_strcpy(request.doc, request.params, "to", to->text);
    if (relay->text)
        yyjson_mut_obj_add_strcpy(request.doc, request.params, "relay", relay->text);
    return cli_ask_and_show(call, "session.drain", &request, print_drained);
}

static void print_resumed(struct cli_call *call, yyjson_val *answer)
{
    fprintf(call->out, "Sessions are taken again; %s peers told to stay\n",
            cli_number(cli_member_number(answer, "told")).s);
}

enum cli_exit cli_session_resume(struct cli_call *call)
{
    struct cli_request request = cli_request_new();

    return cli_ask_and_show(call, "session.resume", &request, print_resumed);
}

static void print_closed(struct cli_call *call, yyjson_val *answer)
{
    (void)answer;
    fprintf(call->out, "Session %" PRIu64 " closed\n", call->parse->arguments[0].number);
}

enum cli_exit cli_session_close(struct cli_call *call)
{
    struct cli_request request = cli_request_new();

    yyjson_mut_obj_add_uint(request.doc, request.params, "session", call->parse->arguments[0].number);
    return cli_ask_and_show(call, "session.close", &request, print_closed);
}
