/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions that are lost, and instances that come back for their pairs, or do not. */
#include "session_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP    CV_LEG_KIND_UDP
#define TUNNEL CV_LEG_KIND_TUNNEL
#define ANY    CV_LEG_KINDS

static struct test_peer alice, bob;

/* Sessions 1 and 2. */
static int set_up(void **state)
{
    if (session_set_up(state) != 0)
        return -1;
    peer_start(&alice, *state, 1, ANY);
    peer_start(&bob, *state, 2, ANY);
    return 0;
}

static int tear_down(void **state)
{
    peer_free(&alice);
    peer_free(&bob);
    return bench_tear_down(state);
}

static void lose(struct test_peer *peer)
{
    fake_session_lose(&peer->bench->dataplane, peer->session, CV_SESSION_END_IDLE);
    session_settle(peer->bench);
}

static void expect_pairs(struct bench *bench, uint64_t count)
{
    uint64_t pairs = UINT64_MAX;

    session_settle(bench);
    assert_int_equal(bench->dataplane.count, count);
    assert_int_equal(store_count_pairs(bench->control->services.store, &pairs), 0);
    assert_int_equal(pairs, count);
}

/* The pair is as it was; a UDP leg with the token that the data plane has now. */
static void check_again(struct bench *bench, struct test_peer *peer, const struct cv_capsule *before)
{
    const struct cv_capsule again = peer_hear_made(peer, CV_ORIGIN_RESUMED, 0);
    const struct fake_pair *pair;
    unsigned leg = before->made.role == CV_ROLE_DIALS ? 0 : 1;

    assert_int_equal(again.made.pair, before->made.pair);
    assert_memory_equal(again.made.id, before->made.id, CV_PAIR_ID_BYTES);
    assert_int_equal(again.made.role, before->made.role);
    assert_true(cv_peer_id_equal(&again.made.other.asked, &before->made.other.asked));
    assert_int_equal(again.made.leg.kind, before->made.leg.kind);
    pair = fake_find(&bench->dataplane, before->made.pair);
    if (before->made.leg.kind == TUNNEL) {
        assert_int_equal(again.made.leg.channel, before->made.leg.channel);
        return;
    }
    assert_int_equal(again.made.leg.udp.relay.port_be, before->made.leg.udp.relay.port_be);
    assert_non_null(pair);
    assert_memory_equal(again.made.leg.udp.token, pair->config.legs[leg].token, CV_TOKEN_BYTES);
}

static void udp_legs_go_on(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, UDP, &bob, UDP);
    uint8_t before[CV_RESUMPTION_TOKEN_BYTES];

    memcpy(before, alice.token, sizeof(before));
    lose(&alice);
    peer_quiet(&bob);
    expect_pairs(bench, 1);
    peer_resume(&alice, 3, UDP);
    assert_int_equal(alice.resumed, 1);
    assert_memory_not_equal(alice.token, before, sizeof(before));
    check_again(bench, &alice, &pair.made[0]);
    session_settle(bench);
    peer_quiet(&bob);
    assert_int_equal(bench->dataplane.puts, 1);
    assert_int_equal(bench->dataplane.changes, 0);
    assert_memory_equal(&fake_find(&bench->dataplane, pair.pair)->config.legs[0].vouched,
                        &alice.session->state.address.ip,
                        sizeof(struct cv_ip)); /* its new address proves it */
    peer_close(&alice, pair.pair);
    peer_hear_closed(&alice, pair.pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_PEER_CLOSED);
    (void)peer_pair(&alice, 1, &bob); /* numbers of requests are the session's */
}

static bool leg_is_of_session_3(void *context)
{
    const struct fake_pair *pair = fake_find(context, 1);

    return pair != NULL && pair->config.legs[0].session == 3;
}

