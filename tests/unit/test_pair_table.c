/* SPDX-License-Identifier: BSD-3-Clause */
/* Pairs as the keeper makes and removes them: what is refused, what is undone, what waits for the workers. */
#include "leg_at.h"
#include "rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct rig *rig;

static int start(void **state)
{
    (void)state;
    packets_start("test_pair_table", NULL);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    rig = rig_start(100);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(rig);
    return 0;
}

static int put(const struct cv_pair_config *config, uint32_t *slot)
{
    return cv_pair_put(&rig->table, config, rig->now_ms, slot);
}

static int put_pair(uint64_t number, uint16_t relay_port, struct cv_leg_config a, struct cv_leg_config b)
{
    struct cv_pair_config config = rig_config(number, relay_port, a, b);
    uint32_t slot;

    return put(&config, &slot);
}

/* Nothing is left of any pair: all that a refused or removed one must have given back. */
static void assert_empty(void)
{
    cv_pair_table_reclaim(&rig->table);
    assert_int_equal(rig->table.count, 0);
    assert_int_equal(rig->table.bound_legs, 0);
    assert_int_equal(rig->table.by_address.entries, 0);
    assert_int_equal(rig->table.by_claim.entries, 0);
    assert_int_equal(rig->table.by_cid.entries, 0);
    assert_int_equal(rig->table.by_number.entries, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(rig->table.prefix_lengths[i], 0);
    for (uint16_t i = 0; i < rig->hops.count; i++) /* the gateways have one reference of their own */
        assert_int_equal(rig->hops.list[i].references, i < 2 ? 1 : 0);
}

static uint32_t find_text(const char *address, uint16_t relay_port)
{
    struct cv_address parsed = packets_address(address);

    return leg_at(&rig->table, &parsed, rte_cpu_to_be_16(relay_port));
}

static struct cv_leg_config tunnel_config(uint64_t session, uint16_t channel)
{
    return (struct cv_leg_config){.bind = CV_BIND_TUNNEL, .session = session, .channel = channel};
}

static void a_tunnel_leg_is_found_by_session_and_channel(void **state)
{
    const uint64_t session = UINT64_C(3) << 32 | 9;
    struct cv_pair_config config =
        rig_config(5, 40000, tunnel_config(session, 7), rig_fixed("192.0.2.9:900"));
    struct cv_tunnel key = {session, 7};
    const struct cv_leg *leg;
    struct cv_pair_state seen;
    uint32_t slot;

    (void)state;
    assert_int_equal(put(&config, &slot), 0);
    assert_int_equal(put(&config, &slot), 0); /* the same once more changes nothing */
    assert_int_equal(rig->table.count, 1);
    assert_int_equal(rig->table.bound_legs, 1);
    assert_int_equal(cv_find_tunnel(&rig->table, &key), 2 * slot);
    key.channel = 8;
    assert_int_equal(cv_find_tunnel(&rig->table, &key), CV_NO_LEG);
    key = (struct cv_tunnel){session + 1, 7};
    assert_int_equal(cv_find_tunnel(&rig->table, &key), CV_NO_LEG);
    leg = cv_leg_at(&rig->table, 2 * slot + 1);
    assert_true(leg->flags & CV_LEG_READY && leg->flags & CV_LEG_TUNNEL_OUT);
    assert_int_equal(leg->tunnel_out.session, session);
    assert_int_equal(leg->tunnel_out.channel, 7);
    leg = cv_leg_at(&rig->table, 2 * slot);
    assert_true(leg->flags & CV_LEG_READY);
    assert_false(leg->flags & CV_LEG_TUNNEL_OUT);
    cv_pair_describe(&rig->table, slot, rig->now_ms, &seen);
    assert_int_equal(seen.legs[0].bind, CV_BIND_TUNNEL);
    assert_int_equal(seen.legs[0].session, session);
    assert_int_equal(seen.legs[0].channel, 7);
    assert_true(cv_ip_is_zero(&seen.legs[0].address.ip));
    config.legs[0].channel = 8;
    assert_int_equal(put(&config, &slot), -EEXIST);
    cv_pair_remove(&rig->table, slot);
    assert_empty();
}

static void a_channel_is_one_leg_s(void **state)
{
    (void)state;
    assert_int_equal(put_pair(1, 0, tunnel_config(9, 1), tunnel_config(10, 1)), 0);
    assert_int_equal(put_pair(2, 0, tunnel_config(9, 1), tunnel_config(11, 1)), -EADDRINUSE);
    assert_int_equal(put_pair(3, 0, tunnel_config(12, 1), tunnel_config(12, 1)), -EADDRINUSE);
    assert_int_equal(put_pair(4, 0, tunnel_config(9, 2), tunnel_config(11, 1)), 0);
    assert_int_equal(rig->table.count, 2);
    assert_int_equal(rig->table.by_claim.entries, 4);
    cv_pair_remove(&rig->table, cv_find_pair(&rig->table, 1));
    cv_pair_remove(&rig->table, cv_find_pair(&rig->table, 4));
    assert_empty();
}

static void put_get_remove(void **state)
{
    struct cv_pair_config config = rig_config(77, 40005, rig_token(1), rig_fixed("192.0.2.9:900"));
    struct cv_pair_state seen;
    uint32_t slot;
    bool former;

    (void)state;
    config.rate_bytes_per_second = 123456;
    assert_int_equal(put(&config, &slot), 0);
    assert_int_equal(rig->table.count, 1);
    assert_int_equal(rig->table.bound_legs, 1);
    assert_int_equal(cv_find_pair(&rig->table, 77), slot);
    assert_int_equal(cv_find_pair(&rig->table, 78), CV_NO_SLOT);
    assert_int_equal(cv_find_token(&rig->table, config.legs[0].token, rte_cpu_to_be_16(40005), &former),
                     2 * slot);
    assert_int_equal(cv_find_token(&rig->table, config.legs[0].token, rte_cpu_to_be_16(40006), &former),
                     CV_NO_LEG);
    assert_int_equal(find_text("192.0.2.9:900", 40005), 2 * slot + 1);
    assert_int_equal(find_text("192.0.2.9:900", 40006), CV_NO_LEG);
    assert_int_equal(find_text("192.0.2.9:901", 40005), CV_NO_LEG);

    rig_pass(rig, 5);
    cv_leg_at(&rig->table, 2 * slot)->seen_ms = rig->now_ms - 3;
    cv_leg_at(&rig->table, 2 * slot)->pkts = 10;
    cv_leg_at(&rig->table, 2 * slot)->bytes = 1000;
    cv_pair_describe(&rig->table, slot, rig->now_ms, &seen);
    assert_int_equal(seen.pair, 77);
    assert_int_equal(seen.legs[0].relay_port, 40005);
    assert_int_equal(seen.idle_s, 120);
    assert_int_equal(seen.rate_bytes_per_second, 123456);
    assert_true(cv_ip_is_zero(&seen.legs[0].address.ip));
    assert_int_equal(seen.legs[0].bind, CV_BIND_TOKEN);
    assert_int_equal(seen.legs[0].seen_ms_ago, 3);
    assert_int_equal(seen.legs[0].pkts, 10);
    assert_int_equal(seen.legs[0].bytes, 1000);
    assert_true(cv_address_equal(&seen.legs[1].address, &config.legs[1].address));
    assert_int_equal(seen.legs[1].bind, CV_BIND_FIXED);
    assert_int_equal(seen.legs[1].seen_ms_ago, UINT32_MAX);

    cv_pair_remove(&rig->table, slot);
    assert_int_equal(cv_find_pair(&rig->table, 77), CV_NO_SLOT);
    assert_int_equal(cv_find_token(&rig->table, config.legs[0].token, rte_cpu_to_be_16(40005), &former),
                     CV_NO_LEG);
    assert_int_equal(find_text("192.0.2.9:900", 40005), CV_NO_LEG);
    assert_empty();
}

/* Again with the same number: settings change, legs and counters stay, another pair is refused. */
static void same_number_again(void **state)
{
    struct cv_pair_config config = rig_config(5, 40000, rig_token(1), rig_prefix("203.0.113.0/24"));
    struct cv_pair_config changed = config;
    struct cv_pair_state seen;
    uint32_t slot, again;

    (void)state;
    assert_int_equal(put(&config, &slot), 0);
    rig_bind(rig, 2 * slot, "192.0.2.9:900");
    changed.idle_s = 7;
    changed.rate_bytes_per_second = 1000000;
    assert_int_equal(put(&changed, &again), 0);
    assert_int_equal(again, slot);
    assert_int_equal(rig->table.count, 1);
    cv_pair_describe(&rig->table, slot, rig->now_ms, &seen);
    assert_int_equal(seen.idle_s, 7);
    assert_int_equal(seen.rate_bytes_per_second, 1000000);
    assert_true(cv_leg_at(&rig->table, 2 * slot)->flags & CV_LEG_METERED);
    assert_int_equal(find_text("192.0.2.9:900", 40000), 2 * slot);
    config.rate_bytes_per_second = 0;
    assert_int_equal(put(&config, &again), 0);
    assert_false(cv_leg_at(&rig->table, 2 * slot)->flags & CV_LEG_METERED);

    changed = config;
    changed.legs[0].relay_port = changed.legs[1].relay_port = 40001;
    assert_int_equal(put(&changed, &again), -EEXIST);
    changed = config;
    changed.legs[0].token[31] ^= 1;
    assert_int_equal(put(&changed, &again), -EEXIST);
    changed = config;
    changed.legs[1] = rig_prefix("203.0.113.0/25");
    assert_int_equal(put(&changed, &again), -EEXIST);
    changed = config;
    changed.legs[0] = rig_fixed("192.0.2.9:900");
    assert_int_equal(put(&changed, &again), -EEXIST);
    cv_pair_remove(&rig->table, slot);
    assert_empty();
}

static void fixed_legs_again(void **state)
{
    struct cv_pair_config config =
        rig_config(5, 40000, rig_fixed("192.0.2.8:800"), rig_fixed("192.0.2.9:900"));
    uint32_t slot;

    (void)state;
    assert_int_equal(put(&config, &slot), 0);
    assert_int_equal(put(&config, &slot), 0);
    config.legs[1] = rig_fixed("192.0.2.9:901");
    assert_int_equal(put(&config, &slot), -EEXIST);
    cv_pair_remove(&rig->table, slot);
    assert_empty();
}

/* Each refusal leaves the table as it was, and the same pair can be made when the reason is gone. */
static void refusals(void **state)
{
    struct cv_leg_config last = rig_token(9);
    uint32_t slot, first;

    (void)state;
    first = rig_pair(rig, 1, 40000, rig_token(1), rig_fixed("192.0.2.9:900"));
    assert_int_equal(put_pair(2, 39999, rig_token(2), rig_token(3)), -EADDRNOTAVAIL);
    assert_int_equal(put_pair(2, 40064, rig_token(2), rig_token(3)), -EADDRNOTAVAIL);
    assert_int_equal(put_pair(2, 40063, rig_token(2), rig_token(3)), 0);
    /* One address, token or prefix names one leg of a relay port. */
    assert_int_equal(put_pair(3, 40000, rig_token(4), rig_fixed("192.0.2.9:900")), -EADDRINUSE);
    assert_int_equal(put_pair(3, 40000, rig_token(4), rig_token(1)), -EADDRINUSE);
    assert_int_equal(put_pair(3, 40000, rig_token(4), rig_token(4)), -EADDRINUSE);
    assert_int_equal(put_pair(3, 40000, rig_fixed("192.0.2.7:1"), rig_fixed("192.0.2.7:1")), -EADDRINUSE);
    assert_int_equal(put_pair(3, 40000, rig_prefix("2001:db8:5::/48"), rig_prefix("2001:db8:5::/48")),
                     -EADDRINUSE);
    assert_int_equal(rig->table.count, 2);
    assert_int_equal(cv_find_pair(&rig->table, 3), CV_NO_SLOT);
    assert_int_equal(put_pair(3, 40001, rig_token(1), rig_fixed("192.0.2.9:900")), 0);
    assert_int_equal(put_pair(4, 40000, rig_token(4), rig_prefix("2001:db8:5::/48")), 0);
    /* An address that another leg has by now is only a hint where it is the last one. */
    last.last = packets_address("192.0.2.9:900");
    assert_int_equal(put_pair(5, 40000, last, rig_token(10)), 0);
    assert_false(cv_leg_at(&rig->table, 2 * cv_find_pair(&rig->table, 5))->flags & CV_LEG_BOUND);
    last = rig_token(11);
    last.last = packets_address("192.0.2.99:900");
    assert_int_equal(put_pair(6, 40000, last, rig_token(12)), 0);
    slot = cv_find_pair(&rig->table, 6);
    assert_int_equal(find_text("192.0.2.99:900", 40000), 2 * slot);
    cv_pair_remove(&rig->table, first);
    for (uint64_t number = 2; number <= 6; number++)
        cv_pair_remove(&rig->table, cv_find_pair(&rig->table, number));
    assert_empty();
}

static void no_address_of_that_family(void **state)
{
    (void)state;
    rig->locals.list[RIG_LOCAL_V6].link_local = true; /* as if it had no other IPv6 address */
    assert_int_equal(put_pair(1, 40000, rig_fixed("[2001:db8::9]:1"), rig_token(1)), -ENETUNREACH);
    assert_int_equal(put_pair(1, 40000, rig_token(1), rig_fixed("[2001:db8::9]:1")), -ENETUNREACH);
    assert_int_equal(put_pair(1, 40000, rig_fixed("192.0.2.9:1"), rig_token(1)), 0);
    cv_pair_remove(&rig->table, cv_find_pair(&rig->table, 1));
    assert_empty();
}

/* A pair that could not be made is no pair: not for an expiry or a dump that runs before its slot is free. */
static void refused_is_nobody(void **state)
{
    struct cv_pair_config config = rig_config(3, 40000, rig_token(4), rig_token(4));
    uint32_t slot;

    (void)state;
    rte_rcu_qsbr_thread_register(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_online(rig->table.qsbr, 0);
    assert_int_equal(put(&config, &slot), -EADDRINUSE);
    for (uint32_t i = 0; i < rig->table.next_unused; i++)
        assert_int_equal(rig->table.pairs[i].number, 0);
    rte_rcu_qsbr_quiescent(rig->table.qsbr, 0);
    assert_empty();
    rte_rcu_qsbr_thread_offline(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_unregister(rig->table.qsbr, 0);
}

static void full(void **state)
{
    uint32_t slot;

    (void)state;
    for (uint8_t i = 0; i < 100; i++)
        assert_int_equal(
            put_pair(i + 1u, 40000, rig_token((uint8_t)(2 * i + 1)), rig_token((uint8_t)(2 * i + 2))), 0);
    assert_int_equal(put_pair(101, 40000, rig_token(201), rig_token(202)), -ENOSPC);
    assert_int_equal(rig->table.count, 100);
    cv_pair_remove(&rig->table, cv_find_pair(&rig->table, 50));
    assert_int_equal(put_pair(101, 40000, rig_token(201), rig_token(202)), 0);
    for (uint64_t number = 1; number <= 101; number++) {
        slot = cv_find_pair(&rig->table, number);
        if (slot != CV_NO_SLOT)
            cv_pair_remove(&rig->table, slot);
        assert_int_equal(slot == CV_NO_SLOT, number == 50);
    }
    assert_empty();
}

/* A worker that has not said it is done may still look at a removed pair: the slot must wait for it. */
static void grace_period(void **state)
{
    struct cv_pair_config config = rig_config(1, 40000, rig_token(1), rig_token(2));
    uint32_t first, second, generation;

    (void)state;
    for (unsigned id = 0; id < RIG_WORKERS; id++) {
        rte_rcu_qsbr_thread_register(rig->table.qsbr, id);
        rte_rcu_qsbr_thread_online(rig->table.qsbr, id);
    }
    assert_int_equal(put(&config, &first), 0);
    rig_bind(rig, 2 * first, "192.0.2.8:800");
    generation = rig->table.pairs[first].generation;
    cv_pair_remove(&rig->table, first);
    assert_int_equal(put(&config, &second), 0);
    assert_int_not_equal(first, second);
    cv_pair_remove(&rig->table, second);
    rte_rcu_qsbr_quiescent(rig->table.qsbr, 0);
    cv_pair_table_reclaim(&rig->table);
    assert_int_equal(rig->table.free_slot, CV_NO_SLOT); /* worker 1 has not passed */
    assert_int_equal(rig->hops.list[2].references, 1);  /* and may be using the next hop */
    rte_rcu_qsbr_quiescent(rig->table.qsbr, 1);
    cv_pair_table_reclaim(&rig->table);
    assert_int_not_equal(rig->table.free_slot, CV_NO_SLOT);
    assert_int_equal(rig->hops.list[2].references, 0);
    assert_int_equal(put(&config, &second), 0);
    assert_true(second <= 1);
    assert_true(rig->table.pairs[first].generation > generation);
    for (unsigned id = 0; id < RIG_WORKERS; id++) {
        rte_rcu_qsbr_thread_offline(rig->table.qsbr, id);
        rte_rcu_qsbr_thread_unregister(rig->table.qsbr, id);
    }
    cv_pair_remove(&rig->table, second);
    assert_empty();
}

/* A moved leg's old next hop may be in use until the workers have passed. */
static void grace_period_of_next_hops(void **state)
{
    uint32_t slot = rig_pair(rig, 1, 40000, rig_token(1), rig_token(2));
    const struct cv_next_hop *old;

    (void)state;
    rte_rcu_qsbr_thread_register(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_online(rig->table.qsbr, 0);
    rig_bind(rig, 2 * slot, "192.0.2.8:800");
    old = &rig->hops.list[cv_leg_at(&rig->table, 2 * slot + 1)->next_hop];
    rig_bind(rig, 2 * slot, "192.0.2.9:900");
    cv_pair_table_reclaim(&rig->table);
    assert_int_equal(old->references, 1);
    rte_rcu_qsbr_quiescent(rig->table.qsbr, 0);
    cv_pair_table_reclaim(&rig->table);
    assert_int_equal(old->references, 0);
    rte_rcu_qsbr_thread_offline(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_unregister(rig->table.qsbr, 0);
    cv_pair_remove(&rig->table, slot);
    assert_empty();
}

/* More given up at a time than the list of them is long: the keeper waits rather than forget one. */
static void many_retired(void **state)
{
    uint32_t slot = rig_pair(rig, 1, 40000, rig_token(1), rig_token(2));

    (void)state;
    for (unsigned i = 0; i < 40000; i++)
        rig_bind(rig, 2 * slot, i % 2 ? "192.0.2.8:800" : "192.0.2.9:900");
    assert_int_equal(rig->table.bound_legs, 1);
    assert_int_equal(rig->table.by_address.entries, 1);
    cv_pair_remove(&rig->table, slot);
    assert_empty();
}

static void prefixes(void **state)
{
    static const struct {
        const char *ip, *prefix;
    } cases[] = {
        {"203.0.113.130", "203.0.113.128/25"}, {"203.0.113.1", "203.0.113.0/24"},
        {"203.0.1.1", "203.0.0.0/16"},         {"198.0.1.1", NULL},
        {"203.0.113.7", "203.0.113.7/32"},     {"2001:db8::1", "2001:db8::/32"},
        {"2001:db8:7::1", "2001:db8:7::/64"},  {"2001:db9::1", NULL},
    };
    uint64_t number = 1;

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(cases); i++)
        if (cases[i].prefix != NULL)
            rig_pair(rig, number++, 40000, rig_prefix(cases[i].prefix), rig_token((uint8_t)(i + 1)));
    for (unsigned i = 0; i < RTE_DIM(cases); i++) {
        struct cv_ip ip = packets_ip(cases[i].ip);
        uint32_t leg = cv_find_prefix(&rig->table, &ip, rte_cpu_to_be_16(40000), rig->now_ms);
        struct cv_prefix wanted;

        assert_int_equal(cv_find_prefix(&rig->table, &ip, rte_cpu_to_be_16(40001), rig->now_ms), CV_NO_LEG);
        if (cases[i].prefix == NULL) {
            assert_int_equal(leg, CV_NO_LEG);
            continue;
        }
        assert_int_not_equal(leg, CV_NO_LEG);
        assert_int_equal(cv_prefix_parse(cases[i].prefix, &wanted), 0);
        assert_int_equal(cv_leg_at(&rig->table, leg)->bind.prefix.length, wanted.length);
        assert_true(cv_ip_equal(&cv_leg_at(&rig->table, leg)->bind.prefix.ip, &wanted.ip));
    }
    while (--number > 0)
        cv_pair_remove(&rig->table, cv_find_pair(&rig->table, number));
    assert_empty();
}

/* ---- Connection IDs ---- */

static void cid(uint8_t *out, uint8_t fill)
{
    for (uint8_t i = 0; i < CV_QUIC_CID_MAX; i++)
        out[i] = (uint8_t)(fill + i * 3);
}

/* The leg that a short header before these bytes names. */
static uint32_t find_short(const uint8_t *id, uint16_t bytes, uint16_t relay_port)
{
    uint8_t packet[64] = {0x40};

    memcpy(packet + 1, id, bytes);
    return cv_find_cid(&rig->table, packet, (uint16_t)(1 + bytes), rte_cpu_to_be_16(relay_port));
}

static void connection_ids(void **state)
{
    uint32_t slot = rig_pair(rig, 1, 40000, rig_token(1), rig_token(2));
    uint32_t other = rig_pair(rig, 2, 40000, rig_token(3), rig_token(4));
    uint8_t id[CV_QUIC_CID_MAX], more[40] = {0};

    (void)state;
    for (uint8_t bytes = 0; bytes <= CV_QUIC_CID_MAX; bytes++) {
        cid(id, bytes);
        memcpy(more, id, bytes);
        cv_leg_learn_cid(&rig->table, 2 * slot, id, bytes);
        if (bytes < CV_CID_MIN_BYTES) {
            assert_int_equal(rig->table.by_cid.entries, 0);
            continue;
        }
        assert_int_equal(rig->table.by_cid.entries, 1); /* the one before it is forgotten */
        assert_true(cv_leg_has_cid(&rig->table, 2 * slot, id, bytes));
        assert_int_equal(find_short(more, 40, 40000), 2 * slot);
        assert_int_equal(find_short(id, bytes, 40000), 2 * slot);
        assert_int_equal(find_short(id, (uint16_t)(bytes - 1), 40000), CV_NO_LEG);
        assert_int_equal(find_short(more, 40, 40001), CV_NO_LEG);
        more[RTE_MIN(bytes, CV_CID_KEY_BYTES) - 1] ^= 1;
        assert_int_equal(find_short(more, 40, 40000), CV_NO_LEG);
        /* What one leg is known by is not learnt for another. */
        cv_leg_learn_cid(&rig->table, 2 * other + 1, id, bytes);
        assert_int_equal(rig->table.by_cid.entries, 1);
        cv_leg_learn_cid(&rig->table, 2 * slot + 1, id, bytes);
        assert_int_equal(rig->table.by_cid.entries, 1);
        assert_int_equal(find_short(id, bytes, 40000), 2 * slot);
    }
    cv_leg_forget_cid(&rig->table, 2 * slot);
    assert_int_equal(rig->table.by_cid.entries, 0);
    assert_int_equal(find_short(id, CV_QUIC_CID_MAX, 40000), CV_NO_LEG);
    cv_leg_learn_cid(&rig->table, 2 * slot, id, 8);
    cv_pair_remove(&rig->table, slot);
    cv_pair_remove(&rig->table, other);
    assert_empty();
}

/* Of a long one the first 8 bytes are kept, and 8 bits tell the rest apart. */
static void ends_of_connection_ids(void **state)
{
    uint32_t slot = rig_pair(rig, 1, 40000, rig_token(1), rig_token(2)), hits = 0;
    uint8_t id[CV_QUIC_CID_MAX];

    (void)state;
    cid(id, 1);
    cv_leg_learn_cid(&rig->table, 2 * slot, id, sizeof(id));
    for (uint32_t i = 1; i <= 2560; i++) {
        uint8_t other[CV_QUIC_CID_MAX];

        memcpy(other, id, sizeof(other));
        other[8 + i % 12] ^= (uint8_t)(i >> 4 | 1);
        other[9] = (uint8_t)(other[9] + i);
        hits += find_short(other, sizeof(other), 40000) != CV_NO_LEG && memcmp(other, id, sizeof(id)) != 0;
    }
    assert_true(hits < 40); /* ten are to be expected */
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(put_get_remove),
        EACH(a_tunnel_leg_is_found_by_session_and_channel),
        EACH(a_channel_is_one_leg_s),
        EACH(same_number_again),
        EACH(fixed_legs_again),
        EACH(refusals),
        EACH(no_address_of_that_family),
        EACH(refused_is_nobody),
        EACH(full),
        EACH(grace_period),
        EACH(grace_period_of_next_hops),
        EACH(many_retired),
        EACH(prefixes),
        EACH(connection_ids),
        EACH(ends_of_connection_ids),
    };

    return cmocka_run_group_tests_name("pair_table", tests, start, NULL);
}
