/* SPDX-License-Identifier: BSD-3-Clause */
/* Several legs of one source address and port on the listening port, told apart by what their packets say. */
#include "listening.h"
#include "relay/change.h"
#include "session/tunnel.h"

#include <errno.h>

#define A       "203.0.113.1:1000" /* one socket, which has a leg in each pair */
#define REBOUND "203.0.113.1:1001"
#define B       "203.0.113.2:2000"
#define C       "203.0.113.3:3000"

#define FIRST  1 /* tokens of A's legs; those of B and C are one more */
#define SECOND 3
#define B_ID   0xb /* connection IDs that B, C and A's clients have chosen for themselves */
#define C_ID   0xc
#define A_ID   0xa

static uint32_t to_b, to_c; /* A's legs */

/* Both bound to A, the second later. */
static int start(void **state)
{
    listening_setup(state);
    to_b = listening_pair(1, FIRST);
    to_c = listening_pair(2, SECOND);
    send_token(B, FIRST + 1);
    send_token(C, SECOND + 1);
    send_token(A, FIRST);
    keep();
    send_token(A, SECOND);
    keep();
    return 0;
}

static uint32_t leg_at_a(void)
{
    struct cv_address address = packets_address(A);
    uint32_t legs[CV_LEGS_AT_MAX];
    uint32_t count = cv_find_legs_at(&rig->table, &address, rte_cpu_to_be_16(RIG_LISTEN_PORT), legs);

    return count > 0 ? cv_default_leg(&rig->table, legs, count) : CV_NO_LEG;
}

static bool is_shared(uint32_t leg)
{
    return cv_leg_at(&rig->table, leg)->flags & CV_LEG_SHARED;
}

/* B and C say in their handshakes what they call themselves. */
static void learn_both(void)
{
    send_from(B, long_packet(HANDSHAKE, A_ID, B_ID), PACKET_BYTES);
    send_from(C, long_packet(HANDSHAKE, A_ID, C_ID), PACKET_BYTES);
    assert_got(A, NULL, 0);
    assert_got(A, NULL, 0);
    keep();
}

static void from_a_to(uint8_t id, const char *peer)
{
    send_from(A, short_packet(id), PACKET_BYTES);
    assert_got(peer, short_packet(id), PACKET_BYTES);
}

static void both_are_bound(void **state)
{
    (void)state;
    assert_true(is_shared(to_b) && is_shared(to_c));
    assert_int_equal(rig->table.bound_legs, 4);
    assert_int_equal(rig->table.by_address.entries, 4);
    send_from(B, short_packet(A_ID), PACKET_BYTES);
    assert_got(A, NULL, 0);
    send_from(C, short_packet(A_ID), PACKET_BYTES);
    assert_got(A, NULL, 0);
}

static void by_connection_id(void **state)
{
    (void)state;
    learn_both();
    from_a_to(B_ID, B);
    from_a_to(C_ID, C);
    from_a_to(B_ID, B);
    send_from(A, long_packet(HANDSHAKE, B_ID, A_ID), PACKET_BYTES);
    assert_got(B, NULL, 0);
    assert_int_equal(cv_leg_at(&rig->table, to_b)->pkts, 3);
    assert_int_equal(cv_leg_at(&rig->table, to_b)->seen_ms, rig->now_ms);
}

/* What names none is of the leg whose token came last; a token that comes again changes that, at once. */
static void by_the_latest_token(void **state)
{
    (void)state;
    from_a_to(0x77, C);
    send_from(A, "no QUIC", 7);
    assert_got(C, "no QUIC", 7);
    assert_int_equal(leg_at_a(), to_c);
    send_token(A, SECOND); /* it is the latest already: nothing to tell */
    assert_int_equal(rig_notice(rig).type, CV_NOTICE_NONE);
    send_token(A, FIRST);
    send_from(A, long_packet(INITIAL, 0x77, A_ID), PACKET_BYTES);
    assert_got(B, NULL, 0); /* before the keeper knows */
    keep();
    assert_int_equal(leg_at_a(), to_b);
    from_a_to(0x78, B);
    assert_int_equal(cv_leg_at(&rig->table, to_b)->moves, 0);
    send_token(A, SECOND);
    keep();
    from_a_to(0x78, C);
}