static void tunnel_legs_come_back(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);

    assert_int_equal(pair.pair, 1);
    lose(&alice);
    peer_quiet(&bob);
    peer_resume(&alice, 3, ANY);
    assert_int_equal(alice.resumed, 1);
    check_again(bench, &alice, &pair.made[0]);
    bench_wait(bench, leg_is_of_session_3, &bench->dataplane, "the leg in its new session");
    assert_int_equal(fake_find(&bench->dataplane, 1)->config.legs[0].channel, pair.made[0].made.leg.channel);
    peer_quiet(&bob);
    peer_quiet(&alice);
    assert_int_equal(peer_make(&alice, 1, TUNNEL, &bob, UDP).made[0].made.leg.channel, 2);
    peer_close(&bob, pair.pair);
    peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&alice, pair.pair, CV_SESSION_ERROR_PEER_CLOSED);
    expect_pairs(bench, 1);
}

/* Its REGISTER goes out, while the data plane leaves all that control says in the ring. */
static void resume_unheard(struct test_peer *peer)
{
    struct cv_capsule registration = peer_registration(peer, ANY);

    cv_parameter_span(&registration.parameters, CV_PARAMETER_RESUME, peer->token, sizeof(peer->token));
    peer->bench->dataplane.mute = true;
    peer_say(peer, &registration);
    session_settle(peer->bench);
}

/* What the one that has resumed so hears before its PAIR_MADEs. */
static void hear_resumed(struct test_peer *peer)
{
    peer->bench->dataplane.mute = false;
    assert_int_equal(peer_hear(peer, CV_CAPSULE_REGISTERED)->parameters.numbers[CV_PARAMETER_RESUMED], 1);
    (void)peer_hear(peer, CV_CAPSULE_OBSERVED_ADDRESS);
    (void)peer_hear(peer, CV_CAPSULE_TUNNEL_LIMIT);
}

/* The data plane may have no room for it just now, and has it later. */
static void a_tunnel_leg_is_tried_again(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);

    lose(&alice);
    bench->dataplane.change_error = -ENOSPC;
    peer_resume(&alice, 3, ANY);
    check_again(bench, &alice, &pair.made[0]);
    session_settle(bench);
    assert_int_equal(bench->dataplane.changes, 1);
    bench->dataplane.change_error = 0;
    bench_wait(bench, leg_is_of_session_3, &bench->dataplane, "the leg in its new session");
    assert_int_equal(bench->dataplane.changes, 2);
    peer_quiet(&alice);
    peer_quiet(&bob); /* it holds as much as before */
}

/* A pair that cannot be what its peer was told is none. */
static void a_tunnel_leg_is_refused(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);

    lose(&alice);
    bench->dataplane.change_error = -EADDRINUSE;
    peer_resume(&alice, 3, ANY);
    check_again(bench, &alice, &pair.made[0]);
    peer_hear_closed(&alice, pair.pair, CV_SESSION_ERROR_INTERNAL);
    peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_INTERNAL);
    expect_pairs(bench, 0);
    bench->dataplane.change_error = 0;
    assert_int_equal(peer_make(&alice, 1, TUNNEL, &bob, UDP).made[0].made.leg.channel, 2);
}

/* Its channel is given back once: another tunnel leg may be made. */
static void a_pair_ends_while_its_leg_comes_back(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, UDP);

    lose(&alice);
    peer_ask(&alice, 3);
    resume_unheard(&alice);
    peer_close(&bob, pair.pair);
    session_settle(bench);
    hear_resumed(&alice);
    check_again(bench, &alice, &pair.made[0]);
    peer_hear_closed(&alice, pair.pair, CV_SESSION_ERROR_PEER_CLOSED);
    peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_NONE);
    expect_pairs(bench, 0);
    assert_int_equal(peer_make(&alice, 1, TUNNEL, &bob, UDP).made[0].made.leg.channel, 2);
}

/*
 * A LEG_REQUEST of the session before, granted when the next one was told of the leg of before: nothing can
 * tell it of the tunnel leg that the pair has now.
 */
