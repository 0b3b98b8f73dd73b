/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Legs that come to the listening port, leave it, or get another token there, beside others of the same source address; and
 * a token with a forged source, which takes nothing from whose address that is.
 */
#include "listening.h"
#include "relay/change.h"
#include "relay/spares.h"
#include "relay/standing.h"

#include <errno.h>

#define A    "203.0.113.1:1000" /* one socket */
#define B    "203.0.113.2:2000" /* the peers at the other ends */
#define C    "203.0.113.3:3000"
#define PORT "192.0.2.1:40000" /* a relay port */

#define FIRST  1 /* tokens of A's legs; those of B and C are one more */
#define SECOND 3
#define NEXT   9
#define B_ID   0xb
#define C_ID   0xc
#define A_ID   0xa

#define OF_B 1 /* numbers of the pairs */
#define OF_C 2

static uint32_t to_b, to_c; /* A's legs */
static struct cv_spare_sweep sweep;

static uint32_t pair_on(uint64_t number, uint16_t relay_port, struct cv_leg_config a)
{
    uint8_t others = number == OF_B ? FIRST + 1 : SECOND + 1;
    struct cv_pair_config config = rig_config(number, RIG_LISTEN_PORT, a, rig_token(others));
    uint32_t slot;

    config.legs[0].relay_port = relay_port;
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    return 2 * slot;
}

/* B and C are bound. A's leg to B is on that port, the other on the listening port; both are at A. */
static void begin(uint16_t port_to_b)
{
    memset(&sweep, 0, sizeof(sweep));
    to_b = pair_on(OF_B, port_to_b, rig_token(FIRST));
    to_c = pair_on(OF_C, RIG_LISTEN_PORT, rig_token(SECOND));
    send_token(B, FIRST + 1);
    send_token(C, SECOND + 1);
    rig_bind(rig, to_b, A);
    rig_bind(rig, to_c, A);
    keep();
    rig_pass(rig, 1000);
}

static int teardown(void **state)
{
    cv_pair_remove(&rig->table, to_b / 2);
    cv_pair_remove(&rig->table, to_c / 2);
    assert_int_equal(rig->table.bound_legs, 0);
    assert_int_equal(rig->table.unproven_legs, 0);
    assert_int_equal(rig->table.by_address.entries, 0);
    assert_int_equal(rig->table.by_claim.entries, 0);
    assert_int_equal(rig->table.by_cid.entries, 0);
    return listening_teardown(state);
}

static bool is_shared(uint32_t leg)
{
    return cv_leg_at(&rig->table, leg)->flags & CV_LEG_SHARED;
}

static int change(uint64_t pair, uint16_t relay_port, uint8_t fill)
{
    struct cv_leg_change order = {.pair = pair, .leg = 0, .to = rig_token(fill)};
    struct cv_leg_event event;
    bool changed;

    order.to.relay_port = relay_port;
    return cv_leg_change(&rig->table, &order, rig->now_ms, &changed, &event);
}

static void learn(const char *peer, uint8_t id)
{
    send_from(peer, long_packet(HANDSHAKE, A_ID, id), PACKET_BYTES);
    assert_int_equal(discard_sent(), 1);
    keep();
}

static void from_a_to(uint8_t id, const char *peer)
{
    send_from(A, short_packet(id), PACKET_BYTES);
    assert_got(peer, short_packet(id), PACKET_BYTES);
}

/* The same by the relay port. */
static void by_port_to(uint8_t id, const char *peer)
{
    rig_burst(rig, rig_datagram(A, PORT, short_packet(id), PACKET_BYTES));
    assert_got(peer, short_packet(id), PACKET_BYTES);
}

static void former_time_is_over(void)
{
    rig_pass(rig, CV_LEG_FORMER_MS);
    cv_spares_age(&sweep, &rig->table, rig->now_ms);
    cv_pair_table_reclaim(&rig->table);
    assert_int_equal(cv_spare_leg(&rig->table, to_b), CV_NO_LEG);
    assert_int_equal(cv_spare_leg(&rig->table, to_c), CV_NO_LEG);
}

/* A leg comes from a relay port to where another has its address. */
static void comes_to_another(void **state)
{
    (void)state;
    begin(RIG_RELAY_PORT);
    learn(C, C_ID);
    assert_false(is_shared(to_b) || is_shared(to_c));
    assert_int_equal(change(OF_B, RIG_LISTEN_PORT, NEXT), 0);
    send_token(A, NEXT);
    from_a_to(C_ID, C);
    send_from(A, long_packet(INITIAL, 0x77, A_ID), PACKET_BYTES);
    assert_got(B, NULL, 0); /* right behind the token */
    keep();
    from_a_to(0x76, B); /* and when it has arrived, while the worker remembers the token */
    assert_true(is_shared(to_b) && is_shared(to_c));
    learn(B, B_ID);
    for (unsigned i = 0; i < 2; i++) {
        from_a_to(C_ID, C);
        from_a_to(B_ID, B);
        from_a_to(0x78, B);
        send_from(A, long_packet(HANDSHAKE, C_ID, A_ID), PACKET_BYTES);
        assert_got(C, NULL, 0);
        if (i == 0)
            by_port_to(0x79, B);
        former_time_is_over();
    }
    send_from(B, short_packet(A_ID), PACKET_BYTES);
    assert_got(A, NULL, 0);
}

