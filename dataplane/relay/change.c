/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"

#include "claims.h"
#include "find.h"
#include "leg.h"
#include "pairs.h"
#include "spares.h"
#include "standing.h"

#include <errno.h>
#include <string.h>

static struct cv_leg_event describe(const struct cv_pair_table *table, uint32_t leg)
{
    struct cv_leg_event event = cv_leg_describe(table, leg);

    event.cause = CV_MOVE_CHANGE;
    if (event.bind == CV_BIND_TOKEN)
        memcpy(event.token, cv_leg_at(table, leg)->bind.token, CV_TOKEN_BYTES);
    return event;
}

/* ---- Taking the place ---- */

#define OWN_FLAGS (CV_LEG_BOUND | CV_LEG_SHARED)

/* What makes a leg this one and no other: all but where it sends to, and what was counted. */
static void copy_self(struct cv_leg *to, const struct cv_leg *from)
{
    to->source = from->source;
    to->source_port_be = from->source_port_be;
    to->relay_port_be = from->relay_port_be;
    to->local = from->local;
    to->bind = from->bind;
    to->bind_kind = from->bind_kind & 7u;
    to->flags = (uint8_t)((to->flags & ~OWN_FLAGS) | (from->flags & OWN_FLAGS));
}

/*
 * For a leg that may share what it has with another until that gives it up: the indexes have room for
 * both.
 */
static void enter(struct cv_pair_table *table, uint32_t leg)
{
    (void)cv_leg_enter_address(table, leg);
    (void)cv_claims_add(table, leg);
}

/* The leg goes on as a former one, in a spare of its own; without one, what it had is given up. */
static void keep_former(struct cv_pair_table *table, uint32_t leg, uint32_t now_ms)
{
    uint32_t former = cv_spare_take(table, leg, CV_SPARE_FORMER, now_ms);
    struct cv_standing *standing;

    if (former == CV_NO_LEG) {
        table->formers_lost++;
        return;
    }
    copy_self(cv_leg_at(table, former), cv_leg_at(table, leg));
    cv_leg_at(table, former)->moved_ms = now_ms;
    standing = cv_standing_at(table, former);
    standing->rule = CV_PROOF_EXEMPT; /* nothing is sent to it */
    standing->one_use = standing->used = 1;
    standing->order = cv_standing_at(table, leg)->order;
    cv_leg_turn(table, former, cv_leg_target(table, former));
    enter(table, former);
    cv_standing_at(table, leg)->spare = former >> 1;
}

/*
 * The leg becomes what `coming` is. Who sends to it is held meanwhile: none may use the new port with the
 * old address.
 */
static void replace(struct cv_pair_table *table, uint32_t leg, const struct cv_leg *coming, uint32_t now_ms)
{
    struct cv_leg *record = cv_leg_at(table, leg);
    uint32_t target = cv_leg_target(table, leg), senders[CV_LEG_SENDERS];
    uint32_t count = cv_leg_senders(table, leg, senders);
    uint16_t hop = cv_leg_hop(table, cv_leg_at(table, target)), hops[CV_LEG_SENDERS];

    for (uint32_t i = 0; i < count; i++)
        hops[i] = cv_leg_hop(table, coming);
    for (uint32_t i = 0; i < count; i++)
        cv_leg_hold(table, senders[i]);
    cv_leg_hold(table, leg);
    copy_self(record, coming);
    hop = cv_leg_point(table, leg, target, hop);
    for (uint32_t i = 0; i < count; i++)
        hops[i] = cv_leg_point(table, senders[i], leg, hops[i]);
    record->moved_ms = now_ms;
    cv_pair_table_retire_next_hop(table, hop);
    for (uint32_t i = 0; i < count; i++)
        cv_pair_table_retire_next_hop(table, hops[i]);
}

static void change_standing(struct cv_standing *to, const struct cv_standing *from)
{
    to->rule = from->rule;
    to->vouched = from->vouched;
    to->one_use = from->one_use;
    to->used = from->used;
    to->order = from->order;
}

/*
 * While this goes on, what is new is also the coming leg's, and what is old the former one's: there is no
 * moment at which a packet, or a token, is nobody's.
 */
