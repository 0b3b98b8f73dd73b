/* SPDX-License-Identifier: BSD-3-Clause */
/* What makes a packet a leg's though the leg has not that address: tokens, prefixes, QUIC connection IDs. */
#include "rig.h"

#include <string.h>

#define RELAY     "192.0.2.1:40000"
#define A         "203.0.113.1:1000"
#define B         "203.0.113.2:2000"
#define STRANGER  "203.0.113.99:9999"
#define CLAIMS_MS 100 /* claims by connection ID in a millisecond */

static struct rig *rig;
static uint32_t
    leg; /* a of the first pair: bound to A by a token of ones; its other leg to B by one of twos */

static int start(void **state)
{
    (void)state;
    packets_start("test_claim", NULL);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    rig = rig_start(100);
    leg = 2 * rig_pair(rig, 1, RIG_RELAY_PORT, rig_token(1), rig_token(2));
    rig_bind(rig, leg, A);
    rig_bind(rig, leg + 1, B);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(rig);
    assert_int_equal(packets_in_use(), 0);
    return 0;
}

static void send(const char *from, const char *to, const void *payload, uint16_t bytes)
{
    rig_burst(rig, rig_datagram(from, to, payload, bytes));
}

/* The packet that has just been sent reached that peer. */
static void assert_reached(const char *peer)
{
    struct rte_mbuf *mbuf = rig_take(rig, RIG_PORT);
    struct cv_address address = packets_address(peer);
    struct packet_view view;

    assert_non_null(mbuf);
    view = packets_read(mbuf);
    assert_true(cv_address_equal(&view.destination, &address));
    rte_pktmbuf_free(mbuf);
}

