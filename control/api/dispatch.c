/* SPDX-License-Identifier: BSD-3-Clause */
#include "dispatch.h"

#include "base/log.h"
#include "methods.h"

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
        rpc_error(connection, NULL, RPC_NOT_A_REQUEST, NULL,
                  "not a JSON-RPC 2.0 request: \"jsonrpc\":\"2.0\", \"method\" and \"id\" are expected");
        return;
    }
    call = call_new(connection, id);
    if (call == NULL) {
        rpc_error(connection, NULL, RPC_NO_MEMORY, NULL, "out of memory");
        return;
    }
    method = method_find(yyjson_get_str(name), yyjson_get_len(name));
    if (method == NULL) {
        if (id != NULL)
            rpc_error(connection, call->id, RPC_NO_METHOD, NULL, "there is no such method");
        call_end(call);
    } else if (params != NULL && !yyjson_is_obj(params)) {
        call_bad_params(call, "params must be an object with named members");
    } else {
        log_debug("call of %s", method->name);
        method->run(call, params);
    }
}

void dispatch_line(struct rpc_connection *connection, const char *line, size_t bytes)
{
    yyjson_doc *doc = yyjson_read(line, bytes, YYJSON_READ_NOFLAG);

    if (doc == NULL)
        rpc_error(connection, NULL, RPC_NOT_JSON, NULL, "not JSON: one object per line is expected");
    else if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
        rpc_error(connection, NULL, RPC_NOT_A_REQUEST, NULL,
                  "not a request object (batches are not supported: send one object per line)");
    else
        dispatch(connection, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}
