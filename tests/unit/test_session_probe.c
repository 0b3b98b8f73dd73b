/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of peers: from and to wherever, over both workers, with tickets of sessions and of nobody. */
#include "session/peer_probe.h"
#include "session_peer.h"

#include <stdlib.h>
#include <string.h>

#define LISTENING "192.0.2.1:443"
#define RELAYING  "192.0.2.1:40000"
#define ELSEWHERE "203.0.113.77:7700"
#define LEG       "203.0.113.50:5000"
#define NUMBER    0xabcdefu

static struct session_rig relay;
static unsigned kept; /* mbufs that shards keep for their next packets */
static struct session_peer peers[2] = {
    {.relay = &relay, .from = "203.0.113.1:1000", .worker = 0, .delay_ms = 20},
    {.relay = &relay, .from = "203.0.113.2:1000", .worker = 1, .delay_ms = 20},
};

static int start(void **state)
{
    (void)state;
    session_rig_config(&relay.config, 4);
    relay.config.worker_count = RIG_WORKERS;
    relay.config.session.idle_s = 3600;
    session_rig_start(&relay, "test_session_probe");
    rig_pair(relay.rig, 1, 40000, rig_fixed(LEG), rig_fixed("203.0.113.51:5100"));
    for (unsigned i = 0; i < 2; i++)
        session_peer_open(&peers[i]);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        session_peer_close(&peers[i]);
    session_rig_stop(&relay);
    return 0;
}

/* All may send as many as ever, and nothing waits for control. */
static int setup(void **state)
{
    (void)state;
    session_rig_pass(&relay, 1000 * CV_PROBES_BURST / CV_PROBES_PER_S);
    for (unsigned i = 0; i < 2; i++)
        session_peer_settle(&peers[i]);
    for (unsigned i = 0; i < 2; i++)
        while (session_rig_told(&relay, i, CV_MESSAGE_SESSION_PROBE).type != CV_MESSAGE_NONE)
            ;
    kept = packets_in_use();
    return 0;
}

/* To a worker of one's choice, and whatever it hands on to the other. */
static void send_bytes(unsigned worker, const char *from, const char *to, const void *payload, uint16_t bytes)
{
    struct rte_mbuf *mbuf = rig_datagram(from, to, payload, bytes);

    rig_burst_on(relay.rig, worker, &mbuf, 1);
    session_rig_turn(&relay);
}

static void fill(uint8_t probe[CV_PROBE_BYTES], uint32_t number, const uint8_t ticket[CV_TICKET_BYTES])
{
    probe[0] = CV_PROBE_FIRST_BYTE;
    probe[1] = (uint8_t)(number >> 16);
    probe[2] = (uint8_t)(number >> 8);
    probe[3] = (uint8_t)number;
    memcpy(probe + 4, ticket, CV_TICKET_BYTES);
}

static void send_probe(unsigned worker, const char *from, const char *to,
                       const uint8_t ticket[CV_TICKET_BYTES])
{
    uint8_t probe[CV_PROBE_BYTES];

    fill(probe, NUMBER, ticket);
    send_bytes(worker, from, to, probe, sizeof(probe));
}

/* What control hears of a peer's probe, from its own worker only. */
static void check_told(const struct session_peer *peer, const char *from, const char *to)
{
    struct cv_message message = session_rig_told(&relay, peer->worker, CV_MESSAGE_SESSION_PROBE);
    struct cv_address address = packets_address(from), local = packets_address(to);

    assert_int_equal(message.type, CV_MESSAGE_SESSION_PROBE);
    assert_int_equal(message.probe.session, cv_session_number(peer->session));
    assert_int_equal(message.probe.number, NUMBER);
    assert_true(cv_address_equal(&message.probe.address, &address));
    assert_true(cv_address_equal(&message.probe.local, &local));
    assert_int_equal(session_rig_told(&relay, 0, CV_MESSAGE_SESSION_PROBE).type, CV_MESSAGE_NONE);
    assert_int_equal(session_rig_told(&relay, 1, CV_MESSAGE_SESSION_PROBE).type, CV_MESSAGE_NONE);
}

