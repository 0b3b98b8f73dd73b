/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a registered peer says to the relay (docs/protocol.md). What the relay answers comes by the session's
 * `capsule` callback.
 *
 *      cv_peer_request     -> PAIR_MADE or REFUSED         cv_peer_accept, _refuse -> PAIR_MADE or REFUSED
 *      cv_peer_change_leg  -> LEG_MADE or REFUSED          cv_peer_close_pair      -> PAIR_CLOSED
 *      cv_peer_message, cv_peer_set_reachable -> DONE or REFUSED
 *
 * All return 0; -ENOTCONN: before REGISTERED, or after the end; -EPROTO: against a rule of order
 * (docs/protocol.md, "Order"); -EINVAL: a field out of its limits; -ENOBUFS: the relay takes nothing more at
 * present. Those that make a request give its number, by which the answer is known.
 */
#include "protocol/capsule.h"

struct cv_peer;

/* From REGISTERED to the end. */
bool cv_peer_is_registered(const struct cv_peer *peer);

/* To which instance of the other peer, and with what for it. Zeroed memory: to any, with nothing. */
struct cv_peer_aim {
    const char *service;        /* one that takes requests for it; NULL: none in particular */
    const uint8_t *instance;    /* CV_INSTANCE_BYTES: just this one; NULL: any */
    const struct cv_span *data; /* up to CV_DATA_BYTES_MAX; NULL: none. Not in a message */
};

/* `legs`: set of enum cv_leg_kind, of those in the session's configuration. `aim` NULL is zeroed memory. */
int cv_peer_request(struct cv_peer *peer, const struct cv_peer_id *other, uint8_t legs,
                    const struct cv_peer_aim *aim, uint64_t *request);
int cv_peer_accept(struct cv_peer *peer, uint64_t offer, uint8_t legs, const struct cv_span *data);
int cv_peer_refuse(struct cv_peer *peer, uint64_t offer, uint64_t code, const struct cv_span *data);
int cv_peer_close_pair(struct cv_peer *peer, uint64_t pair);

/* Another leg in place of our own: with the kind that it has alone, on another port and with a new token. */
int cv_peer_change_leg(struct cv_peer *peer, uint64_t pair, uint8_t legs, uint64_t *request);

/* 1 to CV_CAPSULE_MESSAGE_MAX bytes. */
int cv_peer_message(struct cv_peer *peer, const struct cv_peer_id *other, const void *text, size_t bytes,
                    const struct cv_peer_aim *aim, uint64_t *request);
int cv_peer_set_reachable(struct cv_peer *peer, const struct cv_reachable *reachable, uint64_t *request);

/*
 * A datagram of CV_CHALLENGE_BYTES that came to the socket of a UDP leg and begins with CV_DATAGRAM_CHALLENGE:
 * it is the relay's, and goes back over the session, so that what is sent to that address is not held back.
 */
int cv_peer_answer_challenge(struct cv_peer *peer, const uint8_t challenge[CV_CHALLENGE_BYTES]);

/*
 * The datagram to send from any socket to any address and port of the relay, to be told by OBSERVED_ADDRESS
 * from where it came. `number`: 1 to CV_PROBE_NUMBER_MAX. 0; -ENOTCONN as above, and where the relay gives no
 * ticket; -EINVAL.
 */
int cv_peer_probe(const struct cv_peer *peer, uint32_t number, uint8_t datagram[CV_PROBE_BYTES]);
