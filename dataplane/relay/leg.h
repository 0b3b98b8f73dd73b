/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * How a leg gets, changes and loses its address and its connection ID: the keeper's writes under workers'
 * eyes. Keeper only.
 */
#include "pair_table.h"

/*
 * Gives an unbound leg its address, or moves it. Also sets where the other leg sends. -EADDRINUSE: another leg has
 * it; on the listening port: as many as may have one do, or the other leg of the pair does.
 */
int cv_leg_bind(struct cv_pair_table *table, uint32_t leg, const struct cv_address *address, uint8_t local,
                uint32_t now_ms);

/* The leg's token came again from where it is: of those with its address it is the latest (cv_latest_leg). */
void cv_leg_prefer(struct cv_pair_table *table, uint32_t leg, uint32_t now_ms);

/* Makes the other leg send to this one, which is a tunnel leg. */
void cv_leg_join_tunnel(struct cv_pair_table *table, uint32_t leg);

/* Takes a leg's address away. */
void cv_leg_unbind(struct cv_pair_table *table, uint32_t leg);

/* Notes the connection ID that a leg sends to. Ignored when another leg on this relay port has it already. */
void cv_leg_learn_cid(struct cv_pair_table *table, uint32_t leg, const uint8_t *cid, uint8_t bytes);

void cv_leg_forget_cid(struct cv_pair_table *table, uint32_t leg);