static void a_request_of_the_session_before(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, UDP, &bob, UDP);
    struct test_peer older = alice;

    peer_ask(&alice, 3);
    bench->dataplane.mute = true;
    peer_request_leg(&older, 2, pair.pair, TUNNEL);
    session_settle(bench);
    resume_unheard(&alice);
    hear_resumed(&alice);
    assert_int_equal(peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0).made.leg.kind, UDP);
    peer_wait_closed(&older, CV_SESSION_ERROR_REPLACED);
    peer_hear_closed(&alice, pair.pair, CV_SESSION_ERROR_INTERNAL);
    peer_hear_other_leg(&bob, pair.pair, TUNNEL, 1199);
    peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_INTERNAL);
    expect_pairs(bench, 0);
    assert_int_equal(peer_make(&alice, 1, TUNNEL, &bob, UDP).made[0].made.leg.channel, 2);
}

/* The same of a tunnel leg to another channel: the leg goes over with the channel that was told. */
static void a_request_for_another_channel(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, UDP);
    struct test_peer older = alice;

    peer_ask(&alice, 3);
    bench->dataplane.mute = true;
    peer_request_leg(&older, 2, pair.pair, TUNNEL);
    session_settle(bench);
    resume_unheard(&alice);
    hear_resumed(&alice);
    check_again(bench, &alice, &pair.made[0]);
    bench_wait(bench, leg_is_of_session_3, &bench->dataplane, "the leg in its new session");
    session_settle(bench);
    assert_int_equal(fake_find(&bench->dataplane, pair.pair)->config.legs[0].channel, 1);
    peer_quiet(&alice);
    while (fake_session_hear(bob.session))
        assert_int_equal(bob.session->capsule.type, CV_CAPSULE_OTHER_LEG);
    for (uint16_t channel = 3; channel < 25; channel++) { /* 2 has come back, 1 is in use */
        const struct test_pair other = peer_make(&alice, channel, TUNNEL, &bob, UDP);

        assert_int_not_equal(other.made[0].made.leg.channel, 1);
        peer_close(&alice, other.pair);
        peer_hear_closed(&alice, other.pair, CV_SESSION_ERROR_NONE);
        peer_hear_closed(&bob, other.pair, CV_SESSION_ERROR_PEER_CLOSED);
    }
}

/* Both are lost, and come back one after the other; several pairs of all kinds. */
static void two_are_lost(void **state)
{
    struct bench *bench = *state;
    struct test_pair pairs[4];

    pairs[0] = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);
    pairs[1] = peer_make(&alice, 2, UDP, &bob, TUNNEL);
    pairs[2] = peer_make(&alice, 3, CV_LEG_KIND_LISTEN, &bob, UDP);
    pairs[3] = peer_make(&alice, 4, TUNNEL, &bob, TUNNEL);
    lose(&alice);
    lose(&bob);
    expect_pairs(bench, 4);
    peer_resume(&bob, 3, ANY);
    assert_int_equal(bob.resumed, 4);
    for (unsigned i = 4; i > 0; i--) /* in any order */
        check_again(bench, &bob, &pairs[i - 1].made[1]);
    peer_resume(&alice, 4, ANY);
    assert_int_equal(alice.resumed, 4);
    for (unsigned i = 4; i > 0; i--)
        check_again(bench, &alice, &pairs[i - 1].made[0]);
    session_settle(bench);
    assert_int_equal(bench->dataplane.puts, 4);
    for (unsigned i = 0; i < 4; i++) {
        const struct cv_pair_config *config = &fake_find(&bench->dataplane, pairs[i].pair)->config;

        for (unsigned leg = 0; leg < 2; leg++) {
            if (config->legs[leg].bind == CV_BIND_TUNNEL)
                assert_int_equal(config->legs[leg].session, leg == 0 ? 4 : 3);
        }
    }
}

/* Offers and requests that were open are over for the others. */
static void what_was_open_is_lost(void **state)
{
    struct bench *bench = *state;
    struct test_peer carol;
    uint64_t offer;

    (void)peer_pair(&alice, 1, &bob);
    peer_start(&carol, bench, 3, UDP);
    peer_request(&alice, 2, &carol, UDP);
    offer = peer_hear_offer(&carol);
    peer_request(&bob, 1, &alice, UDP);
    (void)peer_hear_offer(&alice);
    lose(&alice);
    peer_hear_refused(&carol, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_PEER_GONE);
    peer_hear_refused(&bob, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_PEER_GONE);
    peer_request(&bob, 2, &alice, UDP); /* who is away is not there */
    peer_hear_refused(&bob, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_NO_SUCH_PEER);
    peer_resume(&alice, 4, UDP);
    assert_int_equal(alice.resumed, 1);
    (void)peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0);
    peer_quiet(&alice);
    (void)peer_pair(&bob, 3, &alice);
    peer_free(&carol);
}

