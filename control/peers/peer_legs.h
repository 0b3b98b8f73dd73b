/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The legs of peers' pairs: what they are made of, how they change, what proves their addresses, and what
 * the two peers are told of all that.
 */
#include "peer.h"
#include "peer_pairs.h"

/* A leg of this kind for a new pair; a tunnel leg takes its channel (0: there was none). */
void peer_legs_fill(struct peer *peer, uint8_t kind, struct leg_record *leg);

/* LEG_REQUEST, CHALLENGE_ANSWER. */
void peer_legs_request(struct peer *peer, const struct cv_capsule *capsule);
void peer_legs_challenge(struct peer *peer, const uint8_t challenge[CV_CHALLENGE_BYTES]);

/* The instance is coming back: its pairs end that are by legs of kinds that it has not registered now. */
void peer_legs_drop(struct peer *peer);

/*
 * The instance is back in another session: its legs go over to that one, and it is told of all its pairs.
 */
void peer_legs_resume(struct peer *peer);

/* Its session has another address; what fits into its session's DATAGRAM frames has changed. */
void peer_legs_moved(struct peer *peer);
void peer_legs_limit(struct peer *peer);

/* For struct pair_handlers. */
void peer_legs_event(struct peers *all, enum cv_message_type type, const struct cv_leg_event *event);

/* What was under way when control ended goes on: to be called when the data plane is there. */
void peer_legs_known(struct peers *all);
