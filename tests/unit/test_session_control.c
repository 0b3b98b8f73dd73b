/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A real session over a path with a round trip: what belongs to the control stream does not wait as what
 * belongs to tunnels does, and how long the round trip is.
 */
#include "session/stream.h"
#include "session/tunnel.h"
#include "session_peer.h"

#include <errno.h>
#include <string.h>

#define SEQUENCE     9
#define DELAY_MS     100
#define NEAR_MS      2  /* each way, for losses */
#define ACK_MS       25 /* max_ack_delay */
#define QUIET_MS     20000
#define SLOW_MS      2000 /* that this machine may take for a step itself */
#define STREAM_BYTES 100

static struct session_rig relay;
static struct session_peer peer = {.relay = &relay, .from = "203.0.113.1:1000", .delay_ms = DELAY_MS};
static uint64_t stream_sent;

static int start(void **state)
{
    (void)state;
    session_rig_config(&relay.config, 2);
    relay.config.session.idle_s = 3600;
    session_rig_start(&relay, "test_session_control");
    session_peer_open(&peer);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    session_peer_close(&peer);
    session_rig_stop(&relay);
    return 0;
}

/* At rest, and control has heard all. */
static int setup(void **state)
{
    (void)state;
    peer.delay_ms = DELAY_MS;
    session_peer_settle(&peer);
    assert_int_equal(quic_client_info(&peer.client).bytes_in_flight, 0);
    assert_int_equal(session_rig_told(&relay, 0, CV_MESSAGE_NONE).type, CV_MESSAGE_NONE);
    assert_int_equal(peer.session->events, 0);
    return 0;
}

/* What the relay has to send now, which nobody gets. */
static unsigned count_sent(void)
{
    unsigned count = 0;

    for (struct rte_mbuf *mbuf; (mbuf = rig_take(relay.rig, RIG_PORT)) != NULL; count++)
        rte_pktmbuf_free(mbuf);
    return count;
}

static struct cv_message ask(enum cv_message_type type, enum cv_message_type answer)
{
    struct cv_message order = {.type = (uint16_t)type, .sequence = SEQUENCE}, told;

    order.order.session = cv_session_number(peer.session);
    session_rig_order(&relay, 0, &order);
    session_rig_turn(&relay);
    told = session_rig_told(&relay, 0, answer);
    assert_int_equal(told.type, answer);
    assert_int_equal(told.sequence, SEQUENCE);
    return told;
}

static struct cv_session_state get_state(void)
{
    return ask(CV_MESSAGE_SESSION_GET, CV_MESSAGE_SESSION_STATE).session_state;
}

/* Bytes of control's for the peer. */
static void say(void)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_SEND};

    message.data.session = cv_session_number(peer.session);
    message.data.offset = stream_sent;
    message.data.kind = CV_SESSION_STREAM;
    message.data.bytes = STREAM_BYTES;
    stream_sent += STREAM_BYTES;
    session_rig_order(&relay, 0, &message);
    session_rig_turn(&relay);
}

static void send_datagram(void)
{
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(packets_pool());
    struct cv_tunnel_burst burst = {.count = 1};

    assert_non_null(mbuf);
    memset(rte_pktmbuf_append(mbuf, STREAM_BYTES), 0, STREAM_BYTES);
    burst.list[0].mbuf = mbuf;
    burst.list[0].tunnel = (struct cv_tunnel){cv_session_number(peer.session), 1};
    cv_tunnel_send_burst(peer.session->shard, &peer.session->shard->relay->context, &burst);
    session_rig_turn(&relay);
}

/* ---- The control stream ---- */

/* RFC 9000 section 13.2.1 would let it wait for 25 ms. */
static void its_data_are_acknowledged_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        quic_client_say(&peer.client, "control", 7);
        assert_int_equal(session_peer_send(&peer), 1);
        session_rig_turn(&relay);
        assert_int_equal(session_peer_hear(&peer), 1);
        assert_int_equal(quic_client_info(&peer.client).bytes_in_flight, 0);
    }
}

