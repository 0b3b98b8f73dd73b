/* SPDX-License-Identifier: BSD-3-Clause */
#include "peers.h"

#include "load.h"
#include "offers.h"
#include "peer_pairs.h"
#include "registry.h"
#include "sessions/drain.h"
#include "sessions/keep.h"
#include "sessions/sessions.h"
#include "sessions/stream_out.h"

#include <stdlib.h>

static void take_register(struct peer *peer)
{
    struct session *session = peer->session;
    const struct cv_config *config = peer->all->services->config;
    const struct cv_capsule answer = {
        .type = CV_CAPSULE_REGISTERED,
        .registered =
            {
                .minor = CV_PROTOCOL_MINOR,
                .own = session->record.chain.ids[0],
                .pairs = config->session_pairs,
                .idle_s = config->pair_idle_s,
            },
    };

    registry_add(peer);
    session_write(session, &answer);
    session_write_observed(session);
}

static void take(struct peer *peer, const struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_REGISTER:
        if (draining(peer->all->sessions))
            drain_send_away(peer->session);
        else
            take_register(peer);
        break;
    case CV_CAPSULE_PAIR_REQUEST:
        offers_request(peer, capsule->request.request, &capsule->request.peer, capsule->request.legs);
        break;
    case CV_CAPSULE_PAIR_ACCEPT:
        offers_accept(peer, capsule->accept.offer, capsule->accept.leg);
        break;
    case CV_CAPSULE_PAIR_REFUSE:
        offers_refuse(peer, capsule->refuse.offer, capsule->refuse.code);
        break;
    case CV_CAPSULE_PAIR_CLOSE:
        peer_pairs_close(peer, capsule->close);
        break;
    default: /* the relay's own, which the reader lets no peer send */
        break;
    }
}

static void on_capsule(void *context, struct session *session, const struct cv_capsule *capsule)
{
    struct peer *peer = peer_of(session);

    if (peer == NULL)
        peer = peer_begin(context, session);
    if (peer == NULL)
        session_close(session, CV_SESSION_ERROR_INTERNAL, "out of memory");
    else
        take(peer, capsule);
}

static void on_limit(void *context, struct session *session, uint16_t before)
{
    (void)context;
    if (peer_of(session) != NULL)
        peer_pairs_limit(peer_of(session), before);
}

static void on_leave(void *context, struct session *session)
{
    struct peer *peer = peer_of(session);

    (void)context;
    if (peer == NULL)
        return;
    registry_remove(peer);
    offers_leave(peer);
    peer_pairs_leave(peer);
    free(peer->channels);
    peer->channels = NULL;
}

static void on_known(void *context)
{
    struct peers *peers = context;

    offers_announce_made(peers);
    offers_arm(peers);
}

static void on_pair_gone(void *context, uint64_t pair, enum cv_session_error code)
{
    peers_pair_gone(context, pair, code);
}

struct peers *peers_new(struct services *services, struct pairs *pairs, struct sessions *sessions)
{
    static const struct session_handlers handlers = {
        .capsule = on_capsule, .limit = on_limit, .leave = on_leave, .known = on_known};
    struct peers *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->services = services;
    made->pairs = pairs;
    made->sessions = sessions;
    TAILQ_INIT(&made->offers);
    sessions_handle(sessions, &handlers, made);
    pairs_on_gone(pairs, on_pair_gone, made);
    made->timer = evtimer_new(services->loop, offers_on_timer, made);
    if (made->timer == NULL || peers_load(made) != 0) {
        peers_free(made);
        return NULL;
    }
    return made;
}

static void free_channels(void *context, struct session *session)
{
    (void)context;
    if (peer_of(session) != NULL)
        free(peer_of(session)->channels);
}

void peers_free(struct peers *peers)
{
    if (peers == NULL)
        return;
    peer_pairs_free(peers);
    offers_free(peers);
    sessions_each_known(peers->sessions, free_channels, NULL);
    if (peers->timer != NULL)
        event_free(peers->timer);
    free(peers);
}

void peers_pair_gone(struct peers *peers, uint64_t pair, enum cv_session_error code)
{
    peer_pairs_gone(peers, pair, code);
    sessions_keep(peers->sessions);
}
