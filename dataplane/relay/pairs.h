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
