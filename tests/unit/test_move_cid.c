/* SPDX-License-Identifier: BSD-3-Clause */
/* Moves by connection ID: when a leg may be moved by one, and when its old address gets it back (move.h). */
#include "moving.h"

#include <stdio.h>
#include <string.h>

static int start(void **state)
{
    (void)state;
    packets_start("test_move_cid", NULL);
    return 0;
}

static void third_packet_after_silence(void **state)
{
    static const struct {
        uint32_t packets, silent_ms;
        bool moves;
    } cases[] = {
        {1, 50, false}, {2, 50, false},  {2, 2999, false}, {3, 49, false},  {9, 0, false},
        {3, 50, true},  {4, 2000, true}, {1, 2999, false}, {1, 3000, true}, {2, 3000, true},
    };

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(cases); i++) {
        uint32_t leg = bound_pair(i + 1, rig_token((uint8_t)(i + 1)), "203.0.113.1:1000");

        for (uint32_t packet = 1; packet < cases[i].packets; packet++)
            assert_int_equal(cid_from(leg, "203.0.113.1:2000"), CV_MOVE_NOTHING); /* it is not silent yet */
        seen_ms_ago(leg, cases[i].silent_ms);
        assert_int_equal(cid_from(leg, "203.0.113.1:2000"), cases[i].moves ? CV_MOVE_MOVED : CV_MOVE_NOTHING);
        assert_at(leg, cases[i].moves ? "203.0.113.1:2000" : "203.0.113.1:1000");
        if (cases[i].moves)
            assert_event(i + 1, 0, CV_MOVE_CONNECTION_ID, "203.0.113.1:2000", "203.0.113.1:1000");
        assert_int_equal(unbound.pair, 0);
        cv_pair_remove(&rig->table, leg / 2);
        cv_pair_table_reclaim(&rig->table);
    }
}

