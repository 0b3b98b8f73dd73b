/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_trace.h"

#include "call.h"
#include "member_table.h"

#include <inttypes.h>

#define MOST_SECONDS 86400

static void fill(struct cli_call *call, struct cli_request *request, const char *network)
{
    const struct cli_value *seconds = cli_parse_option(call->parse, "for");

    yyjson_mut_obj_add_strcpy(request->doc, request->params, "network", network);
    if (cli_parse_option(call->parse, "qlog")->text)
        yyjson_mut_obj_add_bool(request->doc, request->params, "qlog", true);
    if (cli_parse_option(call->parse, "keylog")->text)
        yyjson_mut_obj_add_bool(request->doc, request->params, "keylog", true);
    if (seconds->text)
        yyjson_mut_obj_add_uint(request->doc, request->params, "for_s", seconds->number);
}

enum cli_exit cli_session_trace(struct cli_call *call)
{
    if (cli_parse_option(call->parse, "for")->number > MOST_SECONDS)
        return cli_complain(call, CLI_USAGE, "usage", "--for is at most 24h");
    for (size_t i = 0; i < call->parse->argument_count; i++) {
        const char *network = call->parse->arguments[i].text;
        struct cli_request request = cli_request_new();
        struct cli_reply reply;

        fill(call, &request, network);
        const enum cli_exit outcome = cli_ask(call, "trace.add", &request, &reply);
        if (outcome != CLI_DONE)
            return outcome;
        if (call->json)
            cli_print_json_line(call, reply.result);
        else
            fprintf(call->out, "Trace %" PRIu64 " waits for a session from %s\n",
                    cli_member_number(reply.result, "trace"), network);
        cli_reply_free(&reply);
    }
    return CLI_DONE;
}

static struct cli_text kinds_text(const struct cli_sample *sample)
{
    yyjson_val *kinds = yyjson_obj_get(sample->object, "kinds");
    const char *first = yyjson_get_str(yyjson_arr_get(kinds, 0));
    const char *second = yyjson_get_str(yyjson_arr_get(kinds, 1));
    struct cli_text text;

    snprintf(text.s, sizeof(text.s), "%.20s%s%.20s", first ? first : "-", second ? ", " : "",
             second ? second : "");
    return text;
}

static const struct cli_column columns[] = {
    {">trace", "trace", CLI_AS_ID, NULL},
    {"network", "network", CLI_AS_TEXT, NULL},
    {"records", NULL, CLI_AS_COMPUTED, kinds_text},
    {"state", "state", CLI_AS_TEXT, NULL},
    {"until", "until", CLI_AS_TEXT, NULL},
    {">session", "session", CLI_AS_ID, NULL},
    {">qlog", "qlog_bytes", CLI_AS_BYTES, NULL},
    {">lost", "lost_events", CLI_AS_NUMBER, NULL},
    {0},
};

static void print_files(struct cli_call *call, yyjson_val *traces)
{
    static const char *const names[] = {"qlog", "keylog"};
    yyjson_val *trace;
    size_t i, count;

    yyjson_arr_foreach(traces, i, count, trace)
    {
        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
            if (yyjson_is_str(yyjson_obj_get(trace, names[j])))
                fprintf(call->out, "%s\n", cli_member_text(trace, names[j]));
        }
    }
}

static void print_traces(struct cli_call *call, yyjson_val *answer)
{
    yyjson_val *traces = yyjson_obj_get(answer, "traces"), *trace;
    struct cli_table table;
    size_t i, count;

    cli_member_table_begin(&table, call, columns);
    yyjson_arr_foreach(traces, i, count, trace)
        cli_member_table_row(&table, columns, &(struct cli_sample){.answer = answer, .object = trace});
    cli_table_head(&table);
    cli_table_end(&table);
    print_files(call, traces);
    if (!yyjson_get_bool(yyjson_obj_get(answer, "allowed")))
        fputs("The configuration allows no traces (dataplane.session.trace).\n", call->err);
}

enum cli_exit cli_session_traces(struct cli_call *call)
{
    struct cli_request request = cli_request_new();

    return cli_ask_and_show(call, "trace.list", &request, print_traces);
}

static void print_ended(struct cli_call *call, yyjson_val *answer)
{
    (void)answer;
    fprintf(call->out, "Trace %" PRIu64 " ended\n", call->parse->arguments[0].number);
}

enum cli_exit cli_session_untrace(struct cli_call *call)
{
    struct cli_request request = cli_request_new();

    yyjson_mut_obj_add_uint(request.doc, request.params, "trace", call->parse->arguments[0].number);
    return cli_ask_and_show(call, "trace.delete", &request, print_ended);
}
