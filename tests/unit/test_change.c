/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A leg changes within its pair: to every kind, on any port, while packets run. Nothing is lost, nothing
 * of the old leg is left when its time is over, and whatever ends the pair ends both.
 */
#include "leg_at.h"
#include "moving.h"
#include "relay/change.h"
#include "relay/claims.h"
#include "relay/route.h"
#include "relay/spares.h"
#include "relay/standing.h"

#include <errno.h>
#include <string.h>

#define RELAY "192.0.2.1:40000"
#define NEXT  "192.0.2.1:40001" /* another relay port */
#define HOME  "203.0.113.1:1000"
#define AWAY  "203.0.113.2:1000"
#define OTHER "203.0.113.9:9000"

static uint32_t slot, leg, other; /* leg: HOME, token of ones; other: OTHER, token of twos */
static struct cv_spare_sweep sweep;
static bool changed;

static int start(void **state)
{
    (void)state;
    packets_start("test_change", NULL);
    return 0;
}

static int setup(void **state)
{
    moving_setup(state);
    memset(&sweep, 0, sizeof(sweep));
    slot = rig_pair(rig, 7, RIG_RELAY_PORT, rig_token(1), rig_token(2));
    leg = 2 * slot;
    other = leg + 1;
    rig_bind(rig, leg, HOME);
    rig_bind(rig, other, OTHER);
    rig_pass(rig, 1000);
    return 0;
}

