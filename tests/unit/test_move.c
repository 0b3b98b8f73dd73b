/* SPDX-License-Identifier: BSD-3-Clause */
/* The keeper's rules on who may have which address, each as move.h states it, in time that the test passes
 * in. */
#include "rig.h"

#include <string.h>

#define DAY_MS UINT32_C(86400000)

static struct rig *rig;
static struct cv_moves *moves;
static struct cv_leg_event event, unbound;

static int start(void **state)
{
    (void)state;
    packets_start("test_move", NULL);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    rig = rig_start(100);
    moves = cv_moves_create();
    assert_non_null(moves);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cv_moves_destroy(moves);
    rig_stop(rig);
    return 0;
}

static struct cv_notice notice_for(enum cv_notice_type type, uint32_t leg, const char *address)
{
    return (struct cv_notice){
        .type = (uint8_t)type,
        .local = RIG_LOCAL_V4,
        .leg = leg,
        .generation = cv_pair_of(&rig->table, leg)->generation,
        .address = packets_address(address),
    };
}

static enum cv_move_result tell(const struct cv_notice *notice)
{
    memset(&event, 0, sizeof(event));
    memset(&unbound, 0xff, sizeof(unbound));
    return cv_moves_notice(moves, &rig->table, notice, rig->now_ms, &event, &unbound);
}

static enum cv_move_result token_from(uint32_t leg, const char *address)
{
    struct cv_notice notice = notice_for(CV_NOTICE_TOKEN, leg, address);

    return tell(&notice);
}

static enum cv_move_result prefix_from(uint32_t leg, const char *address)
{
    struct cv_notice notice = notice_for(CV_NOTICE_PREFIX, leg, address);

    return tell(&notice);
}

static enum cv_move_result cid_from(uint32_t leg, const char *address)
{
    struct cv_notice notice = notice_for(CV_NOTICE_CID_HIT, leg, address);

    return tell(&notice);
}

static void seen_ms_ago(uint32_t leg, uint32_t ms)
{
    cv_leg_at(&rig->table, leg)->seen_ms = rig->now_ms - ms;
}

static void assert_at(uint32_t leg, const char *text)
{
    struct cv_address address = packets_address(text);

    assert_true(cv_leg_at(&rig->table, leg)->flags & CV_LEG_BOUND);
    assert_int_equal(cv_find_address(&rig->table, &address, rte_cpu_to_be_16(RIG_RELAY_PORT)), leg);
    assert_true(cv_ip_equal(&cv_leg_at(&rig->table, leg ^ 1)->destination, &address.ip));
    assert_int_equal(cv_leg_at(&rig->table, leg ^ 1)->destination_port_be, address.port_be);
}

static void assert_event(uint64_t pair, uint8_t leg, enum cv_move_cause cause, const char *address,
                         const char *previous)
{
    struct cv_address now = packets_address(address), before = {0};

    assert_int_equal(event.pair, pair);
    assert_int_equal(event.leg, leg);
    assert_int_equal(event.cause, cause);
    assert_true(cv_address_equal(&event.address, &now));
    if (previous != NULL)
        before = packets_address(previous);
    assert_true(cv_address_equal(&event.previous, &before));
}

/* A pair whose leg a is bound and has just been seen; the time of the move rules has passed. Returns leg a.
 */
static uint32_t bound_pair(uint64_t number, struct cv_leg_config a, const char *address)
{
    uint32_t leg = 2 * rig_pair(rig, number, RIG_RELAY_PORT, a, rig_token((uint8_t)(number + 100)));

    rig_bind(rig, leg, address);
    rig_pass(rig, 60000);
    seen_ms_ago(leg, 0);
    return leg;
}

/* ---- Tokens ---- */

static void token_binds_and_moves(void **state)
{
    uint32_t leg = 2 * rig_pair(rig, 7, RIG_RELAY_PORT, rig_token(1), rig_token(2)) + 1;

    (void)state;
    assert_int_equal(token_from(leg, "203.0.113.1:1000"), CV_MOVE_BOUND); /* at once, though just made */
    assert_event(7, 1, CV_MOVE_TOKEN, "203.0.113.1:1000", NULL);
    assert_int_equal(unbound.pair, 0);
    assert_at(leg, "203.0.113.1:1000");
    assert_int_equal(token_from(leg, "203.0.113.1:1000"), CV_MOVE_NOTHING);
    seen_ms_ago(leg, 0);
    rig_pass(rig, 99);
    assert_int_equal(token_from(leg, "203.0.113.1:1001"), CV_MOVE_NOTHING);
    assert_at(leg, "203.0.113.1:1000");
    rig_pass(rig, 1);
    assert_int_equal(token_from(leg, "203.0.113.1:1001"),
                     CV_MOVE_MOVED); /* though the old one is not silent */
    assert_event(7, 1, CV_MOVE_TOKEN, "203.0.113.1:1001", "203.0.113.1:1000");
    assert_at(leg, "203.0.113.1:1001");
    assert_int_equal(cv_leg_at(&rig->table, leg)->moves, 1);
    assert_int_equal(rig->table.by_address.entries, 1);
}

