/* SPDX-License-Identifier: BSD-3-Clause */
#include "reply.h"

#include "packet/headers.h"

void cv_tell_neighbour(struct cv_notice *notice, uint16_t port_id, const struct cv_ip *ip,
                       const struct rte_ether_addr *mac)
{
    if (rte_is_multicast_ether_addr(mac) || rte_is_zero_ether_addr(mac))
        return;
    notice->type = CV_NOTICE_NEIGHBOUR;
    notice->port_id = port_id;
    notice->mac = *mac;
    notice->address.ip = *ip;
    notice->address.port_be = 0;
}

bool cv_source_answerable(struct cv_packet *packet, const struct cv_locals *locals)
{
    const struct rte_ether_hdr *ether = cv_packet_ether(packet);

    if (rte_is_multicast_ether_addr(&ether->dst_addr)) /* RFC 1122 section 3.2.2: no answers to broadcasts */
        return cv_no_answer(packet, CV_DROP_NOT_FOR_US);
    if (!cv_ip_may_be_peer(&packet->source) || rte_is_multicast_ether_addr(&ether->src_addr) ||
        cv_local_find(locals, packet->mbuf->port, &packet->source) != CV_NO_LOCAL)
        return cv_no_answer(packet, CV_DROP_BAD_ADDRESS);
    return true;
}

static bool set_frame_bytes(struct rte_mbuf *mbuf, uint16_t bytes)
{
    if (bytes <= rte_pktmbuf_data_len(mbuf))
        return rte_pktmbuf_trim(mbuf, (uint16_t)(rte_pktmbuf_data_len(mbuf) - bytes)) == 0;
    return rte_pktmbuf_append(mbuf, (uint16_t)(bytes - rte_pktmbuf_data_len(mbuf))) != NULL;
}

static void turn_round_ipv4(struct rte_ipv4_hdr *ip, uint8_t hop_limit, uint16_t l4_bytes)
{
    rte_be32_t source = ip->src_addr;

    ip->src_addr = ip->dst_addr;
    ip->dst_addr = source;
    ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + l4_bytes));
    ip->packet_id = 0; /* RFC 6864: means nothing when fragmenting is forbidden */
    ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
    ip->time_to_live = hop_limit;
    ip->hdr_checksum = 0;
    ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void turn_round_ipv6(struct rte_ipv6_hdr *ip, uint8_t hop_limit, uint16_t l4_bytes)
{
    struct rte_ipv6_addr source = ip->src_addr;

    ip->src_addr = ip->dst_addr;
    ip->dst_addr = source;
    ip->payload_len = rte_cpu_to_be_16(l4_bytes);
    ip->hop_limits = hop_limit;
}

bool cv_turn_round(struct cv_packet *packet, const struct cv_local *local, uint8_t hop_limit,
                   uint16_t l4_bytes)
{
    struct rte_ether_hdr *ether = cv_packet_ether(packet);

    if (!set_frame_bytes(packet->mbuf, (uint16_t)(cv_packet_l4_offset(packet) + l4_bytes)))
        return cv_no_answer(packet, CV_DROP_NO_BUFFER);
    ether->dst_addr = ether->src_addr;
    ether->src_addr = local->mac;
    if (packet->is_v6)
        turn_round_ipv6(cv_packet_l3(packet), hop_limit, l4_bytes);
    else
        turn_round_ipv4(cv_packet_l3(packet), hop_limit, l4_bytes);
    return true;
}
