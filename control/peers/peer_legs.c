/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_legs.h"

#include "base/numbers.h"
#include "capsules.h"
#include "limits.h"
#include "pairing.h"
#include "pairs/leg_change.h"
#include "pairs/leg_orders.h"
#include "pairs/record.h"
#include "sessions/keep.h"

#include <errno.h>
#include <stdlib.h>

#define RATE_TOLD_MS     1000  /* the data plane looks about as often */
#define UNPROVEN_TOLD_MS 60000 /* the budget is a minute's */

void peer_legs_fill(struct peer *peer, uint8_t kind, struct leg_record *leg)
{
    const struct session *session = peer->session;

    (void)session_label(session, leg->peer);
    if (kind != CV_LEG_KIND_TUNNEL) {
        leg->bind = CV_BIND_TOKEN;
        leg->listen = kind == CV_LEG_KIND_LISTEN;
        leg->proof = CV_PROOF_NEEDED;
        leg->vouched = session->address.ip;
        return;
    }
    leg->bind = CV_BIND_TUNNEL;
    leg->session = session->record.session;
    leg->channel = channels_take(&peer->channels, peer->record.channel);
    if (leg->channel == 0)
        return;
    peer->record.channel = leg->channel;
    peer_keep(peer);
}

static uint8_t leg_kind(const struct leg_record *leg)
{
    if (leg->bind == CV_BIND_TUNNEL)
        return CV_LEG_KIND_TUNNEL;
    return leg->listen ? CV_LEG_KIND_LISTEN : CV_LEG_KIND_UDP;
}

/* ---- Another leg ---- */

/* A LEG_REQUEST on its way, or a tunnel leg that goes over to another session. */
struct leg_request {
    struct leg_change change;
    struct peers *all;
    uint64_t instance;
    uint64_t session; /* that asked */
    uint64_t request; /* 0: nobody did */
};

/* The leg that the store has now is the pair's: its channel, and what the other peer has to know. */
static void settle(struct peer_pair *pair, unsigned side)
{
    struct peer *peer = pair->peers[side];
    uint16_t before = pair->record.channels[side];
    struct pair_record record;

    if (!pair_record_find(peer->all->services->store, pair->record.pair, &record))
        return;
    if (before != record.legs[side].channel && before != 0)
        channels_give_back(peer->channels, before);
    pair->record.channels[side] = record.legs[side].channel;
    capsules_other_leg(pair->peers[1 - side], pair, &record.legs[side]);
}

static void refuse(struct peer *peer, uint64_t request, enum cv_session_error code, const char *why)
{
    capsules_refused(peer, CV_ORIGIN_REQUEST, request, code, why, NULL);
}

static void refuse_change(struct peer *peer, const struct leg_request *request, bool ended)
{
    const struct leg_change *change = &request->change;

    if (request->request == 0)
        return;
    if (ended)
        refuse(peer, request->request, CV_SESSION_ERROR_NO_SUCH_PAIR, "the pair has ended meanwhile");
    else if (change->outcome == CHANGE_REFUSED && change->error == -ENOSPC)
        refuse(peer, request->request, CV_SESSION_ERROR_RELAY_FULL,
               "the relay has no room for another leg now");
    else
        refuse(peer, request->request, CV_SESSION_ERROR_INTERNAL, "the relay could not change the leg");
}

static void answer_change(struct peer *peer, struct peer_pair *pair, const struct leg_request *request)
{
    const struct leg_change *change = &request->change;

    if (change->taken)
        settle(pair, change->leg);
    if (request->request == 0)
        return;
    if (leg_change_waits(change))
        (void)store_set_leg_request(peer->all->services->store, change->pair, change->leg, 0);
    capsules_leg_made(peer, request->request, change->pair, &change->next);
}

static void on_leg_made(struct leg_change *change)
{
    struct leg_request *request = (struct leg_request *)(void *)change;
    struct peers *all = request->all;
    struct peer *peer = peer_find(all, request->instance);
    struct peer_pair *pair = peer == NULL ? NULL : peer_pairs_find(all, change->pair, peer);
    bool asked = peer != NULL && peer->session != NULL && peer->session->record.session == request->session;

    if (peer == NULL || pair == NULL || change->outcome != CHANGE_DONE) {
        bool taken = pair != NULL && pair->record.channels[change->leg] == change->next.channel;

        if (peer != NULL && change->next.channel != 0 && !taken)
            channels_give_back(peer->channels, change->next.channel);
        if (asked)
            refuse_change(peer, request, pair == NULL);
    } else {
        if (!asked)
            request->request = 0;
        answer_change(peer, pair, request);
    }
    free(request);
    sessions_keep(all->sessions);
}

/* 0: `on_leg_made` follows, and `request` is its. */
static int begin_change(struct leg_request *request)
{
    struct store *store = request->all->services->store;
    int error;

    request->change.done = on_leg_made;
    error = leg_change_begin(request->all->pairs, &request->change);
    if (error == 0 && request->request != 0)
        (void)store_set_leg_request(store, request->change.pair, request->change.leg, request->request);
    return error;
}

