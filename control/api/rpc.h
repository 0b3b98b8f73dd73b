/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * JSON-RPC 2.0, one object per line, apart from any socket: a line comes in through dispatch_line, answers
 * go out through the connection's `send`. A request becomes a call, which a method (methods.h) answers or
 * refuses, now or later. Requests without an id are carried out and not answered; batches are not supported.
 */
#include "api.h"
#include "base/vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <yyjson.h>

/* Error codes of JSON-RPC 2.0 section 5.1; all of Culvert's own are RPC_REFUSED, told apart by data.name. */
enum rpc_code {
    RPC_NOT_JSON = -32700,
    RPC_NOT_A_REQUEST = -32600,
    RPC_NO_METHOD = -32601,
    RPC_BAD_PARAMS = -32602,
    RPC_NO_MEMORY = -32603,
    RPC_REFUSED = -32000,
};

enum refusal {
#define REFUSAL_ENUM(id, name, meaning) REFUSAL_##id,
    REFUSAL_LIST(REFUSAL_ENUM)
#undef REFUSAL_ENUM
};

/* One client, wherever its lines come from. Zeroed, with the first two set, it is ready. */
struct rpc_connection {
    struct api *api;
    /*
     * Sends a line, of an event or an answer; the newline is to be added. It may end in rpc_disconnect, but
     * the connection stays valid memory until control returns to its loop.
     */
    void (*send)(struct rpc_connection *connection, const char *line, size_t bytes, bool event);
    /* A call has ended: there may be room for another, at the next turn of the loop. NULL is allowed. */
    void (*ended)(struct rpc_connection *connection);
    LIST_HEAD(, call) calls;
    uint32_t call_count;
    uint32_t list_count; /* of these, lists */
    char *subscription;  /* JSON text of the id of its events.subscribe; NULL: none */
    struct event_subscriber subscriber;
};

/* A request that was understood, until call_answer or call_refuse, which free it. */
struct call {
    LIST_ENTRY(call) entry;
    struct api *api;
    struct rpc_connection *connection; /* NULL: has gone; then nothing is sent */
    char *id;                          /* JSON text; NULL: not to be answered */
    yyjson_mut_doc *doc;               /* where the answer's values are made */
    /* Asks the call to end soon, in a refusal. NULL: too short-lived to be cancelled. */
    void (*cancel)(void *state);
    void *state; /* the method's */
};

/*
 * Answers with an error: of the request with this id (JSON text), or NULL: of none that is known. `name` may
 * be NULL.
 */
void rpc_error(struct rpc_connection *connection, const char *id, enum rpc_code code, const char *name,
               const char *text);

/* The client has gone. Its calls run on; the subscription ends. */
void rpc_disconnect(struct rpc_connection *connection);

/* Ends the subscription, if there is one. */
void rpc_unsubscribe(struct rpc_connection *connection);

/* A call of the connection, with the request's id or NULL; or NULL: out of memory. */
struct call *call_new(struct rpc_connection *connection, yyjson_val *id);

/* Frees a call that is not to be answered. */
void call_end(struct call *call);

/* `result` is a value of call->doc. */
void call_answer(struct call *call, yyjson_mut_val *result);
void call_refuse(struct call *call, enum refusal refusal, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* -32602: a parameter is missing, of the wrong type, or unknown. */
void call_bad_params(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
