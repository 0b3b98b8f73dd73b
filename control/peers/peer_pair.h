/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A pair that two instances have made. */
#include "peer.h"
#include "store/store_offers.h"

/* What OTHER_LEG says. */
struct other_leg {
    uint8_t kind; /* enum cv_leg_kind; 0: nothing was said yet */
    uint32_t payload_bytes;
};

/* pair_updates.c: what one side has been told, and what it is still to be told. */
struct pair_updates {
    struct other_leg other_leg;
    bool other_leg_due;
    bool unproven, unproven_told; /* its leg; the peer knows */
    bool unproven_due;
    uint64_t unproven_ms[2]; /* monotonic: when it was told last that its leg is proven; that it is not */
};

struct peer_pair {
    LIST_ENTRY(peer_pair) by_number;
    LIST_ENTRY(peer_pair) of_peer[2];
    struct peer_pair_record record; /* its channels are the legs' at present */
    struct peer *peers[2];          /* the asker's and the answerer's */
    struct pair_updates updates[2]; /* of each */
    bool updates_wait;
    TAILQ_ENTRY(peer_pair) updates_entry; /* while they wait */
};

/* Whose leg is which: 0, the asker's, or 1. */
static inline unsigned peer_pair_side(const struct peer_pair *pair, const struct peer *peer)
{
    return pair->peers[0] == peer ? 0 : 1;
}
