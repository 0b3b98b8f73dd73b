/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The pairs that sessions have made, from PAIR_MADE to PAIR_CLOSED in both. */
#include "sessions/session.h"

struct peer_pair {
    LIST_ENTRY(peer_pair) by_number;
    LIST_ENTRY(peer_pair) of_session[2];
    uint64_t pair;
    struct session *sessions[2]; /* the asker's and the answerer's */
    uint16_t channels[2];        /* of their legs; 0: a UDP leg */
};

/* False: out of memory. The channels of its tunnel legs are the sessions' already, and now the pair's. */
bool peer_pairs_add(struct session *asker, struct session *answerer, uint64_t pair,
                    const uint16_t channels[2]);

/* PAIR_CLOSE. A pair that is not the session's has ended meanwhile, and is left alone. */
void peer_pairs_close(struct session *session, uint64_t pair);

/* The session has ended: so do its pairs. */
void peer_pairs_leave(struct session *session);

/* The pair goes for a reason of its own: PAIR_CLOSED to both. */
void peer_pairs_gone(struct sessions *all, uint64_t pair, enum cv_session_error code);

/*
 * DATAGRAM frames to the peer hold so much from now on: TUNNEL_LIMIT to each tunnel leg for which that is
 * news. May close the session.
 */
void peer_pairs_limit(struct session *session, uint16_t payload_bytes);

/* Removes a pair from the store and the data plane. Nobody waits for it. */
void peer_pairs_remove(struct sessions *all, uint64_t pair);

uint32_t peer_pairs_count(const struct session *session);

/* Frees what is left, without a word to anybody. */
void peer_pairs_free(struct sessions *all);
