/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A leg changes within its pair: another kind, another port, another token. The pair keeps its number,
 * its other leg and its counters, and no packet is lost on the way:
 *
 *      LEG_CHANGE          a spare holds the coming leg (spares.h); a tunnel leg is in its place at once
 *      its token came      the coming leg is bound, and takes the place; the old one is a former one now
 *      10 s later          the former leg ends
 *
 * Each step enters what is new into the indexes before it takes out what is old, and both legs send to
 * the same other leg, so a packet is its pair's whichever of the two a worker finds. Keeper only.
 */
#include "pair_table.h"
#include "shared/message.h"

/*
 * Begins a change. 0: `*changed` says that it is done already, with `event` to be told as LEG_CHANGED;
 * -ENOENT: no such pair; -ENOSPC: too many legs are changing; -EADDRINUSE, -EADDRNOTAVAIL, -ENETUNREACH
 * as for cv_pair_put. A leg that is such already, or is to become so, stays as it is: 0. An earlier
 * change, or the former leg of one, ends.
 */
int cv_leg_change(struct cv_pair_table *table, const struct cv_leg_change *change, uint32_t now_ms,
                  bool *changed, struct cv_leg_event *event);

/* A coming leg has been bound: it takes its place. `event` is LEG_CHANGED's. */
void cv_leg_arrive(struct cv_pair_table *table, uint32_t coming, uint32_t now_ms, struct cv_leg_event *event);

/*
 * A coming leg's token came from the address, on the port, that the leg has whose place it takes: all
 * that changes is the token, and whose word proves the address. False: it did not come from there.
 */
bool cv_leg_arrive_here(struct cv_pair_table *table, uint32_t coming, const struct cv_address *address,
                        uint32_t now_ms, struct cv_leg_event *event);
