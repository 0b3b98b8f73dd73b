/* SPDX-License-Identifier: BSD-3-Clause */
#include "keeper_legs.h"

#include "keeper_sessions.h"
#include "keeper_state.h"
#include "keeper_tell.h"
#include "relay/challenge.h"
#include "relay/change.h"
#include "relay/claims.h"
#include "relay/find.h"
#include "relay/leg.h"

#include <errno.h>

#define CHALLENGES_PER_TURN 32

/* Room in the ring to control that is left to what must not be lost. */
#define EVENT_ROOM 1024

/* ---- Challenges ---- */

/* Sends the leg's challenge; what finds no room, or no next hop yet, is due again at the next sweep. */
static void challenge(struct cv_keeper *keeper, uint32_t leg)
{
    struct rte_mbuf *mbuf;

    if (keeper->challenges_left == 0)
        return;
    mbuf = cv_challenge_make(&keeper->table, leg, keeper->ports.list[0].pool);
    if (mbuf == NULL)
        return;
    if (rte_ring_sp_enqueue(keeper->outbox, mbuf) != 0) {
        rte_pktmbuf_free(mbuf);
        return;
    }
    keeper->challenges_left--;
    keeper->shared->keeper->challenges_total++;
    cv_standing_challenged(&keeper->table, leg, keeper->now_ms);
}

static void tell(struct cv_keeper *keeper, enum cv_message_type type, uint32_t leg)
{
    struct cv_leg_event event = cv_leg_describe(&keeper->table, leg);

    cv_keeper_tell_leg(keeper, type, &event);
}

static void tell_proven(struct cv_keeper *keeper, uint32_t leg)
{
    keeper->shared->keeper->legs_proven_total++;
    tell(keeper, CV_MESSAGE_LEG_PROVEN, leg);
}

/*
 * Many legs may fall silent together: that alone must not make control ask for the whole picture
 * (EVENTS_LOST).
 */
static bool has_room(struct cv_keeper *keeper)
{
    return cv_control_link_attached(keeper->link) && cv_control_link_room(keeper->link) > EVENT_ROOM;
}

/*
 * What a leg is being limited in: by its pair's rate, or by its budget, of which the next is in so long. False: control is
 * there, but has no room.
 */
static bool tell_limited(struct cv_keeper *keeper, uint32_t leg, uint32_t budget_ms)
{
    struct cv_leg_event event = cv_leg_describe(&keeper->table, leg);

    if (!has_room(keeper))
        return !cv_control_link_attached(keeper->link);
    event.budget_ms = budget_ms;
    cv_keeper_tell_leg(keeper, CV_MESSAGE_LEG_LIMITED, &event);
    return true;
}

static bool on_proof(void *context, enum cv_proof_event event, uint32_t leg)
{
    struct cv_keeper *keeper = context;
    struct cv_keeper_stats *stats = keeper->shared->keeper;

    switch (event) {
    case CV_PROOF_EVENT_PROVEN:
        stats->legs_proven_total++;
        if (has_room(keeper))
            tell(keeper, CV_MESSAGE_LEG_PROVEN, leg);
        break;
    case CV_PROOF_EVENT_SILENT:
        stats->legs_silent_total++;
        if (has_room(keeper))
            tell(keeper, CV_MESSAGE_LEG_UNPROVEN, leg);
        break;
    case CV_PROOF_EVENT_UNPROVEN:
        if (has_room(keeper))
            tell(keeper, CV_MESSAGE_LEG_UNPROVEN, leg);
        break;
    case CV_PROOF_EVENT_CHALLENGE:
        challenge(keeper, leg);
        break;
    case CV_PROOF_EVENT_LIMITED:
        return tell_limited(keeper, leg, 0);
    case CV_PROOF_EVENT_WITHHELD:
        return tell_limited(keeper, leg, cv_standing_account_left_ms(&keeper->table, leg, keeper->now_ms));
    }
    return true;
}

void cv_keeper_age_legs(struct cv_keeper *keeper)
{
    keeper->challenges_left = CHALLENGES_PER_TURN;
    cv_proof_sweep(&keeper->proofs, &keeper->table, keeper->now_ms, on_proof, keeper);
    cv_spares_age(&keeper->spares, &keeper->table, keeper->now_ms);
}

/* ---- What workers saw ---- */

