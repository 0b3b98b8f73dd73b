/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an address is sent before and after it is proven, and what proves it: each rule as standing.h
 * states it.
 */
#include "moving.h"
#include "relay/challenge.h"
#include "relay/prove.h"
#include "relay/route.h"

#include <errno.h>
#include <string.h>

#define RELAY  "192.0.2.1:40000"
#define SENDER "203.0.113.1:1000"
#define VICTIM "203.0.113.77:7000"
#define OTHER  "203.0.113.78:7000"
#define BIG    1200
#define MOST   100 /* packets that are far more than any account */

static struct cv_proof_sweep sweep;
static uint8_t payload[BIG];

/* What the sweep has told, the latest first. */
static struct {
    enum cv_proof_event event;
    uint32_t leg;
} told[64];
static unsigned told_count;

static int start(void **state)
{
    (void)state;
    packets_start("test_proof", NULL);
    return 0;
}

static int setup(void **state)
{
    memset(&sweep, 0, sizeof(sweep));
    told_count = 0;
    return moving_setup(state);
}

static void on_proof(void *context, enum cv_proof_event what, uint32_t leg)
{
    assert_ptr_equal(context, &told);
    assert_true(told_count < RTE_DIM(told));
    told[told_count].event = what;
    told[told_count++].leg = leg;
}

/* So much time, with a look at all legs at its end. Returns how often this was told of the leg. */
static unsigned after_ms(uint32_t ms, enum cv_proof_event what, uint32_t leg)
{
    unsigned count = 0;

    rig_pass(rig, ms);
    told_count = 0;
    sweep.last_ms = rig->now_ms - 1000;
    cv_proof_sweep(&sweep, &rig->table, rig->now_ms, on_proof, &told);
    for (unsigned i = 0; i < told_count; i++)
        count += told[i].event == what && told[i].leg == leg;
    return count;
}

static struct cv_leg_config needed(uint8_t fill, const char *vouched)
{
    struct cv_leg_config leg = rig_token(fill);

    leg.proof = CV_PROOF_NEEDED;
    if (vouched != NULL)
        leg.vouched = packets_ip(vouched);
    return leg;
}

/* A pair with a sender, and a leg with that rule. Returns the latter, not bound. */
static uint32_t pair_with(struct cv_leg_config config)
{
    uint32_t slot = rig_pair(rig, 7, RIG_RELAY_PORT, rig_token(1), config);

    rig_bind(rig, 2 * slot, SENDER);
    return 2 * slot + 1;
}

static enum cv_move_result bind_by_token(uint32_t leg, const char *address)
{
    struct cv_notice notice = notice_for(CV_NOTICE_TOKEN, leg, address);
    enum cv_move_result result;

    if (address[0] == '[')
        notice.local = RIG_LOCAL_V6;
    result = tell(&notice);
    rig_resolve(rig);
    return result;
}

static uint8_t proof_of(uint32_t leg)
{
    struct cv_pair_state seen;

    cv_pair_describe(&rig->table, leg >> 1, rig->now_ms, &seen);
    return seen.legs[leg & 1].proof;
}

static uint64_t withheld(uint32_t leg)
{
    struct cv_pair_state seen;

    cv_pair_describe(&rig->table, leg >> 1, rig->now_ms, &seen);
    return seen.legs[leg & 1].withheld_pkts;
}

/* Bytes with headers that reach the other side of `count` packets from an address. */
static uint64_t send_some(const char *from, uint16_t bytes, unsigned count)
{
    uint64_t reached = 0;

    for (unsigned i = 0; i < count; i++) {
        struct rte_mbuf *mbuf;

        rig_burst(rig, rig_datagram(from, from[0] == '[' ? "[2001:db8::1]:40000" : RELAY, payload, bytes));
        mbuf = rig_take(rig, RIG_PORT);
        if (mbuf == NULL)
            continue;
        reached += mbuf->data_len - RTE_ETHER_HDR_LEN;
        rte_pktmbuf_free(mbuf);
    }
    return reached;
}

static void assert_limited(const char *from, uint64_t most)
{
    uint64_t drops = rig_drops(rig, CV_DROP_UNPROVEN), reached = send_some(from, BIG, MOST);

    assert_in_range(reached, 0, most);
    assert_true(rig_drops(rig, CV_DROP_UNPROVEN) > drops);
}

static void assert_free(const char *from)
{
    assert_int_equal(send_some(from, BIG, MOST), MOST * (BIG + CV_HEADERS_V4));
}

static void challenge_of(uint32_t leg, uint8_t challenge[CV_CHALLENGE_BYTES])
{
    cv_standing_challenge(&rig->table, leg, challenge);
    cv_standing_challenged(&rig->table, leg, rig->now_ms);
}

static int answer(uint32_t leg, const uint8_t challenge[CV_CHALLENGE_BYTES], bool *proven)
{
    return cv_standing_answer(&rig->table, leg, challenge, rig->now_ms, proven);
}

