/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose a packet to the listening port is: sessions and UDP legs live there together (session/listen.h). */
#include "first_flight.h"
#include "leg_at.h"
#include "listening.h"
#include "peer/session.h"
#include "session/handshake_thread.h"
#include "session/leg_initials.h"
#include "session/listen.h"

#include <string.h>

#define A        "203.0.113.1:1000"
#define B        "203.0.113.2:2000"
#define STRANGER "203.0.113.99:9999"
#define CULVERT  "culvert/1"
#define STEPS    2000

/* RFC 8489: a binding request. */
static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static uint32_t leg; /* bound to A by a token of ones; its other leg to B by one of twos */
static struct first_flight flight;

static int start(void **state)
{
    listening_setup(state);
    leg = listening_pair(1, 1);
    send_token(A, 1);
    send_token(B, 2);
    keep();
    return 0;
}

static uint32_t handshakes(void)
{
    return relay.sessions->handshakes->count;
}

static void make_flight(const char *alpn, const char *groups)
{
    const struct quic_client_options client = {
        .version = CV_QUIC_VERSION_1, .alpn = alpn, .name = "relay.example", .groups = groups};

    memset(&flight, 0, sizeof(flight));
    first_flight_make(&flight, &client);
}

static void send_flight(const char *from, unsigned i)
{
    send_from(from, flight.datagrams[i], FIRST_FLIGHT_BYTES);
}

/* Whether the worker has passed it on to the handshake thread. */
static bool is_asked(void)
{
    return rte_ring_count(cv_handshake_rings(relay.sessions)->packets) > 0;
}

/* ---- The order ---- */

static void tokens_bind(void **state)
{
    struct cv_address address = packets_address(A);

    (void)state;
    assert_int_equal(leg_at(&rig->table, &address, rte_cpu_to_be_16(RIG_LISTEN_PORT)), leg);
    assert_int_equal(rig->stats[0].token_pkts, 2);
    assert_int_equal(rig_drops(rig, CV_DROP_CONSUMED), 2);
    assert_got_nothing();
}

/* Everything from a leg's address is the leg's, whatever it looks like, and leaves from the listening port. */
static void all_is_the_legs(void **state)
{
    static const uint8_t negotiation[] = {0xc0, 0, 0, 0, 0, 2, 1, 2, 2, 3, 4, 0, 0, 0, 1};
    static const uint8_t other_version[1200] = {0xc0, 0xfa, 0xce, 0xb0, 0x01, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0};

    (void)state;
    send_from(A, short_packet(7), PACKET_BYTES);
    assert_got(B, short_packet(7), PACKET_BYTES);
    send_from(B, long_packet(RETRY, 1, 2), PACKET_BYTES);
    assert_got(A, long_packet(RETRY, 1, 2), PACKET_BYTES);
    send_from(B, long_packet(HANDSHAKE, 1, 2), PACKET_BYTES);
    assert_got(A, long_packet(HANDSHAKE, 1, 2), PACKET_BYTES);
    send_from(B, negotiation, sizeof(negotiation));
    assert_got(A, negotiation, sizeof(negotiation));
    send_from(A, other_version, sizeof(other_version));
    assert_got(B, other_version, sizeof(other_version));
    send_from(A, stun, sizeof(stun));
    assert_got(B, stun, sizeof(stun));
    send_from(A, "", 0);
    assert_got(B, NULL, 0);
    send_from(A, "\1not QUIC", 9);
    assert_got(B, "\1not QUIC", 9);
    send_from(A, "thirty-two bytes, but no token..", 32);
    assert_got(B, "thirty-two bytes, but no token..", 32);
    assert_int_equal(rig->stats[0].answered_pkts, 0);
    assert_int_equal(rig->stats[0].session_rx_pkts, 0);
    assert_false(is_asked());
}

static void strangers(void **state)
{
    (void)state;
    send_from(STRANGER, stun, sizeof(stun));
    assert_got(STRANGER, NULL, 0);
    assert_int_equal(rig->stats[0].answered_pkts, 1);
    send_from(STRANGER, "what is this?", 13);
    assert_true(is_asked());
    session_rig_turn(&relay);
    assert_int_equal(rig_drops(rig, CV_DROP_SESSION_BAD), 1);
    send_from(STRANGER, "\1what", 5);
    assert_int_equal(rig_drops(rig, CV_DROP_SESSION_BAD), 2);
    send_from(STRANGER, "", 0);
    assert_int_equal(rig_drops(rig, CV_DROP_SESSION_BAD), 3);
    make_flight(CULVERT, NULL);
    send_flight(STRANGER, 0);
    session_rig_turn(&relay);
    assert_int_equal(handshakes(), 1);
    assert_got(STRANGER, NULL, 0);
    discard_sent();
}

