/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where ngtcp2 puts what it allocates, on which two things depend that are tuned to one version of it: a session at rest
 * needs no page (memory.c), and the lines that are fetched ahead of its turn are those that its packets need
 * (prefetch.h). Two peers open real sessions; then datagrams go out and acknowledgements come in, and what changes in
 * memory meanwhile is compared with the list.
 */
#include "session_rig.h"

#include "peer/session.h"
#include "session/prefetch.h"
#include "session/tunnel.h"

#include <stdlib.h>
#include <string.h>

#define PEERS            2
#define STEPS_MAX        2000
#define WARM_UP          50
#define ROUNDS           20
#define DATAGRAM_BYTES   1000
#define LINE             RTE_CACHE_LINE_SIZE
#define CONNECTION_LINES 156 /* of a connection of ngtcp2's */
#define LOSSES           4
#define PROBE_MS         300 /* ngtcp2 sends again, or takes for lost, earlier */

struct end {
    const char *text;
    struct cv_address address;
    struct cv_peer *peer;
};

static struct session_rig relay;
static struct cv_peer_tls *tls;
static bool losing; /* what the relay sends does not arrive */
static struct end ends[PEERS] = {{.text = "203.0.113.1:1000"}, {.text = "203.0.113.2:1000"}};

static void on_capsule(void *user, const struct cv_capsule *capsule)
{
    (void)user;
    (void)capsule;
}

static void on_ended(void *user, const struct cv_peer_end *end)
{
    (void)user;
    fail_msg("a session has ended: %s", end->sentence);
}

static const struct cv_peer_callbacks callbacks = {.capsule = on_capsule, .ended = on_ended};

static uint64_t now_ns(void)
{
    return cv_sessions_now(relay.sessions);
}

/* ---- Packets between peers and relay ---- */

static void from_peer(struct end *end)
{
    uint8_t packet[CV_PEER_PAYLOAD_MAX];
    struct cv_peer_way way;
    size_t bytes;

    if (cv_peer_deadline_ns(end->peer) <= now_ns())
        cv_peer_expire(end->peer, now_ns());
    while ((bytes = cv_peer_write(end->peer, &way, packet, sizeof(packet), now_ns())) > 0)
        rig_burst(relay.rig, rig_datagram(end->text, "192.0.2.1:443", packet, (uint16_t)bytes));
}

static void to_peers(void)
{
    struct rte_mbuf *mbuf;

    while ((mbuf = rig_take(relay.rig, RIG_PORT)) != NULL) {
        struct packet_view view = packets_read(mbuf);

        for (unsigned i = 0; i < PEERS; i++)
            if (!losing && cv_address_equal(&view.destination, &ends[i].address))
                cv_peer_receive(ends[i].peer, &view.destination, &view.source, 0, view.payload,
                                view.payload_bytes, now_ns());
        rte_pktmbuf_free(mbuf);
    }
}

/* What control does: everybody may come in, and what comes on a control stream is read. */
static void control(void)
{
    struct cv_message told, order = {.type = CV_MESSAGE_SESSION_CREDIT};

    session_rig_admit(&relay);
    while ((told = session_rig_told(&relay, 0, CV_MESSAGE_SESSION_DATA)).type != CV_MESSAGE_NONE) {
        order.order.session = told.data.session;
        order.order.value = told.data.offset + told.data.bytes;
        session_rig_order(&relay, 0, &order);
    }
}

static void step(void)
{
    for (unsigned i = 0; i < PEERS; i++)
        from_peer(&ends[i]);
    session_rig_turn(&relay);
    control();
    to_peers();
}

static void pass(uint32_t ms)
{
    for (unsigned i = 0; i < 10; i++) {
        session_rig_pass(&relay, ms / 10);
        step();
    }
}

/* ---- Sessions ---- */

static int start(void **state)
{
    struct cv_peer_config config;

    (void)state;
    session_rig_config(&relay.config, PEERS);
    session_rig_start(&relay, "test_session_layout");
    assert_int_equal(cv_peer_tls_generate(&tls), 0);
    for (unsigned i = 0; i < PEERS; i++) {
        ends[i].address = packets_address(ends[i].text);
        cv_peer_config_default(&config);
        config.tls = tls;
        config.local = ends[i].address;
        config.relay = packets_address("192.0.2.1:443");
        config.callbacks = &callbacks;
        assert_int_equal(cv_peer_create(&ends[i].peer, &config, now_ns()), 0);
    }
    for (unsigned i = 0; i < STEPS_MAX && relay.sessions->shards[0]->sessions < PEERS; i++)
        step();
    assert_int_equal(relay.sessions->shards[0]->sessions, PEERS);
    pass(PROBE_MS);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PEERS; i++)
        cv_peer_destroy(ends[i].peer);
    cv_peer_tls_destroy(tls);
    session_rig_stop(&relay);
    return 0;
}