static void only_token_legs_by_token(void **state)
{
    uint32_t fixed =
        2 * rig_pair(rig, 1, RIG_RELAY_PORT, rig_fixed("192.0.2.9:9"), rig_prefix("203.0.113.0/24"));

    (void)state;
    rig_pass(rig, 60000);
    assert_int_equal(token_from(fixed, "203.0.113.1:1"), CV_MOVE_NOTHING);
    assert_int_equal(token_from(fixed + 1, "203.0.113.1:1"), CV_MOVE_NOTHING);
    assert_at(fixed, "192.0.2.9:9");
}

/* A slot that has been freed, or is another pair's by now. */
static void generations(void **state)
{
    uint32_t slot = rig_pair(rig, 1, RIG_RELAY_PORT, rig_token(1), rig_token(2));
    struct cv_notice notice = notice_for(CV_NOTICE_TOKEN, 2 * slot, "203.0.113.1:1000");

    (void)state;
    cv_pair_remove(&rig->table, slot);
    assert_int_equal(tell(&notice), CV_MOVE_NOTHING);
    cv_pair_table_reclaim(&rig->table);
    assert_int_equal(rig_pair(rig, 2, RIG_RELAY_PORT, rig_token(3), rig_token(4)), slot);
    assert_int_equal(tell(&notice), CV_MOVE_NOTHING);
    assert_int_equal(rig->table.bound_legs, 0);
    assert_int_equal(token_from(2 * slot, "203.0.113.1:1000"), CV_MOVE_BOUND);
}

static void token_takes_from_the_silent(void **state)
{
    uint32_t owner = bound_pair(1, rig_token(1), "203.0.113.1:1000");
    uint32_t leg = 2 * rig_pair(rig, 2, RIG_RELAY_PORT, rig_token(3), rig_token(4));

    (void)state;
    seen_ms_ago(owner, 29999);
    assert_int_equal(token_from(leg, "203.0.113.1:1000"), CV_MOVE_CONFLICT);
    assert_int_equal(unbound.pair, 0);
    assert_at(owner, "203.0.113.1:1000");
    seen_ms_ago(owner, 30000);
    assert_int_equal(token_from(leg, "203.0.113.1:1000"), CV_MOVE_BOUND);
    assert_int_equal(unbound.pair, 1);
    assert_int_equal(unbound.leg, 0);
    assert_true(cv_address_equal(&unbound.address, &event.address));
    assert_at(leg, "203.0.113.1:1000");
    assert_false(cv_leg_at(&rig->table, owner)->flags & CV_LEG_BOUND);
    assert_false(cv_leg_at(&rig->table, owner ^ 1)->flags & CV_LEG_READY);
    assert_int_equal(rig->table.bound_legs, 1);
}

/* One that never sent anything counts from when it was bound, however long the relay has been up. */
static void token_takes_from_the_never_seen(void **state)
{
    static const uint32_t uptimes_ms[] = {31000, 10 * DAY_MS, 30 * DAY_MS, 49 * DAY_MS};

    (void)state;
    for (uint8_t i = 0; i < RTE_DIM(uptimes_ms); i++) {
        char address[32];
        uint32_t owner, leg;

        snprintf(address, sizeof(address), "203.0.113.%u:1000", i + 1u);
        rig->now_ms = uptimes_ms[i];
        owner = 2 * rig_pair(rig, 10u + i, RIG_RELAY_PORT, rig_token((uint8_t)(50 + i)),
                             rig_token((uint8_t)(60 + i)));
        leg = 2 * rig_pair(rig, 20u + i, RIG_RELAY_PORT, rig_token((uint8_t)(70 + i)),
                           rig_token((uint8_t)(80 + i)));
        rig_bind(rig, owner, address);
        rig_pass(rig, 29999);
        assert_int_equal(token_from(leg, address), CV_MOVE_CONFLICT);
        rig_pass(rig, 1);
        assert_int_equal(token_from(leg, address), CV_MOVE_BOUND);
    }
}

static void fixed_addresses_are_never_taken(void **state)
{
    uint32_t leg = 2 * rig_pair(rig, 2, RIG_RELAY_PORT, rig_token(3), rig_fixed("203.0.113.1:1000"));

    (void)state;
    rig_pass(rig, DAY_MS);
    assert_int_equal(token_from(leg, "203.0.113.1:1000"), CV_MOVE_CONFLICT);
    assert_at(leg + 1, "203.0.113.1:1000");
}

/* ---- Prefixes ---- */

