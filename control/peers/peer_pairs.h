/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The pairs that instances have made, from PAIR_MADE to PAIR_CLOSED in both. */
#include "peer_pair.h"

/* NULL: out of memory. The channels of its tunnel legs are the peers' already, and now the pair's. */
struct peer_pair *peer_pairs_add(struct peer *asker, struct peer *answerer,
                                 const struct peer_pair_record *record);

/* NULL: no such pair, or `peer` (unless NULL) is none of the two. */
struct peer_pair *peer_pairs_find(struct peers *all, uint64_t pair, const struct peer *peer);

/* PAIR_CLOSE. A pair that is not the peer's has ended meanwhile, and is left alone. */
void peer_pairs_close(struct peer *peer, uint64_t pair);

/* The instance has ended: so do its pairs. */
void peer_pairs_leave(struct peer *peer);

/* The instance does without those of its pairs that `unwanted` names: for the other it is gone. */
void peer_pairs_drop(struct peer *peer, bool (*unwanted)(const struct peer_pair *pair, unsigned side));

/* The pair cannot go on: PAIR_CLOSED to both. */
void peer_pairs_end(struct peer_pair *pair, enum cv_session_error code);

/* The leg that the store has now is the pair's: its channel, and what the other peer has to know. */
void peer_pairs_settle(struct peer_pair *pair, unsigned side);

/* The pair goes for a reason of its own: PAIR_CLOSED to both. */
void peer_pairs_gone(struct peers *all, uint64_t pair, enum cv_session_error code);

/* Removes a pair from the store and the data plane. Nobody waits for it. */
void peer_pairs_remove(struct peers *all, uint64_t pair);

/* Calls `found` for each pair of a peer, until its session ends. */
void peer_pairs_each(struct peer *peer, void (*found)(struct peer_pair *pair, unsigned side));

uint32_t peer_pairs_count(const struct peer *peer);

/* Frees what is left, without a word to anybody. */
void peer_pairs_free(struct peers *all);
