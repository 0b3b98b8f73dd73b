/* SPDX-License-Identifier: BSD-3-Clause */
/* pair.get and pair.list: the store's records, with what the data plane counts for each. */
#include "api_pair_read.h"

#include "api.h"
#include "base/log.h"
#include "json.h"
#include "pair_json.h"
#include "params.h"
#include "refuse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define LIST_CHUNK 32 /* pairs of one list that the data plane is asked for at a time */
#define LISTS_MAX  4  /* of one connection, at a time: they are the largest answers */

struct list;

/* One pair that is being looked up. */
struct lookup {
    struct request request;
    struct list *list;
    struct pair_record record;
    struct cv_pair_state state;
    bool known; /* `state` is filled in */
};

/* A pair.list under way, or a pair.get as a list of one. */
struct list {
    struct call *call;
    yyjson_mut_val *pairs; /* what has been found so far; NULL: a pair.get */
    uint64_t cursor;       /* the last pair looked at */
    uint32_t left;         /* pairs still wanted */
    uint32_t count;        /* of lookups in the current chunk */
    uint32_t outstanding;  /* of these, not answered yet */
    bool cancelled;
    struct lookup lookups[];
};

static void next_chunk(struct list *list);

static struct list *list_new(struct call *call, uint32_t lookups)
{
    struct list *list = calloc(1, sizeof(*list) + lookups * sizeof(list->lookups[0]));

    if (list == NULL)
        call_refuse_no_memory(call);
    else
        list->call = call;
    return list;
}

static void add_chunk(struct list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct lookup *lookup = &list->lookups[i];

        (void)yyjson_mut_arr_append(
            list->pairs, pair_json(list->call, &lookup->record, lookup->known ? &lookup->state : NULL));
    }
    list->count = 0;
}

static void chunk_done(struct list *list)
{
    if (list->pairs != NULL) {
        add_chunk(list);
        next_chunk(list);
        return;
    }
    call_answer(list->call, pair_json(list->call, &list->lookups[0].record,
                                      list->lookups[0].known ? &list->lookups[0].state : NULL));
    free(list);
}

static void on_state(struct request *request, int error, const struct cv_pair_state *state)
{
    struct lookup *lookup = (struct lookup *)(void *)request;
    struct list *list = lookup->list;

    lookup->known = error == 0;
    if (error == 0)
        lookup->state = *state;
    list->outstanding--;
    if (list->outstanding == 0)
        chunk_done(list);
}

static void ask(struct list *list, struct lookup *lookup)
{
    lookup->list = list;
    lookup->known = false;
    lookup->request = (struct request){
        .message = {.type = CV_MESSAGE_PAIR_GET, .pair = lookup->record.pair},
        .done = on_state,
    };
    if (dataplane_request(list->call->api->services->dataplane, &lookup->request) == 0)
        list->outstanding++;
}

static void end_list(struct list *list)
{
    if (list->call->connection != NULL)
        list->call->connection->list_count--;
    free(list);
}

static void finish_list(struct list *list)
{
    struct call *call = list->call;
    yyjson_mut_val *result = yyjson_mut_obj(call->doc);
    struct pair_record after;
    int more = store_next_pairs(call->api->services->store, list->cursor, INT64_MAX, &after, 1);

    (void)yyjson_mut_obj_add_val(call->doc, result, "pairs", list->pairs);
    json_add_number(call->doc, result, "next", more > 0, list->cursor);
    end_list(list);
    call_answer(call, result);
}

static void begin_chunk(struct list *list, const struct pair_record *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct lookup *lookup = &list->lookups[list->count];

        if (records[i].damaged) {
            log_warning("store: pair %" PRIu64 " is damaged and left out of a list; delete it",
                        records[i].pair);
            continue;
        }
        lookup->record = records[i];
        ask(list, lookup);
        list->count++;
    }
    list->left -= list->count;
}

/* Reads pairs until some of them have to be asked for, or the list is complete. */
static void next_chunk(struct list *list)
{
    struct call *call = list->call;
    struct pair_record records[LIST_CHUNK];

    while (!list->cancelled && call->connection != NULL && list->left > 0) {
        int count = store_next_pairs(call->api->services->store, list->cursor, INT64_MAX, records,
                                     list->left < LIST_CHUNK ? list->left : LIST_CHUNK);

        if (count < 0) {
            end_list(list);
            call_refuse_store(call);
            return;
        }
        if (count == 0)
            break;
        list->cursor = records[count - 1].pair;
        begin_chunk(list, records, (uint32_t)count);
        if (list->outstanding > 0)
            return;
        add_chunk(list);
    }
    if (list->cancelled || call->connection == NULL) {
        end_list(list);
        call_refuse(call, REFUSAL_CANCELLED, "the list was cancelled");
    } else {
        finish_list(list);
    }
}

static void cancel_list(void *state)
{
    struct list *list = state;

    list->cancelled = true;
}

void api_pair_list(struct call *call, yyjson_val *params)
{
    struct list *list;
    uint64_t cursor;
    uint32_t limit;

    if (!params_page(call, params, INT64_MAX, &cursor, &limit))
        return;
    if (call->connection->list_count == LISTS_MAX) {
        call_refuse(call, REFUSAL_FULL, "this connection has %d lists running: wait for one, or cancel it",
                    LISTS_MAX);
        return;
    }
    list = list_new(call, LIST_CHUNK);
    if (list == NULL)
        return;
    call->connection->list_count++;
    call->cancel = cancel_list;
    call->state = list;
    list->pairs = yyjson_mut_arr(call->doc);
    list->cursor = cursor;
    list->left = limit;
    next_chunk(list);
}

void api_pair_get(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {"pair", NULL};
    struct list *list;
    uint64_t pair = 0;
    int error;

    if (!params_only(call, params, members) || !params_number(call, params, "pair", true, INT64_MAX, &pair))
        return;
    list = list_new(call, 1);
    if (list == NULL)
        return;
    error = store_get_pair(call->api->services->store, pair, &list->lookups[0].record);
    if (error != 0) {
        free(list);
        if (error == -ENOENT)
            call_refuse_no_pair(call, pair);
        else
            call_refuse_store(call);
        return;
    }
    ask(list, &list->lookups[0]);
    if (list->outstanding == 0)
        chunk_done(list);
}
