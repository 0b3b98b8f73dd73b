/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

#include <netinet/in.h>
#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include <string.h>

static void drop(struct cv_packet *packet, enum cv_drop reason)
{
    packet->verdict = CV_VERDICT_DROP;
    packet->drop = (uint8_t)reason;
}

/* One's complement sum of a 20-byte IPv4 header: 0xffff when its checksum is right (RFC 1071). */
static inline uint16_t ipv4_header_sum(const uint8_t *header)
{
    uint32_t words[5];
    uint64_t sum;

    memcpy(words, header, sizeof(words));
    sum = (uint64_t)words[0] + words[1] + words[2] + words[3] + words[4];
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static inline bool ipv4_checksum_good(const struct cv_parse_context *context, const struct rte_mbuf *mbuf,
                                      const uint8_t *header)
{
    if (context->ip_checksum_known) {
        uint64_t flags = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;

        if (flags == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
            return true;
        if (flags == RTE_MBUF_F_RX_IP_CKSUM_BAD)
            return false;
    }
    return ipv4_header_sum(header) == 0xffff;
}

/* The ports, and whether the length fits the `l4_bytes` that the IP header announces. */
static inline void parse_udp(const struct cv_parse_context *context, const uint8_t *l4, uint32_t l4_bytes,
                             struct cv_packet *packet)
{
    struct rte_udp_hdr udp;
    uint16_t port;

    if (unlikely(l4_bytes < sizeof(udp))) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    memcpy(&udp, l4, sizeof(udp));
    if (unlikely(rte_be_to_cpu_16(udp.dgram_len) != l4_bytes)) {
        drop(packet, CV_DROP_BAD_LENGTH);
        return;
    }
    port = rte_be_to_cpu_16(udp.dst_port);
    if (unlikely(port < context->relay_port_first || port > context->relay_port_last)) {
        drop(packet, CV_DROP_NO_SUCH_PORT);
        return;
    }
    if (unlikely(packet->is_v6 && udp.dgram_cksum == 0)) {
        drop(packet, CV_DROP_BAD_CHECKSUM); /* RFC 8200 section 8.1 */
        return;
    }
    packet->source_port_be = udp.src_port;
    packet->relay_port_be = udp.dst_port;
    packet->payload_bytes = (uint16_t)(l4_bytes - sizeof(udp));
    packet->verdict = CV_VERDICT_FORWARD;
}

static void parse_ipv4(const struct cv_parse_context *context, const uint8_t *l3, uint32_t bytes,
                       struct cv_packet *packet)
{
    struct rte_ipv4_hdr ip;
    struct cv_ip destination;
    uint32_t total;

    packet->is_v6 = 0;
    if (unlikely(bytes < sizeof(ip))) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    memcpy(&ip, l3, sizeof(ip));
    total = rte_be_to_cpu_16(ip.total_length);
    if (unlikely(ip.version_ihl != 0x45)) {
        drop(packet,
             ip.version_ihl > 0x45 && ip.version_ihl <= 0x4f ? CV_DROP_IP_OPTIONS : CV_DROP_BAD_IP_HEADER);
        return;
    }
    if (unlikely(total > bytes)) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    if (unlikely(total < sizeof(ip))) {
        drop(packet, CV_DROP_BAD_LENGTH);
        return;
    }
    if (unlikely(!ipv4_checksum_good(context, packet->mbuf, l3))) {
        drop(packet, CV_DROP_BAD_CHECKSUM);
        return;
    }
    destination = cv_ip_from_v4((const uint8_t *)&ip.dst_addr);
    packet->source = cv_ip_from_v4((const uint8_t *)&ip.src_addr);
    packet->local = cv_local_find(context->locals, context->port_id, &destination);
    if (unlikely(packet->local == CV_NO_LOCAL)) {
        drop(packet, CV_DROP_NOT_FOR_US);
        return;
    }
    if (unlikely(ip.fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))) {
        drop(packet, CV_DROP_FRAGMENT);
        return;
    }
    if (likely(ip.next_proto_id == IPPROTO_UDP))
        parse_udp(context, l3 + sizeof(ip), total - (uint32_t)sizeof(ip), packet);
    else if (ip.next_proto_id == IPPROTO_ICMP)
        packet->verdict = CV_VERDICT_ANSWER;
    else
        drop(packet, CV_DROP_NOT_UDP);
}

static bool is_extension_header(uint8_t next_header)
{
    return next_header == IPPROTO_HOPOPTS || next_header == IPPROTO_ROUTING ||
           next_header == IPPROTO_DSTOPTS || next_header == IPPROTO_AH || next_header == IPPROTO_ESP;
}

static void parse_ipv6(const struct cv_parse_context *context, const uint8_t *l3, uint32_t bytes,
                       struct cv_packet *packet)
{
    struct rte_ipv6_hdr ip;
    struct cv_ip destination;
    uint32_t payload;

    packet->is_v6 = 1;
    if (unlikely(bytes < sizeof(ip))) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    memcpy(&ip, l3, sizeof(ip));
    payload = rte_be_to_cpu_16(ip.payload_len);
    if (unlikely((l3[0] >> 4) != 6)) {
        drop(packet, CV_DROP_BAD_IP_HEADER);
        return;
    }
    if (unlikely(payload + sizeof(ip) > bytes)) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    memcpy(&packet->source, &ip.src_addr, sizeof(packet->source));
    memcpy(&destination, &ip.dst_addr, sizeof(destination));
    /* IPv4 addresses have that form inside Culvert; on the wire it belongs to nobody (RFC 4038 section 4.2).
     */
    if (unlikely(cv_ip_is_v4(&packet->source))) {
        drop(packet, CV_DROP_BAD_ADDRESS);
        return;
    }
    packet->local = unlikely(cv_ip_is_v4(&destination))
                        ? CV_NO_LOCAL
                        : cv_local_find(context->locals, context->port_id, &destination);
    if (ip.proto == IPPROTO_ICMPV6) {
        /* Neighbour solicitations go to multicast addresses: the answering side knows which are ours. */
        packet->verdict = CV_VERDICT_ANSWER;
    } else if (unlikely(packet->local == CV_NO_LOCAL)) {
        drop(packet, CV_DROP_NOT_FOR_US);
    } else if (likely(ip.proto == IPPROTO_UDP)) {
        parse_udp(context, l3 + sizeof(ip), payload, packet);
    } else if (ip.proto == IPPROTO_FRAGMENT) {
        drop(packet, CV_DROP_FRAGMENT);
    } else {
        drop(packet, is_extension_header(ip.proto) ? CV_DROP_IP_OPTIONS : CV_DROP_NOT_UDP);
    }
}

/* The VLAN that a frame came with, from the frame or from what the NIC stripped; 0: untagged. */
static uint16_t frame_vlan(const struct rte_mbuf *mbuf, const uint8_t *frame, uint16_t ether_type)
{
    if (ether_type == RTE_ETHER_TYPE_VLAN)
        return (uint16_t)(((frame[14] << 8) | frame[15]) & 0xfff);
    if (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
        return mbuf->vlan_tci & 0xfff;
    return 0;
}

static bool on_port_vlan(const struct cv_parse_context *context, uint16_t vlan)
{
    for (uint32_t i = 0; i < context->locals->count; i++)
        if (context->locals->list[i].port_id == context->port_id)
            return context->locals->list[i].vlan == vlan;
    return vlan == 0;
}

void cv_parse(const struct cv_parse_context *context, struct rte_mbuf *mbuf, struct cv_packet *packet)
{
    const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
    uint32_t bytes = rte_pktmbuf_data_len(mbuf);
    uint16_t ether_type;

    packet->mbuf = mbuf;
    packet->leg = CV_NO_LEG;
    packet->l3_offset = RTE_ETHER_HDR_LEN;
    if (unlikely(bytes < RTE_ETHER_HDR_LEN)) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    ether_type = (uint16_t)(frame[12] << 8 | frame[13]);
    if (unlikely(ether_type == RTE_ETHER_TYPE_VLAN)) {
        if (bytes < RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN) {
            drop(packet, CV_DROP_TOO_SHORT);
            return;
        }
        packet->l3_offset += RTE_VLAN_HLEN;
    }
    if (unlikely(!on_port_vlan(context, frame_vlan(mbuf, frame, ether_type)))) {
        drop(packet, CV_DROP_WRONG_VLAN);
        return;
    }
    if (ether_type == RTE_ETHER_TYPE_VLAN)
        ether_type = (uint16_t)(frame[16] << 8 | frame[17]);
    if (likely(ether_type == RTE_ETHER_TYPE_IPV4)) {
        parse_ipv4(context, frame + packet->l3_offset, bytes - packet->l3_offset, packet);
    } else if (ether_type == RTE_ETHER_TYPE_IPV6) {
        parse_ipv6(context, frame + packet->l3_offset, bytes - packet->l3_offset, packet);
    } else if (ether_type == RTE_ETHER_TYPE_ARP) {
        packet->is_v6 = 0;
        packet->verdict = CV_VERDICT_ANSWER;
    } else {
        drop(packet, CV_DROP_NOT_IP);
    }
}