static uint32_t join(uint64_t number, struct cv_leg_config a, struct cv_leg_config b)
{
    struct cv_pair_config config = {.pair = number, .legs = {a, b}};
    uint32_t slot;

    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    rig_resolve(rig);
    return 2 * slot;
}

/* With a leg on a relay port, and with a tunnel leg, whose session is not there. */
static void joined_to_other_kinds(void **state)
{
    struct cv_leg_config here = rig_fixed("203.0.113.3:3"), there = rig_fixed("203.0.113.4:4");
    struct cv_leg_config tunnel = {.bind = CV_BIND_TUNNEL, .session = 7, .channel = 1};
    struct cv_address relay_port = packets_address("192.0.2.1:40005");
    struct rte_mbuf *mbuf;
    uint32_t tunnelled;

    (void)state;
    here.relay_port = RIG_LISTEN_PORT;
    there.relay_port = 40005;
    join(2, here, there);
    here.address = packets_address("203.0.113.5:5");
    tunnelled = join(3, here, tunnel);
    send_from("203.0.113.3:3", "to", 2);
    mbuf = rig_take(rig, RIG_PORT);
    assert_non_null(mbuf);
    assert_int_equal(packets_read(mbuf).source.port_be, relay_port.port_be);
    rte_pktmbuf_free(mbuf);
    rig_burst(rig, rig_datagram("203.0.113.4:4", "192.0.2.1:40005", "fro", 3));
    assert_got("203.0.113.3:3", "fro", 3);
    send_from("203.0.113.5:5", "in", 2);
    assert_int_equal(cv_leg_at(&rig->table, tunnelled)->pkts, 1);
    assert_int_equal(rig_drops(rig, CV_DROP_UNBOUND_LEG), 1);
}

/* A connection ID that a leg was sending to names it at an address that nobody has. */
static void rebound(void **state)
{
    (void)state;
    cv_leg_learn_cid(&rig->table, leg, (const uint8_t *)"\7\7\7\7\7\7\7\7", 8);
    send_from(STRANGER, short_packet(7), PACKET_BYTES);
    assert_got(B, short_packet(7), PACKET_BYTES);
    rig_pass(rig, 5000); /* the old address is silent */
    send_from(STRANGER, short_packet(7), PACKET_BYTES);
    assert_got(B, NULL, 0);
    keep();
    send_from(B, short_packet(9), PACKET_BYTES);
    assert_got(STRANGER, NULL, 0);
}

/*
 * So many packets in a millisecond are a leg's by their connection ID; more are dropped, and never taken for a stranger's.
 * Who is one, or a leg at its own address, does not suffer from it.
 */
static void claims_are_rationed(void **state)
{
    (void)state;
    cv_leg_learn_cid(&rig->table, leg, (const uint8_t *)"\7\7\7\7\7\7\7\7", 8);
    rig->workers[0].relay.listens_left = 0;
    send_from(STRANGER, short_packet(7), PACKET_BYTES);
    assert_got_nothing();
    assert_false(is_asked());
    assert_int_equal(rig_drops(rig, CV_DROP_MOVE_RATE), 1);
    assert_int_equal(rig->workers[0].relay.claims_left, 100);
    send_from(STRANGER, short_packet(8), PACKET_BYTES);
    assert_true(is_asked());
    session_rig_turn(&relay);
    discard_sent();
    send_from(A, short_packet(7), PACKET_BYTES);
    assert_got(B, NULL, 0);
    rig_pass(rig, 1);
    send_from(STRANGER, short_packet(7), PACKET_BYTES);
    assert_got(B, NULL, 0);
}

/* ---- Initial packets from a leg's address ---- */

static void another_protocols_hello(void **state)
{
    (void)state;
    make_flight("h3", "X25519");
    assert_int_equal(flight.count, 1);
    send_flight(A, 0);
    assert_true(is_asked());
    assert_got_nothing();
    session_rig_turn(&relay);
    assert_int_equal(handshakes(), 0);
    assert_got(B, flight.datagrams[0], FIRST_FLIGHT_BYTES);
    assert_int_equal(cv_leg_at(&rig->table, leg)->pkts, 1);
    keep(); /* its connection ID is the leg's now: nobody asks again */
    send_flight(A, 0);
    assert_false(is_asked());
    assert_got(B, flight.datagrams[0], FIRST_FLIGHT_BYTES);
}

static void a_sessions_hello(void **state)
{
    (void)state;
    make_flight("h3," CULVERT, "X25519");
    send_flight(A, 0);
    session_rig_turn(&relay);
    assert_int_equal(handshakes(), 1);
    assert_got(A, NULL, 0); /* the relay's own answer */
    send_flight(A, 0);      /* again: known by now */
    session_rig_turn(&relay);
    assert_int_equal(handshakes(), 1);
    assert_int_equal(cv_leg_at(&rig->table, leg)->pkts, 0);
    discard_sent();
}