/* One of two with one address goes to a relay port: there it is alone, and the other is when its former self has ended. */
static void leaves_another(void **state)
{
    (void)state;
    begin(RIG_LISTEN_PORT);
    learn(B, B_ID);
    learn(C, C_ID);
    assert_int_equal(change(OF_C, RIG_RELAY_PORT, NEXT), 0);
    rig_burst(rig, rig_datagram(A, PORT, rig_token(NEXT).token, CV_TOKEN_BYTES));
    keep();
    assert_false(is_shared(to_c));
    by_port_to(0x77, C);
    from_a_to(B_ID, B);
    from_a_to(C_ID, C); /* in flight; its connection ID went with it, but it was the latest here */
    send_token(A, FIRST);
    keep();
    from_a_to(0x78, B);
    former_time_is_over();
    assert_false(is_shared(to_b));
    from_a_to(0x77, B);
    by_port_to(C_ID, C);
    by_port_to(0x77, C);
}

/* The same where no spare is left for a former leg: the other is alone at once. */
static void leaves_without_a_former(void **state)
{
    (void)state;
    begin(RIG_LISTEN_PORT);
    assert_int_equal(change(OF_C, RIG_RELAY_PORT, NEXT), 0);
    while (cv_pair_table_take_spare(&rig->table) != CV_NO_SLOT)
        ;
    rte_rcu_qsbr_thread_register(rig->table.qsbr,
                                 0); /* the coming one's is in use till the worker says otherwise */
    rte_rcu_qsbr_thread_online(rig->table.qsbr, 0);
    rig_burst(rig, rig_datagram(A, PORT, rig_token(NEXT).token, CV_TOKEN_BYTES));
    keep();
    rte_rcu_qsbr_thread_offline(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_unregister(rig->table.qsbr, 0);
    assert_int_equal(cv_spare_leg(&rig->table, to_c), CV_NO_LEG);
    assert_false(is_shared(to_b) || is_shared(to_c));
    from_a_to(0x77, B);
    by_port_to(0x77, C);
}

/* A new token from the socket where the leg is, beside another. */
static void another_token(void **state)
{
    (void)state;
    begin(RIG_LISTEN_PORT);
    learn(B, B_ID);
    from_a_to(0x77, C);
    assert_int_equal(change(OF_B, RIG_LISTEN_PORT, NEXT), 0);
    send_token(A, NEXT);
    keep();
    assert_int_equal(cv_spare_leg(&rig->table, to_b), CV_NO_LEG);
    assert_true(is_shared(to_b) && is_shared(to_c));
    from_a_to(0x77, B);
    rig_pass(rig, 1000);
    from_a_to(0x77, B);
    assert_int_equal(rig->table.bound_legs, 4);
}

/* The legs of one pair are never at one address, whether one of them is coming, going, or there. */
static void not_where_the_other_is(void **state)
{
    struct cv_address address = packets_address(B);
    uint32_t legs[CV_LEGS_AT_MAX];

    (void)state;
    begin(RIG_RELAY_PORT);
    assert_int_equal(change(OF_B, RIG_LISTEN_PORT, NEXT), 0);
    send_token(B, NEXT);
    keep();
    assert_int_equal(cv_find_legs_at(&rig->table, &address, rte_cpu_to_be_16(RIG_LISTEN_PORT), legs), 1);
    assert_int_equal(legs[0], to_b + 1);
    assert_int_equal(cv_leg_at(&rig->table, to_b)->relay_port_be, rte_cpu_to_be_16(RIG_RELAY_PORT));
}

/* What comes by a leg that is coming teaches the leg that it is sent to, and leaves nothing behind. */
static void learns_while_it_comes(void **state)
{
    uint8_t id[8];

    (void)state;
    memset(id, A_ID, sizeof(id));
    begin(RIG_RELAY_PORT);
    assert_int_equal(change(OF_B, RIG_LISTEN_PORT, NEXT), 0);
    send_token(A, NEXT);
    send_from(A, long_packet(INITIAL, 0x77, A_ID), PACKET_BYTES);
    assert_got(B, NULL, 0);
    keep();
    assert_true(cv_leg_has_cid(&rig->table, to_b + 1, id, sizeof(id)));
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(change(OF_B, RIG_LISTEN_PORT, (uint8_t)(10 + i)), 0);
        send_token(A, (uint8_t)(10 + i));
        send_from(A, long_packet(INITIAL, 0x77, (uint8_t)(0x80 + i)), PACKET_BYTES);
        assert_got(B, NULL, 0);
        keep();
        assert_true(rig->table.by_cid.entries <= 2);
    }
}

