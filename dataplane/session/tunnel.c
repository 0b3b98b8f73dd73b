/* SPDX-License-Identifier: BSD-3-Clause */
#include "tunnel.h"

#include "packet/transmit.h"
#include "packet/wrap.h"
#include "relay/claim.h"
#include "relay/find.h"
#include "relay/route.h"
#include "schedule.h"
#include "sending.h"

#include <string.h>

#define RING_BURST 64

/* Packets that a session has memory for, at least, without a page and with each; bytes of the smallest. */
#define IN_FLIGHT_OF_BASE 16
#define IN_FLIGHT_OF_PAGE 48
#define PACKET_BYTES_MIN  40

/* ---- To a tunnel leg ---- */

/* A datagram for a session of this shard. */
static void deliver(struct cv_shard *shard, struct rte_mbuf *mbuf)
{
    const struct cv_tunnel *to = &cv_tunnel_wait_of(mbuf)->to;
    struct cv_session *session = cv_session_of_number(shard->all, to->session);

    if (unlikely(session == NULL ||
                 atomic_load_explicit(&session->slot_state, memory_order_acquire) != CV_SLOT_WORKER ||
                 session->shard != shard || session->conn == NULL)) {
        cv_drop(&shard->relay->context, mbuf, CV_DROP_UNBOUND_LEG);
        return;
    }
    if (unlikely(rte_pktmbuf_data_len(mbuf) > cv_datagram_room(session->datagram_bytes, to->channel))) {
        cv_drop(&shard->relay->context, mbuf, CV_DROP_TUNNEL_TOO_BIG);
        return;
    }
    cv_tunnel_queue_put(&shard->tunnels, session, mbuf, shard->now_ns, &shard->relay->context);
    cv_schedule_write(shard, session);
}

/* To a tunnel leg of whichever worker. */
static void send_to_tunnel(struct cv_shard *shard, struct rte_mbuf *mbuf, const struct cv_tunnel *tunnel)
{
    struct cv_context *context = &shard->relay->context;
    uint16_t shard_id = cv_session_number_shard(tunnel->session);

    if (unlikely(shard_id >= shard->all->workers)) {
        cv_drop(context, mbuf, CV_DROP_UNBOUND_LEG);
        return;
    }
    if (unlikely(mbuf->data_off < sizeof(struct cv_tunnel_wait) || RTE_MBUF_HAS_EXTBUF(mbuf))) {
        cv_drop(context, mbuf, CV_DROP_NO_BUFFER);
        return;
    }
    cv_tunnel_wait_of(mbuf)->to = *tunnel;
    if (likely(shard_id == shard->id))
        deliver(shard, mbuf);
    else if (rte_ring_mp_enqueue(shard->all->rings[shard_id].datagrams, mbuf) != 0)
        cv_drop(context, mbuf, CV_DROP_SESSION_QUEUE);
}

void cv_tunnel_send_burst(struct cv_shard *shard, struct cv_context *context,
                          const struct cv_tunnel_burst *burst)
{
    for (uint32_t i = 0; i < burst->count; i++) {
        if (likely(shard != NULL))
            send_to_tunnel(shard, burst->list[i].mbuf, &burst->list[i].tunnel);
        else
            cv_drop(context, burst->list[i].mbuf, CV_DROP_UNBOUND_LEG);
    }
}

uint32_t cv_tunnel_take_sent(struct cv_shard *shard)
{
    void *mbufs[RING_BURST];
    unsigned count = rte_ring_sc_dequeue_burst(shard->rings->datagrams, mbufs, RING_BURST, NULL);

    for (unsigned i = 0; i < count; i++)
        deliver(shard, mbufs[i]);
    return count;
}

/* ---- From a DATAGRAM frame ---- */

/* By a UDP leg. */
static enum cv_drop send_by_udp(struct cv_relay *relay, const struct cv_route *route, struct rte_mbuf *mbuf,
                                uint8_t ecn)
{
    const struct cv_next_hop *hop = cv_route_hop(relay, route);
    const struct cv_local *from = &relay->locals->list[route->local_out];
    const struct cv_wrapping wrapping = {
        .from = &from->ip,
        .to = &route->destination,
        .from_port_be = route->source_port_be,
        .to_port_be = route->destination_port_be,
        .ecn = ecn,
        .frame_header = hop != NULL ? hop->frame_header : NULL,
        .frame_header_bytes = hop != NULL ? hop->frame_header_bytes : 0,
    };
    uint32_t ip_bytes = rte_pktmbuf_data_len(mbuf) + (from->is_v6 ? 48u : 28u);

    if (hop == NULL)
        return CV_DROP_NO_NEXT_HOP;
    if (ip_bytes > hop->mtu)
        return CV_DROP_TOO_BIG;
    cv_wrap(&wrapping, mbuf);
    cv_transmit(&relay->context, hop->port_id, mbuf);
    return CV_DROP_COUNT;
}

static void count_forwarded(struct cv_relay *relay, struct cv_leg *leg, uint16_t payload_bytes)
{
    cv_leg_count(leg, payload_bytes);
    relay->context.stats->forwarded_pkts++;
    relay->context.stats->forwarded_bytes += payload_bytes;
}

