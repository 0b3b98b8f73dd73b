/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The pairs that peers have made, from PAIR_MADE to PAIR_CLOSED in both. */
#include "peer.h"

struct peer_pair {
    LIST_ENTRY(peer_pair) by_number;
    LIST_ENTRY(peer_pair) of_peer[2];
    uint64_t pair;
    struct peer *peers[2]; /* the asker's and the answerer's */
    uint16_t channels[2];  /* of their legs; 0: a UDP leg */
};

/* False: out of memory. The channels of its tunnel legs are the peers' already, and now the pair's. */
bool peer_pairs_add(struct peer *asker, struct peer *answerer, uint64_t pair, const uint16_t channels[2]);

/* PAIR_CLOSE. A pair that is not the peer's has ended meanwhile, and is left alone. */
void peer_pairs_close(struct peer *peer, uint64_t pair);

/* The session has ended: so do its pairs. */
void peer_pairs_leave(struct peer *peer);

/* The pair goes for a reason of its own: PAIR_CLOSED to both. */
void peer_pairs_gone(struct peers *all, uint64_t pair, enum cv_session_error code);

/*
 * DATAGRAM frames to the peer held `before` until now: TUNNEL_LIMIT to each tunnel leg for which there is
 * news. May close the session.
 */
void peer_pairs_limit(struct peer *peer, uint16_t before);

/* Removes a pair from the store and the data plane. Nobody waits for it. */
void peer_pairs_remove(struct peers *all, uint64_t pair);

uint32_t peer_pairs_count(const struct peer *peer);

/* Frees what is left, without a word to anybody. */
void peer_pairs_free(struct peers *all);