static void a_wrong_token(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_pair(&alice, 1, &bob);

    lose(&alice);
    alice.token[31] ^= 1;
    peer_resume(&alice, 3, UDP);
    assert_int_equal(alice.resumed, 0);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
    expect_pairs(bench, 0);
    peer_quiet(&alice);
}

static void no_token_is_all_zeroes(void **state)
{
    uint64_t pair = peer_pair(&alice, 1, &bob);

    (void)state;
    lose(&alice);
    memset(alice.token, 0, sizeof(alice.token));
    peer_resume(&alice, 3, UDP);
    assert_int_equal(alice.resumed, 0);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
}

/* REGISTERED may have been lost with its session: the token before holds as well, and no older one. */
static void the_token_before_the_last(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, UDP, &bob, UDP);
    uint8_t tokens[2][CV_RESUMPTION_TOKEN_BYTES];

    memcpy(tokens[0], alice.token, sizeof(tokens[0]));
    lose(&alice);
    peer_resume(&alice, 3, UDP);
    check_again(bench, &alice, &pair.made[0]);
    lose(&alice);
    memcpy(alice.token, tokens[0], sizeof(tokens[0]));
    peer_resume(&alice, 4, UDP);
    assert_int_equal(alice.resumed, 1);
    check_again(bench, &alice, &pair.made[0]);
    memcpy(tokens[1], alice.token, sizeof(tokens[1]));
    lose(&alice);
    session_restart_control(bench);
    peer_resume(&alice, 5, UDP);
    assert_int_equal(alice.resumed, 1);
    check_again(bench, &alice, &pair.made[0]);
    lose(&alice);
    memcpy(alice.token, tokens[0], sizeof(tokens[0])); /* of two before */
    peer_resume(&alice, 6, UDP);
    assert_int_equal(alice.resumed, 0);
    peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_PEER_GONE);
}

/* The token is the instance's: with another one's it is worth nothing, and takes nobody anything away. */
static void the_token_of_another(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, UDP, &bob, UDP);
    struct test_peer sibling = peer_sibling(&alice), thief;

    lose(&alice);
    memcpy(sibling.token, alice.token, sizeof(sibling.token));
    peer_resume(&sibling, 3, UDP);
    assert_int_equal(sibling.resumed, 0);
    peer_new(&thief, bench, "ED25519");
    memcpy(thief.instance, alice.instance, sizeof(thief.instance));
    memcpy(thief.token, alice.token, sizeof(thief.token));
    peer_resume(&thief, 4, UDP);
    assert_int_equal(thief.resumed, 0);
    peer_resume(&alice, 5, UDP);
    assert_int_equal(alice.resumed, 1);
    check_again(bench, &alice, &pair.made[0]);
    peer_free(&thief);
}

/* Which ends of a session leave the pairs waiting. */
static void only_what_nobody_closed(void **state)
{
    static const struct {
        enum cv_session_end end;
        bool waits;
    } cases[] = {
        {CV_SESSION_END_PEER, true}, /* without an error code of ours: its QUIC gave up */
        {CV_SESSION_END_IDLE, true},    {CV_SESSION_END_PROTOCOL, true}, {CV_SESSION_END_STREAM, false},
        {CV_SESSION_END_NO_ROOM, true}, {CV_SESSION_END_STOP, true},     {CV_SESSION_END_SLOW_PEER, false},
    };
    struct bench *bench = *state;
    uint64_t number = 10;

    fake_session_go(&bench->dataplane, alice.session);
    session_settle(bench);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t pair;

        peer_ask(&alice, ++number);
        peer_register(&alice, UDP);
        pair = peer_pair(&alice, 1, &bob);
        fake_session_lose(&bench->dataplane, alice.session, cases[i].end);
        if (!cases[i].waits)
            peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
        peer_quiet(&bob);
        expect_pairs(bench, cases[i].waits ? 1 : 0);
        peer_resume(&alice, ++number, UDP);
        assert_int_equal(alice.resumed, cases[i].waits ? 1 : 0);
        fake_session_go(&bench->dataplane, alice.session); /* a close: nothing waits */
        if (cases[i].waits)
            peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
        expect_pairs(bench, 0);
    }
    peer_ask(&alice, ++number);
    peer_register(&alice, UDP);
}

