/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tunnel legs when control is killed and restarted, when the data plane is, and while pairs are being made.
 */
#include "session_test.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP    CV_LEG_KIND_UDP
#define TUNNEL CV_LEG_KIND_TUNNEL

static struct test_peer alice, bob;

static int set_up(void **state)
{
    if (session_set_up(state) != 0)
        return -1;
    peer_start(&alice, *state, 1, UDP | TUNNEL);
    peer_start(&bob, *state, 2, UDP | TUNNEL);
    return 0;
}

static int tear_down(void **state)
{
    peer_free(&alice);
    peer_free(&bob);
    return bench_tear_down(state);
}

static bool is_in_line(void *context)
{
    const struct bench *bench = context;

    return dataplane_attached(bench->control->services.dataplane) &&
           !sync_running(bench->control->pairs->sync) &&
           dataplane_in_flight(bench->control->services.dataplane) == 0;
}

static void start_again(struct bench *bench)
{
    bench_turn(bench); /* the data plane notices */
    bench_start_control(bench);
    bench_wait(bench, is_in_line, bench, "an attachment");
}

static void settle(struct bench *bench)
{
    for (unsigned i = 0; i < 100; i++)
        bench_turn(bench);
}

static void a_restart_is_not_noticed(void **state)
{
    struct bench *bench = *state;
    struct test_pair made = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);
    uint32_t puts;
    uint64_t offer;

    (void)peer_make(&alice, 2, UDP, &bob, TUNNEL);
    puts = bench->dataplane.puts;
    peer_request(&alice, 3, &bob, TUNNEL); /* its kind is kept, too */
    offer = peer_hear_offer(&bob);
    settle(bench);
    bench_kill_control(bench);
    start_again(bench);
    peer_quiet(&alice);
    peer_quiet(&bob);
    assert_int_equal(bench->dataplane.puts, puts);
    assert_int_equal(bench->dataplane.count, 2);
    peer_accept(&bob, offer, UDP);
    assert_int_equal(peer_hear_made(&alice, CV_ORIGIN_REQUEST, 3).made.leg.channel, 2);
    assert_int_equal(peer_hear_made(&bob, CV_ORIGIN_OFFER, offer).made.leg.kind, UDP);
    peer_close(&alice, made.pair);
    peer_hear_closed(&alice, made.pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&bob, made.pair, CV_SESSION_ERROR_PEER_CLOSED);
    bench_stop_control(bench);
    start_again(bench);
    /* Channel 1 is free at both now, and yet not the next one. */
    assert_int_equal(peer_make(&alice, 4, TUNNEL, &bob, UDP).made[0].made.leg.channel, 3);
    assert_int_equal(peer_make(&bob, 1, TUNNEL, &alice, UDP).made[0].made.leg.channel, 3);
    fake_session_go(&bench->dataplane, alice.session);
    assert_int_equal(peer_hear(&bob, CV_CAPSULE_PAIR_CLOSED)->closed.code, CV_SESSION_ERROR_PEER_GONE);
}

static void a_limit_that_changed_meanwhile(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL).pair;

    settle(bench);
    bench_kill_control(bench);
    bench_turn(bench);
    alice.session->state.payload_bytes = 1402; /* and nobody there to tell */
    bench_start_control(bench);
    peer_hear_limit(&alice, 1402);
    peer_hear_other_leg(&bob, pair, TUNNEL, 1401);
    peer_quiet(&alice);
    peer_quiet(&bob);
    settle(bench);
    bench_kill_control(bench);
    start_again(bench);
    peer_quiet(&alice);
}

/* After each number of turns since the acceptance: both hear of one pair, once, and the data plane has it. */
static void killed_while_a_pair_is_made(void **state)
{
    struct bench *bench = *state;

    for (uint64_t turns = 0; turns < 16; turns++) {
        uint64_t pair, offer;

        peer_request(&alice, turns + 1, &bob, TUNNEL);
        offer = peer_hear_offer(&bob);
        peer_accept(&bob, offer, turns % 2 == 0 ? TUNNEL : UDP);
        for (uint64_t i = 0; i < turns; i++)
            bench_turn(bench);
        bench_kill_control(bench);
        start_again(bench);
        pair = peer_hear_made(&alice, CV_ORIGIN_REQUEST, turns + 1).made.pair;
        assert_int_equal(peer_hear_made(&bob, CV_ORIGIN_OFFER, offer).made.pair, pair);
        peer_quiet(&alice);
        peer_quiet(&bob);
        assert_int_equal(bench->dataplane.count, 1);
        assert_non_null(fake_find(&bench->dataplane, pair));
        peer_close(&alice, pair);
        peer_hear_closed(&alice, pair, CV_SESSION_ERROR_NONE);
        peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_CLOSED);
        settle(bench);
        assert_int_equal(bench->dataplane.count, 0);
    }
}

static void expect_no_pair(struct bench *bench)
{
    uint64_t pairs = 1;

    settle(bench);
    assert_int_equal(bench->dataplane.count, 0);
    assert_int_equal(store_count_pairs(bench->control->services.store, &pairs), 0);
    assert_int_equal(pairs, 0);
}

