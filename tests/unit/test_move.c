/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keeper's rules on who may have which address, each as move.h states it, in time that the test passes
 * in.
 */
#include "moving.h"

#include <string.h>

static int start(void **state)
{
    (void)state;
    packets_start("test_move", NULL);
    return 0;
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

static void prefix_binds_who_comes_first(void **state)
{
    uint32_t leg = 2 * rig_pair(rig, 1, RIG_RELAY_PORT, rig_prefix("203.0.113.0/24"), rig_token(1));
    uint32_t second = 2 * rig_pair(rig, 2, RIG_RELAY_PORT, rig_prefix("203.0.0.0/16"), rig_token(2));

    (void)state;
    assert_int_equal(prefix_from(leg, "203.0.114.1:1000"), CV_MOVE_NOTHING);
    assert_int_equal(prefix_from(leg + 1, "203.0.113.1:1000"), CV_MOVE_NOTHING); /* a token leg */
    assert_int_equal(prefix_from(leg, "203.0.113.1:1000"), CV_MOVE_BOUND);
    assert_event(1, 0, CV_MOVE_PREFIX, "203.0.113.1:1000", NULL);
    rig_pass(rig, CV_VACANT_MS - 1);
    assert_int_equal(prefix_from(leg, "203.0.113.2:1000"), CV_MOVE_NOTHING);
    rig_pass(rig, 1);
    assert_int_equal(prefix_from(second, "203.0.113.1:1000"), CV_MOVE_CONFLICT); /* silent as it is */
    assert_at(leg, "203.0.113.1:1000");
    assert_int_equal(prefix_from(leg, "203.0.113.2:1000"), CV_MOVE_MOVED); /* its program was started again */
    assert_event(1, 0, CV_MOVE_PREFIX, "203.0.113.2:1000", "203.0.113.1:1000");
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

#define EACH(test) cmocka_unit_test_setup_teardown(test, moving_setup, moving_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(token_binds_and_moves),
        EACH(only_token_legs_by_token),
        EACH(generations),
        EACH(token_takes_from_the_silent),
        EACH(token_takes_from_the_never_seen),
        EACH(fixed_addresses_are_never_taken),
        EACH(prefix_binds_who_comes_first),
        EACH(local_follows_the_peer),
        EACH(cids_cannot_be_stolen),
        EACH(unknown_notices),
    };

    return cmocka_run_group_tests_name("move", tests, start, NULL);
}
