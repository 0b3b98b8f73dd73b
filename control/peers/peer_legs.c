/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_legs.h"

#include "capsules.h"
#include "pair_updates.h"
#include "pairs/leg_orders.h"
#include "pairs/record.h"
#include "peer_pairs.h"
#include "sessions/keep.h"
#include "takeovers.h"

#include <errno.h>

void peer_legs_fill(const struct peer *peer, uint8_t kind, struct leg_record *leg)
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
}

void peer_legs_take_channel(struct peer *peer, struct leg_record *leg)
{
    if (leg->bind != CV_BIND_TUNNEL)
        return;
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

static void resume_pair(struct peer_pair *pair, unsigned side)
{
    struct peer *peer = pair->peers[side];
    struct peers *all = peer->all;
    struct pair_record record;

    if (!pair_record_find(all->services->store, pair->record.pair, &record))
        return;
    capsules_made(peer, CV_ORIGIN_RESUMED, 0, pair, &record, NULL);
    pair_updates_made(pair, side, &record.legs[1 - side]);
    if (!peer_is_here(peer))
        return;                                                              /* it does not read */
    (void)store_set_leg_request(all->services->store, record.pair, side, 0); /* of the session before */
    if (record.legs[side].bind == CV_BIND_TUNNEL)
        takeover_begin(pair, side);
    else
        leg_vouch(all->pairs, record.pair, side, &peer->session->address.ip);
}

void peer_legs_resume(struct peer *peer)
{
    peer_pairs_each(peer, resume_pair);
}

/* ---- What the session says of its legs ---- */

/* Whether one leg has an address to prove: the one in use, or the one that is to take its place. */
static bool has_udp_leg(const struct peer_pair *pair, unsigned side)
{
    const struct peers *all = pair->peers[side]->all;
    struct leg_record next;

    return pair->record.channels[side] == 0 ||
           (store_get_next_leg(all->services->store, pair->record.pair, side, &next) == 0 &&
            next.bind == CV_BIND_TOKEN);
}

static void vouch(struct peer_pair *pair, unsigned side)
{
    struct peer *peer = pair->peers[side];

    if (has_udp_leg(pair, side))
        leg_vouch(peer->all->pairs, pair->record.pair, side, &peer->session->address.ip);
}

void peer_legs_moved(struct peer *peer)
{
    peer_pairs_each(peer, vouch);
}

void peer_legs_catch_up(const struct peer_pair *pair, unsigned side, const struct leg_record *leg)
{
    struct peer *peer = pair->peers[side];

    if (peer->session != NULL && leg->bind == CV_BIND_TOKEN &&
        !cv_ip_equal(&leg->vouched, &peer->session->address.ip))
        leg_vouch(peer->all->pairs, pair->record.pair, side, &peer->session->address.ip);
}

static void tell_limit(struct peer_pair *pair, unsigned side)
{
    const struct leg_record leg = {.bind = CV_BIND_TUNNEL, .channel = pair->record.channels[side]};

    if (leg.channel != 0)
        pair_updates_other_leg(pair, 1 - side, &leg);
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

/* The leg that was coming is the pair's: as it was asked for, the store has it. */
static void take_changed(struct peer_pair *pair, unsigned side)
{
    struct pair_record record;

    peer_pairs_settle(pair, side);
    if (pair_record_find(pair->peers[side]->all->services->store, pair->record.pair, &record))
        peer_legs_catch_up(pair, side, &record.legs[side]);
}

void peer_legs_event(struct peers *all, enum cv_message_type type, const struct cv_leg_event *event)
{
    struct peer_pair *pair = peer_pairs_find(all, event->pair, NULL);
    bool unproven = event->proof == CV_LEG_PROOF_UNPROVEN || event->proof == CV_LEG_PROOF_SILENT;

    if (pair == NULL)
        return;
    if (type == CV_MESSAGE_LEG_LIMITED) {
        pair_updates_limited(pair, event->leg, event->budget_ms);
        sessions_keep(all->sessions);
        return;
    }
    if (type == CV_MESSAGE_LEG_CHANGED)
        take_changed(pair, event->leg);
    if (type == CV_MESSAGE_LEG_PROVEN)
        pair_updates_unproven(pair, event->leg, false);
    else if (unproven)
        pair_updates_unproven(pair, event->leg, true);
    if ((type == CV_MESSAGE_LEG_BOUND || type == CV_MESSAGE_LEG_MOVED || type == CV_MESSAGE_LEG_CHANGED) &&
        has_used_token(all, type, event))
        leg_renew_token(all->pairs, event->pair, event->leg, on_renewed, all);
    sessions_keep(all->sessions);
}

/* ---- After a restart of control ---- */

static void note_untold(void *context, uint64_t pair)
{
    numbers_add(context, pair);
}

int peer_legs_load(struct peers *all)
{
    int error = store_untold_pairs(all->services->store, note_untold, &all->untold);

    return error == 0 && all->untold.failed ? -ENOMEM : error;
}

static void renew_untold(struct peers *all, uint64_t number)
{
    struct pair_record record;

    for (unsigned leg = 0; leg < 2 && pair_record_find(all->services->store, number, &record); leg++) {
        if (record.legs[leg].untold)
            leg_renew_token(all->pairs, number, leg, on_renewed, all);
    }
}

void peer_legs_known(struct peers *all)
{
    if (all->known)
        (void)store_untold_pairs(all->services->store, note_untold, &all->untold);
    all->known = true;
    while (all->untold.count > 0)
        renew_untold(all, numbers_pop(&all->untold));
    numbers_free(&all->untold);
}