/* It ended here, for that reason and no other. */
#define assert_dropped(reason)                                                       \
    do {                                                                             \
        assert_null(rig_take(rig, RIG_PORT));                                        \
        for (enum cv_drop drop_ = 0; drop_ < CV_DROP_COUNT; drop_++)                 \
            if (rig_drops(rig, drop_) != (drop_ == CV_DROP_##reason))                \
                fail_msg("%s: %d", cv_drop_name(drop_), (int)rig_drops(rig, drop_)); \
        rig->stats[0].drops[CV_DROP_##reason] = 0;                                   \
    } while (0)

static void assert_noticed(enum cv_notice_type type, uint32_t of_leg, const char *from)
{
    struct cv_notice notice = rig_notice(rig);
    struct cv_address address = packets_address(from);

    assert_int_equal(notice.type, type);
    assert_int_equal(notice.leg, of_leg);
    assert_int_equal(notice.generation, cv_pair_of(&rig->table, of_leg)->generation);
    assert_int_equal(notice.local, RIG_LOCAL_V4);
    assert_true(cv_address_equal(&notice.address, &address));
}

static void assert_not_noticed(void)
{
    assert_int_equal(rig_notice(rig).type, CV_NOTICE_NONE);
}

/* ---- Tokens ---- */

static void token_at_its_port(void **state)
{
    struct cv_leg_config token = rig_token(1);

    (void)state;
    send(STRANGER, RELAY, token.token, sizeof(token.token));
    assert_dropped(CONSUMED);
    assert_noticed(CV_NOTICE_TOKEN, leg, STRANGER);
    send(B, RELAY, token.token, sizeof(token.token)); /* from where another leg is */
    assert_dropped(CONSUMED);
    assert_noticed(CV_NOTICE_TOKEN, leg, B);
    send(A, RELAY, token.token, sizeof(token.token)); /* nothing would change */
    assert_dropped(CONSUMED);
    assert_int_equal(rig->stats[0].token_pkts, 3);
    assert_not_noticed();
    assert_int_equal(cv_leg_at(&rig->table, leg)->pkts, 0);
}

/* An Initial right behind the token is not lost, though the keeper has not bound the leg yet; for 50 ms. */
static void packets_behind_a_token(void **state)
{
    struct cv_leg_config token = rig_token(1);

    (void)state;
    rig->workers[0].relay.context.now_ms = 1000;
    send(STRANGER, RELAY, token.token, sizeof(token.token));
    assert_dropped(CONSUMED);
    send(STRANGER, RELAY, "initial", 7);
    assert_reached(B);
    send(STRANGER, "192.0.2.1:40001", "initial", 7);
    assert_dropped(UNKNOWN_SOURCE);
    rig->workers[0].relay.context.now_ms += 50;
    send(STRANGER, RELAY, "initial", 7);
    assert_reached(B);
    rig->workers[0].relay.context.now_ms++;
    send(STRANGER, RELAY, "initial", 7);
    assert_dropped(UNKNOWN_SOURCE);
    send(STRANGER, RELAY, token.token, sizeof(token.token));
    assert_dropped(CONSUMED);
    cv_pair_remove(&rig->table, leg / 2);
    cv_pair_table_reclaim(&rig->table);
    send(STRANGER, RELAY, "initial", 7);
    assert_dropped(UNKNOWN_SOURCE);
}

static void token_at_another_port(void **state)
{
    struct cv_leg_config token = rig_token(1);

    (void)state;
    send(STRANGER, "192.0.2.1:40001", token.token, sizeof(token.token));
    assert_dropped(UNKNOWN_SOURCE);
    assert_not_noticed();
    assert_int_equal(rig->stats[0].token_pkts, 0);
}

/* A datagram is a token when it is one and nothing else. */
static void nearly_tokens(void **state)
{
    uint8_t payload[33];

    (void)state;
    memset(payload, 1, sizeof(payload));
    send(STRANGER, RELAY, payload, 31);
    assert_dropped(UNKNOWN_SOURCE);
    send(STRANGER, RELAY, payload, 33);
    assert_dropped(UNKNOWN_SOURCE);
    for (unsigned byte = 0; byte < 32; byte++) {
        payload[byte] ^= 0x80;
        send(STRANGER, RELAY, payload, 32);
        assert_dropped(UNKNOWN_SOURCE);
        send(A, RELAY, payload, 32); /* of a leg it is data like any other */
        assert_reached(B);
        payload[byte] ^= 0x80;
    }
    assert_not_noticed();
}

/* Each is counted as the token it is, and binds nothing to where no packet could be sent. */
static void token_from_nowhere(void **state)
{
    static const char *const sources[] = {"192.0.2.1:7",       "198.51.100.1:7", "224.0.0.1:7",
                                          "255.255.255.255:7", "0.0.0.0:7",      "0.1.2.3:7",
                                          "127.0.0.1:7",       "203.0.113.9:0",  "240.0.0.1:7"};
    struct cv_leg_config token = rig_token(1);

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(sources); i++) {
        send(sources[i], RELAY, token.token, sizeof(token.token));
        assert_dropped(CONSUMED);
        assert_not_noticed();
        send(sources[i], RELAY, "data", 4);
        assert_dropped(BAD_ADDRESS);
        assert_not_noticed();
    }
}

static void bad_ipv6_sources(void **state)
{
    static const char *const sources[] = {"[2001:db8::1]:7", "[::]:7", "[ff02::1]:7", "[2001:db8::7]:0",
                                          "[::1]:7"};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(sources); i++) {
        send(sources[i], "[2001:db8::1]:40000", "data", 4);
        assert_dropped(BAD_ADDRESS);
        assert_not_noticed();
    }
}

/* ---- Prefixes ---- */

static void first_from_a_prefix(void **state)
{
    uint32_t prefix = 2 * rig_pair(rig, 2, 40001, rig_prefix("203.0.113.16/28"), rig_token(3));

    (void)state;
    send("203.0.113.17:7", "192.0.2.1:40001", "data", 4); /* nobody to send it to yet, but noticed */
    assert_dropped(UNBOUND_LEG);
    assert_noticed(CV_NOTICE_PREFIX, prefix, "203.0.113.17:7");
    rig_bind(rig, prefix + 1, B);
    send("203.0.113.17:7", "192.0.2.1:40001", "data", 4);
    assert_reached(B);
    assert_noticed(CV_NOTICE_PREFIX, prefix, "203.0.113.17:7");
    assert_int_equal(cv_leg_at(&rig->table, prefix)->seen_ms, 0); /* the leg has no address yet */
    send("203.0.113.32:7", "192.0.2.1:40001", "data", 4);
    assert_dropped(UNKNOWN_SOURCE);
    send("203.0.113.17:7", "192.0.2.1:40002", "data", 4);
    assert_dropped(UNKNOWN_SOURCE);
    rig_bind(rig, prefix, "203.0.113.17:7");
    send("203.0.113.18:7", "192.0.2.1:40001", "data", 4); /* the leg has an address now */
    assert_dropped(UNKNOWN_SOURCE);
    assert_not_noticed();
    rig_pass(rig, CV_VACANT_MS - 1);
    send("203.0.113.18:7", "192.0.2.1:40001", "data", 4);
    assert_dropped(UNKNOWN_SOURCE);
    rig_pass(rig, 1); /* and has been silent for long */
    send("203.0.113.18:7", "192.0.2.1:40001", "data", 4);
    assert_reached(B);
    assert_noticed(CV_NOTICE_PREFIX, prefix, "203.0.113.18:7");
}

/* ---- Connection IDs ---- */

static const uint8_t cid[CV_QUIC_CID_MAX] = {0xc1, 2,  3,  4,  5,  6,  7,  8,  9,  10,
                                             11,   12, 13, 14, 15, 16, 17, 18, 19, 20};

/* A packet to a connection ID of `cid_bytes`; `version` 0: with a short header. Returns its length. */
static uint16_t quic(uint8_t *out, const uint8_t *id, uint8_t cid_bytes, uint32_t version)
{
    uint16_t at = 0;

    if (version == 0) {
        out[at++] = 0x41;
    } else {
        out[at++] = 0xc3;
        for (int shift = 24; shift >= 0; shift -= 8)
            out[at++] = (uint8_t)(version >> shift);
        out[at++] = cid_bytes;
    }
    memcpy(out + at, id, cid_bytes);
    at = (uint16_t)(at + cid_bytes);
    if (version != 0)
        out[at++] = 0; /* no source connection ID */
    memset(out + at, 0xee, 30);
    return (uint16_t)(at + 30);
}

static void send_quic(const char *from, const uint8_t *id, uint8_t cid_bytes, uint32_t version)
{
    uint8_t packet[128];

    send(from, RELAY, packet, quic(packet, id, cid_bytes, version));
}

static void cid_from_a_new_address(void **state)
{
    static const uint8_t lengths[] = {4, 5, 8, 16, 20};
    static const uint32_t versions[] = {0, 1, 0x6b3343cf, 0xff00001d};
    uint32_t hits = 0;

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(lengths); i++) {
        cv_leg_learn_cid(&rig->table, leg, cid, lengths[i]);
        for (unsigned v = 0; v < RTE_DIM(versions); v++) {
            uint8_t other[CV_QUIC_CID_MAX];

            send_quic(STRANGER, cid, lengths[i], versions[v]);
            assert_reached(B);
            assert_noticed(CV_NOTICE_CID_HIT, leg, STRANGER);
            assert_int_equal(rig->stats[0].cid_pkts, ++hits);
            assert_int_equal(cv_leg_at(&rig->table, leg)->seen_ms,
                             0); /* no sign of life of the old address */
            for (uint8_t byte = 0; byte < RTE_MIN(lengths[i], CV_CID_KEY_BYTES); byte++) {
                memcpy(other, cid, sizeof(other));
                other[byte] ^= 4;
                send_quic(STRANGER, other, lengths[i], versions[v]);
                assert_dropped(UNKNOWN_SOURCE);
            }
            if (versions[v] != 0) { /* a long header says how long it is */
                send_quic(STRANGER, cid, (uint8_t)(lengths[i] - 1), versions[v]);
                assert_dropped(UNKNOWN_SOURCE);
            }
            assert_not_noticed();
            rig_pass(rig, 1);
        }
    }
}