/* A datagram to the peer, twice, so that it acknowledges at once. */
static void send_and_hear(const struct cv_session *session)
{
    for (unsigned i = 0; i < 2; i++) {
        struct rte_mbuf *mbuf = rte_pktmbuf_alloc(packets_pool());
        struct cv_tunnel_burst burst = {.count = 1};

        memset(rte_pktmbuf_append(mbuf, DATAGRAM_BYTES), 0, DATAGRAM_BYTES);
        burst.list[0].mbuf = mbuf;
        burst.list[0].tunnel = (struct cv_tunnel){cv_session_number(session), 1};
        cv_tunnel_send_burst(session->shard, &session->shard->relay->context, &burst);
        step();
    }
    step();
}

/* A capsule on the control stream that no peer knows, and so skips. */
static void say(const struct cv_session *session, uint64_t *offset)
{
    static const uint8_t capsule[] = {0x17, 0};
    struct cv_message message = {.type = CV_MESSAGE_SESSION_SEND};

    message.data.session = cv_session_number(session);
    message.data.offset = *offset;
    message.data.kind = CV_SESSION_STREAM;
    message.data.bytes = sizeof(capsule);
    memcpy(message.data.data, capsule, sizeof(capsule));
    *offset += sizeof(capsule);
    session_rig_order(&relay, 0, &message);
    step();
}

/* ---- Lines ---- */

/* Free blocks are out of bounds for a sanitizer. */
__attribute__((no_sanitize_address)) static void copy_lines(uint64_t *copy, const void *memory, size_t lines)
{
    const volatile uint64_t *from = memory;

    for (size_t i = 0; i < lines * LINE / sizeof(*copy); i++)
        copy[i] = from[i];
}

static bool is_listed(unsigned line)
{
    for (unsigned i = 0; i < RTE_DIM(cv_arena_lines); i++)
        if (line >= cv_arena_lines[i].first && line <= cv_arena_lines[i].last)
            return true;
    return false;
}

/* Of the connection: what other blocks a packet touches changes with the packets before it. */
static void lines_that_packets_change_are_fetched(void **state)
{
    const struct cv_session *session = &relay.sessions->slots[0];
    static uint64_t before[CONNECTION_LINES][LINE / 8], after[CONNECTION_LINES][LINE / 8];
    unsigned changes[CONNECTION_LINES] = {0}, changing = 0;

    (void)state;
    for (unsigned i = 0; i < WARM_UP; i++)
        send_and_hear(session);
    for (unsigned i = 0; i < ROUNDS; i++) {
        copy_lines(before[0], session->arena.base, CONNECTION_LINES);
        send_and_hear(session);
        copy_lines(after[0], session->arena.base, CONNECTION_LINES);
        for (unsigned line = 0; line < CONNECTION_LINES; line++)
            changes[line] += memcmp(before[line], after[line], LINE) != 0;
    }
    for (unsigned line = 0; line < CONNECTION_LINES; line++) {
        if (changes[line] < ROUNDS / 2)
            continue;
        changing++;
        if (!is_listed(line))
            fail_msg("line %u of the connection changes with each packet and is not in the list", line);
    }
    assert_true(changing > 10);
}

static void the_connection_is_the_first_block(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PEERS; i++) {
        const struct cv_session *session = &relay.sessions->slots[i];

        assert_in_range((uintptr_t)session->conn - (uintptr_t)session->arena.base, 0, LINE - 1);
    }
}

/* What ngtcp2 needs for the handshake only has gone, and with it the pages that it was in. */
static void a_session_at_rest_fits_its_base(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PEERS; i++)
        assert_int_equal(relay.sessions->slots[i].arena.page_count, 0);
}

/* Lists for what was lost and for what is acknowledged out of order are made with the first loss, and stay. */
static void so_does_one_that_has_lost_packets(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PEERS; i++) {
        const struct cv_session *session = &relay.sessions->slots[i];
        uint32_t blocks = session->arena.blocks;
        uint64_t offset = 0;

        for (unsigned loss = 0; loss < LOSSES; loss++) {
            losing = true;
            say(session, &offset);
            if (i == 0) /* is sent again before anything behind it */
                pass(PROBE_MS);
            losing = false;
            say(session, &offset);
            say(session, &offset);
            pass(PROBE_MS);
        }
        assert_true(session->arena.blocks >= blocks + 4);
        assert_int_equal(session->arena.page_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_at_rest_fits_its_base),
        cmocka_unit_test(so_does_one_that_has_lost_packets),
        cmocka_unit_test(the_connection_is_the_first_block),
        cmocka_unit_test(lines_that_packets_change_are_fetched),
    };

    return cmocka_run_group_tests_name("session_layout", tests, start, stop);
}
