/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an address is sent before and after it is proven, and what proves it: each rule as standing.h
 * states it.
 */
#include "proving.h"
#include "relay/route.h"

#include <errno.h>
#include <string.h>

static int start(void **state)
{
    (void)state;
    packets_start("test_proof", NULL);
    return 0;
}

/* ---- Accounts ---- */

static void unproven_gets_little(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));
    uint64_t reached;

    (void)state;
    assert_int_equal(bind_by_token(leg, VICTIM), CV_MOVE_BOUND);
    assert_int_equal(event.proof, CV_LEG_PROOF_UNPROVEN);
    assert_int_equal(event.bind, CV_BIND_TOKEN);
    assert_int_equal(event.relay_port, RIG_RELAY_PORT);
    assert_int_equal(rig->table.unproven_legs, 1);
    reached = send_some(SENDER, BIG, MOST);
    assert_in_range(reached, BIG, CV_ACCOUNT_BYTES);
    assert_int_equal(withheld(leg), MOST - reached / (BIG + CV_HEADERS_V4));
    assert_int_equal(rig_drops(rig, CV_DROP_UNPROVEN), withheld(leg));
    /* Three times what comes from there, headers included, and no more. */
    assert_int_equal(send_some(VICTIM, 1000, 4), 4 * 1028);
    reached += send_some(SENDER, BIG, MOST);
    assert_in_range(reached, 3 * 4 * 1028, 3 * 4 * 1028 + CV_ACCOUNT_BYTES);
    cv_pair_remove(&rig->table, leg >> 1);
    assert_int_equal(rig->table.unproven_legs, 0);
}

/* Headers count, so that many small packets are not more than few large ones. */
static void tiny_packets(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));

    (void)state;
    bind_by_token(leg, VICTIM);
    assert_in_range(send_some(SENDER, 1, 1000), 3000, CV_ACCOUNT_BYTES);
    assert_int_equal(send_some(VICTIM, 1, 10), 10 * 29);
    assert_in_range(send_some(SENDER, 1, 1000), 3 * 10 * 29 - 29, 3 * 10 * 29 + 29);
}

static void a_minute_later(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));
    uint64_t first;

    (void)state;
    bind_by_token(leg, VICTIM);
    first = send_some(SENDER, BIG, MOST);
    after_ms(59000, CV_PROOF_EVENT_CHALLENGE, leg);
    assert_int_equal(send_some(SENDER, BIG, MOST), 0);
    after_ms(1000, CV_PROOF_EVENT_CHALLENGE, leg);
    assert_int_equal(send_some(SENDER, BIG, MOST), first);
    assert_int_equal(send_some(SENDER, BIG, MOST), 0);
}

/* Who moves a leg about gets no new account by it, whatever stood in between. */
static void moves_bring_no_more(void **state)
{
    uint32_t leg = pair_with(needed(2, "203.0.113.9"));
    uint64_t reached = 0;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        static const char *const places[] = {VICTIM, "203.0.113.9:9", OTHER};
        const char *place = places[i % 3];

        rig_pass(rig, 100);
        assert_int_not_equal(bind_by_token(leg, place), CV_MOVE_NOTHING);
        if (i % 3 == 1)
            assert_free(SENDER);
        else
            reached += send_some(SENDER, BIG, 10);
    }
    assert_in_range(reached, BIG, CV_ACCOUNT_BYTES);
}

/*
 * Packets that pass as the leg's by a connection ID came from elsewhere: the leg's address earned
 * nothing.
 */
static void elsewhere_earns_nothing(void **state)
{
    uint8_t packet[BIG] = {0x40, 'c', 'i', 'd', 'c', 'i', 'd', 'c', 'i'};
    uint32_t leg = pair_with(needed(2, NULL));

    (void)state;
    bind_by_token(leg, VICTIM);
    cv_leg_learn_cid(&rig->table, leg, packet + 1, 8);
    send_some(SENDER, BIG, MOST);
    for (unsigned i = 0; i < 20; i++) {
        rig_burst(rig, rig_datagram(OTHER, RELAY, packet, BIG));
        rte_pktmbuf_free(rig_take(rig, RIG_PORT));
    }
    assert_int_equal(cv_leg_at(&rig->table, leg)->pkts, 20);
    assert_int_equal(send_some(SENDER, BIG, MOST), 0);
}

