/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Peers as control knows them: what their capsules mean, who can be found by ID, and the pairs that they make
 * (docs/protocol.md). Above sessions, which hand capsules up, and pairs, which say when one is gone.
 *
 *      capsule ──> registry       REGISTER: found by ID from now on
 *              ├─> offers ──────> peer_pairs ──> pairs
 *              └─> peer_pairs     PAIR_CLOSE
 */
#include "peer.h"

/* Loads what the store knows of offers and peers' pairs. NULL: out of memory, or the store cannot be read. */
struct peers *peers_new(struct services *services, struct pairs *pairs, struct sessions *sessions);

/* Before the sessions are freed. NULL is allowed. */
void peers_free(struct peers *peers);

/* A pair is gone for a reason that lies outside of peers: tells both, if it is one of theirs. */
void peers_pair_gone(struct peers *peers, uint64_t pair, enum cv_session_error code);
