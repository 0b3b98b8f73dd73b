/* SPDX-License-Identifier: BSD-3-Clause */
#include "tunnel.h"

#include "packet/wrap.h"
#include "relay/find.h"
#include "relay/route.h"

#include <string.h>

#define RING_BURST 64

/* Packets that a session has memory for, at least, without a page and with each; bytes of the smallest. */
#define IN_FLIGHT_OF_BASE 16
#define IN_FLIGHT_OF_PAGE 48
#define PACKET_BYTES_MIN  40

/* What is known of a datagram that waits: in the first bytes of its own buffer, which nobody else uses. */
struct waiting {
    struct rte_mbuf *next;
    uint64_t since_ns;
    struct cv_tunnel to;
};

static struct waiting *waiting_of(const struct rte_mbuf *mbuf)
{
    return mbuf->buf_addr;
}

/* ---- Queues ---- */

size_t cv_tunnels_bytes(uint32_t queues)
{
    return queues * sizeof(struct cv_tunnel_queue);
}

void cv_tunnels_init(struct cv_tunnels *tunnels, void *memory, uint32_t queues, uint32_t mbufs)
{
    struct cv_tunnel_queue *list = memory;

    *tunnels = (struct cv_tunnels){.free_count = queues, .room = mbufs};
    for (uint32_t i = 0; i < queues; i++) {
        list[i].next = tunnels->free;
        tunnels->free = &list[i];
    }
}

/*
 * The queue of a leg, made if it has none. NULL: as many as the session has are not left, so that a session
 * with thousands of busy legs leaves some to the others.
 */
static struct cv_tunnel_queue *queue_of(struct cv_session_owner *owner, struct cv_session *session,
                                        uint16_t channel)
{
    struct cv_tunnel_queue *last = session->tunnels, *queue = last;
    uint32_t count = 0;

    if (last != NULL) {
        do {
            if (queue->channel == channel)
                return queue;
            queue = queue->next;
            count++;
        } while (queue != last);
    }
    if (count >= owner->tunnels.free_count)
        return NULL;
    queue = owner->tunnels.free;
    owner->tunnels.free = queue->next;
    owner->tunnels.free_count--;
    *queue = (struct cv_tunnel_queue){.channel = channel};
    queue->next = last != NULL ? last->next : queue;
    if (last != NULL)
        last->next = queue;
    session->tunnels = queue;
    return queue;
}

/* Takes the first of the queue after `before`, and the queue away when it was the only one. */
static struct rte_mbuf *take_first(struct cv_session_owner *owner, struct cv_session *session,
                                   struct cv_tunnel_queue *before)
{
    struct cv_tunnel_queue *queue = before->next;
    struct rte_mbuf *mbuf = queue->first;

    queue->first = waiting_of(mbuf)->next;
    queue->count--;
    owner->tunnels.waiting--;
    if (queue->first != NULL)
        return mbuf;
    before->next = queue->next;
    if (session->tunnels == queue)
        session->tunnels = before != queue ? before : NULL;
    queue->next = owner->tunnels.free;
    owner->tunnels.free = queue;
    owner->tunnels.free_count++;
    return mbuf;
}

static void drop_first(struct cv_session_owner *owner, struct cv_session *session,
                       struct cv_tunnel_queue *before)
{
    cv_drop(&owner->relay->context, take_first(owner, session, before), CV_DROP_TUNNEL_QUEUE);
}

/*
 * A leg may have as many waiting as there is room left. So whoever fills the room, with as many legs as it
 * likes, leaves some of it to the next.
 */
static bool has_too_many(const struct cv_tunnels *tunnels, const struct cv_tunnel_queue *queue)
{
    return queue->count > CV_TUNNEL_WAITING || queue->count + tunnels->waiting > tunnels->room;
}

static void append(struct cv_session_owner *owner, struct cv_session *session, struct rte_mbuf *mbuf)
{
    struct waiting *waiting = waiting_of(mbuf);
    struct cv_tunnel_queue *queue = queue_of(owner, session, waiting->to.channel);

    if (queue == NULL) {
        cv_drop(&owner->relay->context, mbuf, CV_DROP_TUNNEL_QUEUE);
        return;
    }
    waiting->next = NULL;
    waiting->since_ns = owner->now_ns;
    if (queue->first == NULL)
        queue->first = mbuf;
    else
        waiting_of(queue->last)->next = mbuf;
    queue->last = mbuf;
    queue->count++;
    owner->tunnels.waiting++;
    if (unlikely(has_too_many(&owner->tunnels, queue))) {
        struct cv_tunnel_queue *before = queue;

        while (before->next != queue)
            before = before->next;
        drop_first(owner, session, before);
    }
}

