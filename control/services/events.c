/* SPDX-License-Identifier: BSD-3-Clause */
#include "events.h"
#include "base/clock.h"
#include "protocol/session_error.h"

#include <stdlib.h>
#include <yyjson.h>

/* A notification under construction; doc is NULL when nobody wants it or memory is short. */
struct draft {
    yyjson_mut_doc *doc;
    yyjson_mut_val *params;
};

static const char *kind_name(enum event_kind kind)
{
    switch (kind) {
#define EVENT_NAME(id, name, meaning) \
    case EVENT_##id:                  \
        return name;
        EVENT_LIST(EVENT_NAME)
#undef EVENT_NAME
    }
    return "?";
}

void events_subscribe(struct events *events, struct event_subscriber *subscriber)
{
    LIST_INSERT_HEAD(&events->subscribers, subscriber, entry);
}

void events_unsubscribe(struct event_subscriber *subscriber)
{
    LIST_REMOVE(subscriber, entry);
}

uint64_t events_subscribers(const struct events *events)
{
    const struct event_subscriber *subscriber;
    uint64_t count = 0;

    LIST_FOREACH(subscriber, &events->subscribers, entry)
    {
        count++;
    }
    return count;
}

bool events_wanted(const struct events *events)
{
    return !LIST_EMPTY(&events->subscribers);
}

static struct draft begin(const struct events *events, enum event_kind kind)
{
    struct draft draft = {0};
    yyjson_mut_val *root;
    char now[TIME_TEXT];

    if (!events_wanted(events))
        return draft;
    draft.doc = yyjson_mut_doc_new(NULL);
    if (draft.doc == NULL)
        return draft;
    root = yyjson_mut_obj(draft.doc);
    yyjson_mut_doc_set_root(draft.doc, root);
    (void)yyjson_mut_obj_add_str(draft.doc, root, "jsonrpc", "2.0");
    (void)yyjson_mut_obj_add_str(draft.doc, root, "method", "event");
    draft.params = yyjson_mut_obj_add_obj(draft.doc, root, "params");
    (void)yyjson_mut_obj_add_strcpy(draft.doc, draft.params, "time", time_print(clock_unix_ms(), now));
    (void)yyjson_mut_obj_add_str(draft.doc, draft.params, "event", kind_name(kind));
    return draft;
}

static void publish(struct events *events, struct draft draft)
{
    struct event_subscriber *subscriber;
    struct event_subscriber *next;
    size_t bytes;
    char *line = yyjson_mut_write(draft.doc, 0, &bytes);

    yyjson_mut_doc_free(draft.doc);
    if (line == NULL)
        return;
    events->published++;
    for (subscriber = LIST_FIRST(&events->subscribers); subscriber != NULL; subscriber = next) {
        next = LIST_NEXT(subscriber, entry);
        subscriber->send(subscriber, line, bytes);
    }
    free(line);
}

void events_pair(struct events *events, enum event_kind kind, const struct pair_record *record)
{
    struct draft draft = begin(events, kind);
    yyjson_mut_val *peers;

    if (draft.doc == NULL)
        return;
    (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "pair", record->pair);
    if (pair_record_port(record) == 0)
        (void)yyjson_mut_obj_add_null(draft.doc, draft.params, "relay_port");
    else
        (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "relay_port", pair_record_port(record));
    peers = yyjson_mut_obj_add_arr(draft.doc, draft.params, "peers");
    for (unsigned leg = 0; leg < 2; leg++)
        (void)yyjson_mut_arr_add_strcpy(draft.doc, peers, record->legs[leg].peer);
    publish(events, draft);
}

static const char *cause_name(uint8_t cause)
{
    switch (cause) {
    case CV_MOVE_TOKEN:
        return "token";
    case CV_MOVE_CONNECTION_ID:
        return "connection_id";
    case CV_MOVE_RETURN:
        return "return";
    case CV_MOVE_PREFIX:
        return "prefix";
    case CV_MOVE_CHANGE:
        return "change";
    default:
        return "unknown";
    }
}

