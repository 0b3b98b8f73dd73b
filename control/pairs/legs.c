/* SPDX-License-Identifier: BSD-3-Clause */
#include "legs.h"

#include "record.h"

#define CAUSE_UNKNOWN UINT8_MAX

/*
 * Whether the leg's address is the data plane's to tell. A fixed leg is where it is, a tunnel leg has none.
 */
static bool has_last(const struct leg_record *leg)
{
    return leg->bind != CV_BIND_FIXED && leg->bind != CV_BIND_TUNNEL;
}

static void keep_last(struct services *services, const struct pair_record *record, unsigned leg,
                      const struct cv_address *last)
{
    if (has_last(&record->legs[leg]))
        (void)store_set_last(services->store, record->pair, leg, last);
}

static void take_leg(struct services *services, const struct cv_message *message, enum event_kind kind)
{
    static const struct cv_address none;
    struct pair_record record;

    if (!pair_record_find(services->store, message->leg.pair, &record))
        return;
    keep_last(services, &record, message->leg.leg, kind == EVENT_LEG_UNBOUND ? &none : &message->leg.address);
    events_leg(&services->events, kind, &record, &message->leg);
}

/* Nothing of it is kept: what is sent to the leg is the data plane's business. */
static void tell_proof(struct services *services, const struct cv_message *message, enum event_kind kind)
{
    struct pair_record record;

    if (events_wanted(&services->events) && pair_record_find(services->store, message->leg.pair, &record))
        events_leg(&services->events, kind, &record, &message->leg);
}

void legs_event(struct services *services, const struct cv_message *message)
{
    switch (message->type) {
    case CV_MESSAGE_LEG_BOUND:
        take_leg(services, message, EVENT_LEG_BOUND);
        break;
    case CV_MESSAGE_LEG_MOVED:
        take_leg(services, message, EVENT_LEG_MOVED);
        break;
    case CV_MESSAGE_LEG_UNBOUND:
        take_leg(services, message, EVENT_LEG_UNBOUND);
        break;
    case CV_MESSAGE_LEG_PROVEN:
        tell_proof(services, message, EVENT_LEG_PROVEN);
        break;
    case CV_MESSAGE_LEG_UNPROVEN:
        tell_proof(services, message, EVENT_LEG_UNPROVEN);
        break;
    default:
        break;
    }
}

static void learn_leg(struct services *services, const struct pair_record *record, unsigned leg,
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
    (void)store_set_last(services->store, record->pair, leg, now);
    events_leg(&services->events, kind, record, &event);
}

void legs_learn(struct services *services, const struct pair_record *record,
                const struct cv_pair_state *state, bool installed)
{
    for (unsigned leg = 0; leg < 2; leg++)
        learn_leg(services, record, leg, &state->legs[leg].address, installed);
}
