/* SPDX-License-Identifier: BSD-3-Clause */
#include "completion_relay.h"

#include "call.h"

#include <inttypes.h>

#define PATIENCE_MS 500  /* who pressed TAB waits */
#define MOST        1000 /* more are of no help */

/* Where candidates of a kind come from. */
struct source {
    enum cli_kind kind;
    const char *method;
    const char *list;
    const char *member;
    bool pages;
};

static const struct source sources[] = {
    {CLI_PAIR, "pair.list", "pairs", "pair", true},
    {CLI_SESSION, "session.list", "sessions", "session", true},
    {CLI_TRACE, "trace.list", "traces", "trace", false},
    {CLI_SHARD, "shard.list", "shards", "shard", false},
    {CLI_PORT, "port.list", "ports", "name", false},
};

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

static const struct source *find_source(enum cli_kind kind)
{
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (sources[i].kind == kind)
            return &sources[i];
    }
    return NULL;
}

void cli_lookup_relay(enum cli_kind kind, const char *socket, struct cli_candidates *candidates)
{
    const struct source *source = find_source(kind);
    struct cli_request request;
    struct cli_reply reply;
    struct cli_rpc rpc;

    if (!source || cli_rpc_open(&rpc, socket, PATIENCE_MS) < 0)
        return;
    request = cli_request_new();
    if (source->pages)
        yyjson_mut_obj_add_uint(request.doc, request.params, "limit", MOST);
    if (cli_rpc_call(&rpc, source->method, request.doc, request.params, &reply) == CLI_RPC_OK)
        add_members(yyjson_obj_get(reply.result, source->list), source->member, candidates);
    cli_reply_free(&reply);
    yyjson_mut_doc_free(request.doc);
    cli_rpc_close(&rpc);
}