/* Both ways at once, and the one does not switch the other off. */
static void beside_a_rate(void **state)
{
    struct cv_pair_config config = rig_config(7, RIG_RELAY_PORT, rig_token(1), needed(2, NULL));
    uint32_t leg = pair_with(config.legs[1]), slot;

    (void)state;
    bind_by_token(leg, VICTIM);
    config.rate_bytes_per_second = 1;
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    config.rate_bytes_per_second = 0;
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    config.rate_bytes_per_second = 1;
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    prove(leg);
    assert_in_range(send_some(SENDER, BIG, MOST), 12 * BIG, 13 * (BIG + CV_HEADERS_V4));
    assert_true(rig_drops(rig, CV_DROP_OVER_RATE) > 0);
}

/* Who sends more than the pair's rate is told of, once for each look; the other side is not. */
static void over_the_rate(void **state)
{
    struct cv_pair_config config = rig_config(7, RIG_RELAY_PORT, rig_token(1), rig_token(2));
    uint32_t leg = pair_with(config.legs[1]), slot;

    (void)state;
    bind_by_token(leg, VICTIM);
    config.rate_bytes_per_second = 1;
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_LIMITED, leg ^ 1), 0);
    (void)send_some(SENDER, BIG, MOST);
    assert_true(rig_drops(rig, CV_DROP_OVER_RATE) > 0);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_LIMITED, leg), 0);
    (void)send_some(SENDER, BIG, MOST);
    no_room = true; /* it is due until it is told */
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_LIMITED, leg ^ 1), 1);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_LIMITED, leg ^ 1), 1);
    no_room = false;
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_LIMITED, leg ^ 1), 1);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_LIMITED, leg ^ 1), 0);
}

/* That something was withheld is told of who did not get it, in each minute in which that is so. */
static void withheld_is_told(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));

    (void)state;
    bind_by_token(leg, VICTIM);
    assert_int_equal(send_some(SENDER, 10, 1), 38);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_WITHHELD, leg), 0);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    no_room = true;
    assert_int_equal(after_ms(10000, CV_PROOF_EVENT_WITHHELD, leg), 1);
    no_room = false;
    assert_int_equal(after_ms(10000, CV_PROOF_EVENT_WITHHELD, leg), 1);
    assert_int_equal(cv_standing_account_left_ms(&rig->table, leg, rig->now_ms), 39000);
    assert_limited(SENDER, 0);
    assert_int_equal(after_ms(10000, CV_PROOF_EVENT_WITHHELD, leg), 0);
    assert_int_equal(after_ms(29000, CV_PROOF_EVENT_WITHHELD, leg),
                     0); /* another account, and nothing withheld */
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_WITHHELD, leg), 1);
    assert_limited(SENDER, 0);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_WITHHELD, leg ^ 1), 0);
}

/* What was said ends with the proof, and begins anew with the next silence, which control may not have heard of. */
static void withheld_after_silence(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));

    (void)state;
    bind_by_token(leg, VICTIM);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_WITHHELD, leg), 1);
    prove(leg);
    assert_free(SENDER);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_WITHHELD, leg), 0);
    no_room = true;
    assert_int_equal(after_ms(CV_VACANT_MS, CV_PROOF_EVENT_SILENT, leg), 1);
    no_room = false;
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_WITHHELD, leg), 1);
}

/* What comes out of a tunnel asks the same question. */
static void from_a_tunnel(void **state)
{
    const struct cv_leg_config tunnel = {.bind = CV_BIND_TUNNEL, .session = 5, .channel = 3};
    uint32_t slot = rig_pair(rig, 7, RIG_RELAY_PORT, tunnel, needed(2, NULL));
    uint64_t passed = 0;

    (void)state;
    bind_by_token(2 * slot + 1, VICTIM);
    for (unsigned i = 0; i < MOST; i++) {
        struct cv_route route;
        enum cv_drop reason =
            cv_leg_route(&rig->workers[0].relay, cv_leg_at(&rig->table, 2 * slot), 2 * slot, BIG, &route);

        assert_true(reason == CV_DROP_COUNT || reason == CV_DROP_UNPROVEN);
        passed += reason == CV_DROP_COUNT ? BIG + CV_HEADERS_V4 : 0;
    }
    assert_in_range(passed, BIG, CV_ACCOUNT_BYTES);
}

/* ---- What proves ---- */