/* Nothing is left of any pair. */
static int teardown(void **state)
{
    if (cv_find_pair(&rig->table, 7) != CV_NO_SLOT)
        cv_pair_remove(&rig->table, slot);
    cv_pair_table_reclaim(&rig->table);
    assert_int_equal(rig->table.count, 0);
    assert_int_equal(rig->table.bound_legs, 0);
    assert_int_equal(rig->table.unproven_legs, 0);
    assert_int_equal(rig->table.by_address.entries, 0);
    assert_int_equal(rig->table.by_claim.entries, 0);
    assert_int_equal(rig->table.by_cid.entries, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(rig->table.prefix_lengths[i], 0);
    for (uint16_t i = 0; i < rig->hops.count; i++) /* the gateways have one reference of their own */
        assert_int_equal(rig->hops.list[i].references, i < 2 ? 1 : 0);
    assert_int_equal(packets_in_use(), 0);
    return moving_teardown(state);
}

static struct cv_leg_config on_port(struct cv_leg_config config, uint16_t relay_port)
{
    config.relay_port = relay_port;
    return config;
}

static struct cv_leg_config tunnel(uint64_t session, uint16_t channel)
{
    return (struct cv_leg_config){.bind = CV_BIND_TUNNEL, .session = session, .channel = channel};
}

static int change(uint32_t which, struct cv_leg_config to)
{
    struct cv_leg_change order = {.pair = 7, .leg = which & 1, .to = to};
    int error;

    memset(&event, 0, sizeof(event));
    error = cv_leg_change(&rig->table, &order, rig->now_ms, &changed, &event);
    rig_resolve(rig);
    return error;
}

static struct cv_pair_state state_of(void)
{
    struct cv_pair_state seen;

    cv_pair_describe(&rig->table, slot, rig->now_ms, &seen);
    return seen;
}

/* The packet from there, to that port of ours, reaches the peer, from that port of ours. */
static void assert_passes(const char *from, const char *to, const char *peer, const char *out_of)
{
    struct cv_address reached = packets_address(peer), left = packets_address(out_of);
    struct rte_mbuf *mbuf;
    struct packet_view view;

    rig_burst(rig, rig_datagram(from, to, "hello", 5));
    mbuf = rig_take(rig, RIG_PORT);
    assert_non_null(mbuf);
    view = packets_read(mbuf);
    assert_true(cv_address_equal(&view.destination, &reached));
    assert_true(cv_address_equal(&view.source, &left));
    rte_pktmbuf_free(mbuf);
}

static void assert_stops(const char *from, const char *to)
{
    rig_burst(rig, rig_datagram(from, to, "hello", 5));
    assert_null(rig_take(rig, RIG_PORT));
    while (rig_notice(rig).type != CV_NOTICE_NONE)
        ;
}

/* A token comes to a port; what the keeper makes of it. */
static enum cv_move_result comes(uint8_t fill, const char *from, const char *to)
{
    uint8_t token[CV_TOKEN_BYTES];
    enum cv_move_result result;
    struct cv_notice notice;

    memset(token, fill, sizeof(token));
    rig_burst(rig, rig_datagram(from, to, token, sizeof(token)));
    assert_null(rig_take(rig, RIG_PORT));
    notice = rig_notice(rig);
    if (notice.type == CV_NOTICE_NONE)
        return CV_MOVE_NOTHING;
    result = tell(&notice);
    rig_resolve(rig);
    return result;
}

static void assert_changed(uint32_t which, const char *address, uint16_t relay_port)
{
    struct cv_address wanted = {0};

    if (address != NULL)
        wanted = packets_address(address);
    assert_int_equal(event.pair, 7);
    assert_int_equal(event.leg, which & 1);
    assert_int_equal(event.cause, CV_MOVE_CHANGE);
    assert_int_equal(event.bind, address == NULL ? CV_BIND_TUNNEL : CV_BIND_TOKEN);
    assert_int_equal(event.relay_port, relay_port);
    assert_true(cv_address_equal(&event.address, &wanted));
    if (address == NULL)
        return;
    assert_int_not_equal(event.token[0], 0); /* it is the leg's own, and a dump tells the same */
    assert_memory_equal(event.token, cv_leg_at(&rig->table, which)->bind.token, CV_TOKEN_BYTES);
    assert_memory_equal(event.token, state_of().legs[which & 1].token, CV_TOKEN_BYTES);
}

static void former_time_is_over(void)
{
    rig_pass(rig, CV_LEG_FORMER_MS);
    cv_spares_age(&sweep, &rig->table, rig->now_ms);
    cv_pair_table_reclaim(&rig->table);
    assert_int_equal(cv_spare_leg(&rig->table, leg), CV_NO_LEG);
    assert_int_equal(cv_spare_leg(&rig->table, other), CV_NO_LEG);
}

/* ---- Tests ---- */

static void to_another_port(void **state)
{
    (void)state;
    assert_passes(HOME, RELAY, OTHER, RELAY);
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_false(changed);
    assert_int_equal(state_of().legs[0].changing, 1);
    assert_int_equal(state_of().legs[0].relay_port, 40000);
    assert_passes(HOME, RELAY, OTHER, RELAY);
    assert_passes(OTHER, RELAY, HOME, RELAY); /* the old one, till the new one is there */
    assert_int_equal(comes(3, HOME, NEXT), CV_MOVE_CHANGED);
    assert_changed(leg, HOME, 40001);
    assert_int_equal(state_of().legs[0].changing, 0);
    assert_int_equal(state_of().legs[0].relay_port, 40001);
    assert_passes(HOME, NEXT, OTHER, RELAY);
    assert_passes(OTHER, RELAY, HOME, NEXT);
    assert_passes(HOME, RELAY, OTHER, RELAY); /* in flight */
    assert_int_equal(state_of().legs[0].pkts, 4);
    assert_int_equal(state_of().legs[1].pkts, 2);
    rig_pass(rig, CV_LEG_FORMER_MS - 1);
    cv_spares_age(&sweep, &rig->table, rig->now_ms);
    assert_passes(HOME, RELAY, OTHER, RELAY);
    former_time_is_over();
    assert_stops(HOME, RELAY);
    assert_passes(HOME, NEXT, OTHER, RELAY);
    assert_passes(OTHER, RELAY, HOME, NEXT);
    assert_int_equal(state_of().legs[0].pkts, 6);
    assert_int_equal(state_of().legs[0].bytes, 30);
}

/*
 * Packets right behind the token are the leg's before the keeper has looked, as they are for a first
 * token.
 */
static void right_behind_the_token(void **state)
{
    uint8_t token[CV_TOKEN_BYTES];
    struct cv_notice notice;

    (void)state;
    memset(token, 3, sizeof(token));
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    rig_burst(rig, rig_datagram(AWAY, NEXT, token, sizeof(token)));
    assert_passes(AWAY, NEXT, OTHER, RELAY);
    notice = rig_notice(rig);
    assert_int_equal(tell(&notice), CV_MOVE_CHANGED);
    assert_int_equal(state_of().legs[0].pkts, 1);
}

/* Only another token, from the same socket or from another. */
static void a_new_token(void **state)
{
    (void)state;
    assert_int_equal(change(leg, on_port(rig_token(3), 40000)), 0);
    assert_int_equal(comes(3, HOME, RELAY), CV_MOVE_CHANGED);
    assert_changed(leg, HOME, 40000);
    assert_passes(HOME, RELAY, OTHER, RELAY);
    assert_passes(OTHER, RELAY, HOME, RELAY);
    assert_int_equal(comes(1, AWAY, RELAY), CV_MOVE_NOTHING); /* the one before it */
    assert_at(leg, HOME);
    rig_pass(rig, 100);
    assert_int_equal(change(leg, on_port(rig_token(4), 40000)), 0);
    assert_int_equal(comes(4, AWAY, RELAY), CV_MOVE_CHANGED);
    assert_changed(leg, AWAY, 40000);
    assert_passes(HOME, RELAY, OTHER, RELAY);
    assert_passes(OTHER, RELAY, AWAY, RELAY);
    assert_int_equal(comes(3, HOME, RELAY), CV_MOVE_NOTHING); /* a former leg's binds nothing */
    /* And back to where the former leg is. */
    rig_pass(rig, 100);
    assert_int_equal(comes(4, HOME, RELAY), CV_MOVE_MOVED);
    assert_at(leg, HOME);
    assert_passes(OTHER, RELAY, HOME, RELAY);
    assert_stops(AWAY, RELAY);
}

static enum cv_drop out_of_tunnel(uint64_t session, uint16_t channel, struct cv_route *route)
{
    const struct cv_tunnel from = {session, channel};
    uint32_t number = cv_find_tunnel(&rig->table, &from);

    if (number == CV_NO_LEG)
        return CV_DROP_NO_CHANNEL;
    return cv_leg_route(&rig->workers[0].relay, cv_leg_at(&rig->table, number), number, 5, route);
}

static void assert_tunnel_passes(uint64_t session, uint16_t channel, const char *peer, const char *out_of)
{
    struct cv_address reached = packets_address(peer), left = packets_address(out_of);
    struct cv_route route;

    assert_int_equal(out_of_tunnel(session, channel, &route), CV_DROP_COUNT);
    assert_true(cv_ip_equal(&route.destination, &reached.ip));
    assert_int_equal(route.destination_port_be, reached.port_be);
    assert_int_equal(route.source_port_be, left.port_be);
    assert_non_null(cv_route_hop(&rig->workers[0].relay, &route));
}

static void assert_enters_tunnel(const char *from, uint64_t session, uint16_t channel)
{
    struct cv_address source = packets_address(from);
    uint32_t number = leg_at(&rig->table, &source, rte_cpu_to_be_16(RIG_RELAY_PORT));
    struct cv_route route;

    assert_int_equal(cv_leg_route(&rig->workers[0].relay, cv_leg_at(&rig->table, number), number, 5, &route),
                     CV_DROP_COUNT);
    assert_true(route.flags & CV_LEG_TUNNEL_OUT);
    assert_int_equal(route.tunnel_out.session, session);
    assert_int_equal(route.tunnel_out.channel, channel);
}

static void to_a_tunnel_and_back(void **state)
{
    struct cv_route route;

    (void)state;
    assert_int_equal(change(leg, tunnel(5, 3)), 0);
    assert_true(changed);
    assert_changed(leg, NULL, 0);
    assert_tunnel_passes(5, 3, OTHER, RELAY);
    assert_enters_tunnel(OTHER, 5, 3);
    assert_passes(HOME, RELAY, OTHER, RELAY); /* in flight */
    assert_int_equal(state_of().legs[0].bind, CV_BIND_TUNNEL);
    assert_int_equal(state_of().legs[0].session, 5);
    assert_true(cv_ip_is_zero(&state_of().legs[0].address.ip));
    former_time_is_over();
    assert_stops(HOME, RELAY);
    /* Its session was resumed under another number. */
    assert_int_equal(change(leg, tunnel(6, 3)), 0);
    assert_true(changed);
    assert_tunnel_passes(6, 3, OTHER, RELAY);
    assert_tunnel_passes(5, 3, OTHER, RELAY);
    assert_enters_tunnel(OTHER, 6, 3);
    /* Back to UDP before the former leg's time is over. */
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_int_equal(out_of_tunnel(5, 3, &route), CV_DROP_NO_CHANNEL);
    assert_enters_tunnel(OTHER, 6, 3);
    assert_int_equal(comes(3, AWAY, NEXT), CV_MOVE_CHANGED);
    assert_passes(OTHER, RELAY, AWAY, NEXT);
    assert_passes(AWAY, NEXT, OTHER, RELAY);
    assert_tunnel_passes(6, 3, OTHER, RELAY);
    former_time_is_over();
    assert_int_equal(out_of_tunnel(6, 3, &route), CV_DROP_NO_CHANNEL);
    assert_passes(OTHER, RELAY, AWAY, NEXT);
}

/* Both sides at once: each former leg leads to where the other side is by now. */
static void both_sides(void **state)
{
    (void)state;
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_int_equal(change(other, on_port(rig_token(4), 40002)), 0);
    assert_int_equal(comes(3, HOME, NEXT), CV_MOVE_CHANGED);
    assert_passes(HOME, NEXT, OTHER, RELAY);
    assert_int_equal(comes(4, AWAY, "192.0.2.1:40002"), CV_MOVE_CHANGED);
    assert_passes(HOME, NEXT, AWAY, "192.0.2.1:40002");
    assert_passes(HOME, RELAY, AWAY, "192.0.2.1:40002");
    assert_passes(AWAY, "192.0.2.1:40002", HOME, NEXT);
    assert_passes(OTHER, RELAY, HOME, NEXT);
    former_time_is_over();
    assert_passes(HOME, NEXT, AWAY, "192.0.2.1:40002");
    assert_stops(OTHER, RELAY);
    assert_stops(HOME, RELAY);
}

/* The other side moves meanwhile: what is coming, and what is former, follows. */
static void the_other_side_moves(void **state)
{
    (void)state;
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    rig_bind(rig, other, "203.0.113.10:9001");
    assert_int_equal(comes(3, AWAY, NEXT), CV_MOVE_CHANGED);
    assert_passes(AWAY, NEXT, "203.0.113.10:9001", RELAY);
    assert_passes(HOME, RELAY, "203.0.113.10:9001", RELAY);
    rig_bind(rig, other, "203.0.113.11:9001");
    assert_passes(AWAY, NEXT, "203.0.113.11:9001", RELAY);
    assert_passes(HOME, RELAY, "203.0.113.11:9001", RELAY);
    cv_leg_unbind(&rig->table, other);
    assert_stops(AWAY, NEXT);
    assert_stops(HOME, RELAY);
}

/* A former leg behind a rebound NAT is nobody's business; the leg itself moves as it always does. */
static void moves_of_both(void **state)
{
    (void)state;
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_int_equal(comes(3, AWAY, NEXT), CV_MOVE_CHANGED);
    rig_pass(rig, 4000);
    assert_int_equal(token_from(cv_spare_leg(&rig->table, leg), "203.0.113.50:1"), CV_MOVE_NOTHING);
    assert_int_equal(comes(3, "203.0.113.51:1", NEXT), CV_MOVE_MOVED);
    assert_int_equal(event.relay_port, 40001);
    assert_passes(OTHER, RELAY, "203.0.113.51:1", NEXT);
}

/* The connection ID belongs to the connection, wherever its packets come in. */
static void connection_ids_stay(void **state)
{
    uint8_t packet[32] = {0x40, 'c', 'i', 'd', 'c', 'i', 'd', 'c', 'i'};

    (void)state;
    cv_leg_learn_cid(&rig->table, leg, packet + 1, 8);
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_int_equal(comes(3, HOME, NEXT), CV_MOVE_CHANGED);
    assert_int_equal(cv_find_cid(&rig->table, packet, sizeof(packet), rte_cpu_to_be_16(40001)), leg);
    assert_int_equal(cv_find_cid(&rig->table, packet, sizeof(packet), rte_cpu_to_be_16(40000)), CV_NO_LEG);
    assert_int_equal(change(leg, tunnel(5, 3)), 0);
    assert_int_equal(rig->table.by_cid.entries, 0);
    former_time_is_over();
    assert_int_equal(change(leg, on_port(rig_token(5), 40001)), 0); /* and back: it still sends to that */
    assert_int_equal(comes(5, AWAY, NEXT), CV_MOVE_CHANGED);
    assert_int_equal(cv_find_cid(&rig->table, packet, sizeof(packet), rte_cpu_to_be_16(40001)), leg);
}

/* What a leg that comes has learnt is newer. */
static void connection_ids_that_come(void **state)
{
    uint8_t old[32] = {0x40, 'c', 'i', 'd', 'c', 'i', 'd', 'c', 'i'},
            new[32] = {0x40, 'n', 'e', 'w', 'n', 'e', 'w', 'n', 'e'};

    (void)state;
    for (unsigned i = 0; i < 2; i++) { /* the same, and another */
        uint8_t *id = i == 0 ? old : new;
        uint16_t port = i == 0 ? 40001 : 40000;

        cv_leg_learn_cid(&rig->table, leg, old + 1, 8);
        assert_int_equal(change(leg, on_port(rig_token((uint8_t)(3 + i)), port)), 0);
        cv_leg_learn_cid(&rig->table, cv_spare_leg(&rig->table, leg), id + 1, 8);
        assert_int_equal(comes((uint8_t)(3 + i), AWAY, i == 0 ? NEXT : RELAY), CV_MOVE_CHANGED);
        assert_int_equal(cv_find_cid(&rig->table, id, sizeof(old), rte_cpu_to_be_16(port)), leg);
        assert_int_equal(rig->table.by_cid.entries, 1);
        former_time_is_over();
    }
}

/* A former leg has no right to its address any more when another pair's leg, which is proven there, wants it. */
static void a_former_gives_way(void **state)
{
    uint32_t others = rig_pair(rig, 9, RIG_RELAY_PORT, rig_token(21), rig_token(22)), theirs;

    (void)state;
    rig_bind(rig, 2 * others + 1, "203.0.113.77:7777");
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_int_equal(comes(3, HOME, NEXT), CV_MOVE_CHANGED);
    theirs = cv_find_pair(&rig->table, 9);
    assert_int_equal(comes(21, HOME, RELAY), CV_MOVE_BOUND);
    assert_int_equal(cv_spare_leg(&rig->table, leg), CV_NO_LEG);
    assert_true(cv_leg_at(&rig->table, 2 * theirs)->flags & CV_LEG_BOUND);
    assert_passes(HOME, RELAY, "203.0.113.77:7777", RELAY);
    assert_passes(HOME, NEXT, OTHER, RELAY);
    cv_pair_remove(&rig->table, theirs);
}

static void the_last_change_counts(void **state)
{
    (void)state;
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0); /* said twice */
    assert_int_equal(change(leg, on_port(rig_token(4), 40002)), 0);
    assert_int_equal(comes(3, HOME, NEXT), CV_MOVE_NOTHING);
    assert_int_equal(comes(4, HOME, "192.0.2.1:40002"), CV_MOVE_CHANGED);
    assert_passes(HOME, RELAY, OTHER, RELAY);
    assert_int_equal(change(leg, on_port(rig_token(4), 40002)), 0); /* it is so already */
    assert_false(changed);
    assert_int_equal(state_of().legs[0].changing, 0);
    assert_int_equal(change(leg, on_port(rig_token(1), 40000)), 0); /* back to what it was */
    assert_stops(HOME, RELAY);
    assert_int_equal(comes(1, HOME, RELAY), CV_MOVE_CHANGED);
    assert_passes(OTHER, RELAY, HOME, RELAY);
}