/* ---- In ---- */

/* A datagram for a session of this owner. */
static void deliver(struct cv_session_owner *owner, struct rte_mbuf *mbuf)
{
    const struct cv_tunnel *to = &waiting_of(mbuf)->to;
    struct cv_session *session = cv_session_of_number(owner->all, to->session);

    if (unlikely(session == NULL ||
                 atomic_load_explicit(&session->place, memory_order_acquire) != CV_PLACE_WORKER ||
                 session->owner != owner || session->conn == NULL)) {
        cv_drop(&owner->relay->context, mbuf, CV_DROP_UNBOUND_LEG);
        return;
    }
    if (unlikely(rte_pktmbuf_data_len(mbuf) > cv_datagram_room(session->datagram_bytes, to->channel))) {
        cv_drop(&owner->relay->context, mbuf, CV_DROP_TUNNEL_TOO_BIG);
        return;
    }
    append(owner, session, mbuf);
    cv_owner_mark_writing(owner, session);
}

/* To a tunnel leg of whichever worker. */
static void send_to_tunnel(struct cv_session_owner *owner, struct rte_mbuf *mbuf,
                           const struct cv_tunnel *tunnel)
{
    struct cv_context *context = &owner->relay->context;
    uint16_t shard = cv_session_number_shard(tunnel->session);

    if (unlikely(shard >= owner->all->workers)) {
        cv_drop(context, mbuf, CV_DROP_UNBOUND_LEG);
        return;
    }
    if (unlikely(mbuf->data_off < sizeof(struct waiting) || RTE_MBUF_HAS_EXTBUF(mbuf))) {
        cv_drop(context, mbuf, CV_DROP_NO_BUFFER);
        return;
    }
    waiting_of(mbuf)->to = *tunnel;
    if (likely(shard == owner->shard))
        deliver(owner, mbuf);
    else if (rte_ring_mp_enqueue(owner->all->rings[shard].datagrams, mbuf) != 0)
        cv_drop(context, mbuf, CV_DROP_SESSION_QUEUE);
}

void cv_tunnel_send_burst(struct cv_session_owner *owner, struct cv_context *context,
                          const struct cv_tunnel_burst *burst)
{
    for (uint32_t i = 0; i < burst->count; i++) {
        if (likely(owner != NULL))
            send_to_tunnel(owner, burst->list[i].mbuf, &burst->list[i].tunnel);
        else
            cv_drop(context, burst->list[i].mbuf, CV_DROP_UNBOUND_LEG);
    }
}

uint32_t cv_tunnel_take_sent(struct cv_session_owner *owner)
{
    void *mbufs[RING_BURST];
    unsigned count = rte_ring_sc_dequeue_burst(owner->rings->datagrams, mbufs, RING_BURST, NULL);

    for (unsigned i = 0; i < count; i++)
        deliver(owner, mbufs[i]);
    return count;
}

/* ---- From a DATAGRAM frame ---- */

