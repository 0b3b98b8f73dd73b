/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The third stage: the packet leaves as if it had always been on its way from the relay port to the other
 * peer. New Ethernet, IP and UDP headers in the same mbuf; the payload is not touched.
 *
 *   family in -> out   IP header       UDP checksum
 *   4 -> 4             20 -> 20 bytes  incremental (RFC 1624); none stays none
 *   6 -> 6             40 -> 40        incremental
 *   4 -> 6             20 -> 40        incremental; where there was none the payload is summed (or the
 *                                      port does it)
 *   6 -> 4             40 -> 20        incremental
 *
 * Incremental also where the port could compute it: a payload damaged in the relay's memory must not leave
 * with a checksum that vouches for it. TTL or hop limit is 64, DSCP and ECN are carried over, an IPv6 packet
 * that becomes IPv4 gets DF and identification 0 (RFC 6864), an IPv4 one keeps its own.
 */
#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/packet.h"
#include "port/local.h"
#include "port/next_hop.h"
#include "route.h"

#include <netinet/in.h>

/* Two UDP ports as they lie in the header. */
static inline uint32_t cv_ports_word(uint16_t source_be, uint16_t destination_be)
{
    uint16_t ports[2] = {source_be, destination_be};
    uint32_t word;

    memcpy(&word, ports, sizeof(word));
    return word;
}

/* cv_rewrite in all cases. */
enum cv_drop cv_rewrite_any(struct cv_packet *packet, const struct cv_route *route,
                            const struct cv_next_hop *hop, const struct cv_local *from,
                            bool udp_checksum_offload);

/*
 * cv_rewrite from IPv4 to IPv4, untagged, which is nearly all there is: in place, so that length, DSCP, ECN
 * and identification stay where they are, and without a branch that is not an error.
 */
static inline enum cv_drop cv_rewrite_v4(struct cv_packet *packet, const struct cv_route *route,
                                         const struct cv_next_hop *hop, const struct cv_local *from)
{
    struct rte_mbuf *mbuf = packet->mbuf;
    uint8_t *l3 = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, packet->l3_offset);
    cv_ipv4_header *ip = (cv_ipv4_header *)l3;
    cv_udp_header *udp = (cv_udp_header *)(l3 + sizeof(*ip));
    const uint32_t hop_limit_udp = rte_cpu_to_be_32(CV_HOP_LIMIT << 24 | IPPROTO_UDP << 16);
    uint32_t ip_bytes = (uint32_t)(sizeof(*ip) + sizeof(*udp)) + packet->payload_bytes;
    uint32_t ports = cv_ports_word(route->source_port_be, route->destination_port_be);
    uint32_t old_ports = cv_ports_word(udp->src_port, udp->dst_port);
    uint32_t source, destination;
    uint64_t new_sum;

    if (unlikely(ip_bytes > hop->mtu))
        return CV_DROP_TOO_BIG;
    memcpy(&source, from->ip.bytes + 12, sizeof(source));
    memcpy(&destination, route->destination.bytes + 12, sizeof(destination));
    new_sum = (uint64_t)source + destination;
    if (likely(udp->dgram_cksum != 0))
        udp->dgram_cksum = cv_checksum_update(udp->dgram_cksum, (uint64_t)~ip->src_addr + ~ip->dst_addr +
                                                                    ~old_ports + new_sum + ports);
    memcpy(udp, &ports, sizeof(ports));
    ip->time_to_live = CV_HOP_LIMIT;
    ip->hdr_checksum = (uint16_t)~cv_sum_fold(cv_sum_words(l3, 2) + hop_limit_udp + new_sum);
    ip->src_addr = source;
    ip->dst_addr = destination;
    memcpy(l3 - RTE_ETHER_HDR_LEN, hop->frame_header, RTE_ETHER_HDR_LEN);
    mbuf->data_off = (uint16_t)(mbuf->data_off + packet->l3_offset - RTE_ETHER_HDR_LEN);
    mbuf->data_len = (uint16_t)(RTE_ETHER_HDR_LEN + ip_bytes);
    mbuf->pkt_len = mbuf->data_len;
    mbuf->ol_flags &= ~(RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED);
    return CV_DROP_COUNT;
}

/*
 * Rewrites packet->mbuf for `route`, leaving by `hop` from our address `from`. Returns CV_DROP_COUNT when it
 * is ready to be sent by hop->port_id, else the reason why not, with the mbuf as it was.
 */
static inline enum cv_drop cv_rewrite(struct cv_packet *packet, const struct cv_route *route,
                                      const struct cv_next_hop *hop, const struct cv_local *from,
                                      bool udp_checksum_offload)
{
    struct cv_route copy;

    if (likely(!packet->is_v6 && !(route->flags & CV_LEG_V6_OUT) &&
               hop->frame_header_bytes == RTE_ETHER_HDR_LEN))
        return cv_rewrite_v4(packet, route, hop, from);
    copy = *route; /* so that the compiler may keep the caller's in registers */
    return cv_rewrite_any(packet, &copy, hop, from, udp_checksum_offload);
}
