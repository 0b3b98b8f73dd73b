/* SPDX-License-Identifier: BSD-3-Clause */
#include "rpc.h"
#include "api.h"
#include "control.h"
#include "base/log.h"

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

static void send_error(struct rpc_connection *connection, const char *id, enum rpc_code code,
                       const char *name, const char *text)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

    if (doc != NULL)
        add_error(doc, begin_answer(doc, id), code, name, text);
    send_doc(connection, doc);
    yyjson_mut_doc_free(doc);
}

void rpc_error(struct rpc_connection *connection, enum rpc_code code, const char *name, const char *text)
{
    send_error(connection, NULL, code, name, text);
}

static struct call *call_new(struct rpc_connection *connection, yyjson_val *id)
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
    call->control = connection->control;
    call->connection = connection;
    LIST_INSERT_HEAD(&connection->calls, call, entry);
    connection->call_count++;
    return call;
}

static void call_end(struct call *call)
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
        send_error(call->connection, call->id, code, name, text);
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

/* JSON-RPC 2.0 section 4: a string, a number or null; without it, nothing is to be answered. */
static bool id_ok(yyjson_val *id)
{
    return id == NULL || yyjson_is_str(id) || yyjson_is_num(id) || yyjson_is_null(id);
}

static void dispatch(struct rpc_connection *connection, yyjson_val *request)
{
    yyjson_val *id = yyjson_obj_get(request, "id");
    yyjson_val *version = yyjson_obj_get(request, "jsonrpc");
    yyjson_val *name = yyjson_obj_get(request, "method");
    yyjson_val *params = yyjson_obj_get(request, "params");
    const struct method *method;
    struct call *call;

    if (!id_ok(id) || !yyjson_equals_str(version, "2.0") || !yyjson_is_str(name)) {
        rpc_error(connection, RPC_NOT_A_REQUEST, NULL,
                  "not a JSON-RPC 2.0 request: \"jsonrpc\":\"2.0\", \"method\" and \"id\" are expected");
        return;
    }
    call = call_new(connection, id);
    if (call == NULL) {
        rpc_error(connection, RPC_NO_MEMORY, NULL, "out of memory");
        return;
    }
    method = method_find(yyjson_get_str(name), yyjson_get_len(name));
    if (method == NULL) {
        if (id != NULL)
            send_error(connection, call->id, RPC_NO_METHOD, NULL, "there is no such method");
        call_end(call);
    } else if (params != NULL && !yyjson_is_obj(params)) {
        call_bad_params(call, "params must be an object with named members");
    } else {
        log_debug("call of %s", method->name);
        method->run(call, params);
    }
}

void rpc_line(struct rpc_connection *connection, const char *line, size_t bytes)
{
    yyjson_doc *doc = yyjson_read(line, bytes, YYJSON_READ_NOFLAG);

    if (doc == NULL)
        rpc_error(connection, RPC_NOT_JSON, NULL, "not JSON: one object per line is expected");
    else if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
        rpc_error(connection, RPC_NOT_A_REQUEST, NULL,
                  "not a request object (batches are not supported: send one object per line)");
    else
        dispatch(connection, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

void rpc_unsubscribe(struct rpc_connection *connection)
{
    if (connection->subscription == NULL)
        return;
    LIST_REMOVE(connection, subscriber);
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
