/* SPDX-License-Identifier: BSD-3-Clause */
#include "peers.h"

#include "capsules.h"
#include "leg_requests.h"
#include "limits.h"
#include "load.h"
#include "messages.h"
#include "offers.h"
#include "pair_updates.h"
#include "peer_legs.h"
#include "peer_pairs.h"
#include "registering.h"
#include "registry.h"
#include "sessions/drain.h"
#include "sessions/keep.h"
#include "sessions/sessions.h"
#include "sessions/stream_out.h"
#include "takeovers.h"
#include "tunnel_limit.h"

#include <stdlib.h>

static void take_reachable(struct peer *peer, const struct cv_capsule *capsule)
{
    const struct cv_config *config = peer->all->services->config;

    if (capsule->reachable.by == CV_REACHABLE_BY_ANYONE &&
        config->session_reachable == CV_SESSION_REACHABLE_LISTED) {
        capsules_refused(peer, CV_ORIGIN_REQUEST, capsule->number, CV_SESSION_ERROR_NOT_ALLOWED,
                         "the relay's operator wants those who may ask to be listed", NULL);
        return;
    }
    registering_set_reachable(&peer->record, &capsule->reachable);
    peer_keep(peer);
    capsules_done(peer, capsule->number);
}

/* What only later versions of the relay do, and what only it may send, which the reader lets no peer do. */
static void take_other(struct peer *peer, const struct cv_capsule *capsule)
{
    if (cv_capsule_begins(capsule->type) == CV_BEGINS_WITH_REQUEST)
        capsules_refused(peer, CV_ORIGIN_REQUEST, capsule->number, CV_SESSION_ERROR_NOT_OFFERED,
                         "this relay does not do that", NULL);
}

/* Why a request is not even looked at. Most of them make words to other peers, or writes to the store; messages have a rate of their own. */
static enum cv_session_error hindrance(struct peer *peer, const struct cv_capsule *capsule, const char **why)
{
    if (cv_capsule_begins(capsule->type) != CV_BEGINS_WITH_REQUEST)
        return CV_SESSION_ERROR_NONE;
    if (peer->session->record.order.requests > CV_CAPSULE_OPEN_MAX) {
        *why = "as many requests wait as may";
        return CV_SESSION_ERROR_TOO_MANY;
    }
    if (peer->session->record.order.going_away) {
        *why = "the relay is sending its peers away";
        return CV_SESSION_ERROR_GOING_AWAY;
    }
    if (capsule->type != CV_CAPSULE_MESSAGE && !limits_request(peer)) {
        *why = "too many requests in too short a time";
        return CV_SESSION_ERROR_TOO_MANY;
    }
    return CV_SESSION_ERROR_NONE;
}

static void take(struct peer *peer, const struct cv_capsule *capsule)
{
    const char *why;
    enum cv_session_error error = hindrance(peer, capsule, &why);

    if (error != CV_SESSION_ERROR_NONE) {
        capsules_refused(peer, CV_ORIGIN_REQUEST, capsule->number, error, why, NULL);
        return;
    }
    switch (capsule->type) {
    case CV_CAPSULE_PAIR_REQUEST:
        offers_request(peer, capsule);
        break;
    case CV_CAPSULE_PAIR_ACCEPT:
        offers_accept(peer, capsule);
        break;
    case CV_CAPSULE_PAIR_REFUSE:
        offers_refuse(peer, capsule);
        break;
    case CV_CAPSULE_PAIR_CLOSE:
        peer_pairs_close(peer, capsule->close.pair);
        break;
    case CV_CAPSULE_LEG_REQUEST:
        leg_requests_take(peer, capsule);
        break;
    case CV_CAPSULE_CHALLENGE_ANSWER:
        peer_legs_challenge(peer, capsule->challenge);
        break;
    case CV_CAPSULE_REACHABLE:
        take_reachable(peer, capsule);
        break;
    case CV_CAPSULE_MESSAGE:
        messages_take(peer, capsule);
        break;
    default:
        take_other(peer, capsule);
        break;
    }
}

static void on_capsule(void *context, struct session *session, const struct cv_capsule *capsule)
{
    struct peers *peers = context;

    if (capsule->type != CV_CAPSULE_REGISTER) {
        if (peer_of(session) != NULL) /* else it was told to go, in place of REGISTERED */
            take(peer_of(session), capsule);
    } else if (draining(peers->sessions)) {
        drain_send_away(session);
    } else {
        registering_take(peers, session, capsule);
    }
}

/* One request, or the offer that it answers, ends for what is wrong in the capsule. */
static void on_bad(void *context, struct session *session, const struct cv_capsule *capsule,
                   enum cv_capsule_parsed parsed)
{
    struct peer *peer = peer_of(session);

    (void)context;
    if (peer == NULL)
        return;
    if (cv_capsule_begins(capsule->type) == CV_BEGINS_WITH_OFFER)
        offers_answer_bad(peer, capsule, parsed);
    else
        capsules_refused_bad(peer, CV_ORIGIN_REQUEST, capsule, parsed);
}

