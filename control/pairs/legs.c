/* SPDX-License-Identifier: BSD-3-Clause */
#include "legs.h"

#include "record.h"

#include <string.h>

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

static void take_leg(const struct pair_ends *ends, const struct cv_message *message, enum event_kind kind)
{
    static const struct cv_address none;
    struct services *services = ends->services;
    struct pair_record record;

    if (!pair_record_find(services->store, message->leg.pair, &record))
        return;
    if (kind == EVENT_LEG_BOUND || kind == EVENT_LEG_MOVED)
        keep_last(services, &record, message->leg.leg, &message->leg.address);
    else if (kind == EVENT_LEG_UNBOUND)
        keep_last(services, &record, message->leg.leg, &none);
    ends->handlers->leg(ends->context, (enum cv_message_type)message->type, &message->leg);
    events_leg(&services->events, kind, &record, &message->leg);
}

/* The leg that was to take this one's place has done so. */
static void take_next(const struct pair_ends *ends, const struct cv_leg_event *event)
{
    struct services *services = ends->services;
    struct pair_record record;

    if (store_take_next_leg(services->store, event->pair, event->leg) != 0 ||
        !pair_record_find(services->store, event->pair, &record))
        return;
    keep_last(services, &record, event->leg, &event->address);
    ends->handlers->leg(ends->context, CV_MESSAGE_LEG_CHANGED, event);
    events_leg(&services->events, EVENT_LEG_CHANGED, &record, event);
}

/* Whether a UDP leg of the data plane is this one of the store's. */
static bool is_leg(const struct leg_record *record, uint8_t bind, uint16_t relay_port,
                   const uint8_t token[CV_TOKEN_BYTES])
{
    return record->bind == bind && record->relay_port == relay_port &&
           memcmp(record->token, token, CV_TOKEN_BYTES) == 0;
}

struct port_search {
    uint16_t port;
    bool taken;
};

static void compare_port(void *context, uint16_t port)
{
    struct port_search *search = context;

    search->taken |= port == search->port;
}

/* Whether the peer has got the port for another pair since. */
static bool is_taken(struct services *services, const struct leg_record *leg)
{
    struct port_search search = {.port = leg->relay_port};
    uint32_t pairs;

    return !leg->listen &&
           (store_ports_taken(services->store, leg, compare_port, &search, &pairs) != 0 || search.taken);
}

/*
 * A later change has begun since: its leg waits. Until that is bound the pair has this one, and its peer is
 * there.
 */
static void take_former_next(const struct pair_ends *ends, const struct cv_leg_event *event)
{
    struct services *services = ends->services;
    struct pair_record record;
    struct leg_record *leg = &record.legs[event->leg];

    if (event->bind != CV_BIND_TOKEN || !pair_record_find(services->store, event->pair, &record) ||
        is_leg(leg, event->bind, event->relay_port, event->token))
        return;
    leg->bind = CV_BIND_TOKEN;
    leg->relay_port = event->relay_port;
    leg->listen = event->relay_port == services->config->listen_port;
    memcpy(leg->token, event->token, CV_TOKEN_BYTES);
    leg->untold = false;
    leg->session = 0;
    leg->channel = 0;
    leg->proof = CV_PROOF_NEEDED;
    leg->last = event->address;
    if (is_taken(services, leg) || store_put_leg(services->store, event->pair, event->leg, leg) != 0)
        return;
    ends->handlers->leg(ends->context, CV_MESSAGE_LEG_CHANGED, event);
    events_leg(&services->events, EVENT_LEG_CHANGED, &record, event);
}

/* What the answer to LEG_CHANGE has said already, of a tunnel leg, is for subscribers alone. */
static void take_changed(const struct pair_ends *ends, const struct cv_leg_event *event)
{
    struct services *services = ends->services;
    struct pair_record record;
    struct leg_record next;

    if (event->bind != CV_BIND_TUNNEL) {
        if (store_get_next_leg(services->store, event->pair, event->leg, &next) == 0 &&
            is_leg(&next, event->bind, event->relay_port, event->token))
            take_next(ends, event);
        else
            take_former_next(ends, event);
    } else if (pair_record_find(services->store, event->pair, &record)) {
        events_leg(&services->events, EVENT_LEG_CHANGED, &record, event);
    }
}

