/* SPDX-License-Identifier: BSD-3-Clause */
/* Instances that come back for their pairs after control was killed, or the data plane restarted. */
#include "session_test.h"

#include <arpa/inet.h>
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

static void control_is_killed_while_one_is_away(void **state)
{
    struct bench *bench = *state;
    struct test_pair pairs[2];

    pairs[0] = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);
    pairs[1] = peer_make(&alice, 2, UDP, &bob, UDP);
    session_settle(bench);
    lose(&alice);
    session_restart_control(bench);
    peer_quiet(&bob);
    expect_pairs(bench, 2);
    peer_resume(&alice, 3, ANY);
    assert_int_equal(alice.resumed, 2);
    for (unsigned i = 2; i > 0; i--)
        (void)peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0);
    session_settle(bench);
    assert_int_equal(fake_find(&bench->dataplane, pairs[0].pair)->config.legs[0].session, 3);
    assert_int_equal(bench->dataplane.puts, 2);
}

/* After each number of turns since REGISTER: it has its pair again, and hears of it once. */
static void control_is_killed_while_one_comes_back(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, UDP);

    session_settle(bench);
    for (uint64_t turns = 0; turns < 10; turns++) {
        struct cv_capsule registration = peer_registration(&alice, ANY);

        lose(&alice);
        peer_ask(&alice, 10 + turns);
        cv_parameter_span(&registration.parameters, CV_PARAMETER_RESUME, alice.token, sizeof(alice.token));
        peer_say(&alice, &registration);
        for (uint64_t i = 0; i < turns; i++)
            bench_turn(bench);
        session_restart_control(bench);
        memcpy(alice.token,
               peer_hear(&alice, CV_CAPSULE_REGISTERED)->parameters.spans[CV_PARAMETER_RESUMPTION_TOKEN].at,
               sizeof(alice.token));
        assert_int_equal(alice.session->capsule.parameters.numbers[CV_PARAMETER_RESUMED], 1);
        (void)peer_hear(&alice, CV_CAPSULE_OBSERVED_ADDRESS);
        (void)peer_hear(&alice, CV_CAPSULE_TUNNEL_LIMIT);
        check_again(bench, &alice, &pair.made[0]);
        session_settle(bench);
        peer_quiet(&alice);
        assert_int_equal(fake_find(&bench->dataplane, pair.pair)->config.legs[0].session, 10 + turns);
        while (fake_session_hear(bob.session))
            assert_int_equal(bob.session->capsule.type, CV_CAPSULE_OTHER_LEG);
        expect_pairs(bench, 1);
    }
}

/* The time goes on while control is not there. */
static void the_time_is_over_in_a_restart(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_pair(&alice, 1, &bob);

    bench->config.session_resume_s = 1;
    lose(&alice);
    session_restart_control(bench);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
    expect_pairs(bench, 0);
}

/* UDP legs are bound, and move, while their peer is away: PAIR_MADE brings the token that came of it. */
static void bound_while_one_is_away(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, UDP, &bob, UDP);

    lose(&alice);
    fake_bind(&bench->dataplane, pair.pair, 0, "198.51.100.1:7000");
    session_settle(bench);
    fake_bind(&bench->dataplane, pair.pair, 0,
              "203.0.113.5:6000"); /* with the next one, that it cannot know */
    session_settle(bench);
    assert_int_equal(bench->dataplane.tokens, 2);
    fake_tell_proof(&bench->dataplane, pair.pair, 0, CV_LEG_PROOF_UNPROVEN);
    session_restart_control(bench);
    peer_resume(&alice, 3, UDP);
    check_again(bench, &alice, &pair.made[0]);
    peer_quiet(&alice);
    peer_quiet(&bob);
}

/* Pairs are put anew, those with tunnel legs as soon as their sessions are back. */
static void the_data_plane_is_restarted(void **state)
{
    struct bench *bench = *state;
    struct test_pair pairs[3];

    pairs[0] = peer_make(&alice, 1, UDP, &bob, UDP);
    pairs[1] = peer_make(&alice, 2, TUNNEL, &bob, UDP);
    pairs[2] = peer_make(&alice, 3, TUNNEL, &bob, TUNNEL);
    session_restart_dataplane(bench);
    session_settle(bench);
    assert_int_equal(bench->dataplane.count, 1); /* of UDP legs alone: it needs no session */
    assert_non_null(fake_find(&bench->dataplane, pairs[0].pair));
    peer_resume(&alice, 1, ANY); /* the same numbers again */
    assert_int_equal(alice.resumed, 3);
    for (unsigned i = 3; i > 0; i--)
        (void)peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0);
    peer_resume(&bob, 2, ANY);
    assert_int_equal(bob.resumed, 3);
    for (unsigned i = 3; i > 0; i--)
        (void)peer_hear_made(&bob, CV_ORIGIN_RESUMED, 0);
    expect_pairs(bench, 3);
    peer_hear_other_leg(&alice, pairs[2].pair, TUNNEL, 1199);
    for (unsigned i = 1; i < 3; i++) {
        const struct cv_pair_config *config = &fake_find(&bench->dataplane, pairs[i].pair)->config;

        assert_int_equal(config->legs[0].session, 1);
        assert_int_equal(config->legs[0].channel, pairs[i].made[0].made.leg.channel);
    }
    peer_close(&alice, pairs[2].pair);
    peer_hear_closed(&alice, pairs[2].pair, CV_SESSION_ERROR_NONE);
}