/* The same of a token for a leg that is not bound yet, where another has the address to itself. */
static void right_behind_a_second_token(void **state)
{
    (void)state;
    cv_leg_unbind(&rig->table, to_c);
    assert_false(is_shared(to_b));
    cv_leg_learn_cid(&rig->table, to_b, (const uint8_t *)"\xb\xb\xb\xb\xb\xb\xb\xb", 8);
    rig_pass(rig, 1000);
    send_token(A, SECOND);
    send_from(A, long_packet(INITIAL, 0x77, A_ID), PACKET_BYTES);
    assert_got(C, NULL, 0);
    send_from(A, long_packet(INITIAL, B_ID, A_ID), PACKET_BYTES);
    assert_got(B, NULL, 0);
    keep();
    assert_true(is_shared(to_b) && is_shared(to_c));
}

/*
 * A new connection's ID is the leg's that it was taken for, until the other side has given its own; what may have been
 * taken for a leg by mistake teaches nothing.
 */
static void what_is_learnt(void **state)
{
    (void)state;
    send_from(A, long_packet(HANDSHAKE, 0x66, A_ID), PACKET_BYTES);
    assert_got(C, NULL, 0);
    keep();
    assert_int_equal(cv_leg_at(&rig->table, to_c)->cid_bytes, 0);
    send_from(A, long_packet(INITIAL, 0x77, A_ID), PACKET_BYTES);
    assert_got(C, NULL, 0);
    keep();
    assert_true(cv_leg_has_cid(&rig->table, to_c, (const uint8_t *)"wwwwwwww", 8));
    send_token(A, FIRST);
    keep();
    rig_pass(rig, 100); /* the token is not fresh any more */
    send_from(A, long_packet(INITIAL, 0x77, A_ID), PACKET_BYTES);
    assert_got(C, NULL, 0);
    learn_both();
    send_from(A, long_packet(INITIAL, 0x77, A_ID), PACKET_BYTES); /* came twice, late */
    assert_got(B, NULL, 0);
    for (unsigned i = 0; i < 600; i++)
        from_a_to(0x78, B);
    keep();
    from_a_to(B_ID, B);
    from_a_to(C_ID, C);
}

/* A server with two legs: its clients' IDs are what it sends to. */
static void a_server_is_behind_them(void **state)
{
    (void)state;
    send_from(B, long_packet(INITIAL, 0x70, B_ID), PACKET_BYTES);
    assert_got(A, NULL, 0);
    send_from(C, long_packet(INITIAL, 0x71, C_ID), PACKET_BYTES);
    assert_got(A, NULL, 0);
    keep();
    send_from(A, long_packet(RETRY, B_ID, A_ID), PACKET_BYTES);
    assert_got(B, long_packet(RETRY, B_ID, A_ID), PACKET_BYTES);
    send_from(A, long_packet(INITIAL, C_ID, A_ID), PACKET_BYTES);
    assert_got(C, NULL, 0);
}

/* A leg that is elsewhere is named too often: the packet is nobody's, and not that of the leg whose token came last. */
static void too_many_are_named(void **state)
{
    uint32_t elsewhere = listening_pair(40, 70);
    uint64_t pkts;

    (void)state;
    send_token("203.0.113.50:5", 70);
    send_token("203.0.113.51:5", 71);
    keep();
    cv_leg_learn_cid(&rig->table, elsewhere, (const uint8_t *)"eeeeeeee", 8);
    pkts = cv_leg_at(&rig->table, to_c)->pkts;
    rig->workers[0].relay.listens_left = 1;
    send_from(A, short_packet('e'), PACKET_BYTES);
    assert_got("203.0.113.51:5", short_packet('e'), PACKET_BYTES);
    send_from(A, short_packet('e'), PACKET_BYTES);
    assert_got_nothing();
    assert_int_equal(rig_drops(rig, CV_DROP_MOVE_RATE), 1);
    assert_int_equal(cv_leg_at(&rig->table, to_c)->pkts, pkts);
    from_a_to(0x77, C);
}

/* ---- The other sides in tunnels ---- */

#define D "203.0.113.4:4000" /* another socket with two legs */

static struct cv_session tunnels; /* has the other sides of both; no more of it is there than what sends */