static void by_the_sessions_ip(void **state)
{
    static const struct {
        const char *vouched, *address;
        uint8_t proof;
    } cases[] = {
        {"203.0.113.77", VICTIM, CV_LEG_PROOF_PROVEN},
        {"203.0.113.76", VICTIM, CV_LEG_PROOF_UNPROVEN},
        {"2001:db8:7::1", "[2001:db8:7::2]:7", CV_LEG_PROOF_PROVEN},
        {"2001:db8:7:1::1", "[2001:db8:7::1]:7", CV_LEG_PROOF_UNPROVEN},
        {"2001:db8:7::1", VICTIM, CV_LEG_PROOF_UNPROVEN},
        {"203.0.113.77", "[2001:db8:7::2]:7", CV_LEG_PROOF_UNPROVEN},
        {NULL, VICTIM, CV_LEG_PROOF_UNPROVEN},
    };

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(cases); i++) {
        uint32_t leg = pair_with(needed(2, cases[i].vouched));

        assert_int_equal(bind_by_token(leg, cases[i].address), CV_MOVE_BOUND);
        assert_int_equal(event.proof, cases[i].proof);
        assert_int_equal(proof_of(leg), cases[i].proof);
        if (cases[i].proof == CV_LEG_PROOF_PROVEN)
            assert_int_equal(send_some(SENDER, BIG, 10),
                             10 * (BIG + (i < 2 ? CV_HEADERS_V4 : CV_HEADERS_V6)));
        else
            assert_limited(SENDER, CV_ACCOUNT_BYTES);
        cv_pair_remove(&rig->table, leg >> 1);
    }
}

/* The session comes to the leg's IP, and goes again. */
static void vouched_for_later(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));
    struct cv_ip ip = packets_ip("203.0.113.78"), none = {0};

    (void)state;
    bind_by_token(leg, VICTIM);
    assert_false(cv_standing_vouch(&rig->table, leg, &ip, rig->now_ms));
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    ip = packets_ip("203.0.113.77");
    assert_true(cv_standing_vouch(&rig->table, leg, &ip, rig->now_ms));
    assert_free(SENDER);
    assert_false(cv_standing_vouch(&rig->table, leg, &none, rig->now_ms));
    assert_free(SENDER);
    rig_pass(rig, 31000);
    seen_ms_ago(leg, 0);
    assert_int_equal(bind_by_token(leg, OTHER), CV_MOVE_MOVED);
    assert_int_equal(event.proof, CV_LEG_PROOF_UNPROVEN);
}

static void by_a_challenge(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));
    struct cv_address victim = packets_address(VICTIM);
    uint8_t challenge[CV_CHALLENGE_BYTES], wrong[CV_CHALLENGE_BYTES];
    struct packet_view view;
    struct rte_mbuf *mbuf;
    bool proven;

    (void)state;
    assert_null(cv_challenge_make(&rig->table, leg, packets_pool())); /* no address */
    assert_int_equal(bind_by_token(leg, VICTIM), CV_MOVE_BOUND);
    cv_standing_challenge(&rig->table, leg, challenge);
    assert_int_equal(answer(leg, challenge, &proven), -EKEYREJECTED); /* it has not been sent */
    mbuf = cv_challenge_make(&rig->table, leg, packets_pool());
    assert_non_null(mbuf);
    cv_standing_challenged(&rig->table, leg, rig->now_ms);
    view = packets_read(mbuf);
    assert_true(cv_address_equal(&view.destination, &victim));
    victim = packets_address(RELAY);
    assert_true(cv_address_equal(&view.source, &victim));
    assert_int_equal(view.payload_bytes, CV_CHALLENGE_BYTES);
    assert_memory_equal(view.payload, challenge, sizeof(challenge));
    assert_memory_equal(challenge, "\5\0\0\0\0\0\0\0\7", 9);
    rte_pktmbuf_free(mbuf);
    for (unsigned i = 0; i < CV_CHALLENGE_BYTES; i++) {
        memcpy(wrong, challenge, sizeof(wrong));
        wrong[i] ^= 0x10;
        assert_int_equal(answer(leg, wrong, &proven), -EKEYREJECTED);
    }
    assert_int_equal(answer(leg ^ 1, challenge, &proven), -EKEYREJECTED);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    assert_int_equal(answer(leg, challenge, &proven), 0);
    assert_true(proven);
    assert_int_equal(rig->table.unproven_legs, 0);
    assert_free(SENDER);
    assert_int_equal(answer(leg, challenge, &proven), 0); /* its second copy */
    assert_false(proven);
    rig_pass(rig, 100);
    assert_int_equal(bind_by_token(leg, OTHER), CV_MOVE_MOVED);
    assert_int_equal(answer(leg, challenge, &proven), -EKEYREJECTED);
    challenge_of(leg, wrong);
    assert_memory_not_equal(wrong, challenge, sizeof(challenge));
    assert_int_equal(answer(leg, challenge, &proven), -EKEYREJECTED);
}