static void cid_of_another_port(void **state)
{
    uint8_t packet[128];
    uint16_t bytes = quic(packet, cid, 8, 0);

    (void)state;
    cv_leg_learn_cid(&rig->table, leg, cid, 8);
    send(STRANGER, "192.0.2.1:40001", packet, bytes);
    assert_dropped(UNKNOWN_SOURCE);
}

/* A connection ID moves no leg that is not free to move, and opens no way round where it may be. */
static void cid_of_a_leg_that_may_not_move(void **state)
{
    uint8_t packet[128];
    uint16_t bytes = quic(packet, cid, 8, 0);
    uint32_t fixed = 2 * rig_pair(rig, 2, 40001, rig_fixed("203.0.113.50:1"), rig_fixed("203.0.113.51:1"));
    uint32_t prefix = 2 * rig_pair(rig, 3, 40002, rig_prefix("203.0.113.16/28"), rig_fixed("203.0.113.51:1"));

    (void)state;
    rig_bind(rig, prefix, "203.0.113.17:1");
    cv_leg_learn_cid(&rig->table, fixed, cid, 8);
    cv_leg_learn_cid(&rig->table, prefix, cid, 8);
    send(STRANGER, "192.0.2.1:40001", packet, bytes);
    assert_dropped(UNKNOWN_SOURCE);
    send(STRANGER, "192.0.2.1:40002", packet, bytes);
    assert_dropped(UNKNOWN_SOURCE);
    assert_not_noticed();
    send("203.0.113.18:1", "192.0.2.1:40002", packet, bytes);
    assert_reached("203.0.113.51:1");
    assert_noticed(CV_NOTICE_CID_HIT, prefix, "203.0.113.18:1");
}