/* A post-quantum key share takes two packets, in either order. */
static void hello_in_two(const char *alpn, unsigned first)
{
    make_flight(alpn, "X25519MLKEM768");
    assert_int_equal(flight.count, 2);
    send_flight(A, first);
    session_rig_turn(&relay);
    send_flight(A, 1 - first);
    session_rig_turn(&relay);
    assert_int_equal(handshakes(), strcmp(alpn, CULVERT) == 0);
}

static void hellos_in_two(void **state)
{
    (void)state;
    hello_in_two("h3", 0);
    assert_got(B, flight.datagrams[0], FIRST_FLIGHT_BYTES);
    assert_got(B, flight.datagrams[1], FIRST_FLIGHT_BYTES);
    hello_in_two("h3", 1);
    assert_got(B, flight.datagrams[1], FIRST_FLIGHT_BYTES);
    assert_got(B, flight.datagrams[0], FIRST_FLIGHT_BYTES);
    hello_in_two(CULVERT, 0);
    assert_got(A, NULL, 0);
    discard_sent();
}

static void swapped_session(void **state)
{
    (void)state;
    hello_in_two(CULVERT, 1);
    assert_got(A, NULL, 0);
    discard_sent();
}

/* What never becomes whole is the leg's, late. */
static void half_a_hello(void **state)
{
    (void)state;
    make_flight("h3", "X25519MLKEM768");
    send_flight(A, 1);
    session_rig_turn(&relay);
    session_rig_turn(&relay);
    assert_got_nothing();
    session_rig_pass(&relay, CV_LEG_INITIAL_MS);
    session_rig_turn(&relay);
    assert_got(B, flight.datagrams[1], FIRST_FLIGHT_BYTES);
}

/* Room is bounded: the oldest goes to its leg, and none is lost. */
static void many_halves(void **state)
{
    unsigned got;

    (void)state;
    for (unsigned i = 0; i < CV_LEG_FLIGHTS + 3; i++) {
        make_flight("h3", "X25519MLKEM768");
        session_rig_pass(&relay, 1);
        session_rig_turn(&relay);
        send_flight(A, 1);
        session_rig_turn(&relay);
    }
    got = discard_sent();
    assert_in_range(got, 3, CV_LEG_FLIGHTS + 2);
    session_rig_pass(&relay, CV_LEG_INITIAL_MS);
    session_rig_turn(&relay);
    got += discard_sent();
    assert_int_equal(got, CV_LEG_FLIGHTS + 3);
}

/* As if worker 0 had not looked into its ring for long: so much room is left there. */
static void leave_room(uint32_t entries)
{
    struct rte_ring *ring = relay.sessions->rings[0].handed;
    const struct cv_handed nothing = {.kind = CV_HANDED_FREE, .drop = CV_DROP_CONSUMED};

    while (rte_ring_free_count(ring) > entries)
        assert_true(cv_hand(ring, &nothing));
}

static void send_half(void)
{
    make_flight("h3", "X25519MLKEM768");
    send_flight(A, 1);
    (void)cv_handshake_thread_turn(relay.sessions->handshakes);
}

#define HALVES 10

/* Nothing is lost, and no buffer: what was kept stays so, and what comes waits in the ring to the handshake thread. */
static void worker_stands_still(void **state)
{
    const struct cv_session_rings *rings = cv_handshake_rings(relay.sessions);
    unsigned got = 0;

    (void)state;
    for (unsigned i = 0; i < HALVES; i++) {
        session_rig_pass(&relay, 1);
        session_rig_turn(&relay);
        send_half();
    }
    leave_room(3 * CV_LEG_FLIGHT_MAX + 1);
    session_rig_pass(&relay, CV_LEG_INITIAL_MS);
    (void)cv_handshake_thread_turn(relay.sessions->handshakes); /* two of them are late now */
    assert_int_equal(rte_ring_free_count(relay.sessions->rings[0].handed), 3 * CV_LEG_FLIGHT_MAX - 1);
    send_from(STRANGER, "what is this?", 13);
    send_half();
    leave_room(0);
    (void)cv_handshake_thread_turn(relay.sessions->handshakes);
    assert_int_equal(rte_ring_count(rings->packets), 2);
    while (rte_ring_count(relay.sessions->rings[0].handed) > 0 || rte_ring_count(rings->packets) > 0)
        session_rig_turn(&relay);
    got += discard_sent();
    session_rig_pass(&relay, CV_LEG_INITIAL_MS);
    session_rig_turn(&relay);
    assert_int_equal(got + discard_sent(), HALVES + 1);
    assert_int_equal(rig_drops(rig, CV_DROP_SESSION_BAD), 1);
}

