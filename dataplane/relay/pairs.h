/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Pairs are made, changed and removed. Keeper only. */
#include "pair_table.h"

/*
 * Makes the pair, or changes idle time and rate of the one that has this number (its legs and port stay as
 * they are when they are the same; -EEXIST when they differ). Legs with a fixed or a last address are bound
 * at once. The slot goes to *slot. -ENOSPC: full; -EADDRINUSE: another leg has that address (on the listening
 * port: CV_LEGS_AT_MAX others), token or prefix on this relay port, or that channel of the session;
 * -EADDRNOTAVAIL: neither one of the relay ports nor, where there are sessions, the listening port;
 * -ENETUNREACH: no address of ours has the family of a fixed one.
 */
int cv_pair_put(struct cv_pair_table *table, const struct cv_pair_config *config, uint32_t now_ms,
                uint32_t *slot);

/* Removes a pair; its slot is used again after a grace period. */
void cv_pair_remove(struct cv_pair_table *table, uint32_t slot);

/* Whether a leg may be on that port; 0 is a tunnel leg's. */
bool cv_relay_port_is_ours(const struct cv_pair_table *table, uint16_t relay_port);

/* What a leg is before it is bound, in a zeroed record. */
void cv_leg_fill(struct cv_leg *leg, const struct cv_leg_config *config, uint32_t now_ms);

/* Whether a leg is what that says: its port, how it is bound, a fixed address. */
bool cv_leg_is_such(const struct cv_leg *leg, const struct cv_leg_config *config);

/*
 * Binds a leg that has its address from control; a tunnel leg is joined. 0, and nothing done where there
 * is none; -EADDRINUSE, -ENETUNREACH as above.
 */
int cv_leg_bind_configured(struct cv_pair_table *table, uint32_t leg, const struct cv_leg_config *config,
                           uint32_t now_ms);