static void check_silence(void)
{
    assert_null(rig_take(relay.rig, RIG_PORT));
    assert_null(rig_take(relay.rig, RIG_VLAN_PORT));
    assert_int_equal(packets_in_use(), kept);
}

/* ---- Where they come from, and to ---- */

static void any_port_and_any_worker(void **state)
{
    static const char *const ports[] = {LISTENING, RELAYING, "192.0.2.1:40063"};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(ports); i++)
        for (unsigned worker = 0; worker < 2; worker++)
            for (unsigned p = 0; p < 2; p++) {
                send_probe(worker, ELSEWHERE, ports[i], peers[p].ticket);
                check_told(&peers[p], ELSEWHERE, ports[i]);
                check_silence();
            }
}

static void any_address_of_ours(void **state)
{
    (void)state;
    send_probe(0, "[2001:db8:9::9]:9000", "[2001:db8::1]:40001", peers[1].ticket);
    check_told(&peers[1], "[2001:db8:9::9]:9000", "[2001:db8::1]:40001");
    send_probe(1, "198.51.100.9:9", "198.51.100.1:443", peers[0].ticket);
    check_told(&peers[0], "198.51.100.9:9", "198.51.100.1:443");
    check_silence();
}

/* The session's own address is one like any other. */
static void from_the_sessions_own_address(void **state)
{
    (void)state;
    send_probe(0, peers[0].from, LISTENING, peers[0].ticket);
    check_told(&peers[0], peers[0].from, LISTENING);
    check_silence();
}

/* Not forwarded, whoever's ticket it is, and whether it is anybody's. */
static void from_the_address_of_a_leg(void **state)
{
    static const uint8_t nobody[CV_TICKET_BYTES] = {1};
    uint64_t unknown = rig_drops(relay.rig, CV_DROP_PROBE_UNKNOWN);
    uint64_t forwarded = relay.rig->stats[0].forwarded_pkts;

    (void)state;
    send_probe(0, LEG, RELAYING, peers[1].ticket);
    check_told(&peers[1], LEG, RELAYING);
    send_probe(0, LEG, RELAYING, nobody);
    assert_int_equal(rig_drops(relay.rig, CV_DROP_PROBE_UNKNOWN), unknown + 1);
    check_silence();
    assert_int_equal(relay.rig->stats[0].forwarded_pkts, forwarded);
}

/* What is nearly a probe is the leg's, and a burst with a probe in it is forwarded all the same. */
static void what_is_the_legs(void **state)
{
    uint8_t payload[CV_PROBE_BYTES + 1];
    struct rte_mbuf *mbufs[4];
    unsigned count = 0;

    (void)state;
    fill(payload, NUMBER, peers[0].ticket);
    mbufs[0] = rig_datagram(LEG, RELAYING, payload, CV_PROBE_BYTES - 1);
    mbufs[1] = rig_datagram(LEG, RELAYING, payload, CV_PROBE_BYTES);
    mbufs[2] = rig_datagram(LEG, RELAYING, payload, CV_PROBE_BYTES + 1);
    payload[0] = CV_PROBE_FIRST_BYTE + 1;
    mbufs[3] = rig_datagram(LEG, RELAYING, payload, CV_PROBE_BYTES);
    rig_burst_on(relay.rig, 0, mbufs, 4);
    check_told(&peers[0], LEG, RELAYING);
    for (struct rte_mbuf *mbuf; (mbuf = rig_take(relay.rig, RIG_PORT)) != NULL; count++) {
        struct packet_view view = packets_read(mbuf);

        assert_true(view.payload_bytes != CV_PROBE_BYTES || view.payload[0] != CV_PROBE_FIRST_BYTE);
        rte_pktmbuf_free(mbuf);
    }
    assert_int_equal(count, 3);
}