/* Only so many are asked about: more are the leg's at once. So are those that a server sends. */
static void asking_is_rationed(void **state)
{
    uint8_t from_server[1200] = {0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0};
    unsigned at_once = 0;

    (void)state;
    for (unsigned i = 0; i < CV_OPENED_PER_MS + 5; i++) {
        from_server[6] = (uint8_t)i;
        send_from(B, from_server, sizeof(from_server));
        at_once += discard_sent();
    }
    assert_int_equal(at_once, 5);
    session_rig_turn(&relay);
    for (unsigned i = 0; i < CV_OPENED_PER_MS; i++)
        assert_got(A, NULL, 0);
    session_rig_pass(&relay, 1);
    session_rig_turn(&relay);
    make_flight(CULVERT, NULL);
    send_flight(A, 0);
    assert_true(is_asked());
    session_rig_turn(&relay);
    discard_sent();
}

/* The leg has gone while the handshake thread looked. */
static void gone_meanwhile(void **state)
{
    (void)state;
    make_flight("h3", "X25519");
    send_flight(A, 0);
    cv_pair_remove(&rig->table, leg / 2);
    rig_pass(rig, 100); /* its token is forgotten, too */
    session_rig_turn(&relay);
    assert_got_nothing();
    assert_int_equal(rig_drops(rig, CV_DROP_UNKNOWN_SOURCE), 1);
}

/* ---- A session and a leg of one socket ---- */

static void on_capsule(void *user, const struct cv_capsule *capsule)
{
    (void)user;
    (void)capsule;
}

static void on_ended(void *user, const struct cv_peer_end *end)
{
    (void)user;
    fail_msg("the session has ended: %s", end->sentence);
}

static const struct cv_peer_callbacks callbacks = {.capsule = on_capsule, .ended = on_ended};

static uint64_t now_ns(void)
{
    return cv_sessions_now(relay.sessions);
}

/* What the relay sends to A is the peer's, but for what came from B. */
static unsigned take_for(struct cv_peer *peer)
{
    struct rte_mbuf *mbuf;
    unsigned of_pair = 0;

    while ((mbuf = rig_take(rig, RIG_PORT)) != NULL) {
        struct packet_view view = packets_read(mbuf);

        if (view.payload_bytes == PACKET_BYTES && memcmp(view.payload, short_packet(7), PACKET_BYTES) == 0)
            of_pair++;
        else
            cv_peer_receive(peer, &view.destination, &view.source, 0, view.payload, view.payload_bytes,
                            now_ns());
        rte_pktmbuf_free(mbuf);
    }
    return of_pair;
}

static unsigned step(struct cv_peer *peer)
{
    uint8_t packet[CV_PEER_PAYLOAD_MAX];
    struct cv_peer_way way;
    size_t bytes;

    if (cv_peer_deadline_ns(peer) <= now_ns())
        cv_peer_expire(peer, now_ns());
    while ((bytes = cv_peer_write(peer, &way, packet, sizeof(packet), now_ns())) > 0)
        send_from(A, packet, (uint16_t)bytes);
    send_from(A, short_packet(7), PACKET_BYTES);
    send_from(B, short_packet(7), PACKET_BYTES);
    session_rig_turn(&relay);
    session_rig_admit(&relay);
    return take_for(peer);
}

static void session_beside_its_leg(void **state)
{
    struct cv_peer_config config;
    struct cv_peer_tls *tls;
    struct cv_peer *peer;
    unsigned steps = 0;

    (void)state;
    assert_int_equal(cv_peer_tls_generate(&tls), 0);
    cv_peer_config_default(&config);
    config.tls = tls;
    config.local = packets_address(A);
    config.relay = packets_address(LISTENING);
    config.callbacks = &callbacks;
    assert_int_equal(cv_peer_create(&peer, &config, now_ns()), 0);
    for (; steps < STEPS && relay.sessions->shards[0]->sessions == 0; steps++)
        assert_int_equal(step(peer), 2); /* whatever the session does, the pair's packets pass */
    assert_int_equal(relay.sessions->shards[0]->sessions, 1);
    for (unsigned i = 0; i < 20; i++, steps++)
        assert_int_equal(step(peer), 2);
    assert_int_equal(cv_leg_at(&rig->table, leg)->pkts, steps);
    cv_peer_destroy(peer);
    cv_peer_tls_destroy(tls);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, start, listening_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(tokens_bind),
        EACH(all_is_the_legs),
        EACH(strangers),
        EACH(joined_to_other_kinds),
        EACH(rebound),
        EACH(claims_are_rationed),
        EACH(another_protocols_hello),
        EACH(a_sessions_hello),
        EACH(hellos_in_two),
        EACH(swapped_session),
        EACH(half_a_hello),
        EACH(many_halves),
        EACH(worker_stands_still),
        EACH(asking_is_rationed),
        EACH(gone_meanwhile),
        EACH(session_beside_its_leg),
    };

    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
