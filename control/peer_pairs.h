/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The pairs that sessions have made, from PAIR_MADE to PAIR_CLOSED in both. */
#include "session.h"

struct peer_pair {
    LIST_ENTRY(peer_pair) by_number;
    LIST_ENTRY(peer_pair) of_session[2];
    uint64_t pair;
    struct session *sessions[2]; /* the asker's and the answerer's */
};

/* False: out of memory. */
bool peer_pairs_add(struct session *asker, struct session *answerer, uint64_t pair);

/* As the store has it. Without one of its sessions (NULL) it has ended: see session_dump.h. */
bool peer_pairs_load(struct session *asker, struct session *answerer, uint64_t pair);

/* PAIR_CLOSE. A pair that is not the session's has ended meanwhile, and is left alone. */
void peer_pairs_close(struct session *session, uint64_t pair);

/* The session has ended: so do its pairs. */
void peer_pairs_leave(struct session *session);

/* The pair goes for a reason of its own: PAIR_CLOSED to both. */
void peer_pairs_gone(struct sessions *all, uint64_t pair, enum cv_session_error code);

/* Removes a pair from the store and the data plane. Nobody waits for it. */
void peer_pairs_remove(struct sessions *all, uint64_t pair);

uint32_t peer_pairs_count(const struct session *session);

/* Frees what is left, without a word to anybody. */
void peer_pairs_free(struct sessions *all);