void cv_tunnel_receive(struct cv_session *session, const struct cv_datagram *datagram)
{
    struct cv_shard *shard = session->shard;
    struct cv_relay *relay = shard->relay;
    const struct cv_tunnel tunnel = {cv_session_number(session), (uint16_t)datagram->channel};
    uint16_t bytes = (uint16_t)datagram->payload_bytes;
    struct cv_worker_stats *stats;
    struct rte_mbuf *mbuf;
    struct cv_route route;
    enum cv_drop reason;
    struct cv_leg *leg;
    uint32_t number;

    if (shard->kind == CV_SHARD_HANDSHAKE) /* it has no leg yet */
        return;
    stats = relay->context.stats;
    stats->tunnel_rx_pkts++;
    number = datagram->channel > CV_CHANNEL_MAX ? CV_NO_LEG : cv_find_tunnel(relay->table, &tunnel);
    if (number == CV_NO_LEG) {
        stats->drops[CV_DROP_NO_CHANNEL]++;
        return;
    }
    leg = cv_leg_at(relay->table, number);
    leg->seen_ms = relay->context.now_ms;
    reason = cv_leg_route(relay, leg, number, bytes, &route);
    if (reason != CV_DROP_COUNT) {
        stats->drops[reason]++;
        return;
    }
    if (unlikely(bytes > 0 && (datagram->payload[0] & 0xc0) == 0xc0)) /* a long header, of a handshake */
        cv_claim_learn_tunnelled(relay, number, datagram->payload, bytes);
    mbuf = rte_pktmbuf_alloc(shard->mbufs);
    if (mbuf == NULL || rte_pktmbuf_tailroom(mbuf) < bytes) {
        rte_pktmbuf_free(mbuf);
        stats->drops[CV_DROP_NO_BUFFER]++;
        return;
    }
    memcpy(rte_pktmbuf_append(mbuf, bytes), datagram->payload, bytes);
    if (route.flags & CV_LEG_TUNNEL_OUT)
        send_to_tunnel(shard, mbuf, &route.tunnel_out);
    else
        reason = send_by_udp(relay, &route, mbuf, shard->rx_ecn);
    if (reason == CV_DROP_COUNT)
        count_forwarded(relay, leg, bytes);
    else
        cv_drop(&relay->context, mbuf, (uint8_t)reason);
}

/* ---- Out ---- */

/* Whether another datagram will go into the same packet. */
static bool next_fits(const struct cv_session *session, const struct cv_tunnel_queue *queue, size_t used)
{
    const struct rte_mbuf *next = cv_tunnel_wait_of(queue->first)->next;

    if (queue->next != queue) /* another leg's turn */
        next = queue->next->first;
    /* A frame has up to 3 bytes of type and length; the last one's are not in datagram_bytes. */
    return next != NULL &&
           used + 3 + CV_CHANNEL_BYTES + rte_pktmbuf_data_len(next) <= session->datagram_bytes;
}

/*
 * Packets in flight take memory, which ngtcp2 keeps for later ones; a want of it would end the session. So
 * where there is no more to be had, only as much is in flight as the session surely has memory for.
 */
static bool has_memory(const struct cv_session *session)
{
    ngtcp2_conn_info info;

    if (likely(cv_arena_has_room(&session->arena)))
        return true;
    ngtcp2_conn_get_conn_info(session->conn, &info);
    return info.bytes_in_flight <
           (IN_FLIGHT_OF_BASE + (uint64_t)session->arena.page_count * IN_FLIGHT_OF_PAGE) * PACKET_BYTES_MIN;
}

ngtcp2_ssize cv_tunnel_write(struct cv_shard *shard, struct cv_session *session, ngtcp2_path *path,
                             ngtcp2_pkt_info *info, struct rte_mbuf *mbuf)
{
    size_t used = 0;

    if (unlikely(!has_memory(session)))
        return 0;
    cv_path_probe_soon(&session->probe);
    while (session->tunnels != NULL) {
        struct cv_tunnel_queue *before = session->tunnels, *queue = before->next;
        struct rte_mbuf *first = queue->first;
        uint8_t channel[CV_CHANNEL_BYTES];
        ngtcp2_vec parts[2] = {{channel, cv_datagram_header(channel, queue->channel)},
                               {rte_pktmbuf_mtod(first, uint8_t *), rte_pktmbuf_data_len(first)}};
        size_t frame = parts[0].len + parts[1].len;
        ngtcp2_ssize bytes;
        int accepted = 0;
        bool more;

        if (unlikely(frame > session->datagram_bytes)) { /* the path has become narrower */
            cv_drop(&shard->relay->context, cv_tunnel_queue_take(&shard->tunnels, session, before),
                    CV_DROP_TUNNEL_TOO_BIG);
            continue;
        }
        used += frame + 3;
        more = next_fits(session, queue, used);
        bytes = ngtcp2_conn_writev_datagram(
            session->conn, path, info, rte_pktmbuf_mtod(mbuf, uint8_t *), cv_send_room(shard, session, mbuf),
            &accepted, more ? NGTCP2_WRITE_DATAGRAM_FLAG_MORE : NGTCP2_WRITE_DATAGRAM_FLAG_NONE, 0, parts, 2,
            shard->now_ns);
        if (accepted) {
            rte_pktmbuf_free(cv_tunnel_queue_take(&shard->tunnels, session, before));
            shard->relay->context.stats->tunnel_tx_pkts++;
            if (session->tunnels != NULL && before->next == queue)
                session->tunnels = queue; /* the next leg's turn */
        }
        if (bytes != NGTCP2_ERR_WRITE_MORE)
            return bytes;
    }
    return NGTCP2_ERR_WRITE_MORE;
}
