/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs that change, and tokens that are replaced, when control is killed or the data plane is restarted. */
#include "session_test.h"

#include "peers/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP    CV_LEG_KIND_UDP
#define TUNNEL CV_LEG_KIND_TUNNEL
#define LISTEN CV_LEG_KIND_LISTEN
#define ANY    CV_LEG_KINDS

#define TURNS 8 /* from a peer's word to its answer are fewer */

static struct test_peer alice, bob;

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

static struct fake_pair *find(struct bench *bench, uint64_t pair)
{
    struct fake_pair *found = fake_find(&bench->dataplane, pair);

    assert_non_null(found);
    return found;
}

/*
 * Control is killed so many turns from now. `lost`: and nothing that it has sent meanwhile arrives.
 */
static void kill_after(struct bench *bench, uint64_t turns, bool lost)
{
    bench->dataplane.mute = lost;
    for (uint64_t i = 0; i < turns; i++)
        bench_turn(bench);
    bench_kill_control(bench);
    bench_turn(bench);
    bench->dataplane.mute = false;
    bench_start_control(bench);
}

static void hear_token(struct test_peer *peer, uint64_t pair, unsigned leg)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_LEG_TOKEN);

    assert_int_equal(capsule->leg_token.pair, pair);
    session_settle(peer->bench);
    assert_memory_equal(capsule->leg_token.token, find(peer->bench, pair)->config.legs[leg].token,
                        CV_TOKEN_BYTES);
    assert_false(find(peer->bench, pair)->used[leg]);
}

/* A control that was killed does not know what it told, and may say it again; one that was not tells no news that are none. */
static void hear_other_leg(uint64_t pair, uint8_t kind, bool news)
{
    if (news)
        peer_hear_other_leg(&bob, pair, kind, 1199);
    else if (fake_session_hear(bob.session))
        assert_int_equal(bob.session->capsule.type, CV_CAPSULE_OTHER_LEG);
}

/* Made once, and what the peer is told is what the data plane has. */
static void hear_leg(struct bench *bench, uint64_t request, uint64_t pair, uint8_t kind, bool news)
{
    const struct cv_capsule made = *peer_hear(&alice, CV_CAPSULE_LEG_MADE);

    assert_int_equal(made.number, request);
    assert_int_equal(made.leg_made.pair, pair);
    assert_int_equal(made.leg_made.leg.kind, kind);
    session_settle(bench);
    if (kind == TUNNEL) {
        assert_int_equal(find(bench, pair)->config.legs[0].session, 1);
        assert_int_equal(find(bench, pair)->config.legs[0].channel, made.leg_made.leg.channel);
        hear_other_leg(pair, TUNNEL, news);
        return;
    }
    assert_true(find(bench, pair)->state.legs[0].changing);
    assert_memory_equal(find(bench, pair)->next[0].token, made.leg_made.leg.udp.token, CV_TOKEN_BYTES);
    assert_int_equal(find(bench, pair)->next[0].relay_port, ntohs(made.leg_made.leg.udp.relay.port_be));
    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    hear_token(&alice, pair, 0);
    session_settle(bench);
    hear_other_leg(pair, kind, news);
}

static void change_and_kill(struct bench *bench, uint8_t from, uint8_t to, uint64_t turns, bool lost)
{
    static uint64_t request;
    struct test_pair pair;

    request = alice.session->order.last_request;
    pair = peer_make(&alice, request + 1, from, &bob, UDP);
    session_settle(bench);
    peer_request_leg(&alice, request + 2, pair.pair, to);
    kill_after(bench, turns, lost);
    hear_leg(bench, request + 2, pair.pair, to, to != from);
    peer_close(&alice, pair.pair);
    peer_hear_closed(&alice, pair.pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_PEER_CLOSED);
    session_settle(bench);
    assert_int_equal(bench->dataplane.count, 0);
}

/* Every other time what control had sent is lost as well. */
static void killed_while_udp_becomes_tunnel(void **state)
{
    for (uint64_t turns = 0; turns < TURNS; turns++)
        change_and_kill(*state, UDP, TUNNEL, turns, turns % 2 == 0);
}

static void killed_while_tunnel_becomes_udp(void **state)
{
    for (uint64_t turns = 0; turns < TURNS; turns++)
        change_and_kill(*state, TUNNEL, UDP, turns, turns % 2 == 1);
}

static void killed_while_udp_becomes_udp(void **state)
{
    for (uint64_t turns = 0; turns < TURNS; turns++)
        change_and_kill(*state, UDP, turns % 4 < 2 ? UDP : LISTEN, turns, turns % 2 == 0);
}