void events_leg(struct events *events, enum event_kind kind, const struct pair_record *record,
                const struct cv_leg_event *leg)
{
    struct draft draft = begin(events, kind);
    char text[CV_ADDRESS_TEXT];

    if (draft.doc == NULL)
        return;
    (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "pair", record->pair);
    (void)yyjson_mut_obj_add_str(draft.doc, draft.params, "leg", leg->leg == 0 ? "a" : "b");
    (void)yyjson_mut_obj_add_strcpy(draft.doc, draft.params, "peer", record->legs[leg->leg].peer);
    if (kind == EVENT_LEG_UNBOUND) {
        (void)yyjson_mut_obj_add_strcpy(draft.doc, draft.params, "previous",
                                        cv_address_print(&leg->address, text));
    } else if (!cv_ip_is_zero(&leg->address.ip)) {
        (void)yyjson_mut_obj_add_strcpy(draft.doc, draft.params, "address",
                                        cv_address_print(&leg->address, text));
    }
    if (kind == EVENT_LEG_CHANGED)
        (void)yyjson_mut_obj_add_str(draft.doc, draft.params, "kind", leg_kind_name(&record->legs[leg->leg]));
    if (kind == EVENT_LEG_MOVED) {
        (void)yyjson_mut_obj_add_strcpy(draft.doc, draft.params, "previous",
                                        cv_address_print(&leg->previous, text));
        (void)yyjson_mut_obj_add_str(draft.doc, draft.params, "cause", cause_name(leg->cause));
    }
    if ((kind == EVENT_LEG_PROVEN || kind == EVENT_LEG_UNPROVEN) && cv_leg_proof_name(leg->proof) != NULL)
        (void)yyjson_mut_obj_add_str(draft.doc, draft.params, "proof", cv_leg_proof_name(leg->proof));
    publish(events, draft);
}

void events_session(struct events *events, enum event_kind kind, const struct session_news *news)
{
    struct draft draft = begin(events, kind);
    const char *code = cv_session_error_name(news->code);
    char text[CV_ADDRESS_TEXT];

    if (draft.doc == NULL)
        return;
    (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "session", news->session);
    (void)yyjson_mut_obj_add_strcpy(draft.doc, draft.params, "peer", news->peer);
    (void)yyjson_mut_obj_add_strcpy(draft.doc, draft.params, "address",
                                    cv_address_print(news->address, text));
    if (news->reason != NULL)
        (void)yyjson_mut_obj_add_str(draft.doc, draft.params, "reason", news->reason);
    if (code != NULL)
        (void)yyjson_mut_obj_add_str(draft.doc, draft.params, "code", code);
    else if (news->code != 0)
        (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "code", news->code);
    publish(events, draft);
}

void events_attached(struct events *events, bool restarted)
{
    struct draft draft = begin(events, EVENT_DATAPLANE_ATTACHED);

    if (draft.doc == NULL)
        return;
    (void)yyjson_mut_obj_add_bool(draft.doc, draft.params, "restarted", restarted);
    publish(events, draft);
}

void events_dataplane_lost(struct events *events)
{
    struct draft draft = begin(events, EVENT_DATAPLANE_LOST);

    if (draft.doc != NULL)
        publish(events, draft);
}

void events_synced(struct events *events, const struct sync_counts *counts)
{
    struct draft draft = begin(events, EVENT_PAIRS_SYNCED);

    if (draft.doc == NULL)
        return;
    (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "known", counts->known);
    (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "put", counts->put);
    (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "refused", counts->refused);
    (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "removed", counts->removed);
    (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "expired", counts->expired);
    publish(events, draft);
}

void events_count_lost(struct events *events, uint64_t count)
{
    struct draft draft = begin(events, EVENT_EVENTS_LOST);

    if (draft.doc == NULL)
        return;
    (void)yyjson_mut_obj_add_uint(draft.doc, draft.params, "count", count);
    publish(events, draft);
}