/* By a UDP leg. */
static enum cv_drop send_by_udp(struct cv_relay *relay, const struct cv_leg *leg,
                                const struct cv_route *route, struct rte_mbuf *mbuf, uint8_t ecn)
{
    const struct cv_next_hop *hop = cv_route_hop(relay, route);
    const struct cv_local *from = &relay->locals->list[route->local_out];
    const struct cv_wrapping wrapping = {
        .from = &from->ip,
        .to = &route->destination,
        .from_port_be = leg->relay_port_be,
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
    struct cv_session_owner *owner = session->owner;
    struct cv_relay *relay = owner->relay;
    const struct cv_tunnel tunnel = {cv_session_number(session), (uint16_t)datagram->channel};
    uint16_t bytes = (uint16_t)datagram->payload_bytes;
    struct cv_worker_stats *stats;
    struct rte_mbuf *mbuf;
    struct cv_route route;
    enum cv_drop reason;
    struct cv_leg *leg;
    uint32_t number;

    if (relay == NULL) /* no leg yet */
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
    mbuf = rte_pktmbuf_alloc(owner->mbufs);
    if (mbuf == NULL || rte_pktmbuf_tailroom(mbuf) < bytes) {
        rte_pktmbuf_free(mbuf);
        stats->drops[CV_DROP_NO_BUFFER]++;
        return;
    }
    memcpy(rte_pktmbuf_append(mbuf, bytes), datagram->payload, bytes);
    if (route.flags & CV_LEG_TUNNEL_OUT)
        send_to_tunnel(owner, mbuf, &route.tunnel_out);
    else
        reason = send_by_udp(relay, leg, &route, mbuf, owner->arrival_ecn);
    if (reason == CV_DROP_COUNT)
        count_forwarded(relay, leg, bytes);
    else
        cv_drop(&relay->context, mbuf, (uint8_t)reason);
}

/* ---- Out ---- */

/* True: nothing is left in the queue after `before`, and it is gone. */
static bool drop_late(struct cv_session_owner *owner, struct cv_session *session,
                      struct cv_tunnel_queue *before)
{
    const struct cv_tunnel_queue *queue = before->next;
    uint32_t left = queue->count;

    for (; left > 0 && owner->now_ns - waiting_of(queue->first)->since_ns >= CV_TUNNEL_WAIT_NS; left--)
        drop_first(owner, session, before);
    return left == 0;
}

void cv_tunnel_expire(struct cv_session_owner *owner, struct cv_session *session)
{
    struct cv_tunnel_queue *before = session->tunnels, *queue = before;
    uint32_t queues = 0;

    for (; queue != NULL && (queue != before || queues == 0); queue = queue->next)
        queues++;
    for (; queues > 0; queues--)
        if (!drop_late(owner, session, before))
            before = before->next;
}

/* Whether another datagram will go into the same packet. */
static bool next_fits(const struct cv_session *session, const struct cv_tunnel_queue *queue, size_t used)
{
    const struct rte_mbuf *next = waiting_of(queue->first)->next;

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

ngtcp2_ssize cv_tunnel_write(struct cv_session_owner *owner, struct cv_session *session, ngtcp2_path *path,
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
            cv_drop(&owner->relay->context, take_first(owner, session, before), CV_DROP_TUNNEL_TOO_BIG);
            continue;
        }
        used += frame + 3;
        more = next_fits(session, queue, used);
        bytes = ngtcp2_conn_writev_datagram(
            session->conn, path, info, rte_pktmbuf_mtod(mbuf, uint8_t *), cv_owner_room(owner, session, mbuf),
            &accepted, more ? NGTCP2_WRITE_DATAGRAM_FLAG_MORE : NGTCP2_WRITE_DATAGRAM_FLAG_NONE, 0, parts, 2,
            owner->now_ns);
        if (accepted) {
            rte_pktmbuf_free(take_first(owner, session, before));
            owner->relay->context.stats->tunnel_tx_pkts++;
            if (session->tunnels != NULL && before->next == queue)
                session->tunnels = queue; /* the next leg's turn */
        }
        if (bytes != NGTCP2_ERR_WRITE_MORE)
            return bytes;
    }
    return NGTCP2_ERR_WRITE_MORE;
}

uint64_t cv_tunnel_due_ns(const struct cv_session *session)
{
    const struct cv_tunnel_queue *queue = session->tunnels;
    uint64_t oldest_ns = CV_TIMER_NEVER - CV_TUNNEL_WAIT_NS;

    if (queue == NULL)
        return CV_TIMER_NEVER;
    do {
        oldest_ns = RTE_MIN(oldest_ns, waiting_of(queue->first)->since_ns);
        queue = queue->next;
    } while (queue != session->tunnels);
    return oldest_ns + CV_TUNNEL_WAIT_NS;
}

void cv_tunnel_forget(struct cv_session_owner *owner, struct cv_session *session)
{
    while (session->tunnels != NULL) {
        if (owner->relay != NULL)
            drop_first(owner, session, session->tunnels);
        else
            rte_pktmbuf_free(take_first(owner, session, session->tunnels));
    }
}
