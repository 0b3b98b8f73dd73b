/* SPDX-License-Identifier: BSD-3-Clause */
#include "forward.h"

#include "claim.h"
#include "packet/headers.h"
#include "packet/transmit.h"
#include "rewrite.h"
#include "route.h"
#include "standing.h"

/*
 * When a worker looks whether a short-header packet still has the connection ID that is known: after a
 * pause of the leg, which is when peers change theirs, and once in so many packets, a power of two.
 */
#define LEARN_AFTER_MS   1000
#define LEARN_EVERY_PKTS 256

/* Long headers always; short ones now and then, for stacks that change their connection IDs. */
static inline bool worth_learning(const struct cv_relay *relay, const struct cv_leg *leg,
                                  const struct cv_packet *packet)
{
    if (likely((packet->first_byte & 0xc0) == 0x40))
        return (leg->flags & CV_LEG_CID) && (relay->context.now_ms - leg->seen_ms >= LEARN_AFTER_MS ||
                                             (leg->pkts & (LEARN_EVERY_PKTS - 1)) == 0);
    return (packet->first_byte & 0xc0) == 0xc0;
}

/* The peer now sends to another address of ours than we answer from. */
static void tell_local(struct cv_relay *relay, const struct cv_packet *packet)
{
    struct cv_notice notice = {
        .type = CV_NOTICE_LOCAL,
        .local = packet->local,
        .leg = packet->leg,
        .generation = cv_pair_of(relay->table, packet->leg)->generation,
    };

    cv_notify(&relay->context, &notice);
}

/* Off the fast path: takes the headers off and hands the payload to the tunnel's worker. */
static __rte_noinline void add_to_tunnels(struct cv_tunnel_burst *tunnelled, const struct cv_packet *packet,
                                          const struct cv_tunnel *tunnel)
{
    struct rte_mbuf *mbuf = packet->mbuf;

    mbuf->data_off = (uint16_t)(mbuf->data_off + cv_packet_l4_offset(packet) + sizeof(cv_udp_header));
    mbuf->data_len = packet->payload_bytes;
    mbuf->pkt_len = packet->payload_bytes;
    tunnelled->list[tunnelled->count].mbuf = mbuf;
    tunnelled->list[tunnelled->count++].tunnel = *tunnel;
}

#define NO_PORT UINT16_MAX /* it leaves by a tunnel leg */

/* Returns CV_DROP_COUNT when the packet is ready to leave by *port_id, else the reason why not. */
static inline enum cv_drop forward_one(struct cv_relay *relay, struct cv_packet *packet, bool found,
                                       struct cv_tunnel_burst *tunnelled, uint16_t *port_id)
{
    struct cv_leg *leg = cv_leg_at(relay->table, packet->leg);
    const struct cv_next_hop *hop;
    enum cv_drop reason;
    struct cv_route route;

    __asm__("" : "+r"(leg)); /* or its address is computed anew for each field */
    if (unlikely(worth_learning(relay, leg, packet)))
        cv_claim_learn(relay, packet);
    if (likely(found)) {
        leg->seen_ms = relay->context.now_ms;
        if (unlikely(packet->local != leg->local))
            tell_local(relay, packet);
    } else {
        cv_standing_elsewhere(relay->table, packet->leg, packet->payload_bytes);
    }
    reason = cv_leg_route(relay, leg, packet->leg, packet->payload_bytes, &route);
    if (unlikely(reason != CV_DROP_COUNT))
        return reason;
    if (unlikely(route.flags & CV_LEG_TUNNEL_OUT)) {
        cv_leg_count(leg, packet->payload_bytes);
        *port_id = NO_PORT;
        add_to_tunnels(tunnelled, packet, &route.tunnel_out);
        return CV_DROP_COUNT;
    }
    hop = cv_route_hop(relay, &route);
    if (unlikely(hop == NULL))
        return CV_DROP_NO_NEXT_HOP;
    *port_id = hop->port_id;
    reason = cv_rewrite(packet, &route, hop, &relay->locals->list[route.local_out],
                        relay->context.tx[hop->port_id].udp_checksum_offload);
    if (likely(reason == CV_DROP_COUNT))
        cv_leg_count(leg, packet->payload_bytes);
    return reason;
}

void cv_forward(struct cv_relay *relay, struct cv_packet **packets, uint32_t count, bool found,
                struct cv_tunnel_burst *tunnelled)
{
    uint64_t pkts = 0, bytes = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];
        uint16_t port_id = 0;
        enum cv_drop reason = forward_one(relay, packet, found, tunnelled, &port_id);

        if (unlikely(reason != CV_DROP_COUNT)) {
            cv_drop(&relay->context, packet->mbuf, (uint8_t)reason);
            continue;
        }
        pkts++;
        bytes += packet->payload_bytes;
        if (likely(port_id != NO_PORT))
            cv_transmit(&relay->context, port_id, packet->mbuf);
    }
    relay->context.stats->forwarded_pkts += pkts;
    relay->context.stats->forwarded_bytes += bytes;
}