static void sources_that_are_no_peers(void **state)
{
    static const char *const sources[] = {"192.0.2.1:1000", "224.0.0.1:1000", "127.0.0.1:1000",
                                          "203.0.113.9:0", "0.0.0.0:1000"};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(sources); i++) {
        uint64_t before = rig_drops(relay.rig, CV_DROP_BAD_ADDRESS);
        struct packet_spec spec = packets_spec(ELSEWHERE, i % 2 ? LISTENING : RELAYING, NULL, 0);
        uint8_t probe[CV_PROBE_BYTES];
        char *end;

        spec.source.ip = packets_ip(strndupa(sources[i], strcspn(sources[i], ":")));
        spec.source.port_be = rte_cpu_to_be_16((uint16_t)strtoul(strchr(sources[i], ':') + 1, &end, 10));
        fill(probe, NUMBER, peers[0].ticket);
        spec.payload = probe;
        spec.payload_bytes = sizeof(probe);
        rig_burst(relay.rig, packets_udp(&spec));
        assert_int_equal(rig_drops(relay.rig, CV_DROP_BAD_ADDRESS), before + 1);
    }
    assert_int_equal(session_rig_told(&relay, 0, CV_MESSAGE_SESSION_PROBE).type, CV_MESSAGE_NONE);
    check_silence();
}

/* ---- Tickets ---- */

static void tickets_are_stated(void **state)
{
    struct cv_message get = {.type = CV_MESSAGE_SESSION_GET, .sequence = 7}, answer;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        get.order.session = cv_session_number(peers[i].session);
        session_rig_order(&relay, i, &get);
        session_rig_turn(&relay);
        answer = session_rig_told(&relay, i, CV_MESSAGE_SESSION_STATE);
        assert_int_equal(answer.session_state.session, get.order.session);
        assert_memory_equal(answer.session_state.ticket, peers[i].ticket, CV_TICKET_BYTES);
    }
    assert_memory_not_equal(peers[0].ticket, peers[1].ticket, CV_TICKET_BYTES);
}

static void check_nobodys(const uint8_t ticket[CV_TICKET_BYTES])
{
    uint64_t before = rig_drops(relay.rig, CV_DROP_PROBE_UNKNOWN);

    for (unsigned worker = 0; worker < 2; worker++)
        send_probe(worker, ELSEWHERE, worker == 0 ? LISTENING : RELAYING, ticket);
    assert_int_equal(rig_drops(relay.rig, CV_DROP_PROBE_UNKNOWN), before + 2);
    assert_int_equal(session_rig_told(&relay, 0, CV_MESSAGE_SESSION_PROBE).type, CV_MESSAGE_NONE);
    assert_int_equal(session_rig_told(&relay, 1, CV_MESSAGE_SESSION_PROBE).type, CV_MESSAGE_NONE);
    check_silence();
}

/* Each bit of a ticket counts; what decodes but for a session that is not there is nobody's, either. */
static void nobodys_tickets(void **state)
{
    struct cv_cid_codec *codec = relay.sessions->shards[0]->codec;
    const struct cv_session *session = peers[0].session;
    const struct cv_cid right = {.shard = 0, .slot = session->slot, .generation = session->generation};
    struct cv_cid wrong[6] = {right, right, right, right, right, right};
    uint8_t ticket[CV_TICKET_BYTES];

    (void)state;
    for (unsigned bit = 0; bit < 8 * CV_TICKET_BYTES; bit++) {
        memcpy(ticket, peers[0].ticket, sizeof(ticket));
        ticket[bit / 8] ^= (uint8_t)(1u << bit % 8);
        check_nobodys(ticket);
    }
    wrong[0].slot = relay.sessions->max - 1; /* free */
    wrong[1].slot = relay.sessions->max;     /* none */
    wrong[2].generation++;
    wrong[3].shard = 1;
    wrong[4].shard = RIG_WORKERS;
    wrong[5].generation = 0;
    for (unsigned i = 0; i < RTE_DIM(wrong); i++) {
        cv_cid_ticket(codec, &wrong[i], ticket);
        check_nobodys(ticket);
    }
    cv_cid_encode(codec, &right, ticket); /* a connection ID of the session's */
    check_nobodys(ticket);
}

/* ---- How many ---- */

static unsigned count_told(unsigned worker)
{
    unsigned count = 0;

    while (session_rig_told(&relay, worker, CV_MESSAGE_SESSION_PROBE).type != CV_MESSAGE_NONE)
        count++;
    return count;
}