/* Strangers together get so many look-ups a millisecond, and no leg's own packets suffer from it. */
static void claims_are_rationed(void **state)
{
    (void)state;
    cv_leg_learn_cid(&rig->table, leg, cid, 8);
    for (unsigned i = 0; i < CLAIMS_MS; i++) {
        send(STRANGER, RELAY, "what is this?", 13);
        assert_dropped(UNKNOWN_SOURCE);
    }
    send(STRANGER, RELAY, "what is this?", 13);
    assert_dropped(MOVE_RATE);
    send_quic(STRANGER, cid, 8, 0);
    assert_dropped(MOVE_RATE);
    send(A, RELAY, "data", 4);
    assert_reached(B);
    rig_pass(rig, 1);
    send_quic(STRANGER, cid, 8, 0);
    assert_reached(B);
}

/* ---- STUN ---- */

static void stun(void **state)
{
    static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1,  2,
                                        3, 4, 5, 6, 7,    8,    9,    10,   11, 12};
    struct rte_mbuf *mbuf;

    (void)state;
    send(STRANGER, RELAY, request, sizeof(request));
    mbuf = rig_take(rig, RIG_PORT);
    assert_non_null(mbuf);
    assert_int_equal(packets_read(mbuf).payload_bytes, 32);
    assert_int_equal(packets_read(mbuf).payload[0], 1); /* a binding response */
    assert_int_equal(rig->stats[0].answered_pkts, 1);
    rte_pktmbuf_free(mbuf);
    /* Between peers it is theirs (RFC 8445 has them send such requests). */
    send(A, RELAY, request, sizeof(request));
    mbuf = rig_take(rig, RIG_PORT);
    assert_non_null(mbuf);
    assert_memory_equal(packets_read(mbuf).payload, request, sizeof(request));
    rte_pktmbuf_free(mbuf);
    assert_int_equal(rig->stats[0].answered_pkts, 1);
}