static void prove(uint32_t leg)
{
    uint8_t challenge[CV_CHALLENGE_BYTES];
    bool proven;

    challenge_of(leg, challenge);
    assert_int_equal(answer(leg, challenge, &proven), 0);
    assert_true(proven);
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

/* ---- Silence ---- */

static void silence(void **state)
{
    uint32_t leg = pair_with(rig_token(2));

    (void)state;
    bind_by_token(leg, VICTIM);
    assert_int_equal(event.proof, CV_LEG_PROOF_PROVEN);
    assert_int_equal(after_ms(29999, CV_PROOF_EVENT_SILENT, leg), 0);
    assert_free(SENDER);
    assert_int_equal(after_ms(1, CV_PROOF_EVENT_SILENT, leg), 1);
    assert_int_equal(proof_of(leg), CV_LEG_PROOF_SILENT);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_CHALLENGE, leg), 0);
    assert_int_equal(send_some(VICTIM, 10, 1), 38);
    assert_free(SENDER); /* at once, before the keeper has looked */
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_PROVEN, leg), 1);
    assert_int_equal(proof_of(leg), CV_LEG_PROOF_PROVEN);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_PROVEN, leg), 0);
    assert_free(SENDER);
}

/* A token from the leg's address is a sign of life as a packet is. */
static void a_token_breaks_the_silence(void **state)
{
    uint8_t token[CV_TOKEN_BYTES];
    uint32_t leg = pair_with(rig_token(2));

    (void)state;
    memset(token, 2, sizeof(token));
    bind_by_token(leg, VICTIM);
    after_ms(20000, CV_PROOF_EVENT_SILENT, leg);
    rig_burst(rig, rig_datagram(VICTIM, RELAY, token, sizeof(token)));
    assert_int_equal(rig_drops(rig, CV_DROP_CONSUMED), 1);
    assert_int_equal(after_ms(29999, CV_PROOF_EVENT_SILENT, leg), 0);
    assert_int_equal(after_ms(1, CV_PROOF_EVENT_SILENT, leg), 1);
}

/* Where its session's word does not reach, a leg that was silent has to be proven again. */
static void silent_and_challenged(void **state)
{
    uint8_t first[CV_CHALLENGE_BYTES];
    uint32_t leg = pair_with(needed(2, NULL));
    bool proven;

    (void)state;
    bind_by_token(leg, VICTIM);
    challenge_of(leg, first);
    assert_int_equal(answer(leg, first, &proven), 0);
    assert_int_equal(after_ms(30000, CV_PROOF_EVENT_SILENT, leg), 1);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_CHALLENGE, leg), 0);
    send_some(VICTIM, 10, 1);
    assert_limited(SENDER, CV_ACCOUNT_BYTES + 3 * 38);
    assert_int_equal(after_ms(1000, CV_PROOF_EVENT_UNPROVEN, leg), 1);
    assert_int_equal(after_ms(0, CV_PROOF_EVENT_CHALLENGE, leg), 1);
    assert_int_equal(answer(leg, first, &proven), -EKEYREJECTED);
    prove(leg);
    assert_free(SENDER);
}

static void silent_at_its_sessions_ip(void **state)
{
    uint32_t leg = pair_with(needed(2, "203.0.113.77"));

    (void)state;
    bind_by_token(leg, VICTIM);
    assert_int_equal(after_ms(30000, CV_PROOF_EVENT_SILENT, leg), 1);
    assert_limited(SENDER, CV_ACCOUNT_BYTES);
    send_some(VICTIM, 10, 1);
    assert_free(SENDER);
    assert_int_equal(after_ms(0, CV_PROOF_EVENT_PROVEN, leg), 1);
}

/* An address that an operator wrote down needs nothing at all. */
static void exempt(void **state)
{
    uint32_t leg = pair_with(rig_fixed(VICTIM));

    (void)state;
    rig_resolve(rig);
    assert_int_equal(proof_of(leg), CV_LEG_PROOF_NONE);
    assert_int_equal(after_ms(100000, CV_PROOF_EVENT_SILENT, leg), 0);
    assert_free(SENDER);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, moving_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(unproven_gets_little),
        EACH(tiny_packets),
        EACH(a_minute_later),
        EACH(moves_bring_no_more),
        EACH(elsewhere_earns_nothing),
        EACH(beside_a_rate),
        EACH(from_a_tunnel),
        EACH(by_the_sessions_ip),
        EACH(vouched_for_later),
        EACH(by_a_challenge),
        EACH(no_challenge_without_a_next_hop),
        EACH(challenges_are_few),
        EACH(a_move_is_proven_again),
        EACH(our_address_is_not_its),
        EACH(silence),
        EACH(a_token_breaks_the_silence),
        EACH(silent_and_challenged),
        EACH(silent_at_its_sessions_ip),
        EACH(exempt),
    };

    return cmocka_run_group_tests_name("proof", tests, start, NULL);
}