static void a_session_has_its_rate(void **state)
{
    uint64_t over = rig_drops(relay.rig, CV_DROP_PROBE_RATE);

    (void)state;
    for (unsigned i = 0; i < CV_PROBES_BURST + 10; i++)
        send_probe(i % 2, ELSEWHERE, RELAYING, peers[0].ticket);
    /* Real time passes, too: enough for one more, on a slow machine. */
    assert_in_range(count_told(0), CV_PROBES_BURST, CV_PROBES_BURST + 2);
    assert_in_range(rig_drops(relay.rig, CV_DROP_PROBE_RATE) - over, 8, 10);
    /* The other session has its own. */
    send_probe(0, ELSEWHERE, RELAYING, peers[1].ticket);
    assert_int_equal(count_told(1), 1);
    session_rig_pass(&relay, 500);
    session_rig_turn(&relay);
    for (unsigned i = 0; i < CV_PROBES_BURST; i++)
        send_probe(0, ELSEWHERE, RELAYING, peers[0].ticket);
    assert_in_range(count_told(0), CV_PROBES_PER_S / 2, CV_PROBES_PER_S / 2 + 4);
    check_silence();
}

/* What must not be lost has half of the ring for itself. */
static void the_ring_to_control_is_not_filled(void **state)
{
    struct rte_ring *events = relay.sessions->rings[0].events;
    struct cv_message message = {.type = CV_MESSAGE_EVENTS_LOST, .count = 1};
    uint64_t before = rig_drops(relay.rig, CV_DROP_PROBE_QUEUE);

    (void)state;
    while (rte_ring_free_count(events) > rte_ring_get_capacity(events) / 2)
        assert_int_equal(rte_ring_sp_enqueue_elem(events, &message, sizeof(message)), 0);
    send_probe(1, ELSEWHERE, LISTENING, peers[0].ticket);
    assert_int_equal(rig_drops(relay.rig, CV_DROP_PROBE_QUEUE), before + 1);
    assert_int_equal(count_told(0), 0);
    send_probe(1, ELSEWHERE, LISTENING, peers[0].ticket);
    assert_int_equal(count_told(0), 1);
    check_silence();
}

static void the_ring_between_workers_is_full(void **state)
{
    struct rte_ring *packets = relay.sessions->rings[1].packets;
    uint64_t before = rig_drops(relay.rig, CV_DROP_SESSION_QUEUE);
    uint8_t probe[CV_PROBE_BYTES];
    unsigned sent = 0;

    (void)state;
    fill(probe, NUMBER, peers[1].ticket);
    for (; rig_drops(relay.rig, CV_DROP_SESSION_QUEUE) == before; sent++)
        rig_burst(relay.rig, rig_datagram(ELSEWHERE, RELAYING, probe, sizeof(probe)));
    assert_true(sent > rte_ring_get_capacity(packets));
    while (rte_ring_count(packets) > 0)
        session_rig_turn(&relay);
    assert_in_range(count_told(1), CV_PROBES_BURST, CV_PROBES_BURST + 20);
    check_silence();
}

/* ---- A relay without sessions ---- */

static void without_sessions(void **state)
{
    struct cv_shard *shard = relay.rig->workers[0].shard;
    uint64_t before = rig_drops(relay.rig, CV_DROP_PROBE_UNKNOWN);

    (void)state;
    relay.rig->workers[0].shard = NULL;
    rig_burst(relay.rig, rig_datagram(LEG, RELAYING, "\4zzz0123456789abcdef", CV_PROBE_BYTES));
    relay.rig->workers[0].shard = shard;
    assert_int_equal(rig_drops(relay.rig, CV_DROP_PROBE_UNKNOWN), before + 1);
    check_silence();
}

#define EACH(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(any_port_and_any_worker),
        EACH(any_address_of_ours),
        EACH(from_the_sessions_own_address),
        EACH(from_the_address_of_a_leg),
        EACH(what_is_the_legs),
        EACH(sources_that_are_no_peers),
        EACH(tickets_are_stated),
        EACH(nobodys_tickets),
        EACH(a_session_has_its_rate),
        EACH(the_ring_to_control_is_not_filled),
        EACH(the_ring_between_workers_is_full),
        EACH(without_sessions),
    };

    return cmocka_run_group_tests_name("session_probe", tests, start, stop);
}