static void on_limit(void *context, struct session *session)
{
    (void)context;
    if (peer_of(session) != NULL)
        tunnel_limit_changed(peer_of(session));
}

static void on_address(void *context, struct session *session)
{
    (void)context;
    if (peer_of(session) != NULL)
        peer_legs_moved(peer_of(session));
}

/*
 * Probe 0 would be the session's own packets. Who has seen the peer's ticket can send probes for it, so what waits for the
 * peer is not filled with them: probes get lost.
 */
static void on_probe(void *context, struct session *session, const struct cv_session_probe *probe)
{
    (void)context;
    if (peer_of(session) == NULL || probe->number == 0 || !session_has_room_for_others(session))
        return;
    session_write_observed(session, probe->number, &probe->address, &probe->local);
    limits_probe(peer_of(session));
}

static void on_leave(void *context, struct session *session, enum session_leave how)
{
    (void)context;
    if (peer_of(session) != NULL)
        registering_leave(peer_of(session), how);
}

static void on_known(void *context)
{
    struct peers *peers = context;

    offers_known(peers);
    offers_arm(peers);
    peer_legs_known(peers);
    takeovers_known(peers);
    leg_requests_known(peers);
}

static void on_pair_gone(void *context, uint64_t pair, enum cv_session_error code)
{
    peers_pair_gone(context, pair, code);
}

/* A tunnel leg's instance is away, or has just come back. */
static bool on_waits(void *context, uint64_t pair)
{
    return peer_pairs_find(context, pair, NULL) != NULL;
}

/* Two that are told of a pair have it by the sessions that they have. */
static bool on_ready(void *context, const struct pair_record *record)
{
    const struct peer_pair *pair = peer_pairs_find(context, record->pair, NULL);

    for (unsigned side = 0; side < 2 && pair != NULL; side++) {
        const struct session *session = pair->peers[side]->session;

        if (record->legs[side].bind == CV_BIND_TUNNEL &&
            (session == NULL || session->record.session != record->legs[side].session))
            return false;
    }
    return true;
}

static void on_leg(void *context, enum cv_message_type type, const struct cv_leg_event *event)
{
    peer_legs_event(context, type, event);
}

struct peers *peers_new(struct services *services, struct pairs *pairs, struct sessions *sessions)
{
    static const struct pair_handlers pair_handlers = {
        .gone = on_pair_gone, .waits = on_waits, .ready = on_ready, .leg = on_leg};
    static const struct session_handlers handlers = {
        .capsule = on_capsule,
        .bad = on_bad,
        .limit = on_limit,
        .address = on_address,
        .probe = on_probe,
        .leave = on_leave,
        .known = on_known,
    };
    struct peers *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->services = services;
    made->pairs = pairs;
    made->sessions = sessions;
    TAILQ_INIT(&made->offers);
    TAILQ_INIT(&made->away);
    TAILQ_INIT(&made->frames);
    TAILQ_INIT(&made->updates);
    TAILQ_INIT(&made->takeovers);
    sessions_handle(sessions, &handlers, made);
    pairs_handle(pairs, &pair_handlers, made);
    made->timer = evtimer_new(services->loop, offers_on_timer, made);
    made->away_timer = evtimer_new(services->loop, registering_on_timer, made);
    made->frames_timer = evtimer_new(services->loop, tunnel_limit_on_timer, made);
    made->updates_timer = evtimer_new(services->loop, pair_updates_on_timer, made);
    made->takeovers_timer = evtimer_new(services->loop, takeovers_on_timer, made);
    if (made->timer == NULL || made->away_timer == NULL || made->frames_timer == NULL ||
        made->updates_timer == NULL || made->takeovers_timer == NULL || peers_load(made) != 0) {
        peers_free(made);
        return NULL;
    }
    return made;
}

void peers_free(struct peers *peers)
{
    if (peers == NULL)
        return;
    peer_pairs_free(peers);
    offers_free(peers);
    takeovers_free(peers);
    leg_requests_free(peers);
    numbers_free(&peers->untold);
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        while (!LIST_EMPTY(&peers->by_number[i]))
            peer_discard(LIST_FIRST(&peers->by_number[i]));
    }
    if (peers->timer != NULL)
        event_free(peers->timer);
    if (peers->away_timer != NULL)
        event_free(peers->away_timer);
    if (peers->frames_timer != NULL)
        event_free(peers->frames_timer);
    if (peers->updates_timer != NULL)
        event_free(peers->updates_timer);
    if (peers->takeovers_timer != NULL)
        event_free(peers->takeovers_timer);
    free(peers);
}

void peers_pair_gone(struct peers *peers, uint64_t pair, enum cv_session_error code)
{
    peer_pairs_gone(peers, pair, code);
    sessions_keep(peers->sessions);
}