static void bring_in_line(struct bench *bench)
{
    assert_true(
        fake_tell(&bench->dataplane, &(struct cv_message){.type = CV_MESSAGE_EVENTS_LOST, .count = 1}));
    session_settle(bench);
}

/* Another peer's session has the number that a leg had in the run before: the leg is none of its. */
static void numbers_are_others_in_the_next_run(void **state)
{
    struct bench *bench = *state;
    struct test_pair pairs[2];
    struct test_peer carol;

    peer_start(&carol, bench, 3, ANY);
    pairs[0] = peer_make(&alice, 1, TUNNEL, &bob, UDP);
    pairs[1] = peer_make(&carol, 1, TUNNEL, &bob, UDP);
    session_restart_dataplane(bench);
    assert_int_equal(bench->dataplane.puts, 2); /* before the restart */
    peer_resume(&carol, 1, ANY);
    check_again(bench, &carol, &pairs[1].made[0]);
    bring_in_line(bench);
    assert_null(fake_find(&bench->dataplane, pairs[0].pair));
    peer_resume(&alice, 3, ANY);
    check_again(bench, &alice, &pairs[0].made[0]);
    expect_pairs(bench, 2);
    assert_int_equal(fake_find(&bench->dataplane, pairs[0].pair)->config.legs[0].session, 3);
    assert_int_equal(fake_find(&bench->dataplane, pairs[1].pair)->config.legs[0].session, 1);
    bring_in_line(bench);
    expect_pairs(bench, 2);
    assert_int_equal(bench->dataplane.puts, 4);
    peer_free(&carol);
}

static bool has_legs_of_3_and_5(void *context)
{
    const struct fake_pair *pair = fake_find(context, 1);

    return pair != NULL && pair->config.legs[0].session == 3 && pair->config.legs[1].session == 5;
}

/* A leg changes while the pair is being put: what the data plane has in the end is what both were told. */
static void a_leg_changes_while_its_pair_is_put(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);
    struct test_peer older;

    session_restart_dataplane(bench);
    peer_resume(&alice, 3, ANY);
    check_again(bench, &alice, &pair.made[0]);
    for (unsigned i = 0; i < 2; i++) { /* it is put in time, or its session is gone by then */
        struct cv_capsule registration;

        if (i == 1) {
            fake_forget(&bench->dataplane, pair.pair);
            assert_int_equal(store_set_boot_id(bench->control->services.store, pair.pair, 0), 0);
            lose(&bob);
        }
        peer_resume(&bob, 4, ANY);
        (void)peer_hear_made(&bob, CV_ORIGIN_RESUMED, 0);
        older = bob;
        peer_ask(&bob, 5);
        bench->dataplane.mute = true;
        for (unsigned turn = 0; turn < 300; turn++) /* until WAITING_ROOM_MS are over */
            bench_turn(bench);
        registration = peer_registration(&bob, ANY);
        cv_parameter_span(&registration.parameters, CV_PARAMETER_RESUME, bob.token, sizeof(bob.token));
        peer_say(&bob, &registration);
        session_settle(bench);
        if (i == 1)
            fake_session_lose(&bench->dataplane, older.session, CV_SESSION_END_IDLE);
        bench->dataplane.mute = false;
        bench_wait(bench, has_legs_of_3_and_5, &bench->dataplane, "the pair as it is");
        memcpy(bob.token,
               peer_hear(&bob, CV_CAPSULE_REGISTERED)->parameters.spans[CV_PARAMETER_RESUMPTION_TOKEN].at,
               sizeof(bob.token));
        (void)peer_hear(&bob, CV_CAPSULE_OBSERVED_ADDRESS);
        (void)peer_hear(&bob, CV_CAPSULE_TUNNEL_LIMIT);
        (void)peer_hear_made(&bob, CV_ORIGIN_RESUMED, 0);
        expect_pairs(bench, 1);
        if (i == 0)
            fake_session_go(&bench->dataplane, older.session);
    }
}

