/* SPDX-License-Identifier: BSD-3-Clause */
#include "rewrite.h"

#include <string.h>

static inline uint64_t ip_sum(const struct cv_ip *ip, bool v6)
{
    return v6 ? cv_sum_words(ip->bytes, 4) : cv_sum_words(ip->bytes + 12, 1);
}

/* Sum of the addresses that a packet came with, whose IP header is at l3. */
static inline uint64_t old_addresses_sum(const uint8_t *l3, bool v6)
{
    return v6 ? cv_sum_words(l3 + 8, 8) : cv_sum_words(l3 + 12, 2);
}

static inline uint8_t traffic_class(const uint8_t *l3, bool v6)
{
    return (uint8_t)(v6 ? l3[0] << 4 | l3[1] >> 4 : l3[1]);
}

/* A checksum where the packet came with none: only IPv4 to IPv6, where one is required. */
static void fill_checksum(struct rte_mbuf *mbuf, uint8_t *l3, uint8_t l2_bytes, bool offload)
{
    const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)l3;
    struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(l3 + sizeof(*ip));

    if (offload) {
        mbuf->l2_len = l2_bytes & 0x7fu;
        mbuf->l3_len = sizeof(*ip);
        mbuf->ol_flags |= RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM;
        udp->dgram_cksum = rte_ipv6_phdr_cksum(ip, mbuf->ol_flags);
    } else {
        udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
    }
}

enum cv_drop cv_rewrite_any(struct cv_packet *packet, const struct cv_route *route,
                            const struct cv_next_hop *hop, const struct cv_local *from,
                            bool udp_checksum_offload)
{
    struct rte_mbuf *mbuf = packet->mbuf;
    bool v6_in = packet->is_v6, v6_out = route->flags & CV_LEG_V6_OUT;
    uint8_t *l3 = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, packet->l3_offset);
    uint8_t *l4 = l3 + (v6_in ? 40 : 20);
    uint8_t *out_l3 = l4 - (v6_out ? 40 : 20);
    uint8_t *frame = out_l3 - hop->frame_header_bytes;
    uint16_t l4_bytes = (uint16_t)(packet->payload_bytes + sizeof(struct rte_udp_hdr));
    uint32_t ip_bytes = (v6_out ? 40u : 20u) + l4_bytes;
    struct cv_ip_fields fields = {
        .from = &from->ip,
        .to = &route->destination,
        .id_and_flags = cv_ipv4_atomic(),
        .l4_bytes = l4_bytes,
        .traffic_class = traffic_class(l3, v6_in),
        .hop_limit = CV_HOP_LIMIT,
        .protocol = IPPROTO_UDP,
    };
    uint64_t old_sum, new_sum;
    struct rte_udp_hdr udp;

    if (unlikely(ip_bytes > hop->mtu))
        return CV_DROP_TOO_BIG;
    if (unlikely(frame < (uint8_t *)mbuf->buf_addr))
        return CV_DROP_NO_BUFFER;
    memcpy(&udp, l4, sizeof(udp));
    if (!v6_in)
        memcpy(&fields.id_and_flags, l3 + 4, sizeof(fields.id_and_flags));
    old_sum = old_addresses_sum(l3, v6_in) + cv_ports_word(udp.src_port, udp.dst_port);
    udp.src_port = route->source_port_be;
    udp.dst_port = route->destination_port_be;
    new_sum = ip_sum(&from->ip, v6_out) + ip_sum(&route->destination, v6_out) +
              cv_ports_word(udp.src_port, udp.dst_port);
    if (likely(udp.dgram_cksum != 0))
        udp.dgram_cksum = cv_checksum_update(udp.dgram_cksum, (uint16_t)~cv_sum_fold(old_sum) + new_sum);
    memcpy(l4, &udp, sizeof(udp));
    if (v6_out)
        cv_write_ipv6(out_l3, &fields);
    else
        cv_write_ipv4(out_l3, &fields);
    memcpy(frame, hop->frame_header, hop->frame_header_bytes == RTE_ETHER_HDR_LEN ? 14 : 18);
    mbuf->data_off = (uint16_t)(frame - (uint8_t *)mbuf->buf_addr);
    mbuf->data_len = (uint16_t)(hop->frame_header_bytes + ip_bytes);
    mbuf->pkt_len = mbuf->data_len;
    mbuf->ol_flags &= ~(RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED);
    if (unlikely(v6_out && udp.dgram_cksum == 0))
        fill_checksum(mbuf, out_l3, hop->frame_header_bytes, udp_checksum_offload);
    return CV_DROP_COUNT;
}