/* A leg of D's that is joined to that channel. */
static uint32_t pair_with_tunnel(uint64_t number, uint8_t fill, uint16_t channel)
{
    struct cv_pair_config config = {.pair = number, .legs = {rig_token(fill)}};
    uint32_t slot;

    config.legs[0].relay_port = RIG_LISTEN_PORT;
    config.legs[1] = (struct cv_leg_config){
        .bind = CV_BIND_TUNNEL, .session = cv_session_number(&tunnels), .channel = channel};
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    send_token(D, fill);
    keep();
    return 2 * slot;
}

static void out_of_tunnel(uint16_t channel, const uint8_t *payload, uint16_t bytes)
{
    const struct cv_datagram datagram = {.channel = channel, .payload = payload, .payload_bytes = bytes};

    cv_tunnel_receive(&tunnels, &datagram);
    assert_got(D, payload, bytes);
    keep();
}

static uint64_t pkts_of(uint32_t leg)
{
    return cv_leg_at(&rig->table, leg)->pkts;
}

static void other_sides_in_tunnels(void **state)
{
    uint32_t first, second;

    (void)state;
    tunnels = (struct cv_session){.generation = 99, .shard = relay.sessions->shards[0]};
    first = pair_with_tunnel(21, 60, 1);
    second = pair_with_tunnel(22, 61, 2);
    out_of_tunnel(1, (const uint8_t *)"", 0);
    out_of_tunnel(1, short_packet(A_ID), PACKET_BYTES);
    assert_int_equal(cv_leg_at(&rig->table, first)->cid_bytes, 0);
    out_of_tunnel(1, long_packet(HANDSHAKE, A_ID, B_ID), PACKET_BYTES);
    out_of_tunnel(2, long_packet(HANDSHAKE, A_ID, C_ID), PACKET_BYTES);
    for (unsigned i = 0; i < 5; i++)
        send_from(D, short_packet(B_ID), PACKET_BYTES);
    send_from(D, short_packet(C_ID), PACKET_BYTES);
    assert_int_equal(pkts_of(first), 5);
    assert_int_equal(pkts_of(second), 1);
}

/* What comes by the leg that the other side had before teaches as well; it is about the same leg. */
static void a_former_leg_teaches(void **state)
{
    struct cv_leg_change order = {.pair = 1, .leg = 1, .to = rig_token(80)};
    struct cv_leg_event event;
    bool changed;

    (void)state;
    rig_pass(rig, 1000); /* no token is fresh any more */
    order.to.relay_port = RIG_LISTEN_PORT;
    assert_int_equal(cv_leg_change(&rig->table, &order, rig->now_ms, &changed, &event), 0);
    send_token(D, 80);
    keep();
    send_from(B, long_packet(HANDSHAKE, A_ID, B_ID), PACKET_BYTES);
    assert_got(A, NULL, 0);
    keep();
    assert_true(cv_leg_has_cid(&rig->table, to_b, long_packet(HANDSHAKE, B_ID, A_ID) + 6, 8));
    from_a_to(B_ID, D);
}

/* A NAT gives the socket a new address: each leg follows when its own packets come from there. */
static void a_nat_rebinds(void **state)
{
    (void)state;
    learn_both();
    from_a_to(B_ID, B);
    from_a_to(C_ID, C);
    rig_pass(rig, 4000);
    send_from(REBOUND, short_packet(B_ID), PACKET_BYTES);
    assert_got(B, NULL, 0);
    keep();
    send_from(REBOUND, short_packet(C_ID), PACKET_BYTES); /* not of the leg that is there alone */
    assert_got(C, NULL, 0);
    keep();
    send_from(C, short_packet(A_ID), PACKET_BYTES);
    assert_got(REBOUND, NULL, 0);
    send_from(B, short_packet(A_ID), PACKET_BYTES);
    assert_got(REBOUND, NULL, 0);
    assert_int_equal(leg_at_a(), CV_NO_LEG);
    assert_int_equal(rig->table.by_address.entries, rig->table.bound_legs);
}

/* When one goes, the other has the address to itself, and is found as any leg is. */
static void one_goes(void **state)
{
    (void)state;
    cv_pair_remove(&rig->table, to_c / 2);
    assert_false(is_shared(to_b));
    from_a_to(0x77, B);
    assert_int_equal(rig->table.by_address.entries, rig->table.bound_legs);
}

