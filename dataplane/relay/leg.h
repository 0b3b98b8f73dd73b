/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * How a leg gets, changes and loses its address and its connection ID: the keeper's writes under workers'
 * eyes. Keeper only.
 */
#include "pair_table.h"
#include "shared/message.h"

/*
 * Gives an unbound leg its address, or moves it. Also sets where the other leg sends. -EADDRINUSE: another leg has
 * it; on the listening port: as many as may have one do, or the other leg of the pair does.
 */
int cv_leg_bind(struct cv_pair_table *table, uint32_t leg, const struct cv_address *address, uint8_t local,
                uint32_t now_ms);

/* The leg's token came again from where it is: of those with its address it is the latest (cv_default_leg). */
void cv_leg_prefer(struct cv_pair_table *table, uint32_t leg);

/* Makes the other leg send to this one, which is a tunnel leg. */
void cv_leg_join_tunnel(struct cv_pair_table *table, uint32_t leg);

/*
 * The legs that send to this one: the other leg of its pair, and a spare of that (spares.h). Returns how
 * many. Nothing is sent to a leg that lives in a spare itself: the one that it is given has no packets.
 */
#define CV_LEG_SENDERS 2

uint32_t cv_leg_senders(const struct cv_pair_table *table, uint32_t leg, uint32_t senders[CV_LEG_SENDERS]);

/*
 * Makes leg `from` send to where leg `to` is, in one change; `to` may be without an address. What `to` is
 * (port, address, tunnel) may only be changed between cv_leg_hold and cv_leg_point, or be told by
 * cv_leg_bind: then no worker sees half of it. A worker waits for a held leg, but not for long: `hop`, towards `to`, is
 * taken before, and what is returned, the next hop that `from` had, is retired (cv_pair_table_retire_next_hop) when none
 * is held any more.
 */
uint16_t cv_leg_hop(struct cv_pair_table *table, const struct cv_leg *to);
void cv_leg_hold(struct cv_pair_table *table, uint32_t from);
uint16_t cv_leg_point(struct cv_pair_table *table, uint32_t from, uint32_t to, uint16_t hop);

/* The same for a leg that nobody looks at yet, or whose target nobody changes. */
void cv_leg_turn(struct cv_pair_table *table, uint32_t from, uint32_t to);

/* Takes a leg's address away. */
void cv_leg_unbind(struct cv_pair_table *table, uint32_t leg);

/*
 * Address entries of a leg that takes another's place, for change.c: the leg's own, once it is in its
 * record, and the one of what it was before. Nothing where it is not bound.
 */
int cv_leg_enter_address(struct cv_pair_table *table, uint32_t leg);
void cv_leg_leave_address_as(struct cv_pair_table *table, uint32_t leg, const struct cv_leg *as);

/*
 * The leg is about to be what `coming` is: it takes over what that has learnt of connection IDs, or else takes its own along
 * to that relay port; which is forgotten when a leg there has it. A tunnel leg keeps its own, but is not found by it.
 */
void cv_leg_take_cid(struct cv_pair_table *table, uint32_t leg, uint32_t coming);

/* Pair, side, address, and how it stands with that: what an event tells of a leg. */
struct cv_leg_event cv_leg_describe(const struct cv_pair_table *table, uint32_t leg);

/*
 * Notes the connection ID that a leg sends to. Ignored when another leg on this relay port has it
 * already.
 */
void cv_leg_learn_cid(struct cv_pair_table *table, uint32_t leg, const uint8_t *cid, uint8_t bytes);

void cv_leg_forget_cid(struct cv_pair_table *table, uint32_t leg);
