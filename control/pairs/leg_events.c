/* SPDX-License-Identifier: BSD-3-Clause */
#include "leg_events.h"
#include "control.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>

#define CAUSE_UNKNOWN UINT8_MAX

/* False when the store has no such pair: it was deleted while the event was on its way. */
static bool find(struct control *control, uint64_t pair, struct pair_record *record)
{
    int error = store_get_pair(control->store, pair, record);

    if (error == 0)
        return true;
    if (error != -ENOENT)
        log_error("store: %s", store_error(control->store));
    return false;
}

/* Whether the leg's address is the data plane's to tell. A fixed leg is where it is, a tunnel leg has none.
 */
static bool has_last(const struct leg_record *leg)
{
    return leg->bind != CV_BIND_FIXED && leg->bind != CV_BIND_TUNNEL;
}

static void keep_last(struct control *control, const struct pair_record *record, unsigned leg,
                      const struct cv_address *last)
{
    if (has_last(&record->legs[leg]))
        (void)store_set_last(control->store, record->pair, leg, last);
}

static void take_leg(struct control *control, const struct cv_message *message, enum event_kind kind)
{
    static const struct cv_address none;
    struct pair_record record;

    if (!find(control, message->leg.pair, &record))
        return;
    keep_last(control, &record, message->leg.leg, kind == EVENT_LEG_UNBOUND ? &none : &message->leg.address);
    events_leg(&control->events, kind, &record, &message->leg);
}

void leg_events_take(struct control *control, const struct cv_message *message)
{
    struct pair_record record;

    switch (message->type) {
    case CV_MESSAGE_LEG_BOUND:
        take_leg(control, message, EVENT_LEG_BOUND);
        break;
    case CV_MESSAGE_LEG_MOVED:
        take_leg(control, message, EVENT_LEG_MOVED);
        break;
    case CV_MESSAGE_LEG_UNBOUND:
        take_leg(control, message, EVENT_LEG_UNBOUND);
        break;
    case CV_MESSAGE_PAIR_IDLE:
        if (events_wanted(&control->events) && find(control, message->pair, &record))
            events_pair(&control->events, EVENT_PAIR_IDLE, &record);
        break;
    case CV_MESSAGE_PAIR_EXPIRED:
        waiting_room(control->waiting);
        if (find(control, message->pair, &record))
            leg_events_expired(control, &record);
        break;
    case CV_MESSAGE_EVENTS_LOST:
        log_warning("the data plane had no room for %" PRIu64 " events: asking for all pairs again",
                    message->count);
        events_count_lost(&control->events, message->count);
        sync_start(control->sync);
        break;
    default:
        break;
    }
}

void leg_events_expired(struct control *control, const struct pair_record *record)
{
    (void)store_remove_pair(control->store, record->pair);
    log_info("pair %" PRIu64 " expired", record->pair);
    sessions_pair_gone(control->sessions, record->pair, CV_SESSION_ERROR_IDLE);
    events_pair(&control->events, EVENT_PAIR_EXPIRED, record);
}

void leg_events_sessionless(struct control *control, uint64_t pair)
{
    struct pair_record record;

    if (!find(control, pair, &record))
        return;
    (void)store_remove_pair(control->store, pair);
    sessions_pair_gone(control->sessions, pair, CV_SESSION_ERROR_PEER_GONE);
    events_pair(&control->events, EVENT_PAIR_REMOVED, &record);
}

static void learn_leg(struct control *control, const struct pair_record *record, unsigned leg,
                      const struct cv_address *now, bool installed)
{
    const struct cv_address *last = &record->legs[leg].last;
    struct cv_leg_event event = {.pair = record->pair, .leg = (uint8_t)leg, .cause = CAUSE_UNKNOWN};
    enum event_kind kind;

    if (!has_last(&record->legs[leg]) || cv_address_equal(now, last))
        return;
    if (cv_ip_is_zero(&now->ip)) {
        if (!installed)
            return;
        kind = EVENT_LEG_UNBOUND;
        event.address = *last;
    } else {
        kind = cv_ip_is_zero(&last->ip) ? EVENT_LEG_BOUND : EVENT_LEG_MOVED;
        event.address = *now;
        event.previous = *last;
    }
    (void)store_set_last(control->store, record->pair, leg, now);
    events_leg(&control->events, kind, record, &event);
}

void leg_events_learn(struct control *control, const struct pair_record *record,
                      const struct cv_pair_state *state, bool installed)
{
    for (unsigned leg = 0; leg < 2; leg++)
        learn_leg(control, record, leg, &state->legs[leg].address, installed);
}