static void refusals(void **state)
{
    uint32_t second = rig_pair(rig, 8, 40001, rig_token(5), rig_fixed("203.0.113.60:1"));
    struct cv_leg_change order = {.pair = 9, .to = on_port(rig_token(3), 40001)};
    struct cv_pair_config config;

    (void)state;
    assert_int_equal(cv_leg_change(&rig->table, &order, rig->now_ms, &changed, &event), -ENOENT);
    assert_int_equal(change(leg, on_port(rig_token(3), 39999)), -EADDRNOTAVAIL);
    assert_int_equal(change(leg, on_port(rig_token(5), 40001)), -EADDRINUSE);
    assert_int_equal(change(leg, on_port(rig_fixed("203.0.113.60:1"), 40001)), -EADDRINUSE);
    assert_int_equal(change(leg, on_port(rig_token(2), 40000)), -EADDRINUSE);
    assert_int_equal(state_of().legs[0].changing, 0);
    assert_passes(HOME, RELAY, OTHER, RELAY);
    assert_passes(OTHER, RELAY, HOME, RELAY);
    cv_pair_remove(&rig->table, second);
    /* PAIR_PUT knows the leg that is there now. */
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    config = rig_config(7, 40000, rig_token(1), rig_token(2));
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &second), 0);
    assert_int_equal(comes(3, HOME, NEXT), CV_MOVE_CHANGED);
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &second), -EEXIST);
    config.legs[0] = on_port(rig_token(3), 40001);
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &second), 0);
}

