/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Peers with keys and sessions, before a whole control with a fake data plane. */
#include "certificates.h"
#include "control_test.h"
#include "fake_session.h"

struct test_peer {
    struct bench *bench;
    EVP_PKEY *key;
    struct cv_peer_id id;
    struct test_chain chain;
    struct fake_session *session;
};

/* cmocka's set-up: bench_set_up, everybody is admitted, and the data plane is attached. */
int session_set_up(void **state);

/* A peer with a fresh key and a self-signed certificate. */
void peer_new(struct test_peer *peer, struct bench *bench, const char *key_type);
void peer_free(struct test_peer *peer);

/* Asks for a session of this number; waits for control's decision. */
void peer_ask(struct test_peer *peer, uint64_t number);

/* peer_new, admitted, registered with these kinds of leg; REGISTERED and OBSERVED_ADDRESS are taken. */
void peer_start(struct test_peer *peer, struct bench *bench, uint64_t number, uint8_t legs);
void peer_register(struct test_peer *peer, uint8_t legs);

void peer_say(struct test_peer *peer, const struct cv_capsule *capsule);

/* The next capsule, which must be of this type. */
const struct cv_capsule *peer_hear(struct test_peer *peer, enum cv_capsule_type type);

/* REFUSED with these. */
void peer_hear_refused(struct test_peer *peer, enum cv_pair_origin origin, uint64_t number,
                       enum cv_session_error code);
void peer_hear_closed(struct test_peer *peer, uint64_t pair, enum cv_session_error code);

/* Its offer; accepts an offer; wants a pair to end. */
uint64_t peer_hear_offer(struct test_peer *peer);
void peer_accept(struct test_peer *peer, uint64_t offer, uint8_t leg);
void peer_close(struct test_peer *peer, uint64_t pair);

/* Nothing comes for a few turns. */
void peer_quiet(struct test_peer *peer);

/* Waits until control closes the session, with this code. */
void peer_wait_closed(struct test_peer *peer, enum cv_session_error code);

void peer_request(struct test_peer *peer, uint64_t request, const struct test_peer *other, uint8_t legs);

struct test_pair {
    uint64_t pair;
    struct cv_capsule made[2]; /* PAIR_MADE as the asker and the answerer got it */
};

/* A request of `peer` for these kinds of leg, an offer to `other`, accepted with this kind. */
struct test_pair peer_make(struct test_peer *peer, uint64_t request, uint8_t legs, struct test_peer *other,
                           uint8_t leg);

/* The same with UDP legs. Returns the pair. */
uint64_t peer_pair(struct test_peer *peer, uint64_t request, struct test_peer *other);
