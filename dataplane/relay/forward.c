/* SPDX-License-Identifier: BSD-3-Clause */
#include "forward.h"

#include "claim.h"
#include "rewrite.h"
#include "session/tunnel.h"

#include <rte_cycles.h>

/* Times a reader starts over before it gives up: the keeper changes a leg within some 50 ns, unless it is
 * preempted. */
#define READ_TRIES 100

/*
 * When a worker looks whether a short-header packet still has the connection ID that is known: after a pause
 * of the leg, which is when peers change theirs, and once in so many packets, a power of two.
 */
#define LEARN_AFTER_MS   1000
#define LEARN_EVERY_PKTS 256

static inline bool leg_read(const struct cv_leg *leg, struct cv_route *route)
{
    for (unsigned try = 0; try < READ_TRIES; try++) {
        uint8_t before = __atomic_load_n(&leg->sequence, __ATOMIC_ACQUIRE);

        route->destination = leg->destination;
        route->destination_port_be = leg->destination_port_be;
        route->next_hop = leg->next_hop;
        route->flags = leg->flags;
        route->local_out = leg->local_out;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (likely(!(before & 1) && before == __atomic_load_n(&leg->sequence, __ATOMIC_RELAXED)))
            return true;
        rte_pause();
    }
    return false;
}

static bool within_rate(const struct cv_worker *worker, struct cv_leg *leg, uint32_t number,
                        uint16_t payload_bytes)
{
    struct rte_meter_srtcm_profile *rate = &cv_pair_of(worker->table, number)->rate;

    return rte_meter_srtcm_color_blind_check(&leg->meter, rate, rte_rdtsc(), payload_bytes) ==
           RTE_COLOR_GREEN;
}

/* CV_DROP_COUNT and the route, or why not. */
static inline enum cv_drop pass(const struct cv_worker *worker, struct cv_leg *leg, uint32_t number,
                                uint16_t payload_bytes, struct cv_route *route)
{
    if (unlikely(!leg_read(leg, route) || !(route->flags & CV_LEG_READY)))
        return CV_DROP_UNBOUND_LEG;
    if (unlikely((route->flags & CV_LEG_METERED) && !within_rate(worker, leg, number, payload_bytes)))
        return CV_DROP_OVER_RATE;
    return CV_DROP_COUNT;
}

static inline const struct cv_next_hop *hop_of(const struct cv_worker *worker, const struct cv_route *route)
{
    const struct cv_next_hop *hop = &worker->hops->list[route->next_hop];

    if (unlikely(route->next_hop == CV_NO_NEXT_HOP || !__atomic_load_n(&hop->usable, __ATOMIC_ACQUIRE)))
        return NULL;
    return hop;
}

enum cv_drop cv_leg_pass(struct cv_worker *worker, uint32_t number, uint16_t payload_bytes,
                         struct cv_route *route)
{
    struct cv_leg *leg = cv_leg_at(worker->table, number);

    leg->seen_ms = worker->now_ms;
    return pass(worker, leg, number, payload_bytes, route);
}

const struct cv_next_hop *cv_route_hop(const struct cv_worker *worker, const struct cv_route *route)
{
    return hop_of(worker, route);
}

void cv_leg_count(struct cv_worker *worker, uint32_t number, uint16_t payload_bytes)
{
    struct cv_leg *leg = cv_leg_at(worker->table, number);

    leg->pkts++;
    leg->bytes += payload_bytes;
    worker->stats->forwarded_pkts++;
    worker->stats->forwarded_bytes += payload_bytes;
}

/* Long headers always; short ones now and then, for stacks that change their connection IDs. */
static inline bool worth_learning(const struct cv_worker *worker, const struct cv_leg *leg,
                                  const struct cv_packet *packet)
{
    if (likely((packet->first & 0xc0) == 0x40))
        return (leg->flags & CV_LEG_CID) &&
               (worker->now_ms - leg->seen_ms >= LEARN_AFTER_MS || (leg->pkts & (LEARN_EVERY_PKTS - 1)) == 0);
    return (packet->first & 0xc0) == 0xc0;
}

/* The peer now sends to another address of ours than we answer from. */
static void tell_local(struct cv_worker *worker, const struct cv_packet *packet)
{
    struct cv_notice notice = {
        .type = CV_NOTICE_LOCAL,
        .local = packet->local,
        .leg = packet->leg,
        .generation = cv_pair_of(worker->table, packet->leg)->generation,
    };

    cv_notify(worker, &notice);
}

/* Off the fast path: hands the packet's payload to a tunnel leg. */
static __rte_noinline void send_by_tunnel(struct cv_worker *worker, const struct cv_packet *packet,
                                          const struct cv_tunnel *tunnel)
{
    struct rte_mbuf *mbuf = packet->mbuf;

    mbuf->data_off = (uint16_t)(mbuf->data_off + cv_packet_l4_offset(packet) + sizeof(cv_udp_header));
    mbuf->data_len = packet->payload_bytes;
    mbuf->pkt_len = packet->payload_bytes;
    cv_tunnel_send(worker, mbuf, tunnel);
}

#define NO_PORT UINT16_MAX /* gone into a tunnel leg */

/* Returns CV_DROP_COUNT when the packet is ready to leave by *port_id, else the reason why not. */
static inline enum cv_drop forward_one(struct cv_worker *worker, struct cv_packet *packet, bool found,
                                       uint16_t *port_id)
{
    struct cv_leg *leg = cv_leg_at(worker->table, packet->leg);
    const struct cv_next_hop *hop;
    enum cv_drop reason;
    struct cv_route route;

    __asm__("" : "+r"(leg)); /* or its address is computed anew for each field */
    if (unlikely(worth_learning(worker, leg, packet)))
        cv_claim_learn(worker, packet);
    if (likely(found)) {
        leg->seen_ms = worker->now_ms;
        if (unlikely(packet->local != leg->local))
            tell_local(worker, packet);
    }
    reason = pass(worker, leg, packet->leg, packet->payload_bytes, &route);
    if (unlikely(reason != CV_DROP_COUNT))
        return reason;
    if (unlikely(route.flags & CV_LEG_TUNNEL_OUT)) {
        leg->pkts++;
        leg->bytes += packet->payload_bytes;
        *port_id = NO_PORT;
        send_by_tunnel(worker, packet, &route.tunnel_out);
        return CV_DROP_COUNT;
    }
    hop = hop_of(worker, &route);
    if (unlikely(hop == NULL))
        return CV_DROP_NO_NEXT_HOP;
    *port_id = hop->port_id;
    reason = cv_rewrite(packet, &route, hop, &worker->locals->list[route.local_out],
                        worker->tx[hop->port_id].udp_checksum_offload);
    if (likely(reason == CV_DROP_COUNT)) {
        leg->pkts++;
        leg->bytes += packet->payload_bytes;
    }
    return reason;
}

void cv_forward(struct cv_worker *worker, struct cv_packet **packets, uint32_t count, bool found)
{
    uint64_t pkts = 0, bytes = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];
        uint16_t port_id = 0;
        enum cv_drop reason = forward_one(worker, packet, found, &port_id);

        if (unlikely(reason != CV_DROP_COUNT)) {
            cv_drop(worker, packet->mbuf, (uint8_t)reason);
            continue;
        }
        pkts++;
        bytes += packet->payload_bytes;
        if (likely(port_id != NO_PORT))
            cv_transmit(worker, port_id, packet->mbuf);
    }
    worker->stats->forwarded_pkts += pkts;
    worker->stats->forwarded_bytes += bytes;
}