void cv_leg_arrive(struct cv_pair_table *table, uint32_t coming, uint32_t now_ms, struct cv_leg_event *event)
{
    uint32_t leg = cv_leg_target(table, coming) ^ 1;
    const struct cv_leg arriving = *cv_leg_at(table, coming), leaving = *cv_leg_at(table, leg);
    const struct cv_address address = {.ip = arriving.source, .port_be = arriving.source_port_be};
    enum cv_leg_proof proof = CV_LEG_PROOF_NONE;

    cv_standing_at(table, leg)->spare = 0;
    keep_former(table, leg, now_ms);
    change_standing(cv_standing_at(table, leg), cv_standing_at(table, coming));
    if (arriving.flags & CV_LEG_BOUND)
        proof = cv_standing_prepare(table, leg, &address, now_ms);
    cv_leg_take_cid(table, leg, coming);
    cv_claims_forget_former(table, leg);
    replace(table, leg, &arriving, now_ms);
    cv_standing_settle(table, leg, proof);
    enter(table, leg);
    cv_leg_leave_address_as(table, leg, &leaving);
    cv_claims_leave_as(table, leg, &leaving);
    cv_spare_release(table, coming);
    *event = describe(table, leg);
}

static void change_claim(struct cv_pair_table *table, uint32_t leg, uint32_t coming)
{
    struct cv_leg *record = cv_leg_at(table, leg);
    const struct cv_leg *arriving = cv_leg_at(table, coming), leaving = *record;

    if (record->bind_kind == CV_BIND_TOKEN && arriving->bind_kind == CV_BIND_TOKEN) {
        (void)cv_claims_change_token(table, leg, arriving->bind.token, coming);
        return;
    }
    cv_claims_forget_former(table, leg);
    record->bind = arriving->bind;
    record->bind_kind = arriving->bind_kind & 7u;
    (void)cv_claims_add(table, leg);
    cv_claims_leave_as(table, leg, &leaving);
}

bool cv_leg_arrive_here(struct cv_pair_table *table, uint32_t coming, const struct cv_address *address,
                        uint32_t now_ms, struct cv_leg_event *event)
{
    uint32_t leg = cv_leg_target(table, coming) ^ 1;
    struct cv_standing *standing = cv_standing_at(table, leg);

    if (!cv_leg_is_at(cv_leg_at(table, leg), address) ||
        cv_leg_at(table, leg)->relay_port_be != cv_leg_at(table, coming)->relay_port_be)
        return false;
    change_claim(table, leg, coming);
    cv_standing_change_rule(table, leg, cv_standing_at(table, coming), now_ms);
    standing->one_use = cv_standing_at(table, coming)->one_use;
    standing->used = 1;
    standing->spare = 0;
    cv_leg_prefer(table, leg);
    cv_spare_release(table, coming);
    *event = describe(table, leg);
    return true;
}

/* ---- Beginning ---- */

/* A leg in a spare, claimed and pointed; not bound yet. */
static int make_coming(struct cv_pair_table *table, uint32_t leg, const struct cv_leg_config *to,
                       uint32_t now_ms, uint32_t *coming)
{
    int error;

    *coming = cv_spare_take(table, leg, CV_SPARE_COMING, now_ms);
    if (*coming == CV_NO_LEG) {
        cv_spares_make_room(table, now_ms);
        return -ENOSPC;
    }
    cv_leg_fill(cv_leg_at(table, *coming), to, now_ms);
    cv_standing_init(cv_standing_at(table, *coming), to);
    cv_leg_turn(table, *coming, cv_leg_target(table, *coming));
    error = cv_claims_enter(table, *coming);
    if (error == 0) {
        cv_standing_at(table, leg)->spare = *coming >> 1;
        return 0;
    }
    cv_leg_at(table, *coming)->bind_kind = CV_BIND_FIXED; /* it has no claim to give up */
    cv_spare_release(table, *coming);
    return error;
}

int cv_leg_change(struct cv_pair_table *table, const struct cv_leg_change *change, uint32_t now_ms,
                  bool *changed, struct cv_leg_event *event)
{
    uint32_t slot = cv_find_pair(table, change->pair), leg, coming;
    int error;

    *changed = false;
    if (slot == CV_NO_SLOT)
        return -ENOENT;
    if (!cv_relay_port_is_ours(table, change->to.relay_port))
        return -EADDRNOTAVAIL;
    leg = 2 * slot + change->leg;
    coming = cv_spare_leg(table, leg);
    if (coming != CV_NO_LEG && cv_spare_is_coming(table, coming) &&
        cv_leg_is_such(cv_leg_at(table, coming), &change->to))
        return 0;
    cv_spare_end(table, leg);
    if (cv_leg_is_such(cv_leg_at(table, leg), &change->to))
        return 0;
    error = make_coming(table, leg, &change->to, now_ms, &coming);
    if (error == 0 && (error = cv_leg_bind_configured(table, coming, &change->to, now_ms)) != 0)
        cv_spare_end(table, leg);
    if (error)
        return error;
    *changed = change->to.bind == CV_BIND_TUNNEL || (cv_leg_at(table, coming)->flags & CV_LEG_BOUND);
    if (*changed)
        cv_leg_arrive(table, coming, now_ms, event);
    return 0;
}
