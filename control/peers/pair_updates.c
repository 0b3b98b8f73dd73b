/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair_updates.h"

#include "base/clock.h"
#include "base/timer.h"
#include "capsules.h"
#include "pairs/record.h"
#include "sessions/keep.h"

#define ROUND_MS         200
#define TOLD_EVERY_MS    1000
#define RATE_TOLD_MS     1000  /* the data plane looks about as often */
#define UNPROVEN_TOLD_MS 60000 /* the budget is a minute's */

/* ---- What waits ---- */

static bool is_due(const struct pair_updates *updates)
{
    return updates->other_leg_due || updates->unproven_due;
}

static void set_waiting(struct peer_pair *pair, bool waits)
{
    struct peers *all = pair->peers[0]->all;

    if (waits == pair->updates_wait)
        return;
    pair->updates_wait = waits;
    if (!waits) {
        TAILQ_REMOVE(&all->updates, pair, updates_entry);
        return;
    }
    TAILQ_INSERT_TAIL(&all->updates, pair, updates_entry);
    if (!evtimer_pending(all->updates_timer, NULL))
        timer_start(all->updates_timer, ROUND_MS);
}

/* Who is away is told all of its pairs when it is back. */
static bool can_be_told(const struct peer *peer)
{
    return peer_is_here(peer) && session_has_room_for_others(peer->session);
}

/* ---- OTHER_LEG ---- */

static struct other_leg describe(const struct peer_pair *pair, unsigned side, const struct leg_record *others)
{
    const struct peer *other = pair->peers[1 - side];
    struct other_leg leg = {.kind = others->listen ? CV_LEG_KIND_LISTEN : CV_LEG_KIND_UDP,
                            .payload_bytes = CV_CAPSULE_PAYLOAD_MAX};

    if (others->bind == CV_BIND_TUNNEL) {
        leg.kind = CV_LEG_KIND_TUNNEL;
        leg.payload_bytes =
            peer_is_here(other) ? channels_payload(other->session->record.told_bytes, others->channel) : 0;
    }
    return leg;
}

static void tell_other_leg(struct peer_pair *pair, unsigned side, struct other_leg leg)
{
    struct pair_updates *updates = &pair->updates[side];

    updates->other_leg = leg;
    updates->other_leg_due = false;
    capsules_other_leg(pair->peers[side], pair->record.pair, &leg);
}

void pair_updates_made(struct peer_pair *pair, unsigned side, const struct leg_record *others)
{
    tell_other_leg(pair, side, describe(pair, side, others));
}

void pair_updates_other_leg(struct peer_pair *pair, unsigned side, const struct leg_record *others)
{
    struct pair_updates *updates = &pair->updates[side];
    struct other_leg leg = describe(pair, side, others);

    updates->other_leg_due =
        leg.kind != updates->other_leg.kind || leg.payload_bytes != updates->other_leg.payload_bytes;
    if (updates->other_leg_due && can_be_told(pair->peers[side]))
        tell_other_leg(pair, side, leg);
    if (updates->other_leg_due)
        set_waiting(pair, true);
}

static void look_at_other_leg(struct peer_pair *pair, unsigned side)
{
    struct pair_record record;

    if (pair_record_find(pair->peers[0]->all->services->store, pair->record.pair, &record))
        pair_updates_other_leg(pair, side, &record.legs[1 - side]);
}

/* ---- LIMITED ---- */

static void tell_unproven(struct peer_pair *pair, unsigned side, uint64_t now)
{
    struct pair_updates *updates = &pair->updates[side];

    updates->unproven_due = false;
    updates->unproven_told = updates->unproven;
    updates->unproven_ms[updates->unproven] = now;
    capsules_limited(pair->peers[side], CV_LIMITED_PROOF, pair->record.pair,
                     updates->unproven ? UNPROVEN_TOLD_MS : 0);
}

static bool was_told_just_now(const struct pair_updates *updates, uint64_t now)
{
    uint64_t told_ms = updates->unproven_ms[updates->unproven];

    return told_ms != 0 && now - told_ms < TOLD_EVERY_MS;
}

static void look_at_unproven(struct peer_pair *pair, unsigned side)
{
    struct pair_updates *updates = &pair->updates[side];
    uint64_t now = clock_monotonic_ms();

    if (can_be_told(pair->peers[side]) && !was_told_just_now(updates, now))
        tell_unproven(pair, side, now);
    else /* what is known already needs no second word */
        updates->unproven_due = updates->unproven != updates->unproven_told;
    if (updates->unproven_due)
        set_waiting(pair, true);
}

void pair_updates_unproven(struct peer_pair *pair, unsigned side, bool unproven)
{
    pair->updates[side].unproven = unproven;
    look_at_unproven(pair, side);
}

void pair_updates_limited(struct peer_pair *pair, unsigned side, uint32_t budget_ms)
{
    if (can_be_told(pair->peers[side]))
        capsules_limited(pair->peers[side], budget_ms > 0 ? CV_LIMITED_PROOF : CV_LIMITED_RATE,
                         pair->record.pair, budget_ms > 0 ? budget_ms : RATE_TOLD_MS);
}

/* ---- Later ---- */

void pair_updates_forget(struct peer_pair *pair)
{
    set_waiting(pair, false);
}

static void look_at_side(struct peer_pair *pair, unsigned side)
{
    struct pair_updates *updates = &pair->updates[side];

    if (!peer_is_here(pair->peers[side]))
        updates->other_leg_due = updates->unproven_due = false;
    if (updates->other_leg_due && can_be_told(pair->peers[side]))
        look_at_other_leg(pair, side);
    if (updates->unproven_due)
        look_at_unproven(pair, side);
}

void pair_updates_on_timer(evutil_socket_t fd, short what, void *context)
{
    struct peers *all = context;
    struct peer_pair *pair, *next;

    (void)fd;
    (void)what;
    for (pair = TAILQ_FIRST(&all->updates); pair != NULL; pair = next) {
        next = TAILQ_NEXT(pair, updates_entry);
        look_at_side(pair, 0);
        look_at_side(pair, 1);
        set_waiting(pair, is_due(&pair->updates[0]) || is_due(&pair->updates[1]));
    }
    if (!TAILQ_EMPTY(&all->updates))
        timer_start(all->updates_timer, ROUND_MS);
    sessions_keep(all->sessions);
}
