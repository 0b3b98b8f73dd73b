/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What legs are claimed by, in the table's index of claims: a token and the one before it, a prefix, a
 * session's channel. Keeper only; who asks of a packet: find.h, claim.h.
 */
#include "pair_table.h"

/*
 * Enters what the leg is claimed by; a fixed one by nothing. 0; -EADDRINUSE: another leg is; -ENOSPC.
 * cv_claims_add does so where another leg may be: one that gives the claim up.
 */
int cv_claims_enter(struct cv_pair_table *table, uint32_t leg);
int cv_claims_add(struct cv_pair_table *table, uint32_t leg);

/* Removes it, and the former token. */
void cv_claims_leave(struct cv_pair_table *table, uint32_t leg);

/* The same for a leg that looked like `as` when it entered. */
void cv_claims_leave_as(struct cv_pair_table *table, uint32_t leg, const struct cv_leg *as);

/*
 * Gives a token leg another token, which has bound nothing yet; the former one is known till the next. 0,
 * also when it has that one; -EADDRINUSE: a leg but `giving_up` has it, or this one had; -EINVAL: not a
 * token leg; -ENOSPC.
 */
int cv_claims_change_token(struct cv_pair_table *table, uint32_t leg, const uint8_t token[CV_TOKEN_BYTES],
                           uint32_t giving_up);

/* The former token is forgotten. */
void cv_claims_forget_former(struct cv_pair_table *table, uint32_t leg);