/* ---- A token whose source is forged ---- */

static struct cv_leg_config unproven(uint8_t fill)
{
    struct cv_leg_config leg = rig_token(fill);

    leg.proof = CV_PROOF_NEEDED;
    return leg;
}

/* A's leg to B is proven at A; a token for the leg to C has the source A, too. */
static void begin_forged(void)
{
    memset(&sweep, 0, sizeof(sweep));
    to_b = pair_on(OF_B, RIG_LISTEN_PORT, rig_token(FIRST));
    to_c = pair_on(OF_C, RIG_LISTEN_PORT, unproven(SECOND));
    send_token(B, FIRST + 1);
    send_token(C, SECOND + 1);
    send_token(A, FIRST);
    keep();
    rig_pass(rig, 1000);
    send_token(A, SECOND);
}

static void forged_takes_nothing(void **state)
{
    (void)state;
    begin_forged();
    from_a_to(0x77, B); /* right behind it */
    send_from(A, long_packet(INITIAL, 0x70, A_ID), PACKET_BYTES);
    assert_got(B, NULL, 0);
    keep();
    assert_true(is_shared(to_b) && is_shared(to_c));
    for (unsigned i = 0; i < 5; i++) {
        from_a_to(0x77, B);
        send_from(A, "no QUIC", 7);
        assert_got(B, "no QUIC", 7);
        send_token(A, SECOND);
        send_from(A, long_packet(INITIAL, 0x70, A_ID), PACKET_BYTES);
        assert_got(B, NULL, 0);
        keep();
    }
    assert_int_equal(cv_leg_at(&rig->table, to_c)->pkts, 0);
    learn(C, C_ID);
    from_a_to(C_ID, C); /* but what names it is its own: the peer may be real */
}

static void proven_later(void **state)
{
    uint8_t challenge[CV_CHALLENGE_BYTES];
    bool proven;

    (void)state;
    begin_forged();
    keep();
    from_a_to(0x77, B);
    cv_standing_challenge(&rig->table, to_c, challenge);
    cv_standing_challenged(&rig->table, to_c, rig->now_ms);
    assert_int_equal(cv_standing_answer(&rig->table, to_c, challenge, rig->now_ms, &proven), 0);
    assert_true(proven);
    from_a_to(0x77, C); /* its token came last */
    send_token(A, FIRST);
    keep();
    from_a_to(0x77, B);
}

/* As many as there is room for do not keep away the one whose address it is. */
static void forged_make_room(void **state)
{
    uint32_t forged[CV_LEGS_AT_MAX];

    (void)state;
    begin_forged();
    cv_pair_remove(&rig->table, to_c / 2);
    for (unsigned i = 0; i < CV_LEGS_AT_MAX; i++) {
        uint8_t fill = (uint8_t)(100 + 2 * i);

        forged[i] =
            2 * rig_pair(rig, 10 + i, RIG_LISTEN_PORT, unproven(fill), rig_token((uint8_t)(fill + 1)));
        send_token(A, fill);
        keep();
    }
    assert_false(cv_leg_at(&rig->table, forged[CV_LEGS_AT_MAX - 1])->flags & CV_LEG_BOUND);
    to_c = pair_on(OF_C, RIG_LISTEN_PORT, rig_token(SECOND));
    send_token(C, SECOND + 1);
    send_token(A, SECOND);
    keep();
    from_a_to(0x77, C);
    send_token(A, FIRST);
    keep();
    from_a_to(0x77, B);
    for (unsigned i = 0; i < CV_LEGS_AT_MAX; i++)
        cv_pair_remove(&rig->table, forged[i] / 2);
}

/* Tokens of two legs in turn: whichever came last, and no leg looks as if it had just been bound. */
static void tokens_in_turn(void **state)
{
    uint32_t moved_ms;

    (void)state;
    begin(RIG_LISTEN_PORT);
    moved_ms = cv_leg_at(&rig->table, to_b)->moved_ms;
    for (unsigned i = 0; i < 1000; i++) {
        send_token(A, i % 2 ? FIRST : SECOND);
        keep();
        from_a_to(0x77, i % 2 ? B : C);
    }
    assert_int_equal(cv_leg_at(&rig->table, to_b)->moved_ms, moved_ms);
    assert_int_equal(cv_leg_at(&rig->table, to_c)->moved_ms, moved_ms);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, listening_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(comes_to_another),     EACH(leaves_another),         EACH(leaves_without_a_former),
        EACH(another_token),        EACH(not_where_the_other_is), EACH(learns_while_it_comes),
        EACH(forged_takes_nothing), EACH(proven_later),           EACH(forged_make_room),
        EACH(tokens_in_turn),
    };

    return cmocka_run_group_tests_name("listen_change", tests, NULL, NULL);
}
