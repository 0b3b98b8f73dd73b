/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_peer.h"

#include "session/shard.h"

#include <string.h>

#define RELAY         "192.0.2.1:443"
#define PACKET_MAX    1472
#define OPENING_STEPS 50
#define QUIET_STEPS   40
#define PAUSE_MS      50

static uint64_t now_ns(const struct session_peer *peer)
{
    return cv_sessions_now(peer->relay->sessions);
}

void session_peer_deliver(struct session_peer *peer, const uint8_t *packet, size_t bytes)
{
    struct rte_mbuf *mbuf = rig_datagram(peer->from, RELAY, packet, (uint16_t)bytes);

    cv_shard_read_clock(peer->relay->sessions->shards[peer->worker]); /* a worker's turns are short */
    rig_burst_on(peer->relay->rig, peer->worker, &mbuf, 1);
}

unsigned session_peer_send(struct session_peer *peer)
{
    uint8_t packets[16][PACKET_MAX];
    size_t bytes[16];
    unsigned count = 0;

    while (count < 16 &&
           (bytes[count] = quic_client_write(&peer->client, packets[count], PACKET_MAX, now_ns(peer))) > 0)
        count++;
    session_rig_pass(peer->relay, peer->delay_ms);
    for (unsigned i = 0; i < count; i++)
        session_peer_deliver(peer, packets[i], bytes[i]);
    return count;
}

unsigned session_peer_hear(struct session_peer *peer)
{
    const struct cv_address own = packets_address(peer->from);
    struct rte_mbuf *mbufs[64];
    unsigned count = 0;

    while (count < 64 && (mbufs[count] = rig_take(peer->relay->rig, RIG_PORT)) != NULL)
        count++;
    session_rig_pass(peer->relay, peer->delay_ms);
    for (unsigned i = 0; i < count; i++) {
        struct packet_view view = packets_read(mbufs[i]);

        if (cv_address_equal(&view.destination, &own))
            quic_client_read(&peer->client, view.payload, view.payload_bytes, now_ns(peer));
        rte_pktmbuf_free(mbufs[i]);
    }
    return count;
}

static unsigned step(struct session_peer *peer)
{
    unsigned count = session_peer_send(peer);

    session_rig_turn(peer->relay);
    session_rig_admit(peer->relay);
    session_rig_turn(peer->relay);
    return count + session_peer_hear(peer);
}

void session_peer_settle(struct session_peer *peer)
{
    for (unsigned quiet = 0; quiet < QUIET_STEPS;) {
        quiet = step(peer) > 0 ? 0 : quiet + 1;
        session_rig_pass(peer->relay, PAUSE_MS);
    }
}

void session_peer_open(struct session_peer *peer)
{
    const struct quic_client_options options = {
        .version = NGTCP2_PROTO_VER_V1, .alpn = "culvert/1", .groups = "X25519", .certificate = true};
    struct cv_message up = {.type = CV_MESSAGE_NONE};

    quic_client_start(&peer->client, &options, peer->from, RELAY, now_ns(peer));
    for (unsigned i = 0; i < OPENING_STEPS && up.type == CV_MESSAGE_NONE; i++) {
        step(peer);
        up = session_rig_told(peer->relay, peer->worker, CV_MESSAGE_SESSION_UP);
    }
    assert_int_equal(up.type, CV_MESSAGE_SESSION_UP);
    memcpy(peer->ticket, up.session.ticket, sizeof(peer->ticket));
    peer->session = cv_session_of_number(peer->relay->sessions, up.session.session);
    assert_non_null(peer->session);
    session_peer_settle(peer);
}

void session_peer_close(struct session_peer *peer)
{
    quic_client_stop(&peer->client);
}
