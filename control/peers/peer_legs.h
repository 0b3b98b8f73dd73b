/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The legs of peers' pairs: what they are made of, what proves their addresses, and what the two peers are
 * told of them. How they change is in leg_requests.h and takeovers.h.
 */
#include "peer.h"
#include "peer_pairs.h"

/* A leg of this kind, in a record of zeros: all but its port, its token and its channel. */
void peer_legs_fill(const struct peer *peer, uint8_t kind, struct leg_record *leg);

/* A tunnel leg takes its channel (0: there was none); another takes nothing. */
void peer_legs_take_channel(struct peer *peer, struct leg_record *leg);

/*
 * This leg is the pair's from now on, or waits to be: its session may have moved while it was being made, and what was
 * said of that then went to the leg before.
 */
void peer_legs_catch_up(const struct peer_pair *pair, unsigned side, const struct leg_record *leg);

/* CHALLENGE_ANSWER. */
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

/*
 * Notes the legs with untold tokens when the store is loaded; tokens that are made until the data plane is
 * there are told in any case. -ENOMEM, or the store's.
 */
int peer_legs_load(struct peers *all);

/* What was under way when control ended goes on: to be called when the data plane is there. */
void peer_legs_known(struct peers *all);