/* A leg has come to an address. */
static void tell_arrival(struct cv_keeper *keeper, enum cv_message_type type,
                         const struct cv_leg_event *event)
{
    uint32_t slot = cv_find_pair(&keeper->table, event->pair);

    cv_keeper_tell_leg(keeper, type, event);
    if (slot != CV_NO_SLOT &&
        cv_standing_wants_challenge(&keeper->table, 2 * slot + event->leg, keeper->now_ms))
        challenge(keeper, 2 * slot + event->leg);
}

void cv_keeper_leg_notice(struct cv_keeper *keeper, const struct cv_notice *notice)
{
    struct cv_keeper_stats *stats = keeper->shared->keeper;
    struct cv_leg_event event, unbound;
    enum cv_move_result result =
        cv_moves_notice(keeper->moves, &keeper->table, notice, keeper->now_ms, &event, &unbound);

    if (unbound.pair != 0)
        cv_keeper_tell_leg(keeper, CV_MESSAGE_LEG_UNBOUND, &unbound);
    switch (result) {
    case CV_MOVE_BOUND:
        stats->legs_bound_total++;
        tell_arrival(keeper, CV_MESSAGE_LEG_BOUND, &event);
        break;
    case CV_MOVE_MOVED:
        stats->legs_moved_total++;
        tell_arrival(keeper, CV_MESSAGE_LEG_MOVED, &event);
        break;
    case CV_MOVE_CHANGED:
        stats->legs_changed_total++;
        tell_arrival(keeper, CV_MESSAGE_LEG_CHANGED, &event);
        break;
    case CV_MOVE_CONFLICT:
        stats->bind_conflicts++;
        break;
    case CV_MOVE_NOTHING:
        break;
    }
}

/* ---- What control orders ---- */

static void change(struct cv_keeper *keeper, const struct cv_message *request)
{
    const struct cv_leg_change *wanted = &request->change;
    uint32_t slot = cv_find_pair(&keeper->table, wanted->pair);
    struct cv_leg_event event;
    bool changed = false;
    int error = cv_keeper_check_tunnel(keeper, &wanted->to);

    if (error == 0)
        error = cv_leg_change(&keeper->table, wanted, keeper->now_ms, &changed, &event);
    keeper->shared->keeper->leg_changes_refused_total += error == -ENOSPC;
    cv_keeper_answer(keeper, request, wanted->pair, error);
    if (!changed)
        return;
    cv_moves_forget(keeper->moves, 2 * slot + wanted->leg);
    keeper->shared->keeper->legs_changed_total++;
    tell_arrival(keeper, CV_MESSAGE_LEG_CHANGED, &event);
}

static int prove(struct cv_keeper *keeper, uint32_t leg, const uint8_t answer[CV_CHALLENGE_BYTES])
{
    bool proven;
    int error = cv_standing_answer(&keeper->table, leg, answer, keeper->now_ms, &proven);

    if (proven)
        tell_proven(keeper, leg);
    return error;
}

/* A leg that is coming will be where the session is, too. */
static void vouch(struct cv_keeper *keeper, uint32_t leg, const struct cv_ip *vouched)
{
    uint32_t spare = cv_spare_leg(&keeper->table, leg);

    if (cv_standing_vouch(&keeper->table, leg, vouched, keeper->now_ms))
        tell_proven(keeper, leg);
    if (spare != CV_NO_LEG)
        (void)cv_standing_vouch(&keeper->table, spare, vouched, keeper->now_ms);
}

void cv_keeper_leg_order(struct cv_keeper *keeper, const struct cv_message *request)
{
    const struct cv_leg_order *order = &request->leg_order;
    uint32_t slot = cv_find_pair(&keeper->table, order->pair), leg = 2 * slot + order->leg;
    int error = 0;

    if (request->type == CV_MESSAGE_LEG_CHANGE) {
        change(keeper, request);
        return;
    }
    if (slot == CV_NO_SLOT)
        error = -ENOENT;
    else if (request->type == CV_MESSAGE_LEG_TOKEN)
        error = cv_claims_change_token(&keeper->table, leg, order->token, CV_NO_LEG);
    else if (request->type == CV_MESSAGE_LEG_PROVE)
        error = prove(keeper, leg, order->challenge);
    else
        vouch(keeper, leg, &order->vouched);
    cv_keeper_answer(keeper, request, order->pair, error);
}