void legs_event(const struct pair_ends *ends, const struct cv_message *message)
{
    switch (message->type) {
    case CV_MESSAGE_LEG_BOUND:
        take_leg(ends, message, EVENT_LEG_BOUND);
        break;
    case CV_MESSAGE_LEG_MOVED:
        take_leg(ends, message, EVENT_LEG_MOVED);
        break;
    case CV_MESSAGE_LEG_UNBOUND:
        take_leg(ends, message, EVENT_LEG_UNBOUND);
        break;
    case CV_MESSAGE_LEG_PROVEN:
        take_leg(ends, message, EVENT_LEG_PROVEN);
        break;
    case CV_MESSAGE_LEG_UNPROVEN:
        take_leg(ends, message, EVENT_LEG_UNPROVEN);
        break;
    case CV_MESSAGE_LEG_CHANGED:
        take_changed(ends, &message->leg);
        break;
    case CV_MESSAGE_LEG_LIMITED: /* its peer is told, and nobody else */
        ends->handlers->leg(ends->context, CV_MESSAGE_LEG_LIMITED, &message->leg);
        break;
    default:
        break;
    }
}

/* Whether the data plane's leg is the one that was to take the place of the store's. */
static bool has_changed(const struct pair_ends *ends, uint64_t pair, unsigned leg,
                        const struct cv_leg_state *state)
{
    struct leg_record next;

    if (store_get_next_leg(ends->services->store, pair, leg, &next) != 0 || next.bind != state->bind)
        return false;
    return next.bind == CV_BIND_TUNNEL ? next.session == state->session && next.channel == state->channel
                                       : is_leg(&next, state->bind, state->relay_port, state->token);
}

static void learn_leg(const struct pair_ends *ends, const struct pair_record *record, unsigned leg,
                      const struct cv_leg_state *state, bool installed)
{
    struct services *services = ends->services;
    const struct cv_address *last = &record->legs[leg].last;
    struct cv_leg_event event = {.pair = record->pair,
                                 .leg = (uint8_t)leg,
                                 .cause = CAUSE_UNKNOWN,
                                 .proof = state->proof,
                                 .bind = state->bind,
                                 .relay_port = state->relay_port,
                                 .address = state->address,
                                 .previous = *last};
    enum event_kind kind;

    if (!has_last(&record->legs[leg]) || cv_address_equal(&state->address, last))
        return;
    if (cv_ip_is_zero(&state->address.ip)) {
        if (!installed)
            return;
        kind = EVENT_LEG_UNBOUND;
        event.address = *last;
    } else {
        kind = cv_ip_is_zero(&last->ip) ? EVENT_LEG_BOUND : EVENT_LEG_MOVED;
    }
    (void)store_set_last(services->store, record->pair, leg, &state->address);
    if (kind != EVENT_LEG_UNBOUND)
        ends->handlers->leg(ends->context,
                            kind == EVENT_LEG_BOUND ? CV_MESSAGE_LEG_BOUND : CV_MESSAGE_LEG_MOVED, &event);
    events_leg(&services->events, kind, record, &event);
}

void legs_learn(const struct pair_ends *ends, struct pair_record *record, const struct cv_pair_state *state,
                bool installed)
{
    for (unsigned leg = 0; leg < 2; leg++) {
        const struct cv_leg_state *now = &state->legs[leg];
        const struct cv_leg_event event = {.pair = record->pair,
                                           .leg = (uint8_t)leg,
                                           .proof = now->proof,
                                           .bind = now->bind,
                                           .relay_port = now->relay_port,
                                           .address = now->address};

        if (installed && has_changed(ends, record->pair, leg, now)) {
            take_next(ends, &event);
            (void)pair_record_find(ends->services->store, record->pair, record);
        }
        learn_leg(ends, record, leg, now, installed);
    }
}
