/* SPDX-License-Identifier: BSD-3-Clause */
#include "listen.h"

#include "demux.h"
#include "hello.h"
#include "peer_probe.h"
#include "port/answer_stun.h"
#include "relay/claim.h"
#include "relay/find.h"
#include "relay/forward.h"
#include "relay/lookup.h"
#include "rx_packet.h"
#include "tunnel.h"

/* Packets of a burst that are sorted; each is in one of them at most. */
struct sorted {
    struct cv_packet **own; /* of legs, from their own addresses */
    struct cv_packet *answers[CV_BURST];
    uint32_t own_count, answer_count;
    struct cv_tunnel_burst tunnelled;
    struct cv_named_burst named;
};

/* Whether the handshake thread has the packet, to look what it begins. */
static bool ask(struct cv_shard *shard, const struct cv_packet *packet)
{
    const struct cv_relay *relay = shard->relay;
    struct cv_quic_header header;

    if (packet->payload_bytes < CV_HELLO_DATAGRAM_MIN || shard->opens_left == 0 ||
        cv_quic_header_parse(cv_packet_payload(packet), packet->payload_bytes, &header) != 0 ||
        !cv_quic_is_initial(&header, packet->first_byte) || header.dcid_bytes < CV_HELLO_DCID_MIN ||
        cv_leg_has_cid(relay->table, packet->leg, header.dcid, header.dcid_bytes))
        return false;
    cv_rx_packet_mark(packet, shard->id, true);
    if (rte_ring_mp_enqueue(cv_handshake_rings(shard->all)->packets, packet->mbuf) != 0)
        return false;
    shard->opens_left--;
    relay->context.stats->session_rx_pkts++;
    return true;
}

static void forward_claimed(struct cv_shard *shard, struct cv_packet *packet, enum cv_claimed claimed,
                            struct sorted *sorted)
{
    if (claimed == CV_CLAIMED_OWN)
        sorted->own[sorted->own_count++] = packet;
    else
        cv_forward(shard->relay, &packet, 1, false, &sorted->tunnelled);
}

static void take_stranger(struct cv_shard *shard, struct cv_packet *packet, struct sorted *sorted)
{
    if (packet->verdict == CV_VERDICT_DROP) {
        cv_drop(&shard->relay->context, packet->mbuf, packet->drop);
    } else if (cv_is_stun_request(cv_packet_payload(packet), packet->payload_bytes)) {
        packet->verdict = CV_VERDICT_ANSWER;
        sorted->answers[sorted->answer_count++] = packet;
    } else {
        shard->relay->context.stats->session_rx_pkts++;
        cv_rx_packet_mark(packet, shard->id, false);
        cv_demux_to_handshakes(shard, packet->mbuf);
    }
}

/* 2 to 5 of the order, for a packet that is not simply its leg's. */
static void sort_one(struct cv_shard *shard, struct cv_packet *packet, struct sorted *sorted)
{
    struct cv_relay *relay = shard->relay;
    enum cv_claimed claimed;

    if (cv_is_peer_probe(packet->payload_bytes, packet->first_byte)) {
        cv_peer_probe_receive(shard, &relay->context, packet, relay->locals);
        return;
    }
    if (packet->payload_bytes == CV_TOKEN_BYTES) {
        enum cv_drop reason = cv_claim_by_token(relay, packet);

        if (reason != CV_DROP_COUNT) {
            cv_drop(&relay->context, packet->mbuf, (uint8_t)reason);
            return;
        }
    }
    claimed = cv_claim_listening(relay, packet);
    if (claimed == CV_CLAIMED_NOT)
        take_stranger(shard, packet, sorted);
    else if (!ask(shard, packet))
        forward_claimed(shard, packet, claimed, sorted);
}

static void sort_all(struct cv_shard *shard, struct cv_packet **packets, uint32_t count,
                     struct sorted *sorted)
{
    for (uint32_t i = 0; i < count; i++) {
        if (packets[i]->leg != CV_NO_LEG && cv_listen_is_plain(packets[i]))
            sorted->own[sorted->own_count++] = packets[i];
        else
            sort_one(shard, packets[i], sorted);
    }
}

static void forward_sorted(struct cv_shard *shard, struct sorted *sorted)
{
    cv_forward(shard->relay, sorted->own, sorted->own_count, true, &sorted->tunnelled);
    if (sorted->tunnelled.count > 0)
        cv_tunnel_send_burst(shard, &shard->relay->context, &sorted->tunnelled);
}

uint32_t cv_listen_receive(struct cv_shard *shard, struct cv_packet **packets,
                           uint8_t (*after_first)[CV_AFTER_FIRST_BYTES], uint32_t count, bool plain)
{
    struct cv_relay *relay = shard->relay;
    struct sorted sorted;

    sorted.own = packets; /* no further than the loop has come */
    sorted.own_count = sorted.answer_count = sorted.tunnelled.count = sorted.named.count = 0;
    count = cv_demux_sort(shard, packets, after_first, count, plain, &sorted.named);
    if (likely(cv_lookup(relay->table, packets, count) == count && plain))
        sorted.own_count = count;
    else
        sort_all(shard, packets, count, &sorted);
    forward_sorted(shard, &sorted);
    if (sorted.named.count > 0) {
        relay->context.stats->session_rx_pkts += sorted.named.count;
        cv_demux_named(shard, &sorted.named);
    }
    for (uint32_t i = 0; i < sorted.answer_count; i++)
        packets[i] = sorted.answers[i];
    return sorted.answer_count;
}

void cv_listen_take_back(struct cv_shard *shard, struct rte_mbuf *mbuf)
{
    struct cv_relay *relay = shard->relay;
    struct cv_packet parsed, *packet = &parsed;
    enum cv_claimed claimed;
    struct sorted sorted;

    sorted.own = &packet;
    sorted.own_count = sorted.tunnelled.count = 0;
    cv_rx_packet_parsed(mbuf, packet);
    cv_lookup(relay->table, &packet, 1);
    claimed = cv_claim_listening(relay, packet);
    if (claimed == CV_CLAIMED_NOT) {
        if (packet->verdict != CV_VERDICT_DROP)
            packet->drop = CV_DROP_UNKNOWN_SOURCE; /* the leg has gone meanwhile */
        cv_drop(&relay->context, mbuf, packet->drop);
        return;
    }
    forward_claimed(shard, packet, claimed, &sorted);
    forward_sorted(shard, &sorted);
}
