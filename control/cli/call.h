/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * One run of a command: what was asked (the parse), where to print, and the connection to the relay, made
 * when the command first needs it. What handlers are given, and what they ask the relay through.
 */
#include "parse.h"
#include "rpc.h"
#include "units.h"

#include <stdio.h>

struct cli_call {
    struct cli_parse *parse;
    FILE *out, *err;
    bool json;
    bool bold; /* headings: `out` is a terminal that can show it */
    const char *socket;
    uint32_t timeout_ms;
    struct cli_rpc rpc;
    bool connected;
};

/* A call that prints to `out` and `err`; socket and json come from the parse's global options. */
void cli_call_begin(struct cli_call *call, struct cli_parse *parse, FILE *out, FILE *err);
void cli_call_end(struct cli_call *call);

/* A request being put together: add members to `params`, then give it to cli_ask, which frees it. */
struct cli_request {
    yyjson_mut_doc *doc;
    yyjson_mut_val *params; /* an empty object */
};

struct cli_request cli_request_new(void);

/*
 * Asks the relay and says what went wrong, if something did. CLI_DONE: `reply->result` is there, free the
 * reply with cli_reply_free. Anything else is what the program should exit with.
 */
enum cli_exit cli_ask(struct cli_call *call, const char *method, struct cli_request *request,
                      struct cli_reply *reply);

/* Asks, and prints the answer: as JSON, or as `show` does. */
enum cli_exit cli_ask_and_show(struct cli_call *call, const char *method, struct cli_request *request,
                               void (*show)(struct cli_call *call, yyjson_val *answer));

/*
 * Says why there is no answer: `status` is what came back from the relay in `rpc`, and `error` its error
 * object when it refused. With --json the same as a JSON object. Returns what to exit with.
 */
enum cli_exit cli_explain(struct cli_call *call, enum cli_rpc_status status, yyjson_val *error);

/* An error that culvertctl itself found, told as cli_explain tells the relay's. Returns `code`. */
enum cli_exit cli_complain(struct cli_call *call, enum cli_exit code, const char *name, const char *format,
                           ...) __attribute__((format(printf, 4, 5)));

/* The same before there is a call. Returns CLI_USAGE. */
enum cli_exit cli_complain_early(bool json, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether words that may be wrong from the first on ask for JSON. */
bool cli_json_wanted(size_t count, const char *const *words);

/* A JSON document: indented on a terminal, else on one line. */
void cli_print_json(struct cli_call *call, const yyjson_val *value);

/* One of a stream of JSON documents: on one line, sent off at once. */
void cli_print_json_line(struct cli_call *call, const yyjson_val *value);

/* Members of an object that may not be there: 0, or "-". */
uint64_t cli_member_number(yyjson_val *object, const char *name);
const char *cli_member_text(yyjson_val *object, const char *name);
bool cli_member_is(yyjson_val *object, const char *name, const char *text);

/* The same as text, of values that may be missing or null: "-" then. */
struct cli_text cli_count(yyjson_val *number);     /* 1,234 */
struct cli_text cli_id(yyjson_val *number);        /* 1234 */
struct cli_text cli_amount(yyjson_val *bytes);     /* 12.3 MB */
struct cli_text cli_age(yyjson_val *milliseconds); /* 120 ms ago */