static void killed_while_tunnel_becomes_tunnel(void **state)
{
    for (uint64_t turns = 0; turns < TURNS; turns++)
        change_and_kill(*state, TUNNEL, TUNNEL, turns, turns % 2 == 1);
}

/* Asked for while control was not there: no request that it was killed over, and answered once. */
static void asked_while_control_is_away(void **state)
{
    static const uint8_t kinds[] = {TUNNEL, UDP, LISTEN};
    struct bench *bench = *state;

    for (unsigned i = 0; i < sizeof(kinds); i++) {
        uint64_t pair = peer_make(&alice, 10 * i + 1, UDP, &bob, UDP).pair;

        session_settle(bench);
        bench_kill_control(bench);
        bench_turn(bench);
        peer_request_leg(&alice, 10 * i + 2, pair, kinds[i]);
        bench_start_control(bench);
        hear_leg(bench, 10 * i + 2, pair, kinds[i], true);
        peer_quiet(&alice);
        peer_close(&alice, pair);
        peer_hear_closed(&alice, pair, CV_SESSION_ERROR_NONE);
        peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_CLOSED);
        session_settle(bench);
        assert_int_equal(bench->dataplane.changes, i + 1);
    }
}

/* Control is killed over one request, and finds another one when it comes back: each is answered. */
static void asked_again_while_control_is_away(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;
    bool refused;

    session_settle(bench);
    bench->dataplane.mute = true;
    peer_request_leg(&alice, 2, pair, TUNNEL);
    session_settle(bench);
    bench_kill_control(bench);
    bench_turn(bench);
    peer_request_leg(&alice, 3, pair, TUNNEL);
    bench->dataplane.mute = false;
    bench_start_control(bench);
    session_settle(bench);
    refused = fake_session_hear(alice.session) && alice.session->capsule.type == CV_CAPSULE_REFUSED;
    assert_int_equal(alice.session->capsule.number, refused ? 2 : 3);
    assert_true(fake_session_hear(alice.session));
    assert_int_equal(alice.session->capsule.number, refused ? 3 : 2);
    assert_int_equal(alice.session->capsule.type, refused ? CV_CAPSULE_LEG_MADE : CV_CAPSULE_REFUSED);
    assert_int_equal(alice.session->order.requests, 0);
    assert_int_equal(find(bench, pair)->config.legs[0].session, 1);
    peer_hear_other_leg(&bob, pair, TUNNEL, 1199);
    session_settle(bench);
    while (fake_session_hear(bob.session))
        assert_int_equal(bob.session->capsule.type, CV_CAPSULE_OTHER_LEG);
    assert_int_equal(peer_make(&alice, 4, TUNNEL, &bob, UDP).made[0].made.leg.channel, 3);
}

/* The session that asked is lost, and its instance back: the next session has asked for nothing. */
static void a_request_of_the_session_before(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    bench->dataplane.mute = true;
    peer_request_leg(&alice, 2, pair, UDP);
    session_settle(bench);
    fake_session_lose(&bench->dataplane, alice.session, CV_SESSION_END_IDLE);
    session_settle(bench);
    bench->dataplane.mute = false;
    session_settle(bench);
    peer_resume(&alice, 3, ANY);
    (void)peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0);
    session_settle(bench);
    session_restart_control(bench);
    peer_quiet(&alice);
    peer_request_leg(&alice, 1, pair, LISTEN);
    hear_leg(bench, 1, pair, LISTEN, true);
}

/* The leg has changed, and nobody was told; and all sessions are gone with the data plane. */
static void channels_of_what_came_to_nothing(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;
    struct channels **channels;
    uint16_t last = 0;
    unsigned count = 0;

    bench->dataplane.mute = true;
    peer_request_leg(&alice, 2, pair, TUNNEL);
    session_settle(bench);
    bench_kill_control(bench);
    fake_kill(&bench->dataplane);
    bench->dataplane.mute = false;
    bench_start_control(bench);
    fake_start(&bench->dataplane);
    session_settle(bench);
    peer_resume(&alice, 3, ANY);
    assert_int_equal(peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0).made.leg.kind, UDP);
    channels = &peer_of(session_find(bench->control->sessions, 3))->channels;
    while ((last = channels_take(channels, last)) != 0)
        count++;
    assert_int_equal(count, CHANNELS_MAX);
}

