/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A pair that two instances have made. */
#include "peer.h"
#include "store/store_offers.h"

struct peer_pair {
    LIST_ENTRY(peer_pair) by_number;
    LIST_ENTRY(peer_pair) of_peer[2];
    struct peer_pair_record record; /* its channels are the legs' at present */
    struct peer *peers[2];          /* the asker's and the answerer's */
};

/* Whose leg is which: 0, the asker's, or 1. */
static inline unsigned peer_pair_side(const struct peer_pair *pair, const struct peer *peer)
{
    return pair->peers[0] == peer ? 0 : 1;
}