static struct leg_request *make_change(struct peer *peer, const struct peer_pair *pair, uint64_t number)
{
    struct leg_request *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->all = peer->all;
    made->instance = peer->record.number;
    made->session = peer->session->record.session;
    made->request = number;
    made->change.pair = pair->record.pair;
    made->change.leg = peer_pair_side(pair, peer);
    return made;
}

static void change_leg(struct peer *peer, const struct peer_pair *pair, uint64_t number, uint8_t kind)
{
    struct leg_request *request = make_change(peer, pair, number);
    int error = -ENOMEM;

    if (request != NULL) {
        peer_legs_fill(peer, kind, &request->change.next);
        error = begin_change(request);
    }
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

void peer_legs_request(struct peer *peer, const struct cv_capsule *capsule)
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
        change_leg(peer, pair, capsule->number, pairing_leg_kind(peer, capsule->leg_request.legs));
}

/* ---- A session that is back ---- */

static bool is_of_no_use(const struct peer_pair *pair, unsigned side)
{
    const struct peer *peer = pair->peers[side];
    struct pair_record record;

    return !pair_record_find(peer->all->services->store, pair->record.pair, &record) ||
           (leg_kind(&record.legs[side]) & peer->record.legs) == 0;
}

void peer_legs_drop(struct peer *peer)
{
    peer_pairs_drop(peer, is_of_no_use);
}

/* The same leg in the new session. */
static void take_tunnel_over(struct peer *peer, const struct peer_pair *pair, const struct leg_record *leg)
{
    struct leg_request *request = make_change(peer, pair, 0);

    if (request == NULL)
        return;
    request->change.next = *leg;
    request->change.next.session = peer->session->record.session;
    if (begin_change(request) != 0)
        free(request);
}

static void resume_pair(struct peer_pair *pair, unsigned side)
{
    struct peer *peer = pair->peers[side];
    struct peers *all = peer->all;
    struct pair_record record;

    if (!pair_record_find(all->services->store, pair->record.pair, &record))
        return;
    capsules_made(peer, CV_ORIGIN_RESUMED, 0, pair, &record, NULL);
    capsules_other_leg(peer, pair, &record.legs[1 - side]);
    if (!peer_is_here(peer))
        return; /* it does not read */
    if (record.legs[side].bind == CV_BIND_TUNNEL)
        take_tunnel_over(peer, pair, &record.legs[side]);
    else
        leg_vouch(all->pairs, record.pair, side, &peer->session->address.ip);
}

void peer_legs_resume(struct peer *peer)
{
    peer_pairs_each(peer, resume_pair);
}

/* ---- What the session says of its legs ---- */

static void vouch(struct peer_pair *pair, unsigned side)
{
    struct peer *peer = pair->peers[side];

    if (pair->record.channels[side] == 0)
        leg_vouch(peer->all->pairs, pair->record.pair, side, &peer->session->address.ip);
}

void peer_legs_moved(struct peer *peer)
{
    peer_pairs_each(peer, vouch);
}

static void tell_limit(struct peer_pair *pair, unsigned side)
{
    const struct leg_record leg = {.bind = CV_BIND_TUNNEL, .channel = pair->record.channels[side]};

    if (leg.channel != 0)
        capsules_other_leg(pair->peers[1 - side], pair, &leg);
}

void peer_legs_limit(struct peer *peer)
{
    peer_pairs_each(peer, tell_limit);
}

void peer_legs_challenge(struct peer *peer, const uint8_t challenge[CV_CHALLENGE_BYTES])
{
    const struct peer_pair *pair = peer_pairs_find(peer->all, cv_challenge_pair(challenge), peer);

    if (pair != NULL)
        leg_prove(peer->all->pairs, pair->record.pair, peer_pair_side(pair, peer), challenge);
}

/* ---- What the data plane says of them ---- */

static void on_renewed(void *context, uint64_t number, unsigned leg, const uint8_t token[CV_TOKEN_BYTES])
{
    struct peers *all = context;
    const struct peer_pair *pair = peer_pairs_find(all, number, NULL);

    if (pair != NULL)
        capsules_leg_token(pair->peers[leg], number, token);
    sessions_keep(all->sessions);
}

/*
 * Whether the leg has got its address by its token, which is used then. Of one whose peer has asked for the
 * next already LEG_TOKEN would say that that is in use.
 */
static bool has_used_token(struct peers *all, enum cv_message_type type, const struct cv_leg_event *event)
{
    struct pair_record record;
    struct leg_record next;

    if (type == CV_MESSAGE_LEG_CHANGED &&
        store_get_next_leg(all->services->store, event->pair, event->leg, &next) == 0)
        return false;
    if (event->cause == CV_MOVE_CONNECTION_ID || event->cause == CV_MOVE_RETURN ||
        !pair_record_find(all->services->store, event->pair, &record))
        return false;
    return record.legs[event->leg].bind == CV_BIND_TOKEN && record.legs[event->leg].proof == CV_PROOF_NEEDED;
}

