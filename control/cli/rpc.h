/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A client of the control socket: JSON-RPC 2.0, one JSON object per line, over a Unix stream socket. One
 * request at a time; notifications that arrive meanwhile wait for cli_rpc_notice. Nothing is printed
 * here: `error` says what went wrong. What the relay sends is not trusted to be well formed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#define CLI_RPC_NOTICES  4096       /* notifications that may wait; later ones are dropped, and counted */
#define CLI_RPC_LINE_MAX (64 << 20) /* bytes */

enum cli_rpc_status {
    CLI_RPC_OK,
    CLI_RPC_REFUSED,     /* the relay answered with an error object */
    CLI_RPC_FAILED,      /* no connection, no answer in time, or nonsense; the connection is of no more use */
    CLI_RPC_EXPIRED,     /* the caller's own deadline has passed */
    CLI_RPC_INTERRUPTED, /* Ctrl-C; the relay was told to cancel */
};

struct cli_rpc {
    int fd; /* -1: not open */
    uint32_t timeout_ms;
    uint64_t last_id; /* of the last request */
    char *buffer;
    size_t used, size;
    size_t line; /* bytes of `buffer` that were the line read last */
    yyjson_doc *notices[CLI_RPC_NOTICES];
    size_t notice_first, notice_count;
    uint64_t notices_dropped;
    char error[320];
};

struct cli_reply {
    yyjson_doc *doc;
    yyjson_val *result; /* CLI_RPC_OK; never NULL then */
    yyjson_val *error;  /* CLI_RPC_REFUSED: the error object */
};

/* Connects. 0, or a negative errno with `error` set. */
int cli_rpc_open(struct cli_rpc *rpc, const char *path, uint32_t timeout_ms);
void cli_rpc_close(struct cli_rpc *rpc);

/*
 * Sends a request with `params`, a value of `doc` or NULL, and waits for its answer. The reply is the
 * caller's to free unless the status is FAILED or INTERRUPTED.
 */
enum cli_rpc_status cli_rpc_call(struct cli_rpc *rpc, const char *method, yyjson_mut_doc *doc,
                                 yyjson_mut_val *params, struct cli_reply *reply);
void cli_reply_free(struct cli_reply *reply);

/*
 * The next notification, waiting for it until `deadline_ns` (see interrupt.h). The caller frees it. When
 * interrupted, the request `subscription` is cancelled.
 */
enum cli_rpc_status cli_rpc_notice(struct cli_rpc *rpc, uint64_t subscription, uint64_t deadline_ns,
                                   yyjson_doc **notice);

/* Waits until `deadline_ns` and notices when the relay goes away. EXPIRED is what should come back. */
enum cli_rpc_status cli_rpc_wait(struct cli_rpc *rpc, uint64_t deadline_ns);