/* Before control has heard of it, too: nothing of this waits for another process. */
static void also_when_control_is_slow(void **state)
{
    struct rte_ring *events = relay.sessions->rings[0].events;
    struct cv_message message = {.type = CV_MESSAGE_EVENTS_LOST, .count = 1};

    (void)state;
    while (!rte_ring_full(events))
        assert_int_equal(rte_ring_sp_enqueue_elem(events, &message, sizeof(message)), 0);
    its_data_are_acknowledged_at_once(state);
    assert_int_equal(session_rig_told(&relay, 0, CV_MESSAGE_SESSION_DATA).type, CV_MESSAGE_NONE);
    session_rig_turn(&relay);
    assert_int_equal(session_rig_told(&relay, 0, CV_MESSAGE_SESSION_DATA).type, CV_MESSAGE_SESSION_DATA);
}

static void a_datagram_waits(void **state)
{
    uint8_t packet[1200];
    size_t bytes = quic_client_datagram(&peer.client, STREAM_BYTES, packet, sizeof(packet),
                                        cv_sessions_now(relay.sessions));

    (void)state;
    session_peer_deliver(&peer, packet, bytes);
    session_rig_turn(&relay);
    assert_int_equal(count_sent(), 0);
    session_rig_pass(&relay, ACK_MS);
    session_rig_turn(&relay);
    assert_int_equal(session_peer_hear(&peer), 1);
    assert_int_equal(quic_client_info(&peer.client).bytes_in_flight, 0);
}

/*
 * Bytes for the peer are lost, and what it acknowledges of later packets says so, nine eighths of a round
 * trip after they were sent (RFC 9002 section 6.1.2): they are sent again then.
 */
static void a_loss_is_made_good_in_time(void **state)
{
    uint64_t heard;

    (void)state;
    peer.delay_ms = NEAR_MS;
    for (unsigned i = 0; i < 40; i++) { /* until the relay knows how near the peer is */
        send_datagram();
        send_datagram();
        session_peer_hear(&peer);
        session_peer_send(&peer);
        session_rig_turn(&relay);
    }
    session_peer_settle(&peer);
    heard = peer.client.rx_stream_bytes;
    say();
    assert_int_equal(count_sent(), 1);
    send_datagram();
    send_datagram();
    assert_int_equal(session_peer_hear(&peer), 2);
    assert_int_equal(session_peer_send(&peer), 1);
    session_rig_turn(&relay);
    assert_non_null(peer.session->stream.out_first);
    assert_int_equal(peer.session->timer.due_ns, ngtcp2_conn_get_expiry(peer.session->conn));
    session_rig_pass(&relay, NEAR_MS);
    session_rig_turn(&relay);
    assert_true(session_peer_hear(&peer) > 0);
    assert_int_equal(peer.client.rx_stream_bytes, heard + STREAM_BYTES);
}

/* With all acknowledged, its timers have their slack again. */
static void timers_have_slack_at_rest(void **state)
{
    uint64_t expiry_ns;

    (void)state;
    say();
    assert_int_equal(peer.session->timer.due_ns, ngtcp2_conn_get_expiry(peer.session->conn));
    session_peer_settle(&peer);
    assert_null(peer.session->stream.out_first);
    expiry_ns = ngtcp2_conn_get_expiry(peer.session->conn);
    assert_true(peer.session->timer.due_ns >= expiry_ns);
}

/* ---- The round trip ---- */

static void its_age_is_told(void **state)
{
    struct cv_session_state told = get_state();
    uint32_t before_ms = told.round_trip_ms_ago;

    (void)state;
    assert_in_range(told.round_trip_us, 1, (DELAY_MS * 2 + ACK_MS + SLOW_MS) * 1000);
    session_rig_pass(&relay, QUIET_MS);
    told = get_state();
    assert_in_range(told.round_trip_ms_ago, before_ms + QUIET_MS, before_ms + QUIET_MS + SLOW_MS);
}

