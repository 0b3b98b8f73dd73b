/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What happens, as notifications to subscribed clients:
 *
 *      {"jsonrpc":"2.0","method":"event","params":{"time":"2026-01-31T12:00:00.123Z","event":"leg_bound",
 *       "pair":1,"leg":"a","peer":"alice","address":"198.51.100.7:40001"}}
 */
#include "base/vocabulary.h"
#include "shared/message.h"
#include "store/store_pairs.h"

#include <sys/queue.h>

enum event_kind {
#define EVENT_ENUM(id, name, meaning) EVENT_##id,
    EVENT_LIST(EVENT_ENUM)
#undef EVENT_ENUM
};

/* Who is told of what happens: the subscriber's, while it is subscribed. */
struct event_subscriber {
    LIST_ENTRY(event_subscriber) entry;
    /* Takes a notification, a line of JSON; the newline is to be added. It may end the subscription. */
    void (*send)(struct event_subscriber *subscriber, const char *line, size_t bytes);
};

struct events {
    LIST_HEAD(, event_subscriber) subscribers;
    uint64_t published; /* events that anybody was there to hear */
    uint64_t lost;      /* of these, not delivered to a subscriber that did not read */
};

/* `send` is called for every event from now on. */
void events_subscribe(struct events *events, struct event_subscriber *subscriber);
void events_unsubscribe(struct event_subscriber *subscriber);
uint64_t events_subscribers(const struct events *events);

/* What pairs_synced tells, in pairs. */
struct sync_counts {
    uint64_t known;   /* both had them */
    uint64_t put;     /* put (back) into the data plane */
    uint64_t refused; /* the data plane would not take them */
    uint64_t removed; /* only the data plane had them */
    uint64_t expired; /* gone from the data plane while control was away */
};

/* What there is to tell of a session. NULL and 0 are left out. */
struct session_news {
    uint64_t session;
    const char *peer;
    const struct cv_address *address;
    const char *reason;
    uint64_t code;
};

/* Whether anybody would hear an event: saves the caller a look into the store. */
bool events_wanted(const struct events *events);

/* Each costs one JSON text, sent to every subscriber. */
void events_pair(struct events *events, enum event_kind kind, const struct pair_record *record);

/* `cause` is only looked at for LEG_MOVED; a value outside enum cv_move_cause is "unknown". */
void events_leg(struct events *events, enum event_kind kind, const struct pair_record *record,
                const struct cv_leg_event *leg);
void events_session(struct events *events, enum event_kind kind, const struct session_news *news);
void events_attached(struct events *events, bool restarted);
void events_dataplane_lost(struct events *events);
void events_synced(struct events *events, const struct sync_counts *counts);
void events_count_lost(struct events *events, uint64_t count);