/* The new leg was bound while control was not there. */
static void bound_meanwhile(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, TUNNEL, &bob, UDP).pair;
    struct pair_record record;

    peer_request_leg(&alice, 2, pair, UDP);
    (void)peer_hear(&alice, CV_CAPSULE_LEG_MADE);
    session_settle(bench);
    bench_kill_control(bench);
    bench_turn(bench);
    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    bench_start_control(bench);
    peer_hear_other_leg(&bob, pair, UDP, 0);
    hear_token(&alice, pair, 0);
    assert_int_equal(store_get_pair(bench->control->services.store, pair, &record), 0);
    assert_int_equal(record.legs[0].bind, CV_BIND_TOKEN);
    assert_int_equal(ntohs(record.legs[0].last.port_be), 7000);
    assert_int_equal(bench->dataplane.puts, 1);
    assert_int_equal(peer_make(&alice, 3, TUNNEL, &bob, UDP).made[0].made.leg.channel, 2); /* 1 rests */
}

/* And was not: it is as before, waiting. */
static void not_bound_meanwhile(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, TUNNEL, &bob, UDP).pair;

    peer_request_leg(&alice, 2, pair, UDP);
    (void)peer_hear(&alice, CV_CAPSULE_LEG_MADE);
    session_settle(bench);
    session_restart_control(bench);
    peer_quiet(&alice);
    peer_quiet(&bob);
    assert_int_equal(peer_make(&alice, 3, TUNNEL, &bob, UDP).made[0].made.leg.channel, 2); /* 1 is in use */
    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    peer_hear_other_leg(&bob, pair, UDP, 0);
    hear_token(&alice, pair, 0);
    assert_int_equal(bench->dataplane.changes, 1);
}

/* A channel that a tunnel leg is to have is nobody else's, also where it is known from the store alone. */
static void channels_are_remembered(void **state)
{
    struct bench *bench = *state;
    uint64_t pairs[2];

    pairs[0] = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL).pair;
    pairs[1] = peer_make(&alice, 2, UDP, &bob, UDP).pair;
    peer_request_leg(&alice, 3, pairs[1], TUNNEL);
    (void)peer_hear(&alice, CV_CAPSULE_LEG_MADE);
    peer_hear_other_leg(&bob, pairs[1], TUNNEL, 1199);
    session_settle(bench);
    for (unsigned i = 0; i < 3; i++)
        session_restart_control(bench);
    assert_int_equal(peer_make(&alice, 4, TUNNEL, &bob, UDP).made[0].made.leg.channel, 3);
    peer_close(&alice, pairs[1]);
    peer_hear_closed(&alice, pairs[1], CV_SESSION_ERROR_NONE);
    assert_int_equal(bench->dataplane.puts, 3);
}

/* The data plane that was given the new leg is gone: the pair has the old one, and may ask again. */
static void another_run_of_the_data_plane(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;
    struct cv_capsule made;
    struct leg_record next;

    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    (void)peer_hear(&alice, CV_CAPSULE_LEG_TOKEN);
    peer_request_leg(&alice, 2, pair, LISTEN);
    (void)peer_hear(&alice, CV_CAPSULE_LEG_MADE);
    session_settle(bench);
    session_restart_dataplane(bench);
    session_settle(bench);
    assert_int_equal(store_get_next_leg(bench->control->services.store, pair, 0, &next), -ENOENT);
    assert_int_equal(find(bench, pair)->config.legs[0].relay_port, 40000);
    assert_int_equal(ntohs(find(bench, pair)->config.legs[0].last.port_be), 7000); /* where it was */
    peer_resume(&alice, 1, ANY);
    made = peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0);
    assert_memory_equal(made.made.leg.udp.token, find(bench, pair)->config.legs[0].token, CV_TOKEN_BYTES);
    peer_request_leg(&alice, 1, pair, LISTEN);
    (void)peer_hear(&alice, CV_CAPSULE_LEG_MADE);
    session_settle(bench);
    assert_true(find(bench, pair)->state.legs[0].changing);
}

/* ---- Tokens ---- */

/* Told once, and it is the one that the data plane has. */
static void killed_while_a_token_is_replaced(void **state)
{
    struct bench *bench = *state;

    for (uint64_t turns = 0; turns < TURNS; turns++) {
        uint64_t pair = peer_make(&alice, turns + 1, UDP, &bob, LISTEN).pair;

        session_settle(bench);
        fake_bind(&bench->dataplane, pair, 1, "198.51.100.2:7000");
        kill_after(bench, turns, turns % 2 == 1);
        hear_token(&bob, pair, 1);
        peer_close(&alice, pair);
        peer_hear_closed(&alice, pair, CV_SESSION_ERROR_NONE);
        peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_CLOSED);
        session_settle(bench);
    }
}