static void a_ping_makes_it_new(void **state)
{
    uint64_t pings = quic_client_info(&peer.client).ping_recv;
    struct cv_session_state told;

    (void)state;
    session_rig_pass(&relay, QUIET_MS);
    peer.delay_ms = DELAY_MS / 2;
    assert_int_equal(ask(CV_MESSAGE_SESSION_PING, CV_MESSAGE_RESULT).result.error, 0);
    assert_int_equal(session_peer_hear(&peer), 1);
    assert_int_equal(quic_client_info(&peer.client).ping_recv, pings + 1);
    assert_true(get_state().round_trip_ms_ago >= QUIET_MS);
    session_rig_pass(&relay, ACK_MS);
    assert_int_equal(session_peer_send(&peer), 1);
    session_rig_turn(&relay);
    told = get_state();
    assert_in_range(told.round_trip_us, DELAY_MS * 1000, (DELAY_MS + ACK_MS + SLOW_MS) * 1000);
    assert_in_range(told.round_trip_ms_ago, 0, SLOW_MS);
    /* One PING, and none of itself afterwards. */
    session_peer_settle(&peer);
    session_rig_pass(&relay, QUIET_MS);
    session_peer_settle(&peer);
    assert_int_equal(quic_client_info(&peer.client).ping_recv, pings + 1);
}

/* In a turn in which a packet was read, after which ngtcp2 would not think of a keep-alive. */
static void a_ping_right_after_a_packet(void **state)
{
    uint64_t pings = quic_client_info(&peer.client).ping_recv;
    struct cv_message order = {.type = CV_MESSAGE_SESSION_PING, .sequence = SEQUENCE};
    uint8_t packet[1200];
    size_t bytes = quic_client_datagram(&peer.client, STREAM_BYTES, packet, sizeof(packet),
                                        cv_sessions_now(relay.sessions));

    (void)state;
    order.order.session = cv_session_number(peer.session);
    session_peer_deliver(&peer, packet, bytes);
    session_rig_order(&relay, 0, &order);
    for (unsigned i = 0; i < 3; i++)
        session_rig_turn(&relay);
    assert_true(session_peer_hear(&peer) > 0);
    assert_int_equal(quic_client_info(&peer.client).ping_recv, pings + 1);
    assert_false(peer.session->ping);
}

static void a_ping_of_nobody(void **state)
{
    struct cv_message order = {.type = CV_MESSAGE_SESSION_PING, .sequence = SEQUENCE}, told;

    (void)state;
    order.order.session = cv_session_number(peer.session) + (UINT64_C(1) << 32);
    session_rig_order(&relay, 0, &order);
    session_rig_turn(&relay);
    told = session_rig_told(&relay, 0, CV_MESSAGE_RESULT);
    assert_int_equal(told.result.error, -ENOENT);
    assert_int_equal(count_sent(), 0);
}

/* The last test: it starts the relay again, as if the data plane had been restarted. */
static void numbers_begin_anew_with_each_start(void **state)
{
    const uint64_t before = cv_session_number(peer.session);
    const struct cv_config config = relay.config;

    assert_int_equal(before >> 32, relay.sessions->first_generation);
    (void)stop(state);
    relay = (struct session_rig){.config = config};
    peer = (struct session_peer){.relay = &relay, .from = "203.0.113.1:1000", .delay_ms = DELAY_MS};
    session_rig_start(&relay, "test_session_control");
    session_peer_open(&peer);
    assert_int_equal(peer.session->slot, before & ((1u << CV_SESSION_SLOT_BITS) - 1));
    assert_int_not_equal(cv_session_number(peer.session), before);
    assert_in_range(relay.sessions->first_generation, 1, CV_SESSION_GENERATION_MAX);
}

#define EACH(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(its_data_are_acknowledged_at_once),
        EACH(also_when_control_is_slow),
        EACH(a_datagram_waits),
        EACH(timers_have_slack_at_rest),
        EACH(its_age_is_told),
        EACH(a_ping_makes_it_new),
        EACH(a_ping_right_after_a_packet),
        EACH(a_ping_of_nobody),
        EACH(a_loss_is_made_good_in_time),
        EACH(numbers_begin_anew_with_each_start),
    };

    return cmocka_run_group_tests_name("session_control", tests, start, stop);
}