/*
 * All spares are taken: what is coming is refused, a former leg ends at once, and both go on when there
 * is room.
 */
static void no_room(void **state)
{
    uint32_t most = rig->table.spare_max;
    uint32_t taken[64];

    (void)state;
    assert_true(most <= RTE_DIM(taken));
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    rte_rcu_qsbr_thread_register(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_online(rig->table.qsbr, 0);
    for (uint32_t i = 0; i < most - 1; i++)
        taken[i] = cv_pair_table_take_spare(&rig->table);
    assert_int_equal(change(other, on_port(rig_token(4), 40001)), -ENOSPC);
    assert_int_equal(comes(3, AWAY, NEXT), CV_MOVE_CHANGED);
    assert_passes(AWAY, NEXT, OTHER, RELAY);
    assert_passes(OTHER, RELAY, AWAY, NEXT);
    assert_stops(HOME, RELAY);
    for (uint32_t i = 0; i < most - 1; i++)
        cv_pair_table_retire_slot(&rig->table, taken[i]);
    rte_rcu_qsbr_quiescent(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_offline(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_unregister(rig->table.qsbr, 0);
    assert_int_equal(change(other, on_port(rig_token(4), 40001)), 0);
}

/* A leg whose token does not come holds its room for a minute, and no longer than five seconds when others want it. */
static void the_token_does_not_come(void **state)
{
    uint32_t most = rig->table.spare_max;

    (void)state;
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    rig_pass(rig, CV_LEG_COMING_MS - 1);
    cv_spares_age(&sweep, &rig->table, rig->now_ms);
    assert_int_equal(state_of().legs[0].changing, 1);
    rig_pass(rig, 1);
    cv_spares_age(&sweep, &rig->table, rig->now_ms);
    assert_int_equal(state_of().legs[0].changing, 0);
    assert_int_equal(comes(3, AWAY, NEXT), CV_MOVE_NOTHING);
    assert_int_equal(rig->table.changes_given_up, 1);
    assert_int_equal(change(leg, on_port(rig_token(4), 40001)), 0);
    cv_pair_table_reclaim(&rig->table);
    for (uint32_t i = 0; i < most - 1; i++)
        (void)cv_pair_table_take_spare(&rig->table);
    assert_int_equal(change(other, on_port(rig_token(5), 40001)), -ENOSPC);
    rig_pass(rig, 4999);
    assert_int_equal(change(other, on_port(rig_token(5), 40001)), -ENOSPC);
    assert_int_equal(state_of().legs[0].changing, 1);
    rig_pass(rig, 1);
    assert_int_equal(change(other, on_port(rig_token(5), 40001)), -ENOSPC);
    assert_int_equal(state_of().legs[0].changing, 0);
    assert_int_equal(change(other, on_port(rig_token(5), 40001)), 0);
    assert_int_equal(rig->table.changes_given_up, 2);
    assert_int_equal(comes(5, AWAY, NEXT), CV_MOVE_CHANGED);
}

/* The pair ends at any stage: teardown finds nothing left. */
static void removed_while_it_changes(void **state)
{
    (void)state;
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_int_equal(change(other, tunnel(5, 3)), 0);
    cv_pair_remove(&rig->table, slot);
    assert_stops(HOME, RELAY);
    assert_stops(OTHER, RELAY);
}

/* Packets of a former leg keep the pair. */
static void idle_counts_both(void **state)
{
    struct cv_expiry expiry;

    (void)state;
    assert_int_equal(cv_expiry_create(&expiry, 100), 0);
    rig->table.pairs[slot].idle_s = 5;
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_int_equal(comes(3, AWAY, NEXT), CV_MOVE_CHANGED);
    for (unsigned second = 0; second < 9; second++) {
        rig_pass(rig, 1000);
        assert_passes(HOME, RELAY, OTHER, RELAY);
        cv_expiry_sweep(&expiry, &rig->table, rig->now_ms, NULL, NULL);
    }
    assert_int_equal(cv_find_pair(&rig->table, 7), slot);
    cv_expiry_destroy(&expiry);
}

/* The address of the new leg has to be proven, and the account goes on where it was. */
static void proof_of_the_new(void **state)
{
    struct cv_leg_config to = on_port(rig_token(3), 40001);

    (void)state;
    to.proof = CV_PROOF_NEEDED;
    to.vouched = packets_ip("203.0.113.1");
    to.one_use = 1;
    assert_int_equal(change(leg, to), 0);
    assert_int_equal(comes(3, AWAY, NEXT), CV_MOVE_CHANGED);
    assert_int_equal(event.proof, CV_LEG_PROOF_UNPROVEN);
    assert_int_equal(state_of().legs[0].proof, CV_LEG_PROOF_UNPROVEN);
    assert_int_equal(rig->table.unproven_legs, 1);
    assert_true(cv_leg_at(&rig->table, other)->flags & CV_LEG_METERED);
    rig_pass(rig, 1000);
    assert_int_equal(comes(3, HOME, NEXT), CV_MOVE_NOTHING); /* its token is used */
    /* From the very same socket, by a token that its session's IP stands for. */
    to = on_port(rig_token(4), 40001);
    to.proof = CV_PROOF_NEEDED;
    to.vouched = packets_ip("203.0.113.2");
    assert_int_equal(change(leg, to), 0);
    assert_int_equal(comes(4, AWAY, NEXT), CV_MOVE_CHANGED);
    assert_int_equal(event.proof, CV_LEG_PROOF_PROVEN);
    assert_false(cv_leg_at(&rig->table, other)->flags & CV_LEG_METERED);
}

/* Of `count` packets of 1,000 bytes, how many pass. */
static unsigned pass_of(unsigned count, const char *from, const char *to)
{
    static const uint8_t payload[1000];
    unsigned passed = 0;

    for (unsigned i = 0; i < count; i++) {
        struct rte_mbuf *mbuf;

        rig_burst(rig, rig_datagram(from, to, payload, sizeof(payload)));
        mbuf = rig_take(rig, RIG_PORT);
        passed += mbuf != NULL;
        rte_pktmbuf_free(mbuf);
    }
    return passed;
}

static void set_rate(uint64_t bytes_per_second)
{
    cv_pair_set_rate(&rig->table, slot, bytes_per_second);
}

/* What the pair may carry is no more because it can come by two legs; nor by each change. */
static void one_rate_for_both(void **state)
{
    uint8_t token[CV_TOKEN_BYTES];
    struct cv_notice notice;

    (void)state;
    set_rate(1); /* a burst of 15,000 bytes, and then nothing for hours */
    assert_int_equal(pass_of(10, HOME, RELAY), 10);
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    memset(token, 3, sizeof(token));
    rig_burst(rig, rig_datagram(AWAY, NEXT, token, sizeof(token)));
    assert_int_equal(pass_of(2, AWAY, NEXT), 2); /* by the leg that is coming */
    notice = rig_notice(rig);
    assert_int_equal(tell(&notice), CV_MOVE_CHANGED);
    assert_int_equal(pass_of(10, HOME, RELAY), 3); /* by the former one */
    assert_true(cv_standing_at(&rig->table, leg)->over_rate);
    assert_int_equal(pass_of(10, AWAY, NEXT), 0);
    assert_int_equal(change(leg, on_port(rig_token(4), 40002)), 0);
    rig_pass(rig, 1000);
    assert_int_equal(comes(4, HOME, "192.0.2.1:40002"), CV_MOVE_CHANGED);
    assert_int_equal(pass_of(10, AWAY, NEXT), 0);
    assert_int_equal(pass_of(10, HOME, "192.0.2.1:40002"), 0);
    assert_int_equal(pass_of(20, OTHER, RELAY), 15); /* the other direction has its own */
    former_time_is_over();
    assert_int_equal(pass_of(10, HOME, "192.0.2.1:40002"), 0);
}

/* It holds for both at once when it changes. */
static void rate_changes_meanwhile(void **state)
{
    (void)state;
    assert_int_equal(change(leg, on_port(rig_token(3), 40001)), 0);
    assert_int_equal(comes(3, AWAY, NEXT), CV_MOVE_CHANGED);
    assert_int_equal(pass_of(20, HOME, RELAY), 20);
    set_rate(1);
    assert_int_equal(pass_of(20, HOME, RELAY), 15);
    assert_int_equal(pass_of(20, AWAY, NEXT), 0);
    set_rate(0);
    assert_int_equal(pass_of(20, HOME, RELAY), 20);
    assert_int_equal(pass_of(20, AWAY, NEXT), 20);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(to_another_port),
        EACH(right_behind_the_token),
        EACH(a_new_token),
        EACH(to_a_tunnel_and_back),
        EACH(both_sides),
        EACH(the_other_side_moves),
        EACH(moves_of_both),
        EACH(connection_ids_stay),
        EACH(connection_ids_that_come),
        EACH(a_former_gives_way),
        EACH(the_last_change_counts),
        EACH(refusals),
        EACH(no_room),
        EACH(the_token_does_not_come),
        EACH(removed_while_it_changes),
        EACH(idle_counts_both),
        EACH(proof_of_the_new),
        EACH(one_rate_for_both),
        EACH(rate_changes_meanwhile),
    };

    return cmocka_run_group_tests_name("change", tests, start, NULL);
}
