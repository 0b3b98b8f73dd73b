/* SPDX-License-Identifier: BSD-3-Clause */
#include "leg_requests.h"

#include "capsules.h"
#include "pairing.h"
#include "pairs/leg_change.h"
#include "pairs/record.h"
#include "peer_legs.h"
#include "sessions/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A LEG_REQUEST on its way. */
struct leg_request {
    struct leg_change change;
    struct peers *all;
    uint64_t instance;
    uint64_t session; /* that asked */
    uint64_t request;
};

static void refuse(struct peer *peer, uint64_t request, enum cv_session_error code, const char *why)
{
    capsules_refused(peer, CV_ORIGIN_REQUEST, request, code, why, NULL);
}

static void refuse_change(struct peer *peer, const struct leg_request *request, bool ended)
{
    const struct leg_change *change = &request->change;

    if (ended)
        refuse(peer, request->request, CV_SESSION_ERROR_NO_SUCH_PAIR, "the pair has ended meanwhile");
    else if (change->outcome == CHANGE_REFUSED && change->error == -ENOSPC)
        refuse(peer, request->request, CV_SESSION_ERROR_RELAY_FULL,
               "the relay has no room for another leg now");
    else
        refuse(peer, request->request, CV_SESSION_ERROR_INTERNAL, "the relay could not change the leg");
}

static void answer(struct peer *peer, const struct leg_request *request)
{
    const struct leg_change *change = &request->change;

    if (leg_change_waits(change))
        (void)store_set_leg_request(peer->all->services->store, change->pair, change->leg, 0);
    capsules_leg_made(peer, request->request, change->pair, &change->next);
}

/*
 * Whether the peer has come back to another leg than it was told of: the request of its former session was
 * granted only then, and has brought a tunnel leg of that session, which no later change replaces.
 */
static bool is_left_behind(const struct peer_pair *pair, unsigned side)
{
    const struct peer *peer = pair->peers[side];
    struct store *store = peer->all->services->store;
    struct pair_record record;
    struct leg_record next;

    return peer->session != NULL && pair_record_find(store, pair->record.pair, &record) &&
           record.legs[side].bind == CV_BIND_TUNNEL &&
           record.legs[side].session != peer->session->record.session &&
           store_get_next_leg(store, pair->record.pair, side, &next) != 0;
}

/* The channel of a leg that the pair has not got. */
static void give_back_channel(struct peer *peer, const struct peer_pair *pair, unsigned side,
                              uint16_t channel)
{
    if (channel != 0 && (pair == NULL || pair->record.channels[side] != channel))
        channels_give_back(peer->channels, channel);
}

static void on_made(struct leg_change *change)
{
    struct leg_request *request = (struct leg_request *)(void *)change;
    struct peers *all = request->all;
    struct peer *peer = peer_find(all, request->instance);
    struct peer_pair *pair = peer == NULL ? NULL : peer_pairs_find(all, change->pair, peer);
    bool asked = peer != NULL && peer->session != NULL && peer->session->record.session == request->session;

    if (pair != NULL && change->outcome == CHANGE_DONE) {
        if (change->taken)
            peer_pairs_settle(pair, change->leg);
        peer_legs_catch_up(pair, change->leg, &change->next);
        if (asked)
            answer(peer, request);
        else if (is_left_behind(pair, change->leg))
            peer_pairs_end(pair, CV_SESSION_ERROR_INTERNAL);
    } else if (peer != NULL) {
        give_back_channel(peer, pair, change->leg, change->next.channel);
        if (asked)
            refuse_change(peer, request, pair == NULL);
    }
    free(request);
    sessions_keep(all->sessions);
}

static struct leg_request *make(const struct peer *peer, uint64_t pair, unsigned side, uint64_t number)
{
    struct leg_request *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->all = peer->all;
    made->instance = peer->record.number;
    made->session = peer->session->record.session;
    made->request = number;
    made->change.pair = pair;
    made->change.leg = side;
    made->change.done = on_made;
    return made;
}

/* 0: `on_made` follows, and `request` is its. */
static int begin(struct leg_request *request)
{
    const struct leg_change *change = &request->change;
    int error = leg_change_begin(request->all->pairs, &request->change);

    if (error == 0)
        (void)store_set_leg_request(request->all->services->store, change->pair, change->leg,
                                    request->request);
    return error;
}

static int begin_as(struct leg_request *request, struct peer *peer, uint8_t kind)
{
    struct leg_record *next = &request->change.next;

    memset(next, 0, sizeof(*next));
    peer_legs_fill(peer, kind, next);
    peer_legs_take_channel(peer, next);
    return begin(request);
}

/* Of the kinds that were asked for the first that can be had: only one on a relay port may be found not to. */
static int begin_any(struct leg_request *request, struct peer *peer, uint64_t legs)
{
    uint8_t kind = pairing_leg_kind(peer, legs);
    uint8_t other = pairing_leg_kind(peer, legs & ~(uint64_t)CV_LEG_KIND_UDP);
    int error = begin_as(request, peer, kind);

    if (error == -ENOSPC && kind == CV_LEG_KIND_UDP && other != 0)
        error = begin_as(request, peer, other);
    return error;
}

static void change_leg(struct peer *peer, const struct peer_pair *pair, uint64_t number, uint64_t legs)
{
    struct leg_request *request = make(peer, pair->record.pair, peer_pair_side(pair, peer), number);
    int error = request == NULL ? -ENOMEM : begin_any(request, peer, legs);

    if (error == 0)
        return;
    if (request != NULL && request->change.next.channel != 0)
        channels_give_back(peer->channels, request->change.next.channel);
    free(request);
    if (error == -ENOSPC)
        refuse(peer, number, CV_SESSION_ERROR_RELAY_FULL, "no relay port is free for this leg");
    else
        refuse(peer, number, CV_SESSION_ERROR_INTERNAL, "the relay could not change the leg");
}

