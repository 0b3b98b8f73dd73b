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
    uint8_t instance[CV_INSTANCE_BYTES];
    struct fake_session *session;
    uint8_t token[CV_RESUMPTION_TOKEN_BYTES]; /* of the last REGISTERED */
    uint64_t resumed;                         /* pairs, as it says */
};

/* cmocka's set-up: bench_set_up, everybody is admitted, and the data plane is attached. */
int session_set_up(void **state);

/* Turns until what is under way is over. */
void session_settle(struct bench *bench);

/* Control is killed and started again; the data plane is. Both wait until they are in line. */
void session_restart_control(struct bench *bench);
void session_restart_dataplane(struct bench *bench);

/* A peer with a fresh key, a self-signed certificate, and an instance ID of its own. */
void peer_new(struct test_peer *peer, struct bench *bench, const char *key_type);
void peer_free(struct test_peer *peer);

/* The same peer's other instance: with its key, which stays the first one's. */
struct test_peer peer_sibling(const struct test_peer *peer);

/* The peer's key is new, and this older one has signed it. */
void peer_rotate(struct test_peer *peer, const struct test_peer *older);

/* Asks for a session of this number; waits for control's decision. */
void peer_ask(struct test_peer *peer, uint64_t number);

/*
 * peer_new, admitted, registered with these kinds of leg; REGISTERED, OBSERVED_ADDRESS and, where there is
 * one, TUNNEL_LIMIT are taken.
 */
void peer_start(struct test_peer *peer, struct bench *bench, uint64_t number, uint8_t legs);
void peer_register(struct test_peer *peer, uint8_t legs);

/* The REGISTER that says this, and the same to be changed before it is said. */
struct cv_capsule peer_registration(const struct test_peer *peer, uint8_t legs);
void peer_register_as(struct test_peer *peer, const struct cv_capsule *registration);

/* In a session of this number, with the token that it has. The PAIR_MADEs that follow are not taken. */
void peer_resume(struct test_peer *peer, uint64_t number, uint8_t legs);

void peer_say(struct test_peer *peer, const struct cv_capsule *capsule);

/* The next capsule, which must be of this type. */
const struct cv_capsule *peer_hear(struct test_peer *peer, enum cv_capsule_type type);

/* OTHER_LEG of this pair. `payload_bytes` is what a tunnel leg holds. */
void peer_hear_other_leg(struct test_peer *peer, uint64_t pair, enum cv_leg_kind kind,
                         uint64_t payload_bytes);

/* TUNNEL_LIMIT. */
void peer_hear_limit(struct test_peer *peer, uint64_t frame_bytes);

/* REFUSED with these. */
void peer_hear_refused(struct test_peer *peer, enum cv_pair_origin origin, uint64_t number,
                       enum cv_session_error code);
void peer_hear_closed(struct test_peer *peer, uint64_t pair, enum cv_session_error code);

/* Its offer; accepts or refuses an offer; wants a pair to end, another leg of it. */
uint64_t peer_hear_offer(struct test_peer *peer);
void peer_accept(struct test_peer *peer, uint64_t offer, uint8_t legs);
void peer_refuse(struct test_peer *peer, uint64_t offer, uint64_t code);
void peer_close(struct test_peer *peer, uint64_t pair);
void peer_request_leg(struct test_peer *peer, uint64_t request, uint64_t pair, uint8_t legs);

/* PAIR_MADE, and the OTHER_LEG that follows it. The first is what is returned: a copy, without its IDs. */
struct cv_capsule peer_hear_made(struct test_peer *peer, enum cv_pair_origin origin, uint64_t number);

/* Nothing comes for a few turns. */
void peer_quiet(struct test_peer *peer);

/* Waits until control closes the session, with this code. */
void peer_wait_closed(struct test_peer *peer, enum cv_session_error code);

void peer_request(struct test_peer *peer, uint64_t request, const struct test_peer *other, uint8_t legs);

/* The same, to be changed before it is said. */
struct cv_capsule peer_pair_request(uint64_t request, const struct test_peer *other, uint8_t legs);

struct test_pair {
    uint64_t pair;
    struct cv_capsule made[2]; /* PAIR_MADE as the asker and the answerer got it, without IDs */
};

/* A request of `peer` for these kinds of leg, an offer to `other`, accepted with these. */
struct test_pair peer_make(struct test_peer *peer, uint64_t request, uint8_t legs, struct test_peer *other,
                           uint8_t others_legs);

/* The same with UDP legs. Returns the pair. */
uint64_t peer_pair(struct test_peer *peer, uint64_t request, struct test_peer *other);