static bool is_on_the_listening_port(void *context)
{
    const struct fake_pair *pair = fake_find(context, 1);

    return pair != NULL && pair->config.legs[0].relay_port == 443;
}

/* The same while all pairs are brought in line. */
static void a_leg_changes_while_pairs_are_brought_in_line(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, UDP, &bob, UDP);
    uint32_t dumps = bench->dataplane.dumps;
    const struct fake_pair *found;

    session_settle(bench);
    fake_forget(&bench->dataplane, pair.pair);
    assert_int_equal(store_set_boot_id(bench->control->services.store, pair.pair, 0), 0);
    assert_true(
        fake_tell(&bench->dataplane, &(struct cv_message){.type = CV_MESSAGE_EVENTS_LOST, .count = 1}));
    while (bench->dataplane.dumps == dumps)
        bench_turn(bench);
    bench->dataplane.mute = true;
    session_settle(bench); /* the pair is on its way */
    peer_request_leg(&alice, 2, pair.pair, CV_LEG_KIND_LISTEN);
    session_settle(bench);
    bench->dataplane.mute = false;
    assert_int_equal(peer_hear(&alice, CV_CAPSULE_LEG_MADE)->leg_made.leg.kind, CV_LEG_KIND_LISTEN);
    bench_wait(bench, is_on_the_listening_port, &bench->dataplane, "the pair as it is");
    found = fake_find(&bench->dataplane, pair.pair);
    assert_memory_equal(alice.session->capsule.leg_made.leg.udp.token, found->config.legs[0].token,
                        CV_TOKEN_BYTES);
    expect_pairs(bench, 1);
}

static void both_are_restarted(void **state)
{
    struct bench *bench = *state;
    struct test_pair pairs[2];

    pairs[0] = peer_make(&alice, 1, UDP, &bob, TUNNEL);
    pairs[1] = peer_make(&alice, 2, UDP, &bob, UDP);
    session_settle(bench);
    bench_kill_control(bench);
    fake_kill(&bench->dataplane);
    bench_start_control(bench);
    fake_start(&bench->dataplane);
    session_settle(bench);
    peer_resume(&alice, 7, ANY);
    assert_int_equal(alice.resumed, 2);
    (void)peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0);
    (void)peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0);
    peer_resume(&bob, 8, ANY);
    assert_int_equal(bob.resumed, 2);
    (void)peer_hear_made(&bob, CV_ORIGIN_RESUMED, 0);
    (void)peer_hear_made(&bob, CV_ORIGIN_RESUMED, 0);
    expect_pairs(bench, 2);
    assert_int_equal(fake_find(&bench->dataplane, pairs[0].pair)->config.legs[1].session, 8);
}

/* A pair of its was being made, of which nobody was told: the other hears that it came to nothing. */
static void control_is_killed_while_a_pair_is_made(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, UDP);

    for (unsigned i = 0; i < 4; i++) {
        bool kept = i < 2; /* alice has another pair, and is waited for; or she is gone */
        uint64_t offer;

        peer_request(&alice, 2, &bob, TUNNEL);
        offer = peer_hear_offer(&bob);
        bench->dataplane.mute = true;
        peer_accept(&bob, offer, TUNNEL);
        session_settle(bench);
        if (kept)
            lose(&alice);
        else
            fake_session_go(&bench->dataplane, alice.session);
        session_settle(bench);
        if (i % 2 == 0) {
            bench_kill_control(bench);
            bench_turn(bench);
            bench_start_control(bench);
        }
        bench->dataplane.mute = false;
        if (!kept && i == 2)
            peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_PEER_GONE);
        peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_PEER_GONE);
        expect_pairs(bench, kept ? 1 : 0);
        peer_resume(&alice, 10 + i, ANY);
        assert_int_equal(alice.resumed, kept ? 1 : 0);
        if (kept)
            check_again(bench, &alice, &pair.made[0]);
        if (i == 0) /* control does not know any more what it told */
            peer_hear_other_leg(&bob, pair.pair, TUNNEL, 1199);
        peer_quiet(&alice);
        peer_quiet(&bob);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(control_is_killed_while_one_is_away),
        TEST(control_is_killed_while_one_comes_back),
        TEST(the_time_is_over_in_a_restart),
        TEST(bound_while_one_is_away),
        TEST(the_data_plane_is_restarted),
        TEST(numbers_are_others_in_the_next_run),
        TEST(a_leg_changes_while_its_pair_is_put),
        TEST(a_leg_changes_while_pairs_are_brought_in_line),
        TEST(both_are_restarted),
        TEST(control_is_killed_while_a_pair_is_made),
    };

    return cmocka_run_group_tests_name("peer_resume_kept", tests, NULL, NULL);
}