void leg_requests_take(struct peer *peer, const struct cv_capsule *capsule)
{
    const struct peer_pair *pair = peer_pairs_find(peer->all, capsule->leg_request.pair, peer);
    enum cv_session_error error;
    const char *why;

    if (pair == NULL) {
        refuse(peer, capsule->number, CV_SESSION_ERROR_NO_SUCH_PAIR, "you have no such pair, or no longer");
        return;
    }
    error = pairing_leg_hindrance(peer, capsule->leg_request.legs, &why);
    if (error != CV_SESSION_ERROR_NONE)
        refuse(peer, capsule->number, error, why);
    else
        change_leg(peer, pair, capsule->number, capsule->leg_request.legs);
}

/* ---- After a restart of control ---- */

/* A leg that waited in the store when it was loaded. */
struct next_leg {
    uint64_t pair;
    unsigned side;
    uint64_t request; /* 0: it is answered */
    uint64_t instance;
    uint64_t session; /* that the instance had */
    struct leg_record leg;
};

struct noting {
    struct peers *all;
    int error;
};

static void note(void *context, uint64_t pair, unsigned side, uint64_t request)
{
    struct noting *noting = context;
    struct peers *all = noting->all;
    struct next_leg *more = reallocarray(all->next_legs, all->next_leg_count + 1, sizeof(*more));

    if (more == NULL) {
        noting->error = -ENOMEM;
        return;
    }
    all->next_legs = more;
    more[all->next_leg_count++] = (struct next_leg){.pair = pair, .side = side, .request = request};
}

int leg_requests_load(struct peers *all)
{
    struct store *store = all->services->store;
    struct noting noting = {.all = all};
    int error = store_next_legs(store, note, &noting);

    for (size_t i = 0; i < all->next_leg_count && error == 0; i++) {
        struct next_leg *noted = &all->next_legs[i];
        const struct peer_pair *pair = peer_pairs_find(all, noted->pair, NULL);
        const struct peer *peer = pair == NULL ? NULL : pair->peers[noted->side];

        if (peer == NULL || store_get_next_leg(store, noted->pair, noted->side, &noted->leg) != 0)
            continue; /* no instance has number 0 */
        noted->instance = peer->record.number;
        noted->session = peer->session == NULL ? 0 : peer->session->record.session;
    }
    return error != 0 ? error : noting.error;
}

/* A leg that was asked for, and of which nobody knows how far it came. */
static void ask_again(const struct peer *peer, const struct next_leg *noted)
{
    struct leg_request *again = make(peer, noted->pair, noted->side, noted->request);

    if (again == NULL)
        return;
    again->change.next = noted->leg;
    leg_change_repeat(peer->all->pairs, &again->change);
}

/*
 * The leg does not wait any more: it has taken its place while control was not there, as the pairs' dump has
 * said; or its request is over, for another has come first, or the data plane that was asked is gone.
 */
static void answer_late(struct peer *peer, const struct peer_pair *pair, const struct next_leg *noted)
{
    struct pair_record record;

    if (pair == NULL)
        refuse(peer, noted->request, CV_SESSION_ERROR_NO_SUCH_PAIR, "the pair has ended meanwhile");
    else if (pair_record_find(peer->all->services->store, noted->pair, &record) &&
             leg_record_is_same(&record.legs[noted->side], &noted->leg))
        capsules_leg_made(peer, noted->request, noted->pair, &noted->leg);
    else
        refuse(peer, noted->request, CV_SESSION_ERROR_INTERNAL, "the relay could not change the leg");
}

/* Whether nothing comes of a leg that waits: nobody was told of it, or its session is gone. */
static bool is_dead(const struct peer *peer, const struct next_leg *noted)
{
    return noted->request != 0 ||
           (noted->leg.bind == CV_BIND_TUNNEL &&
            (!peer_is_here(peer) || peer->session->record.session != noted->leg.session));
}

static void drop(struct peer *peer, const struct peer_pair *pair, const struct next_leg *noted)
{
    (void)store_remove_next_leg(peer->all->services->store, noted->pair, noted->side);
    give_back_channel(peer, pair, noted->side, noted->leg.channel);
}

static void go_on(struct peers *all, const struct next_leg *noted)
{
    struct peer *peer = peer_find(all, noted->instance);
    const struct peer_pair *pair = peer == NULL ? NULL : peer_pairs_find(all, noted->pair, peer);
    bool asked = noted->request != 0 && peer != NULL && peer_is_here(peer) &&
                 peer->session->record.session == noted->session;
    struct leg_record next;

    if (peer == NULL)
        return;
    if (store_get_next_leg(all->services->store, noted->pair, noted->side, &next) == 0 &&
        leg_record_is_same(&next, &noted->leg)) {
        if (asked)
            ask_again(peer, noted);
        else if (is_dead(peer, noted))
            drop(peer, pair, noted);
        return;
    }
    give_back_channel(peer, pair, noted->side, noted->leg.channel);
    if (asked)
        answer_late(peer, pair, noted);
}

void leg_requests_known(struct peers *all)
{
    for (size_t i = 0; i < all->next_leg_count; i++)
        go_on(all, &all->next_legs[i]);
    leg_requests_free(all);
}

void leg_requests_free(struct peers *all)
{
    free(all->next_legs);
    all->next_legs = NULL;
    all->next_leg_count = 0;
}