void peer_legs_event(struct peers *all, enum cv_message_type type, const struct cv_leg_event *event)
{
    struct peer_pair *pair = peer_pairs_find(all, event->pair, NULL);
    bool unproven = event->proof == CV_LEG_PROOF_UNPROVEN || event->proof == CV_LEG_PROOF_SILENT;

    if (pair == NULL)
        return;
    if (type == CV_MESSAGE_LEG_LIMITED) {
        limits_tell(pair->peers[event->leg], CV_LIMITED_RATE, event->pair, RATE_TOLD_MS);
        sessions_keep(all->sessions);
        return;
    }
    if (type == CV_MESSAGE_LEG_CHANGED)
        settle(pair, event->leg);
    if (type == CV_MESSAGE_LEG_PROVEN)
        limits_tell(pair->peers[event->leg], CV_LIMITED_PROOF, event->pair, 0);
    else if (unproven)
        limits_tell(pair->peers[event->leg], CV_LIMITED_PROOF, event->pair, UNPROVEN_TOLD_MS);
    if ((type == CV_MESSAGE_LEG_BOUND || type == CV_MESSAGE_LEG_MOVED || type == CV_MESSAGE_LEG_CHANGED) &&
        has_used_token(all, type, event))
        leg_renew_token(all->pairs, event->pair, event->leg, on_renewed, all);
    sessions_keep(all->sessions);
}

/* ---- After a restart of control ---- */

struct unfinished {
    struct peers *all;
    struct numbers untold;
    struct {
        uint64_t pair, request;
        unsigned leg;
    } *requests;
    size_t count;
};

static void note_untold(void *context, uint64_t pair)
{
    struct unfinished *unfinished = context;

    numbers_add(&unfinished->untold, pair);
}

static void note_request(void *context, uint64_t pair, unsigned leg, uint64_t request)
{
    struct unfinished *unfinished = context;
    void *more = reallocarray(unfinished->requests, unfinished->count + 1, sizeof(unfinished->requests[0]));

    if (more == NULL)
        return;
    unfinished->requests = more;
    unfinished->requests[unfinished->count].pair = pair;
    unfinished->requests[unfinished->count].leg = leg;
    unfinished->requests[unfinished->count++].request = request;
}

static void renew_untold(struct peers *all, uint64_t number)
{
    struct pair_record record;

    for (unsigned leg = 0; leg < 2 && pair_record_find(all->services->store, number, &record); leg++) {
        if (record.legs[leg].untold)
            leg_renew_token(all->pairs, number, leg, on_renewed, all);
    }
}

/* A leg that was asked for, and of which nobody knows how far it came. */
static void ask_again(struct peers *all, uint64_t number, unsigned leg, uint64_t request)
{
    struct store *store = all->services->store;
    const struct peer_pair *pair = peer_pairs_find(all, number, NULL);
    struct leg_request *again = NULL;
    struct leg_record next;

    if (pair == NULL || store_get_next_leg(store, number, leg, &next) != 0)
        return;
    if (peer_is_here(pair->peers[leg]))
        again = make_change(pair->peers[leg], pair, request);
    if (again == NULL) {
        if (next.channel != 0)
            channels_give_back(pair->peers[leg]->channels, next.channel);
        (void)store_remove_next_leg(store, number, leg);
        return;
    }
    again->change.next = next;
    again->change.done = on_leg_made;
    leg_change_repeat(all->pairs, &again->change);
}

/* A leg that was to go over to this session, and of which nobody knows whether it has. */
static void take_over_again(struct peer_pair *pair, unsigned side)
{
    struct peer *peer = pair->peers[side];
    struct pair_record record;

    if (pair_record_find(peer->all->services->store, pair->record.pair, &record) &&
        record.legs[side].bind == CV_BIND_TUNNEL && record.legs[side].session != peer->record.session)
        take_tunnel_over(peer, pair, &record.legs[side]);
}

void peer_legs_known(struct peers *all)
{
    struct unfinished unfinished = {.all = all};
    struct store *store = all->services->store;

    (void)store_untold_pairs(store, note_untold, &unfinished);
    (void)store_leg_requests(store, note_request, &unfinished);
    while (unfinished.untold.count > 0)
        renew_untold(all, numbers_pop(&unfinished.untold));
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        struct peer *peer;

        LIST_FOREACH(peer, &all->by_number[i], by_number)
        peer_pairs_each(peer, take_over_again);
    }
    for (size_t i = 0; i < unfinished.count; i++)
        ask_again(all, unfinished.requests[i].pair, unfinished.requests[i].leg,
                  unfinished.requests[i].request);
    numbers_free(&unfinished.untold);
    free(unfinished.requests);
}
