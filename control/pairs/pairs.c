/* SPDX-License-Identifier: BSD-3-Clause */
#include "pairs.h"

#include "base/log.h"
#include "legs.h"
#include "record.h"

#include <inttypes.h>
#include <stdlib.h>

struct pairs *pairs_new(struct services *services)
{
    struct pairs *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->services = services;
    made->ends.services = services;
    made->waiting = waiting_new(services, &made->ends);
    if (made->waiting != NULL)
        made->sync = sync_new(services, &made->ends, made->waiting);
    if (made->sync == NULL) {
        pairs_free(made);
        return NULL;
    }
    return made;
}

void pairs_free(struct pairs *pairs)
{
    if (pairs == NULL)
        return;
    sync_free(pairs->sync);
    waiting_free(pairs->waiting);
    free(pairs);
}

void pairs_handle(struct pairs *pairs, const struct pair_handlers *handlers, void *context)
{
    pairs->ends.handlers = handlers;
    pairs->ends.context = context;
}

void pairs_attached(struct pairs *pairs)
{
    pairs->pairs_max = SHARED_LOAD(dataplane_shared(pairs->services->dataplane)->keeper->pairs_max);
    sync_start(pairs->sync);
}

void pairs_lost(struct pairs *pairs)
{
    sync_stop(pairs->sync);
    waiting_stop(pairs->waiting);
}

void pairs_bring_in_line(struct pairs *pairs)
{
    sync_start(pairs->sync);
}

static void take_idle(struct pairs *pairs, uint64_t pair)
{
    struct services *services = pairs->services;
    struct pair_record record;

    if (events_wanted(&services->events) && pair_record_find(services->store, pair, &record))
        events_pair(&services->events, EVENT_PAIR_IDLE, &record);
}

static void take_expired(struct pairs *pairs, uint64_t pair)
{
    struct pair_record record;

    waiting_room(pairs->waiting);
    if (pair_record_find(pairs->services->store, pair, &record))
        pair_ends_expired(&pairs->ends, &record);
}

static void take_lost(struct pairs *pairs, uint64_t count)
{
    log_warning("the data plane had no room for %" PRIu64 " events: asking for all pairs again", count);
    events_count_lost(&pairs->services->events, count);
    sync_start(pairs->sync);
}

void pairs_event(struct pairs *pairs, const struct cv_message *message)
{
    switch (message->type) {
    case CV_MESSAGE_PAIR_IDLE:
        take_idle(pairs, message->pair);
        break;
    case CV_MESSAGE_PAIR_EXPIRED:
        take_expired(pairs, message->pair);
        break;
    case CV_MESSAGE_EVENTS_LOST:
        take_lost(pairs, message->count);
        break;
    default:
        legs_event(&pairs->ends, message);
        break;
    }
}
