/* SPDX-License-Identifier: BSD-3-Clause */
#include "call.h"

#include "allocate.h"
#include "text_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_S 10 /* for an answer of the relay */

static bool can_show_bold(FILE *out)
{
    const char *terminal = getenv("TERM");
    const int fd = fileno(out);

    return fd >= 0 && isatty(fd) && !getenv("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

void cli_call_begin(struct cli_call *call, struct cli_parse *parse, FILE *out, FILE *err)
{
    memset(call, 0, sizeof(*call));
    call->parse = parse;
    call->out = out;
    call->err = err;
    call->json = parse->globals[CLI_GLOBAL_JSON].text != NULL;
    call->bold = can_show_bold(out);
    call->socket = cli_socket_path(parse->globals[CLI_GLOBAL_SOCKET].text);
    call->timeout_ms = TIMEOUT_S * 1000;
}

void cli_call_end(struct cli_call *call)
{
    if (call->connected)
        cli_rpc_close(&call->rpc);
    call->connected = false;
}

struct cli_request cli_request_new(void)
{
    struct cli_request request = {.doc = yyjson_mut_doc_new(NULL)};

    if (!request.doc)
        cli_out_of_memory();
    request.params = yyjson_mut_obj(request.doc);
    return request;
}

static enum cli_exit complain(struct cli_call *call, enum cli_exit code, const char *name, char *sentence)
{
    if (call->json) {
        yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *root = yyjson_mut_obj(doc);
        yyjson_mut_val *error = yyjson_mut_obj_add_obj(doc, root, "error");

        yyjson_mut_obj_add_str(doc, error, "message", sentence);
        yyjson_mut_obj_add_str(doc, yyjson_mut_obj_add_obj(doc, error, "data"), "name", name);
        char *text = yyjson_mut_val_write(root, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
        fprintf(call->err, "%s\n", text ? text : "{\"error\":{}}");
        free(text);
        yyjson_mut_doc_free(doc);
    } else {
        cli_text_clean(sentence);
        fprintf(call->err, "culvertctl: %s\n", sentence);
    }
    return code;
}

enum cli_exit cli_complain(struct cli_call *call, enum cli_exit code, const char *name, const char *format,
                           ...)
{
    va_list arguments;
    char *sentence;

    va_start(arguments, format);
    if (vasprintf(&sentence, format, arguments) < 0)
        cli_out_of_memory();
    va_end(arguments);
    complain(call, code, name, sentence);
    free(sentence);
    return code;
}

bool cli_json_wanted(size_t count, const char *const *words)
{
    for (size_t i = 0; i < count && strcmp(words[i], "--") != 0; i++) {
        if (strcmp(words[i], "-j") == 0 || strcmp(words[i], "--json") == 0)
            return true;
    }
    return false;
}

enum cli_exit cli_complain_early(bool json, const char *format, ...)
{
    struct cli_call call = {.err = stderr, .json = json};
    va_list arguments;
    char *sentence;

    va_start(arguments, format);
    if (vasprintf(&sentence, format, arguments) < 0)
        cli_out_of_memory();
    va_end(arguments);
    complain(&call, CLI_USAGE, "usage", sentence);
    free(sentence);
    return CLI_USAGE;
}

static enum cli_exit explain_refusal(struct cli_call *call, yyjson_val *error)
{
    yyjson_val *data = yyjson_obj_get(error, "data");
    const char *name = yyjson_get_str(yyjson_obj_get(data, "name"));

    if (call->json) {
        char *text = yyjson_val_write(error, 0, NULL);

        fprintf(call->err, "{\"error\":%s}\n", text ? text : "null");
        free(text);
        return CLI_REFUSED;
    }
    return cli_complain(call, CLI_REFUSED, "", "refused: %s%s%s%s", cli_member_text(error, "message"),
                        name ? " (" : "", name ? name : "", name ? ")" : "");
}

/* Connecting failed with `error`, a negative errno. */
static enum cli_exit explain_no_daemon(struct cli_call *call, int error)
{
    const char *remedy = "Is culvert-control running? Start it (culvert-control -c FILE), or name its socket "
                         "with -s or " CLI_SOCKET_VARIABLE ".";

    if (error == -EACCES || error == -EPERM)
        remedy = "You need the rights of the user or the group that the socket belongs to.";
    return cli_complain(call, CLI_NO_DAEMON, "no_daemon", "no relay answers on %s: %s. %s", call->socket,
                        call->rpc.error, remedy);
}

enum cli_exit cli_explain(struct cli_call *call, enum cli_rpc_status status, yyjson_val *error)
{
    switch (status) {
    case CLI_RPC_OK:
        return CLI_DONE;
    case CLI_RPC_REFUSED:
        return explain_refusal(call, error);
    case CLI_RPC_INTERRUPTED:
        return CLI_INTERRUPTED;
    case CLI_RPC_FAILED:
    case CLI_RPC_EXPIRED:
        break;
    }
    return cli_complain(call, CLI_NO_DAEMON, "no_answer", "%s: %s", call->socket, call->rpc.error);
}

enum cli_exit cli_ask(struct cli_call *call, const char *method, struct cli_request *request,
                      struct cli_reply *reply)
{
    enum cli_exit outcome = CLI_DONE;

    *reply = (struct cli_reply){0};
    if (!call->connected) {
        const int error = cli_rpc_open(&call->rpc, call->socket, call->timeout_ms);

        if (error < 0)
            outcome = explain_no_daemon(call, error);
        else
            call->connected = true;
    }
    if (outcome == CLI_DONE) {
        const enum cli_rpc_status status =
            cli_rpc_call(&call->rpc, method, request->doc, request->params, reply);

        outcome = cli_explain(call, status, reply->error);
        if (outcome != CLI_DONE)
            cli_reply_free(reply);
    }
    yyjson_mut_doc_free(request->doc);
    request->doc = NULL;
    return outcome;
}

static void print_value(struct cli_call *call, const yyjson_val *value, yyjson_write_flag style)
{
    char *text = yyjson_val_write(value, style, NULL);

    if (text)
        fprintf(call->out, "%s\n", text);
    free(text);
}

void cli_print_json(struct cli_call *call, const yyjson_val *value)
{
    const int fd = fileno(call->out);

    print_value(call, value, fd >= 0 && isatty(fd) ? YYJSON_WRITE_PRETTY_TWO_SPACES : 0);
}

void cli_print_json_line(struct cli_call *call, const yyjson_val *value)
{
    print_value(call, value, 0);
    fflush(call->out);
}

enum cli_exit cli_ask_and_show(struct cli_call *call, const char *method, struct cli_request *request,
                               void (*show)(struct cli_call *call, yyjson_val *answer))
{
    struct cli_reply reply;
    const enum cli_exit outcome = cli_ask(call, method, request, &reply);

    if (outcome != CLI_DONE)
        return outcome;
    if (call->json)
        cli_print_json(call, reply.result);
    else
        show(call, reply.result);
    cli_reply_free(&reply);
    return CLI_DONE;
}

uint64_t cli_member_number(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);

    return yyjson_is_uint(value) ? yyjson_get_uint(value) : 0;
}

const char *cli_member_text(yyjson_val *object, const char *name)
{
    const char *text = yyjson_get_str(yyjson_obj_get(object, name));

    return text ? text : "-";
}

bool cli_member_is(yyjson_val *object, const char *name, const char *text)
{
    return yyjson_equals_str(yyjson_obj_get(object, name), text);
}

static const struct cli_text unknown = {"-"};

struct cli_text cli_count(yyjson_val *number)
{
    return yyjson_is_uint(number) ? cli_number(yyjson_get_uint(number)) : unknown;
}

struct cli_text cli_id(yyjson_val *number)
{
    struct cli_text text = unknown;

    if (yyjson_is_uint(number))
        snprintf(text.s, sizeof(text.s), "%" PRIu64, yyjson_get_uint(number));
    return text;
}

struct cli_text cli_amount(yyjson_val *bytes)
{
    return yyjson_is_uint(bytes) ? cli_bytes(yyjson_get_uint(bytes)) : unknown;
}

struct cli_text cli_age(yyjson_val *milliseconds)
{
    struct cli_text text = unknown;

    if (yyjson_is_uint(milliseconds))
        snprintf(text.s, sizeof(text.s), "%.60s ago", cli_duration(yyjson_get_uint(milliseconds)).s);
    return text;
}