/* ---- Learning ---- */

static void assert_learnt(const uint8_t *id, uint8_t bytes)
{
    struct cv_notice notice = rig_notice(rig);

    assert_int_equal(notice.type, CV_NOTICE_CID_LEARN);
    assert_int_equal(notice.leg, leg);
    assert_int_equal(notice.cid_bytes, bytes);
    assert_memory_equal(notice.cid, id, bytes);
    cv_leg_learn_cid(&rig->table, leg, notice.cid, notice.cid_bytes);
}

static void send_and_pass(const uint8_t *id, uint8_t bytes, uint32_t version)
{
    send_quic(A, id, bytes, version);
    assert_reached(B);
}

static void learns_from_long_headers(void **state)
{
    static const uint8_t other[CV_QUIC_CID_MAX] = {9, 9, 9, 9, 9, 9, 9, 9};
    uint8_t no_bit[64] = {0x80, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0};

    (void)state;
    send_and_pass(cid, 8, 1);
    assert_learnt(cid, 8);
    send_and_pass(cid, 8, 1);
    assert_not_noticed();
    send_and_pass(other, 20, 0x6b3343cf);
    assert_learnt(other, 20);
    send_and_pass(cid, 3, 1); /* too short to name anybody */
    send_and_pass(cid, 0, 1);
    send_and_pass(cid, 8, 0xfaceb001);      /* not a version whose connection IDs we know to be stable */
    send(A, RELAY, no_bit, sizeof(no_bit)); /* RFC 9000 section 17.2: the fixed bit */
    assert_reached(B);
    assert_not_noticed();
    assert_int_equal(cv_leg_at(&rig->table, leg)->cid_bytes, 20);
    rig->workers[0].relay.learns_left = 0; /* nobody may fill the keeper's ring with them */
    send_and_pass(cid, 8, 1);
    assert_not_noticed();
}

/* Peers change their connection IDs without a handshake: after a pause, or in the middle of it all. */
static void learns_from_short_headers(void **state)
{
    uint8_t changed[CV_QUIC_CID_MAX];
    unsigned sent = 0;

    (void)state;
    memcpy(changed, cid, sizeof(changed));
    send_and_pass(cid, 8, 0);
    assert_not_noticed(); /* how long it is is not known yet */
    cv_leg_learn_cid(&rig->table, leg, cid, 8);
    send_and_pass(cid, 8, 0);
    assert_not_noticed();
    changed[0]++;
    rig_pass(rig, 1000);
    send_and_pass(changed, 8, 0);
    assert_learnt(changed, 8);
    changed[0]++;
    while (rte_ring_empty(rig->notices)) {
        send_and_pass(changed, 8, 0);
        assert_true(++sent <= 256);
    }
    assert_learnt(changed, 8);
    assert_true(sent > 200); /* and not at each packet */
}

/* What is not QUIC is nobody's connection ID. */
static void other_protocols(void **state)
{
    uint8_t payload[64] = {0};

    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        payload[0] = (uint8_t)first;
        send(A, RELAY, payload, 40); /* version 0 where it looks like a long header */
        assert_reached(B);
        for (uint16_t bytes = 0; bytes < 8; bytes++) {
            send(A, RELAY, payload, bytes);
            assert_reached(B);
        }
    }
    assert_not_noticed();
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(token_at_its_port),        EACH(packets_behind_a_token),
        EACH(token_at_another_port),    EACH(nearly_tokens),
        EACH(token_from_nowhere),       EACH(bad_ipv6_sources),
        EACH(first_from_a_prefix),      EACH(cid_from_a_new_address),
        EACH(cid_of_another_port),      EACH(cid_of_a_leg_that_may_not_move),
        EACH(claims_are_rationed),      EACH(stun),
        EACH(learns_from_long_headers), EACH(learns_from_short_headers),
        EACH(other_protocols),
    };

    return cmocka_run_group_tests_name("claim", tests, start, NULL);
}