/* ---- Bounds ---- */

#define MORE (CV_LEGS_AT_MAX - 2)

static void crowd(uint32_t legs[MORE])
{
    for (unsigned i = 0; i < MORE; i++) {
        legs[i] = listening_pair(10 + i, (uint8_t)(100 + 2 * i));
        send_token(A, (uint8_t)(100 + 2 * i));
        keep();
        assert_int_equal(leg_at_a(), legs[i]);
    }
}

static void so_many_and_no_more(void **state)
{
    uint32_t legs[MORE], one_more;

    (void)state;
    crowd(legs);
    one_more = listening_pair(99, 50);
    assert_int_equal(rig_drops(rig, CV_DROP_CROWDED_ADDRESS), 0);
    send_token(A, 50);
    assert_int_equal(rig_drops(rig, CV_DROP_CROWDED_ADDRESS), 1);
    keep();
    assert_false(cv_leg_at(&rig->table, one_more)->flags & CV_LEG_BOUND);
    send_token(A, FIRST); /* of one that is there */
    assert_int_equal(rig_drops(rig, CV_DROP_CROWDED_ADDRESS), 1);
    keep();
    assert_int_equal(leg_at_a(), to_b);
    /* What has been silent for long makes room. */
    rig_pass(rig, CV_VACANT_MS + 100);
    for (unsigned i = 1; i < MORE; i++)
        cv_leg_at(&rig->table, legs[i])->seen_ms = rig->now_ms;
    cv_leg_at(&rig->table, to_b)->seen_ms = cv_leg_at(&rig->table, to_c)->seen_ms = rig->now_ms;
    send_token(A, 50);
    keep();
    assert_int_equal(leg_at_a(), one_more);
    assert_false(cv_leg_at(&rig->table, legs[0])->flags & CV_LEG_BOUND);
    assert_int_equal(rig->table.by_address.entries, rig->table.bound_legs);
}

/* Both legs of a pair can't be at one address, on whichever port; nor two legs on a relay port. */
static void refused(void **state)
{
    struct cv_pair_config config = rig_config(7, RIG_LISTEN_PORT, rig_fixed(C), rig_fixed(C));
    struct cv_pair_config first = rig_config(8, RIG_RELAY_PORT, rig_fixed(A), rig_fixed(B));
    struct cv_pair_config second = rig_config(9, RIG_RELAY_PORT, rig_fixed(A), rig_fixed(C));
    struct cv_pair_config nowhere = rig_config(10, RIG_LISTEN_PORT + 1, rig_fixed(A), rig_fixed(C));
    uint32_t slot;

    (void)state;
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), -EADDRINUSE);
    assert_int_equal(cv_pair_put(&rig->table, &first, rig->now_ms, &slot), 0);
    assert_int_equal(cv_pair_put(&rig->table, &second, rig->now_ms, &slot), -EADDRINUSE);
    assert_int_equal(cv_pair_put(&rig->table, &nowhere, rig->now_ms, &slot), -EADDRNOTAVAIL);
    rig->table.listen_port = 0; /* a relay without sessions */
    config = rig_config(11, RIG_LISTEN_PORT, rig_fixed(B), rig_fixed(C));
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), -EADDRNOTAVAIL);
    rig->table.listen_port = RIG_LISTEN_PORT;
    assert_int_equal(rig->table.by_address.entries, rig->table.bound_legs);
}

/* A token that comes again in the same millisecond is the latest all the same. */
static void order_of_tokens(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        send_token(A, i % 2 ? SECOND : FIRST);
        keep();
        assert_int_equal(leg_at_a(), i % 2 ? to_c : to_b);
    }
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, start, listening_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(both_are_bound),       EACH(by_connection_id),
        EACH(by_the_latest_token),  EACH(right_behind_a_second_token),
        EACH(what_is_learnt),       EACH(a_server_is_behind_them),
        EACH(a_nat_rebinds),        EACH(one_goes),
        EACH(so_many_and_no_more),  EACH(refused),
        EACH(order_of_tokens),      EACH(other_sides_in_tunnels),
        EACH(a_former_leg_teaches), EACH(too_many_are_named),
    };

    return cmocka_run_group_tests_name("listen_shared", tests, NULL, NULL);
}