static void no_challenge_without_a_next_hop(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));

    (void)state;
    assert_int_equal(token_from(leg, "192.0.2.50:5000"),
                     CV_MOVE_BOUND); /* a neighbour that has not answered */
    assert_null(cv_challenge_make(&rig->table, leg, packets_pool()));
    assert_int_equal(after_ms(0, CV_PROOF_EVENT_CHALLENGE, leg), 1);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_CHALLENGE, leg), 1);
    rig_resolve(rig);
    rte_pktmbuf_free(cv_challenge_make(&rig->table, leg, packets_pool()));
    assert_int_equal(send_some(SENDER, 10, 1), 38); /* nothing was spent on those that found no way */
}

/* At once, after 1 s and 3 s; then every 20 s, while packets come. */
static void challenges_are_few(void **state)
{
    static const unsigned at_second[] = {0, 1, 3};
    uint32_t leg = pair_with(needed(2, NULL));
    unsigned sent = 0;

    (void)state;
    bind_by_token(leg, VICTIM);
    for (unsigned second = 0; second < 200; second++) {
        if (second >= 100)
            seen_ms_ago(leg, 0);
        if (after_ms(second == 0 ? 0 : 1000, CV_PROOF_EVENT_CHALLENGE, leg) == 0)
            continue;
        sent++;
        if (sent <= 3)
            assert_int_equal(second, at_second[sent - 1]);
        else
            assert_int_equal((second - 100) % 20, 0);
        cv_standing_challenged(&rig->table, leg, rig->now_ms);
    }
    assert_int_equal(sent, 3 + 5);
}

/* ---- Moves ---- */

static void a_move_is_proven_again(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));

    (void)state;
    bind_by_token(leg, VICTIM);
    prove(leg);
    rig_pass(rig, 5000);
    seen_ms_ago(leg, 3000);
    assert_int_equal(cid_from(leg, OTHER), CV_MOVE_MOVED);
    assert_int_equal(event.proof, CV_LEG_PROOF_UNPROVEN);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    rig_pass(rig, 500);
    assert_int_equal(cid_from(leg, VICTIM), CV_MOVE_MOVED);
    assert_int_equal(event.cause, CV_MOVE_RETURN);
    assert_int_equal(event.proof, CV_LEG_PROOF_PROVEN);
    assert_free(SENDER);
    /* But not for ever: somebody else may be there by then. */
    rig_pass(rig, 100);
    assert_int_equal(bind_by_token(leg, OTHER), CV_MOVE_MOVED);
    rig_pass(rig, 30000);
    assert_int_equal(bind_by_token(leg, VICTIM), CV_MOVE_MOVED);
    assert_int_equal(event.proof, CV_LEG_PROOF_UNPROVEN);
}

/* The peer sends to another address of ours: its own is the same. */
static void our_address_is_not_its(void **state)
{
    uint32_t leg = pair_with(needed(2, NULL));
    struct cv_notice notice;

    (void)state;
    bind_by_token(leg, VICTIM);
    prove(leg);
    notice = notice_for(CV_NOTICE_LOCAL, leg, VICTIM);
    notice.local = RIG_LOCAL_VLAN;
    tell(&notice);
    assert_int_equal(proof_of(leg), CV_LEG_PROOF_PROVEN);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, proving_setup, moving_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(unproven_gets_little),    EACH(tiny_packets),
        EACH(a_minute_later),          EACH(moves_bring_no_more),
        EACH(elsewhere_earns_nothing), EACH(beside_a_rate),
        EACH(over_the_rate),           EACH(from_a_tunnel),
        EACH(by_the_sessions_ip),      EACH(vouched_for_later),
        EACH(by_a_challenge),          EACH(no_challenge_without_a_next_hop),
        EACH(challenges_are_few),      EACH(a_move_is_proven_again),
        EACH(our_address_is_not_its),  EACH(withheld_is_told),
        EACH(withheld_after_silence),
    };

    return cmocka_run_group_tests_name("proof", tests, start, NULL);
}
