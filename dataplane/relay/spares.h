/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Legs that are coming or going: what LEG_CHANGE makes of one leg until two are one again.
 *
 *      coming    waits to be bound, CV_LEG_COMING_MS at most. Packets that a token has just announced pass by it already
 *      former    what was in its place before: what comes by it passes for CV_LEG_FORMER_MS more
 *
 * Each lives in a record beyond the pairs' own, at the side that it has in its pair, is found by address,
 * claim and connection ID as every leg is, and sends to the pair's other leg wherever that goes, within the rate of
 * the leg whose place it has or had. Nothing
 * is sent to it. The other leg of its record has no packets: it only says the port from which those
 * leave. A leg has at most one.
 *
 * The number of such legs is bounded; one that finds no room refuses the change (coming), or ends at once
 * (former). Nobody holds the room for long: cv_spares_make_room. Keeper only.
 */
#include "pair_table.h"

#define CV_LEG_COMING_MS 60000

/*
 * A place for a leg that sends where `leg` does, with its pair's number; `leg` has none yet.
 * Returns the number of the leg there, which the caller fills, or CV_NO_LEG. It is on no port, claimed by
 * nothing, and points nowhere.
 */
uint32_t cv_spare_take(struct cv_pair_table *table, uint32_t leg, enum cv_spare_use use, uint32_t now_ms);

/* The coming or former leg of this one; CV_NO_LEG: none. */
uint32_t cv_spare_leg(const struct cv_pair_table *table, uint32_t leg);

/* Whether a leg waits in a spare to be bound. */
bool cv_spare_is_coming(const struct cv_pair_table *table, uint32_t leg);

/* Whether a leg lives in a spare because another has taken its place. */
bool cv_spare_is_former(const struct cv_pair_table *table, uint32_t leg);

/* Ends the coming or former leg of this one, if there is any: nothing is its any more. */
void cv_spare_end(struct cv_pair_table *table, uint32_t leg);

/*
 * The same for a spare that no leg's standing names (any more): its counters become those of the leg it
 * is of.
 */
void cv_spare_release(struct cv_pair_table *table, uint32_t spare_leg);

/*
 * A coming leg has found no room: ends the one that has waited longest, if that is long enough for a token to have come.
 * When no worker looks at it any more there is room for the next.
 */
void cv_spares_make_room(struct cv_pair_table *table, uint32_t now_ms);

/* Ends legs whose time is over, of some spares each time. Once a turn. */
struct cv_spare_sweep {
    uint32_t next;
};

void cv_spares_age(struct cv_spare_sweep *sweep, struct cv_pair_table *table, uint32_t now_ms);