/* Three packets of one address, not of three. */
static void candidates_do_not_add_up(void **state)
{
    uint32_t leg = bound_pair(1, rig_token(1), "203.0.113.1:1000");

    (void)state;
    seen_ms_ago(leg, 100);
    assert_int_equal(cid_from(leg, "203.0.113.1:2001"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(leg, "203.0.113.1:2002"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(leg, "203.0.113.1:2003"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(leg, "203.0.113.1:2001"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(leg, "203.0.113.1:2001"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(leg, "203.0.113.1:2001"), CV_MOVE_MOVED);
}

/*
 * A leg that has only just been bound may move, for NATs do not wait; one that has moved may not again at
 * once.
 */
static void once_in_two_seconds(void **state)
{
    uint32_t leg = 2 * rig_pair(rig, 1, RIG_RELAY_PORT, rig_token(1), rig_token(2));

    (void)state;
    assert_int_equal(token_from(leg, "203.0.113.1:1000"), CV_MOVE_BOUND);
    seen_ms_ago(leg, 0);
    rig_pass(rig, 60);
    assert_int_equal(cid_from(leg, "203.0.113.1:2000"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(leg, "203.0.113.1:2000"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(leg, "203.0.113.1:2000"), CV_MOVE_MOVED);
    seen_ms_ago(leg, 0);
    rig_pass(rig, 1999);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(cid_from(leg, "203.0.113.1:3000"), CV_MOVE_NOTHING);
    rig_pass(rig, 1);
    assert_int_equal(cid_from(leg, "203.0.113.1:3000"), CV_MOVE_MOVED);
}

/* A connection ID takes no address from anybody, and moves no leg to where it may not be. */
static void cid_takes_nothing(void **state)
{
    uint32_t owner = bound_pair(1, rig_token(1), "203.0.113.1:1000");
    uint32_t leg = bound_pair(2, rig_token(3), "203.0.113.2:1000");
    uint32_t prefix = bound_pair(3, rig_prefix("203.0.113.16/28"), "203.0.113.17:1000");
    uint32_t fixed = 2 * rig_pair(rig, 4, RIG_RELAY_PORT, rig_fixed("203.0.113.3:1000"), rig_token(9));

    (void)state;
    rig_pass(rig, 60000);
    assert_int_equal(cid_from(leg, "203.0.113.1:1000"), CV_MOVE_CONFLICT);
    assert_at(owner, "203.0.113.1:1000");
    assert_int_equal(cid_from(prefix, "203.0.113.32:1000"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(prefix, "203.0.113.18:1000"), CV_MOVE_MOVED);
    assert_int_equal(cid_from(fixed, "203.0.113.4:1000"), CV_MOVE_NOTHING);
    assert_at(fixed, "203.0.113.3:1000");
}

/*
 * A leg that lost its address is known by its connection ID wherever it speaks up, its old address
 * included.
 */
static void unbound_leg_by_cid(void **state)
{
    uint32_t leg = bound_pair(1, rig_token(1), "203.0.113.1:1000");

    (void)state;
    seen_ms_ago(leg, 5000);
    cv_leg_unbind(&rig->table, leg);
    assert_int_equal(cid_from(leg, "203.0.113.1:1000"), CV_MOVE_BOUND);
    assert_event(1, 0, CV_MOVE_CONNECTION_ID, "203.0.113.1:1000", NULL);
    assert_at(leg, "203.0.113.1:1000");
}

/* ---- Return ---- */

/* Moves a leg by connection ID, as a NAT or a thief would. */
static uint32_t moved_pair(void)
{
    uint32_t leg = bound_pair(1, rig_token(1), "203.0.113.1:1000");

    rig_pass(rig, 3000);
    assert_int_equal(cid_from(leg, "203.0.113.66:6666"), CV_MOVE_MOVED);
    seen_ms_ago(leg, 0);
    return leg;
}

static void old_address_returns(void **state)
{
    uint32_t leg = moved_pair();

    (void)state;
    rig_pass(rig, 9999);
    seen_ms_ago(leg, 0); /* the thief goes on sending */
    assert_int_equal(cid_from(leg, "203.0.113.1:1000"), CV_MOVE_MOVED);
    assert_event(1, 0, CV_MOVE_RETURN, "203.0.113.1:1000", "203.0.113.66:6666");
    assert_at(leg, "203.0.113.1:1000");
    /* The hold. */
    rig_pass(rig, 9999);
    seen_ms_ago(leg, 5000);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(cid_from(leg, "203.0.113.66:6666"), CV_MOVE_NOTHING);
    rig_pass(rig, 1);
    assert_int_equal(cid_from(leg, "203.0.113.66:6666"), CV_MOVE_MOVED);
}

static void no_return_after_ten_seconds(void **state)
{
    uint32_t leg = moved_pair();

    (void)state;
    rig_pass(rig, 10000);
    seen_ms_ago(leg, 0);
    assert_int_equal(cid_from(leg, "203.0.113.1:1000"), CV_MOVE_NOTHING);
    assert_at(leg, "203.0.113.66:6666");
}

/* Who holds the token is the peer: nothing that a connection ID did before counts any more. */
static void token_ends_the_matter(void **state)
{
    uint32_t leg = moved_pair();

    (void)state;
    rig_pass(rig, 1000);
    assert_int_equal(token_from(leg, "203.0.113.1:3000"), CV_MOVE_MOVED);
    seen_ms_ago(leg, 0);
    rig_pass(rig, 10);
    assert_int_equal(cid_from(leg, "203.0.113.1:1000"), CV_MOVE_NOTHING);
    assert_at(leg, "203.0.113.1:3000");
}

/* A hold ends, whatever the 32-bit clock does in the weeks in which nobody asks. */
static void holds_end(void **state)
{
    static const uint32_t later_ms[] = {20000, 20 * DAY_MS, 30 * DAY_MS, 49 * DAY_MS};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(later_ms); i++) {
        uint32_t leg = moved_pair();

        assert_int_equal(cid_from(leg, "203.0.113.1:1000"), CV_MOVE_MOVED);
        rig_pass(rig, later_ms[i]);
        seen_ms_ago(leg, 4000);
        assert_int_equal(cid_from(leg, "203.0.113.66:6666"), CV_MOVE_MOVED);
        cv_pair_remove(&rig->table, leg / 2);
        cv_pair_table_reclaim(&rig->table);
    }
}

/* ---- The table of moves ---- */

/* Many at once: each is served, and memory stays what it was; the longest forgotten starts over. */
static void bounded(void **state)
{
    enum { PAIRS = 7000 };
    uint32_t first;

    (void)state;
    rig_stop(rig);
    rig = rig_start(PAIRS);
    for (uint32_t i = 0; i < PAIRS; i++) {
        struct cv_leg_config legs[2] = {rig_token(1), rig_token(2)};
        struct cv_pair_config config;
        uint32_t slot;

        for (unsigned side = 0; side < 2; side++) {
            memcpy(legs[side].token, &i, sizeof(i));
            legs[side].last = packets_address("10.0.0.0:1");
            legs[side].last.ip.bytes[13] = (uint8_t)side;
            legs[side].last.ip.bytes[14] = (uint8_t)(i >> 8);
            legs[side].last.ip.bytes[15] = (uint8_t)i;
        }
        config = rig_config(i + 1, RIG_RELAY_PORT, legs[0], legs[1]);
        assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    }
    rig_pass(rig, 5000);
    for (first = 0; first < 2 * PAIRS; first++)
        seen_ms_ago(first, 100);
    first = 0;
    assert_int_equal(cid_from(first, "203.0.113.1:2"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(first, "203.0.113.1:2"), CV_MOVE_NOTHING);
    for (uint32_t leg = 1; leg < 2 * PAIRS; leg++) {
        char address[32];

        rig->now_ms += leg % 100 == 0;
        snprintf(address, sizeof(address), "203.0.%u.%u:7", leg >> 8, leg & 0xff);
        assert_int_equal(cid_from(leg, address), CV_MOVE_NOTHING);
        assert_int_equal(cid_from(leg, address), CV_MOVE_NOTHING);
        assert_int_equal(cid_from(leg, address), CV_MOVE_MOVED);
    }
    assert_int_equal(cid_from(first, "203.0.113.1:2"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(first, "203.0.113.1:2"), CV_MOVE_NOTHING);
    assert_int_equal(cid_from(first, "203.0.113.1:2"), CV_MOVE_MOVED);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, moving_setup, moving_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(third_packet_after_silence),
        EACH(candidates_do_not_add_up),
        EACH(once_in_two_seconds),
        EACH(cid_takes_nothing),
        EACH(unbound_leg_by_cid),
        EACH(old_address_returns),
        EACH(no_return_after_ten_seconds),
        EACH(token_ends_the_matter),
        EACH(holds_end),
        EACH(bounded),
    };

    return cmocka_run_group_tests_name("move_cid", tests, start, NULL);
}
