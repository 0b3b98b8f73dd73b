/* SPDX-License-Identifier: BSD-3-Clause */
#include "completion.h"

#include "call.h"

#include <inttypes.h>

#define PATIENCE_MS 500  /* who pressed TAB waits */
#define PAIRS_MOST  1000 /* more are of no help */

static void add_members(yyjson_val *array, const char *member, struct cli_candidates *candidates)
{
    yyjson_val *object;
    size_t i, count;

    yyjson_arr_foreach(array, i, count, object)
    {
        yyjson_val *value = yyjson_obj_get(object, member);
        char number[24];

        if (yyjson_is_uint(value)) {
            snprintf(number, sizeof(number), "%" PRIu64, yyjson_get_uint(value));
            cli_candidates_add(candidates, number);
        } else if (yyjson_is_str(value)) {
            cli_candidates_add(candidates, yyjson_get_str(value));
        }
    }
}

void cli_lookup_relay(enum cli_kind kind, const char *socket, struct cli_candidates *candidates)
{
    struct cli_request request;
    struct cli_reply reply;
    struct cli_rpc rpc;

    if (cli_rpc_open(&rpc, socket, PATIENCE_MS) < 0)
        return;
    request = cli_request_new();
    if (kind == CLI_PAIR)
        yyjson_mut_obj_add_uint(request.doc, request.params, "limit", PAIRS_MOST);
    if (cli_rpc_call(&rpc, kind == CLI_PAIR ? "pair.list" : "port.list", request.doc, request.params,
                     &reply) == CLI_RPC_OK) {
        if (kind == CLI_PAIR)
            add_members(yyjson_obj_get(reply.result, "pairs"), "pair", candidates);
        else
            add_members(yyjson_obj_get(reply.result, "ports"), "name", candidates);
    }
    cli_reply_free(&reply);
    yyjson_mut_doc_free(request.doc);
    cli_rpc_close(&rpc);
}
