/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What peers are told of pairs that change by themselves, or by what the other peer does: OTHER_LEG, LIMITED.
 * How often that happens is up to others, so none of it may fill what waits for a peer: of what has changed again
 * only the last is told, nothing is told twice, and what there is no room for yet waits here. In memory only: after a
 * restart the next change is told, whatever the last one was.
 */
#include "peer_pair.h"
#include "store/store_pairs.h"

/* Goes right behind PAIR_MADE, always: what `side` has to know of the other's leg. */
void pair_updates_made(struct peer_pair *pair, unsigned side, const struct leg_record *others);

/* The other's leg is this one now, or holds more or less. */
void pair_updates_other_leg(struct peer_pair *pair, unsigned side, const struct leg_record *others);

/* The side's leg is held to the budget, or no longer. Each is told at most once a second. */
void pair_updates_unproven(struct peer_pair *pair, unsigned side, bool unproven);

/*
 * Something was dropped: the side sends more than the pair's rate, or, for `budget_ms` more, others send it more than its
 * budget; 0: it is the rate. As often as the data plane says so: once a second, and once for each budget.
 */
void pair_updates_limited(struct peer_pair *pair, unsigned side, uint32_t budget_ms);

/* The pair ends. */
void pair_updates_forget(struct peer_pair *pair);

/* For peers->updates_timer. */
void pair_updates_on_timer(evutil_socket_t fd, short what, void *context);