static void prefix_binds_once(void **state)
{
    uint32_t leg = 2 * rig_pair(rig, 1, RIG_RELAY_PORT, rig_prefix("203.0.113.0/24"), rig_token(1));
    uint32_t second = 2 * rig_pair(rig, 2, RIG_RELAY_PORT, rig_prefix("203.0.0.0/16"), rig_token(2));

    (void)state;
    assert_int_equal(prefix_from(leg, "203.0.114.1:1000"), CV_MOVE_NOTHING);
    assert_int_equal(prefix_from(leg + 1, "203.0.113.1:1000"), CV_MOVE_NOTHING); /* a token leg */
    assert_int_equal(prefix_from(leg, "203.0.113.1:1000"), CV_MOVE_BOUND);
    assert_event(1, 0, CV_MOVE_TOKEN, "203.0.113.1:1000", NULL);
    rig_pass(rig, 60000);
    assert_int_equal(prefix_from(leg, "203.0.113.2:1000"), CV_MOVE_NOTHING);
    assert_int_equal(prefix_from(second, "203.0.113.1:1000"), CV_MOVE_CONFLICT); /* silent as it is */
    assert_at(leg, "203.0.113.1:1000");
}

/* ---- Connection IDs ---- */

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

static void once_in_two_seconds(void **state)
{
    uint32_t leg = 2 * rig_pair(rig, 1, RIG_RELAY_PORT, rig_token(1), rig_token(2));

    (void)state;
    assert_int_equal(token_from(leg, "203.0.113.1:1000"), CV_MOVE_BOUND);
    seen_ms_ago(leg, 0);
    rig_pass(rig, 1999);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(cid_from(leg, "203.0.113.1:2000"), CV_MOVE_NOTHING);
    rig_pass(rig, 1);
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

/* A leg that lost its address is known by its connection ID wherever it speaks up, its old address included.
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

/* ---- The rest ---- */

static void local_follows_the_peer(void **state)
{
    uint32_t leg = bound_pair(1, rig_token(1), "203.0.113.1:1000");
    struct cv_notice notice = notice_for(CV_NOTICE_LOCAL, leg, "203.0.113.1:1000");

    (void)state;
    notice.local = RIG_LOCAL_VLAN;
    assert_int_equal(tell(&notice), CV_MOVE_NOTHING);
    assert_int_equal(cv_leg_at(&rig->table, leg)->local, RIG_LOCAL_VLAN);
    assert_int_equal(cv_leg_at(&rig->table, leg ^ 1)->local_out, RIG_LOCAL_VLAN);
    assert_int_equal(cv_leg_at(&rig->table, leg)->moves, 0);
    assert_at(leg, "203.0.113.1:1000");
    notice.leg = leg ^ 1; /* not bound */
    assert_int_equal(tell(&notice), CV_MOVE_NOTHING);
    assert_false(cv_leg_at(&rig->table, leg ^ 1)->flags & CV_LEG_BOUND);
}

/* A leg may not make another's connection ID its own: it would get that one's packets after a rebinding. */
static void cids_cannot_be_stolen(void **state)
{
    uint32_t victim = bound_pair(1, rig_token(1), "203.0.113.1:1000");
    uint32_t thief = bound_pair(2, rig_token(3), "203.0.113.2:1000");
    struct cv_notice notice = notice_for(CV_NOTICE_CID_LEARN, victim, "203.0.113.1:1000");
    uint8_t packet[32] = {0x40, 'c', 'i', 'd', 'c', 'i', 'd', 'c', 'i'};

    (void)state;
    notice.cid_bytes = 8;
    memcpy(notice.cid, packet + 1, 8);
    assert_int_equal(tell(&notice), CV_MOVE_NOTHING);
    assert_int_equal(cv_find_cid(&rig->table, packet, sizeof(packet), rte_cpu_to_be_16(RIG_RELAY_PORT)),
                     victim);
    notice.leg = thief;
    assert_int_equal(tell(&notice), CV_MOVE_NOTHING);
    assert_int_equal(cv_find_cid(&rig->table, packet, sizeof(packet), rte_cpu_to_be_16(RIG_RELAY_PORT)),
                     victim);
    assert_false(cv_leg_at(&rig->table, thief)->flags & CV_LEG_CID);
}

static void unknown_notices(void **state)
{
    uint32_t leg = bound_pair(1, rig_token(1), "203.0.113.1:1000");

    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        struct cv_notice notice = notice_for((enum cv_notice_type)type, leg, "203.0.113.5:1000");

        if (type < CV_NOTICE_TOKEN || type > CV_NOTICE_LOCAL)
            assert_int_equal(tell(&notice), CV_MOVE_NOTHING);
    }
    assert_at(leg, "203.0.113.1:1000");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(token_binds_and_moves),
        EACH(only_token_legs_by_token),
        EACH(generations),
        EACH(token_takes_from_the_silent),
        EACH(token_takes_from_the_never_seen),
        EACH(fixed_addresses_are_never_taken),
        EACH(prefix_binds_once),
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
        EACH(local_follows_the_peer),
        EACH(cids_cannot_be_stolen),
        EACH(unknown_notices),
    };

    return cmocka_run_group_tests_name("move", tests, start, NULL);
}