/* Made, nobody told, and one of the two goes before control comes back. */
static void killed_and_one_session_gone(void **state)
{
    struct bench *bench = *state;

    peer_request(&alice, 1, &bob, TUNNEL);
    peer_accept(&bob, peer_hear_offer(&bob), TUNNEL);
    bench->dataplane.mute = true;
    settle(bench);
    bench_kill_control(bench);
    bench->dataplane.mute = false;
    bench_turn(bench);
    bob.session->closed = true; /* and nobody there to tell */
    start_again(bench);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_PEER_GONE);
    expect_no_pair(bench);
    peer_free(&bob);
    peer_start(&bob, bench, 3, TUNNEL);
    assert_int_equal(peer_make(&alice, 2, TUNNEL, &bob, TUNNEL).made[0].made.leg.channel, 2);
}

/* Killed when the pair was kept, and refused with `error` when it is put after the restart. */
static uint64_t put_back_in_vain(struct bench *bench, int error)
{
    uint64_t pair, offer;

    peer_request(&alice, 1, &bob, TUNNEL);
    offer = peer_hear_offer(&bob);
    peer_accept(&bob, offer, TUNNEL);
    bench->dataplane.put_error = error;
    bench->dataplane.mute = true;
    settle(bench);
    bench_kill_control(bench);
    bench_turn(bench);
    bench->dataplane.mute = false;
    start_again(bench);
    pair = peer_hear_made(&alice, CV_ORIGIN_REQUEST, 1).made.pair;
    assert_int_equal(peer_hear_made(&bob, CV_ORIGIN_OFFER, offer).made.pair, pair);
    return pair;
}

/* The data plane knows better which sessions there are: SESSION_CLOSED is on its way. */
static void put_back_for_a_session_that_is_gone(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = put_back_in_vain(bench, -ENOTCONN);

    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_PEER_GONE);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
    expect_no_pair(bench);
}

static void a_session_goes_while_its_pair_waits_for_room(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    uint64_t pair;

    client_open(&client, bench);
    (void)client_add(&client, "carol", "dave");
    client_close(&client);
    pair = put_back_in_vain(bench, -ENOSPC);
    peer_quiet(&alice);
    bench->dataplane.put_error = -ENOTCONN;
    client_open(&client, bench);
    client_do(&client, "pair.delete", "{\"pair\":1}"); /* room: it is tried again */
    client_close(&client);
    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_PEER_GONE);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
    expect_no_pair(bench);
}

/* Sessions are gone with it, and so are pairs with their legs: they are not put back. */
static void another_run_of_the_data_plane(void **state)
{
    struct bench *bench = *state;
    uint32_t puts;

    (void)peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);
    (void)peer_make(&alice, 2, UDP, &bob, TUNNEL);
    puts = bench->dataplane.puts;
    fake_kill(&bench->dataplane);
    settle(bench);
    fake_start(&bench->dataplane);
    bench_wait(bench, is_in_line, bench, "an attachment");
    expect_no_pair(bench);
    assert_int_equal(bench->dataplane.puts, puts);
    peer_free(&alice);
    peer_free(&bob);
    peer_start(&alice, bench, 1, TUNNEL); /* the same numbers again */
    peer_start(&bob, bench, 2, TUNNEL);
    assert_int_equal(peer_make(&alice, 1, TUNNEL, &bob, TUNNEL).made[0].made.leg.channel, 1);
}

/* The same, and control was restarted as well. */
static void another_run_of_both(void **state)
{
    struct bench *bench = *state;
    uint32_t puts;

    (void)peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);
    settle(bench);
    puts = bench->dataplane.puts;
    bench_kill_control(bench);
    fake_kill(&bench->dataplane);
    fake_start(&bench->dataplane);
    start_again(bench);
    expect_no_pair(bench);
    assert_int_equal(bench->dataplane.puts, puts);
}

static void run_sql(const struct bench *bench, const char *sql)
{
    sqlite3 *database;

    assert_int_equal(sqlite3_open(bench->config.store, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    (void)sqlite3_close(database);
}

/* A store that has lost a session has lost its pairs. */
static void pairs_without_their_sessions_go(void **state)
{
    struct bench *bench = *state;

    (void)peer_make(&alice, 1, TUNNEL, &bob, TUNNEL);
    settle(bench);
    bench_stop_control(bench);
    run_sql(bench, "DELETE FROM session WHERE number = 1");
    start_again(bench);
    peer_wait_closed(&alice, CV_SESSION_ERROR_INTERNAL);
    expect_no_pair(bench);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_restart_is_not_noticed),
        TEST(a_limit_that_changed_meanwhile),
        TEST(killed_while_a_pair_is_made),
        TEST(killed_and_one_session_gone),
        TEST(put_back_for_a_session_that_is_gone),
        TEST(a_session_goes_while_its_pair_waits_for_room),
        TEST(another_run_of_the_data_plane),
        TEST(another_run_of_both),
        TEST(pairs_without_their_sessions_go),
    };

    return cmocka_run_group_tests_name("peer_tunnels_kept", tests, NULL, NULL);
}
