/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

int session_set_up(void **state)
{
    struct bench *bench;

    if (bench_set_up(state) != 0)
        return -1;
    bench = *state;
    bench->config.session_policy = CV_SESSION_POLICY_OPEN;
    bench->config.session_pairs = 8;
    bench->config.session_offers = 4;
    bench->config.session_register_s = 10;
    bench->config.session_answer_s = 30;
    bench_attach(bench);
    return 0;
}

void peer_new(struct test_peer *peer, struct bench *bench, const char *key_type)
{
    memset(peer, 0, sizeof(*peer));
    peer->bench = bench;
    peer->key = test_key(key_type);
    peer->id = test_id(peer->key);
    test_chain_add(&peer->chain, peer->key, peer->key);
}

void peer_free(struct test_peer *peer)
{
    EVP_PKEY_free(peer->key);
    peer->key = NULL;
}

static bool is_decided(void *context)
{
    const struct test_peer *peer = context;

    return peer->session->admitted || peer->session->refused;
}

void peer_ask(struct test_peer *peer, uint64_t number)
{
    peer->session = fake_session_ask(&peer->bench->dataplane, number, peer->chain.bytes, peer->chain.count);
    bench_wait(peer->bench, is_decided, peer, "the decision about a session");
}

void peer_register(struct test_peer *peer, uint8_t legs)
{
    const struct cv_capsule *capsule;

    peer_say(peer, &(struct cv_capsule){.type = CV_CAPSULE_REGISTER, .registration = {.legs = legs}});
    capsule = peer_hear(peer, CV_CAPSULE_REGISTERED);
    assert_true(cv_peer_id_equal(&capsule->registered.own, &peer->id));
    assert_int_equal(capsule->registered.pairs, peer->bench->config.session_pairs);
    assert_int_equal(capsule->registered.idle_s, 120);
    capsule = peer_hear(peer, CV_CAPSULE_OBSERVED_ADDRESS);
    assert_true(cv_address_equal(&capsule->observed, &peer->session->state.address));
}

void peer_start(struct test_peer *peer, struct bench *bench, uint64_t number, uint8_t legs)
{
    peer_new(peer, bench, "ED25519");
    peer_ask(peer, number);
    assert_true(peer->session->admitted);
    peer_register(peer, legs);
}

void peer_say(struct test_peer *peer, const struct cv_capsule *capsule)
{
    fake_session_say(&peer->bench->dataplane, peer->session, capsule);
}

static bool has_capsule(void *context)
{
    struct test_peer *peer = context;

    if (peer->session->closed)
        fail_msg("control closed the session as %s", cv_session_error_name(peer->session->code));
    return fake_session_hear(peer->session);
}

const struct cv_capsule *peer_hear(struct test_peer *peer, enum cv_capsule_type type)
{
    bench_wait(peer->bench, has_capsule, peer, cv_capsule_name(type));
    assert_string_equal(cv_capsule_name(peer->session->capsule.type), cv_capsule_name(type));
    return &peer->session->capsule;
}

void peer_hear_refused(struct test_peer *peer, enum cv_pair_origin origin, uint64_t number,
                       enum cv_session_error code)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_REFUSED);

    assert_int_equal(capsule->refused.origin, origin);
    assert_int_equal(capsule->refused.number, number);
    assert_string_equal(cv_session_error_name(capsule->refused.code), cv_session_error_name(code));
    assert_true(capsule->refused.sentence_bytes > 5);
}

void peer_hear_closed(struct test_peer *peer, uint64_t pair, enum cv_session_error code)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_PAIR_CLOSED);

    assert_int_equal(capsule->closed.pair, pair);
    assert_string_equal(cv_session_error_name(capsule->closed.code), cv_session_error_name(code));
}

void peer_quiet(struct test_peer *peer)
{
    for (int i = 0; i < 20; i++)
        bench_turn(peer->bench);
    if (fake_session_hear(peer->session))
        fail_msg("unexpected: %s", cv_capsule_name(peer->session->capsule.type));
    assert_false(peer->session->closed);
}

static bool is_closed(void *context)
{
    const struct test_peer *peer = context;

    return peer->session->closed;
}

void peer_wait_closed(struct test_peer *peer, enum cv_session_error code)
{
    bench_wait(peer->bench, is_closed, peer, "the end of a session");
    assert_string_equal(cv_session_error_name(peer->session->code), cv_session_error_name(code));
}

void peer_request(struct test_peer *peer, uint64_t request, const struct test_peer *other, uint8_t legs)
{
    peer_say(peer, &(struct cv_capsule){.type = CV_CAPSULE_PAIR_REQUEST,
                                        .request = {.request = request, .peer = other->id, .legs = legs}});
}

uint64_t peer_hear_offer(struct test_peer *peer)
{
    return peer_hear(peer, CV_CAPSULE_PAIR_OFFER)->offer.offer;
}

void peer_accept(struct test_peer *peer, uint64_t offer, uint8_t leg)
{
    peer_say(peer,
             &(struct cv_capsule){.type = CV_CAPSULE_PAIR_ACCEPT, .accept = {.offer = offer, .leg = leg}});
}

void peer_close(struct test_peer *peer, uint64_t pair)
{
    peer_say(peer, &(struct cv_capsule){.type = CV_CAPSULE_PAIR_CLOSE, .close = pair});
}

struct test_pair peer_make(struct test_peer *peer, uint64_t request, uint8_t legs, struct test_peer *other,
                           uint8_t leg)
{
    const struct cv_capsule *capsule;
    struct test_pair pair;
    uint64_t offer;

    peer_request(peer, request, other, legs);
    capsule = peer_hear(other, CV_CAPSULE_PAIR_OFFER);
    assert_true(cv_peer_id_equal(&capsule->offer.peer, &peer->id));
    offer = capsule->offer.offer;
    peer_accept(other, offer, leg);
    pair.made[0] = *peer_hear(peer, CV_CAPSULE_PAIR_MADE);
    assert_int_equal(pair.made[0].made.origin, CV_ORIGIN_REQUEST);
    assert_int_equal(pair.made[0].made.number, request);
    pair.made[1] = *peer_hear(other, CV_CAPSULE_PAIR_MADE);
    assert_int_equal(pair.made[1].made.origin, CV_ORIGIN_OFFER);
    assert_int_equal(pair.made[1].made.number, offer);
    pair.pair = pair.made[0].made.pair;
    assert_int_equal(pair.made[1].made.pair, pair.pair);
    return pair;
}

uint64_t peer_pair(struct test_peer *peer, uint64_t request, struct test_peer *other)
{
    return peer_make(peer, request, CV_LEG_KIND_UDP, other, CV_LEG_KIND_UDP).pair;
}
