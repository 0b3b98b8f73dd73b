/* SPDX-License-Identifier: BSD-3-Clause */
/* events.subscribe, and cancel. */
#include "api_events.h"

#include "api.h"
#include "params.h"
#include "refuse.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void send_event(struct event_subscriber *subscriber, const char *line, size_t bytes)
{
    struct rpc_connection *connection =
        (struct rpc_connection *)(void *)((char *)subscriber - offsetof(struct rpc_connection, subscriber));

    connection->send(connection, line, bytes, true);
}

void api_events_subscribe(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {NULL};
    struct rpc_connection *connection = call->connection;

    if (!params_only(call, params, members))
        return;
    if (connection->subscription != NULL) {
        call_refuse(call, REFUSAL_EXISTS, "this connection is subscribed already, by request %s",
                    connection->subscription);
        return;
    }
    connection->subscription = strdup(call->id == NULL ? "null" : call->id);
    if (connection->subscription == NULL) {
        call_refuse_no_memory(call);
        return;
    }
    connection->subscriber.send = send_event;
    events_subscribe(&call->api->services->events, &connection->subscriber);
    call_answer(call, yyjson_mut_obj(call->doc));
}

/* True when there was something to cancel under this id (JSON text). */
static bool cancel(struct rpc_connection *connection, const char *id)
{
    struct call *call;

    LIST_FOREACH(call, &connection->calls, entry)
    {
        if (call->cancel != NULL && call->id != NULL && strcmp(call->id, id) == 0) {
            call->cancel(call->state);
            return true;
        }
    }
    if (connection->subscription != NULL && strcmp(connection->subscription, id) == 0) {
        rpc_unsubscribe(connection);
        return true;
    }
    return false;
}

void api_cancel(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {"id", NULL};
    yyjson_val *id = yyjson_obj_get(params, "id");
    char *text;

    if (!params_only(call, params, members))
        return;
    if (!yyjson_is_str(id) && !yyjson_is_num(id) && !yyjson_is_null(id)) {
        call_bad_params(call, "id must be the id of a list or subscription of this connection");
        return;
    }
    text = yyjson_val_write(id, 0, NULL);
    if (text == NULL)
        call_refuse_no_memory(call);
    else if (cancel(call->connection, text))
        call_answer(call, yyjson_mut_obj(call->doc));
    else
        call_refuse(call, REFUSAL_NOT_FOUND, "no list or subscription of this connection has the id %.60s",
                    text);
    free(text);
}