/* What the relay closes is closed, too. */
static void an_operators_close(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_pair(&alice, 1, &bob);
    struct test_client client;

    client_open(&client, bench);
    client_do(&client, "session.close", "{\"session\":1}");
    client_close(&client);
    peer_wait_closed(&alice, CV_SESSION_ERROR_OPERATOR);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
    expect_pairs(bench, 0);
    peer_resume(&alice, 3, UDP);
    assert_int_equal(alice.resumed, 0);
}

static void the_time_is_over(void **state)
{
    struct bench *bench = *state;
    uint64_t pairs[2];
    struct test_peer carol;

    bench->config.session_resume_s = 1;
    peer_start(&carol, bench, 3, ANY);
    pairs[0] = peer_make(&alice, 1, UDP, &bob, TUNNEL).pair;
    pairs[1] = peer_make(&carol, 1, TUNNEL, &bob, UDP).pair;
    lose(&alice);
    lose(&carol);
    peer_hear_closed(&bob, pairs[0], CV_SESSION_ERROR_PEER_GONE);
    peer_hear_closed(&bob, pairs[1], CV_SESSION_ERROR_PEER_GONE);
    expect_pairs(bench, 0);
    peer_resume(&alice, 4, UDP);
    assert_int_equal(alice.resumed, 0);
    peer_free(&carol);
}

/* A pair that ends while one of its peers is away is none when that one is back. */
static void a_pair_ends_meanwhile(void **state)
{
    struct bench *bench = *state;
    struct test_pair pairs[3];

    for (uint64_t i = 0; i < 3; i++)
        pairs[i] = peer_make(&alice, i + 1, TUNNEL, &bob, UDP);
    lose(&alice);
    peer_close(&bob, pairs[1].pair);
    peer_hear_closed(&bob, pairs[1].pair, CV_SESSION_ERROR_NONE);
    fake_forget(&bench->dataplane, pairs[2].pair);
    assert_true(fake_tell_pair(&bench->dataplane, CV_MESSAGE_PAIR_EXPIRED, pairs[2].pair));
    peer_hear_closed(&bob, pairs[2].pair, CV_SESSION_ERROR_IDLE);
    peer_resume(&alice, 3, ANY);
    assert_int_equal(alice.resumed, 1);
    check_again(bench, &alice, &pairs[0].made[0]);
    peer_quiet(&alice);
    assert_int_equal(peer_make(&alice, 1, TUNNEL, &bob, UDP).made[0].made.leg.channel, 4);
}

/* The peer has noticed before the relay: its older session, still there, is closed as replaced. */
static void a_live_session_is_taken_over(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);
    struct test_peer older;

    peer_request(&alice, 2, &bob, UDP);
    (void)peer_hear_offer(&bob);
    older = alice;
    peer_resume(&alice, 3, ANY);
    assert_int_equal(alice.resumed, 1);
    check_again(bench, &alice, &pair.made[0]);
    peer_wait_closed(&older, CV_SESSION_ERROR_REPLACED);
    assert_int_equal(peer_hear(&bob, CV_CAPSULE_REFUSED)->refused.code, CV_SESSION_ERROR_PEER_GONE);
    fake_session_go(&bench->dataplane, older.session); /* its end is nobody's any more */
    peer_quiet(&bob);
    peer_quiet(&alice);
    assert_int_equal(fake_find(&bench->dataplane, pair.pair)->config.legs[0].session, 3);
    peer_close(&alice, pair.pair);
    peer_hear_closed(&alice, pair.pair, CV_SESSION_ERROR_NONE);
}

