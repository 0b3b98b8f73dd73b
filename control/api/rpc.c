/* SPDX-License-Identifier: BSD-3-Clause */
#include "rpc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *refusal_name(enum refusal refusal)
{
    switch (refusal) {
#define REFUSAL_NAME(id, name, meaning) \
    case REFUSAL_##id:                  \
        return name;
        REFUSAL_LIST(REFUSAL_NAME)
#undef REFUSAL_NAME
    }
    return "?";
}

static void send_doc(struct rpc_connection *connection, yyjson_mut_doc *doc)
{
    static const char out_of_memory[] =
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,\"message\":\"out of memory\"}}";
    size_t bytes = 0;
    char *line = doc == NULL ? NULL : yyjson_mut_write(doc, 0, &bytes);

    if (line == NULL)
        connection->send(connection, out_of_memory, sizeof(out_of_memory) - 1, false);
    else
        connection->send(connection, line, bytes, false);
    free(line);
}

/* An answer but for its result or error. `id` is JSON text, or NULL for null. */
static yyjson_mut_val *begin_answer(yyjson_mut_doc *doc, const char *id)
{
    yyjson_mut_val *root = yyjson_mut_obj(doc);

    yyjson_mut_doc_set_root(doc, root);
    (void)yyjson_mut_obj_add_str(doc, root, "jsonrpc", "2.0");
    (void)yyjson_mut_obj_add_val(doc, root, "id",
                                 id == NULL ? yyjson_mut_null(doc) : yyjson_mut_raw(doc, id));
    return root;
}

static void add_error(yyjson_mut_doc *doc, yyjson_mut_val *root, enum rpc_code code, const char *name,
                      const char *text)
{
    yyjson_mut_val *error = yyjson_mut_obj_add_obj(doc, root, "error");

    (void)yyjson_mut_obj_add_int(doc, error, "code", code);
    (void)yyjson_mut_obj_add_strcpy(doc, error, "message", text);
    if (name != NULL) {
        yyjson_mut_val *data = yyjson_mut_obj_add_obj(doc, error, "data");

        (void)yyjson_mut_obj_add_str(doc, data, "name", name);
    }
}

void rpc_error(struct rpc_connection *connection, const char *id, enum rpc_code code, const char *name,
               const char *text)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

    if (doc != NULL)
        add_error(doc, begin_answer(doc, id), code, name, text);
    send_doc(connection, doc);
    yyjson_mut_doc_free(doc);
}

struct call *call_new(struct rpc_connection *connection, yyjson_val *id)
{
    struct call *call = calloc(1, sizeof(*call));

    if (call == NULL)
        return NULL;
    call->doc = yyjson_mut_doc_new(NULL);
    call->id = id == NULL ? NULL : yyjson_val_write(id, 0, NULL);
    if (call->doc == NULL || (id != NULL && call->id == NULL)) {
        yyjson_mut_doc_free(call->doc);
        free(call->id);
        free(call);
        return NULL;
    }
    call->api = connection->api;
    call->connection = connection;
    LIST_INSERT_HEAD(&connection->calls, call, entry);
    connection->call_count++;
    return call;
}

void call_end(struct call *call)
{
    struct rpc_connection *connection = call->connection;

    if (connection != NULL) {
        LIST_REMOVE(call, entry);
        connection->call_count--;
    }
    yyjson_mut_doc_free(call->doc);
    free(call->id);
    free(call);
    if (connection != NULL && connection->ended != NULL)
        connection->ended(connection);
}

void call_answer(struct call *call, yyjson_mut_val *result)
{
    if (call->connection != NULL && call->id != NULL) {
        yyjson_mut_val *root = begin_answer(call->doc, call->id);

        (void)yyjson_mut_obj_add_val(call->doc, root, "result", result);
        send_doc(call->connection, call->doc);
    }
    call_end(call);
}

/* Texts quote clients, and may be cut in the middle of a character. */
static void make_ascii(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
            *text = '?';
    }
}

static void call_fail(struct call *call, enum rpc_code code, const char *name, const char *format,
                      va_list arguments)
{
    char text[512];

    if (call->connection != NULL && call->id != NULL) {
        (void)vsnprintf(text, sizeof(text), format, arguments);
        make_ascii(text);
        rpc_error(call->connection, call->id, code, name, text);
    }
    call_end(call);
}

void call_refuse(struct call *call, enum refusal refusal, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    call_fail(call, RPC_REFUSED, refusal_name(refusal), format, arguments);
    va_end(arguments);
}

void call_bad_params(struct call *call, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    call_fail(call, RPC_BAD_PARAMS, "invalid", format, arguments);
    va_end(arguments);
}

void rpc_unsubscribe(struct rpc_connection *connection)
{
    if (connection->subscription == NULL)
        return;
    events_unsubscribe(&connection->subscriber);
    free(connection->subscription);
    connection->subscription = NULL;
}

void rpc_disconnect(struct rpc_connection *connection)
{
    struct call *call;

    rpc_unsubscribe(connection);
    while ((call = LIST_FIRST(&connection->calls)) != NULL) {
        LIST_REMOVE(call, entry);
        call->connection = NULL;
    }
    connection->call_count = 0;
    connection->list_count = 0;
}