static void a_token_used_meanwhile(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    hear_token(&alice, pair, 0);
    bench_kill_control(bench);
    bench_turn(bench);
    fake_bind(&bench->dataplane, pair, 0, "203.0.113.5:6000");  /* LEG_MOVED */
    fake_bind(&bench->dataplane, pair, 1, "198.51.100.2:7000"); /* LEG_BOUND */
    bench_start_control(bench);
    hear_token(&alice, pair, 0);
    hear_token(&bob, pair, 1);
    session_settle(bench);
    session_restart_control(bench);
    peer_quiet(&alice);
    peer_quiet(&bob);
    assert_int_equal(bench->dataplane.tokens, 3);
}

/* Tokens with which legs are put anew are good: they have bound nothing in this data plane. */
static void tokens_outlive_the_data_plane(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;
    uint8_t token[CV_TOKEN_BYTES];

    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    hear_token(&alice, pair, 0);
    memcpy(token, alice.session->capsule.leg_token.token, sizeof(token));
    session_restart_dataplane(bench);
    session_settle(bench);
    assert_memory_equal(find(bench, pair)->config.legs[0].token, token, sizeof(token));
    assert_int_equal(find(bench, pair)->config.legs[0].one_use, 1);
}

/* ---- Sessions ---- */

/* The leg was to go over to its new session, and nothing of that arrived. */
static void killed_while_a_tunnel_leg_comes_back(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, TUNNEL, &bob, UDP).pair;

    session_settle(bench);
    for (uint64_t turns = 0; turns < TURNS; turns++) {
        struct cv_capsule registration = peer_registration(&alice, ANY);

        fake_session_lose(&bench->dataplane, alice.session, CV_SESSION_END_IDLE);
        session_settle(bench);
        peer_ask(&alice, 10 + turns);
        cv_parameter_span(&registration.parameters, CV_PARAMETER_RESUME, alice.token, sizeof(alice.token));
        peer_say(&alice, &registration);
        kill_after(bench, turns, true);
        memcpy(alice.token,
               peer_hear(&alice, CV_CAPSULE_REGISTERED)->parameters.spans[CV_PARAMETER_RESUMPTION_TOKEN].at,
               sizeof(alice.token));
        (void)peer_hear(&alice, CV_CAPSULE_OBSERVED_ADDRESS);
        (void)peer_hear(&alice, CV_CAPSULE_TUNNEL_LIMIT);
        assert_int_equal(peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0).made.pair, pair);
        session_settle(bench);
        assert_int_equal(find(bench, pair)->config.legs[0].session, 10 + turns);
        peer_quiet(&alice);
        while (fake_session_hear(bob.session))
            assert_int_equal(bob.session->capsule.type, CV_CAPSULE_OTHER_LEG);
    }
    assert_int_equal(bench->dataplane.puts, 1);
}

/* A session that moved while control was not there vouches for its legs from where it is. */
static void moved_meanwhile(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    session_settle(bench);
    bench_kill_control(bench);
    bench_turn(bench);
    assert_int_equal(cv_address_parse("203.0.113.9:1000", &alice.session->state.address), 0);
    bench_start_control(bench);
    (void)peer_hear(&alice, CV_CAPSULE_OBSERVED_ADDRESS);
    session_settle(bench);
    assert_memory_equal(&find(bench, pair)->config.legs[0].vouched, &alice.session->state.address.ip,
                        sizeof(struct cv_ip));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(killed_while_udp_becomes_tunnel),
        TEST(killed_while_tunnel_becomes_udp),
        TEST(killed_while_udp_becomes_udp),
        TEST(killed_while_tunnel_becomes_tunnel),
        TEST(asked_while_control_is_away),
        TEST(asked_again_while_control_is_away),
        TEST(a_request_of_the_session_before),
        TEST(channels_of_what_came_to_nothing),
        TEST(bound_meanwhile),
        TEST(not_bound_meanwhile),
        TEST(channels_are_remembered),
        TEST(another_run_of_the_data_plane),
        TEST(killed_while_a_token_is_replaced),
        TEST(a_token_used_meanwhile),
        TEST(tokens_outlive_the_data_plane),
        TEST(killed_while_a_tunnel_leg_comes_back),
        TEST(moved_meanwhile),
    };

    return cmocka_run_group_tests_name("peer_legs_kept", tests, NULL, NULL);
}