/* A new leaf that the old key has signed comes back with the old one's token. */
static void a_rotated_leaf_comes_back(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&bob, 1, UDP, &alice, UDP);
    struct test_peer rotated, carol;
    struct cv_capsule made;
    uint64_t offer;

    lose(&alice);
    peer_new(&rotated, bench, "P-256");
    peer_rotate(&rotated, &alice);
    memcpy(rotated.instance, alice.instance, sizeof(rotated.instance));
    memcpy(rotated.token, alice.token, sizeof(rotated.token));
    peer_resume(&rotated, 3, UDP);
    assert_int_equal(rotated.resumed, 1);
    check_again(bench, &rotated, &pair.made[1]);
    peer_request(&bob, 2, &alice, UDP); /* found by its old ID, as any with that in its chain */
    offer = peer_hear_offer(&rotated);
    peer_accept(&rotated, offer, UDP);
    (void)peer_hear_made(&rotated, CV_ORIGIN_OFFER, offer);
    /* Its one socket has a leg on port 40000 still, and another one by now: somebody else's pair is on a third. */
    peer_start(&carol, bench, 4, UDP);
    made = peer_make(&rotated, 1, UDP, &carol, UDP).made[0];
    assert_int_equal(made.made.leg.udp.relay.port_be, htons(40002));
    peer_free(&carol);
    peer_free(&rotated);
}

/* The same instance under a new leaf, that the older one's key has signed. */
static void rotate(struct test_peer *rotated, const struct test_peer *older)
{
    peer_new(rotated, older->bench, "P-256");
    peer_rotate(rotated, older);
    memcpy(rotated->instance, older->instance, sizeof(rotated->instance));
    memcpy(rotated->token, older->token, sizeof(rotated->token));
}

/* Without its token the new leaf has two instances; the token brings both together. */
static void one_of_each_leaf(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&bob, 1, UDP, &alice, UDP);
    struct test_peer rotated, without;
    uint64_t others;

    rotate(&rotated, &alice);
    without = rotated;
    peer_ask(&without, 3);
    peer_register(&without, UDP);
    peer_quiet(&alice);
    others = peer_pair(&without, 1, &bob);
    peer_resume(&rotated, 4, UDP);
    assert_int_equal(rotated.resumed, 1);
    check_again(bench, &rotated, &pair.made[1]);
    peer_wait_closed(&alice, CV_SESSION_ERROR_REPLACED);
    peer_wait_closed(&without, CV_SESSION_ERROR_REPLACED);
    peer_hear_closed(&bob, others, CV_SESSION_ERROR_PEER_GONE);
    expect_pairs(bench, 1);
    peer_free(&rotated);
}

/* Who comes under another leaf counts for that. Its pairs wait for it when it may not. */
static void a_leaf_that_is_full(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&bob, 1, UDP, &alice, UDP);
    struct test_peer rotated, others[2];
    struct cv_capsule registration;

    bench->config.session_instances = 2;
    rotate(&rotated, &alice);
    for (unsigned i = 0; i < 2; i++) {
        others[i] = peer_sibling(&rotated);
        peer_ask(&others[i], 3 + i);
        peer_register(&others[i], UDP);
    }
    lose(&alice);
    registration = peer_registration(&rotated, UDP);
    cv_parameter_span(&registration.parameters, CV_PARAMETER_RESUME, alice.token, sizeof(alice.token));
    peer_ask(&rotated, 5);
    peer_say(&rotated, &registration);
    peer_wait_closed(&rotated, CV_SESSION_ERROR_TOO_MANY_INSTANCES);
    expect_pairs(bench, 1);
    (void)peer_pair(&others[1], 1, &bob);
    lose(&others[1]); /* one that is away gives way */
    peer_resume(&rotated, 6, UDP);
    assert_int_equal(rotated.resumed, 1);
    check_again(bench, &rotated, &pair.made[1]);
    expect_pairs(bench, 1);
    lose(&rotated); /* it is one of the two now */
    peer_resume(&rotated, 7, UDP);
    assert_int_equal(rotated.resumed, 1);
    peer_quiet(&others[0]);
    peer_free(&rotated);
}

/* Fewer pairs than it has: it keeps them, and gets no more. */
static void more_pairs_than_there_may_be_now(void **state)
{
    struct bench *bench = *state;

    (void)peer_pair(&alice, 1, &bob);
    (void)peer_pair(&alice, 2, &bob);
    lose(&alice);
    bench->config.session_pairs = 1;
    peer_resume(&alice, 3, UDP);
    assert_int_equal(alice.resumed, 2);
    (void)peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0);
    (void)peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0);
    peer_request(&alice, 1, &bob, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_TOO_MANY_PAIRS);
}

/* What it does not register for any more is no pair of its. */
static void fewer_kinds_of_leg(void **state)
{
    struct bench *bench = *state;
    struct test_pair udp = peer_make(&alice, 1, UDP, &bob, TUNNEL);
    uint64_t tunnel = peer_make(&alice, 2, TUNNEL, &bob, UDP).pair;

    lose(&alice);
    peer_resume(&alice, 3, UDP);
    assert_int_equal(alice.resumed, 1);
    check_again(bench, &alice, &udp.made[0]);
    peer_hear_closed(&bob, tunnel, CV_SESSION_ERROR_PEER_GONE);
    peer_quiet(&alice);
    expect_pairs(bench, 1);
}

/*
 * More than an outbox and the data plane together hold of a session that has no pairs. The peer acknowledges one after
 * the other, so that all but the first have to wait in control. Then all end at once.
 */
static void many_pairs(void **state)
{
    enum { MANY = 600 };
    struct bench *bench = *state;
    static struct test_pair pairs[MANY];

    bench->config.relay_port_last = (uint16_t)(bench->config.relay_port_first + MANY - 1);
    bench->config.session_pairs = MANY;
    for (unsigned i = 0; i < 2; i++) { /* who is there already may have fewer */
        struct test_peer *peer = i == 0 ? &alice : &bob;

        fake_session_go(&bench->dataplane, peer->session);
        peer_ask(peer, 11 + i);
        peer_register(peer, ANY);
    }
    for (uint64_t i = 0; i < MANY; i++)
        pairs[i] = peer_make(&alice, i + 1, UDP, &bob, TUNNEL);
    lose(&alice);
    bench->dataplane.late = true;
    peer_resume(&alice, 13, ANY);
    assert_int_equal(alice.resumed, MANY);
    for (unsigned i = MANY; i > 0; i--)
        check_again(bench, &alice, &pairs[i - 1].made[0]);
    peer_quiet(&alice);
    fake_session_go(&bench->dataplane, bob.session);
    session_settle(bench);
    for (unsigned i = 0; i < MANY; i++)
        peer_hear_closed(&alice, pairs[MANY - 1 - i].pair, CV_SESSION_ERROR_PEER_GONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(udp_legs_go_on),
        TEST(tunnel_legs_come_back),
        TEST(a_tunnel_leg_is_tried_again),
        TEST(a_tunnel_leg_is_refused),
        TEST(a_pair_ends_while_its_leg_comes_back),
        TEST(a_request_of_the_session_before),
        TEST(a_request_for_another_channel),
        TEST(two_are_lost),
        TEST(what_was_open_is_lost),
        TEST(a_wrong_token),
        TEST(no_token_is_all_zeroes),
        TEST(the_token_before_the_last),
        TEST(the_token_of_another),
        TEST(only_what_nobody_closed),
        TEST(an_operators_close),
        TEST(the_time_is_over),
        TEST(a_pair_ends_meanwhile),
        TEST(a_live_session_is_taken_over),
        TEST(a_rotated_leaf_comes_back),
        TEST(one_of_each_leaf),
        TEST(a_leaf_that_is_full),
        TEST(more_pairs_than_there_may_be_now),
        TEST(fewer_kinds_of_leg),
        TEST(many_pairs),
    };

    return cmocka_run_group_tests_name("peer_resume", tests, NULL, NULL);
}
