/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

#include "packet/checksum.h"
#include "packet/headers.h"

#include <netinet/in.h>
#include <rte_ether.h>
#include <rte_icmp.h>
#include <string.h>

static void drop(struct cv_packet *packet, enum cv_drop reason)
{
    packet->verdict = CV_VERDICT_DROP;
    packet->drop = (uint8_t)reason;
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
    return cv_sum_fold(cv_sum_words(header, 5)) == 0xffff; /* RFC 1071 */
}

/* The ports, and whether the length fits the `l4_bytes` that the IP header announces. */
static inline void parse_udp(const struct cv_parse_context *context, const uint8_t *l4, uint32_t l4_bytes,
                             struct cv_packet *packet)
{
    const cv_udp_header *udp = (const cv_udp_header *)l4;
    uint16_t port;

    if (unlikely(l4_bytes < sizeof(*udp))) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    if (unlikely(rte_be_to_cpu_16(udp->dgram_len) != l4_bytes)) {
        drop(packet, CV_DROP_BAD_LENGTH);
        return;
    }
    port = rte_be_to_cpu_16(udp->dst_port);
    if (unlikely(port < context->relay_port_first || port > context->relay_port_last)) {
        if (port != context->listen_port || port == 0) {
            drop(packet, CV_DROP_NO_SUCH_PORT);
            return;
        }
        packet->verdict = CV_VERDICT_SESSION;
        if (likely(context->after_first != NULL && l4_bytes > sizeof(*udp) + CV_AFTER_FIRST_BYTES))
            memcpy(context->after_first[packet - context->packets], l4 + sizeof(*udp) + 1,
                   CV_AFTER_FIRST_BYTES);
    } else {
        packet->verdict = CV_VERDICT_FORWARD;
    }
    if (unlikely(packet->is_v6 && udp->dgram_cksum == 0)) {
        drop(packet, CV_DROP_BAD_CHECKSUM); /* RFC 8200 section 8.1 */
        return;
    }
    packet->source_port_be = udp->src_port;
    packet->relay_port_be = udp->dst_port;
    packet->payload_bytes = (uint16_t)(l4_bytes - sizeof(*udp));
    packet->first_byte = likely(l4_bytes > sizeof(*udp)) ? l4[sizeof(*udp)] : 0;
}

/* cv_local_find for an address as it is in an IPv4 header. */
static inline uint8_t local_of_v4(const struct cv_parse_context *context, uint32_t address_be)
{
    for (uint32_t i = 0; i < context->locals->count; i++) {
        const struct cv_local *local = &context->locals->list[i];
        uint32_t word;

        memcpy(&word, local->ip.bytes + 12, sizeof(word));
        if (word == address_be && !local->is_v6 && local->port_id == context->port_id)
            return (uint8_t)i;
    }
    return CV_NO_LOCAL;
}

static inline void parse_ipv4(const struct cv_parse_context *context, const uint8_t *l3, uint32_t bytes,
                              struct cv_packet *packet)
{
    const cv_ipv4_header *ip = (const cv_ipv4_header *)l3;
    uint32_t total;

    packet->is_v6 = 0;
    if (unlikely(bytes < sizeof(*ip))) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    total = rte_be_to_cpu_16(ip->total_length);
    if (unlikely(ip->version_ihl != 0x45)) {
        drop(packet,
             ip->version_ihl > 0x45 && ip->version_ihl <= 0x4f ? CV_DROP_IP_OPTIONS : CV_DROP_BAD_IP_HEADER);
        return;
    }
    if (unlikely(total > bytes)) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    if (unlikely(total < sizeof(*ip))) {
        drop(packet, CV_DROP_BAD_LENGTH);
        return;
    }
    if (unlikely(!ipv4_checksum_good(context, packet->mbuf, l3))) {
        drop(packet, CV_DROP_BAD_CHECKSUM);
        return;
    }
    packet->source = cv_ip_from_v4((const uint8_t *)&ip->src_addr);
    packet->local = local_of_v4(context, ip->dst_addr);
    if (unlikely(packet->local == CV_NO_LOCAL)) {
        drop(packet, CV_DROP_NOT_FOR_US);
        return;
    }
    if (unlikely(ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))) {
        drop(packet, CV_DROP_FRAGMENT);
        return;
    }
    if (likely(ip->next_proto_id == IPPROTO_UDP))
        parse_udp(context, l3 + sizeof(*ip), total - (uint32_t)sizeof(*ip), packet);
    else if (ip->next_proto_id == IPPROTO_ICMP)
        packet->verdict = CV_VERDICT_ANSWER;
    else
        drop(packet, CV_DROP_NOT_UDP);
}

static bool is_extension_header(uint8_t next_header)
{
    return next_header == IPPROTO_HOPOPTS || next_header == IPPROTO_ROUTING ||
           next_header == IPPROTO_DSTOPTS || next_header == IPPROTO_AH || next_header == IPPROTO_ESP;
}

static __attribute__((noinline)) void parse_ipv6(const struct cv_parse_context *context, const uint8_t *l3,
                                                 uint32_t bytes, struct cv_packet *packet)
{
    const cv_ipv6_header *ip = (const cv_ipv6_header *)l3;
    struct cv_ip destination;
    uint32_t payload;

    packet->is_v6 = 1;
    if (unlikely(bytes < sizeof(*ip))) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    payload = rte_be_to_cpu_16(ip->payload_len);
    if (unlikely((l3[0] >> 4) != 6)) {
        drop(packet, CV_DROP_BAD_IP_HEADER);
        return;
    }
    if (unlikely(payload + sizeof(*ip) > bytes)) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    memcpy(&packet->source, &ip->src_addr, sizeof(packet->source));
    memcpy(&destination, &ip->dst_addr, sizeof(destination));
    /*
     * IPv4 addresses have that form inside Culvert; on the wire it belongs to nobody (RFC 4038 section
     * 4.2).
     */
    if (unlikely(cv_ip_is_v4(&packet->source))) {
        drop(packet, CV_DROP_BAD_ADDRESS);
        return;
    }
    packet->local = unlikely(cv_ip_is_v4(&destination))
                        ? CV_NO_LOCAL
                        : cv_local_find(context->locals, context->port_id, &destination);
    if (ip->proto == IPPROTO_ICMPV6) {
        /* Neighbour solicitations go to multicast addresses: the answering side knows which are ours. */
        packet->verdict = CV_VERDICT_ANSWER;
    } else if (unlikely(packet->local == CV_NO_LOCAL)) {
        drop(packet, CV_DROP_NOT_FOR_US);
    } else if (likely(ip->proto == IPPROTO_UDP)) {
        parse_udp(context, l3 + sizeof(*ip), payload, packet);
    } else if (ip->proto == IPPROTO_FRAGMENT) {
        drop(packet, CV_DROP_FRAGMENT);
    } else {
        drop(packet, is_extension_header(ip->proto) ? CV_DROP_IP_OPTIONS : CV_DROP_NOT_UDP);
    }
}

/* The tag that frames of this port come with; 0: none. */
static uint16_t port_vlan(const struct cv_parse_context *context)
{
    for (uint32_t i = 0; i < context->locals->count; i++)
        if (context->locals->list[i].port_id == context->port_id)
            return context->locals->list[i].vlan;
    return 0;
}

static inline void parse_frame(const struct cv_parse_context *context, uint16_t wanted_vlan,
                               struct rte_mbuf *mbuf, struct cv_packet *packet)
{
    const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
    uint32_t bytes = rte_pktmbuf_data_len(mbuf), l3_offset = RTE_ETHER_HDR_LEN;
    uint16_t ether_type, vlan = 0;

    packet->mbuf = mbuf;
    packet->leg = CV_NO_LEG;
    packet->l3_offset = RTE_ETHER_HDR_LEN;
    if (unlikely(bytes < RTE_ETHER_HDR_LEN)) {
        drop(packet, CV_DROP_TOO_SHORT);
        return;
    }
    ether_type = (uint16_t)(frame[12] << 8 | frame[13]);
    if (unlikely(ether_type == RTE_ETHER_TYPE_VLAN)) {
        l3_offset += RTE_VLAN_HLEN;
        if (bytes < l3_offset) {
            drop(packet, CV_DROP_TOO_SHORT);
            return;
        }
        packet->l3_offset = (uint8_t)l3_offset;
        vlan = (uint16_t)((frame[14] << 8 | frame[15]) & 0xfff);
        ether_type = (uint16_t)(frame[16] << 8 | frame[17]);
    } else if (unlikely(mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)) {
        vlan = mbuf->vlan_tci & 0xfff;
    }
    if (unlikely(vlan != wanted_vlan)) {
        drop(packet, CV_DROP_WRONG_VLAN);
        return;
    }
    if (likely(ether_type == RTE_ETHER_TYPE_IPV4)) {
        parse_ipv4(context, frame + l3_offset, bytes - l3_offset, packet);
    } else if (ether_type == RTE_ETHER_TYPE_IPV6) {
        parse_ipv6(context, frame + l3_offset, bytes - l3_offset, packet);
    } else if (ether_type == RTE_ETHER_TYPE_ARP) {
        packet->is_v6 = 0;
        packet->verdict = CV_VERDICT_ANSWER;
    } else {
        drop(packet, CV_DROP_NOT_IP);
    }
}

void cv_parse_burst(const struct cv_parse_context *context, struct rte_mbuf **mbufs,
                    struct cv_packet *packets, uint32_t count)
{
    uint16_t vlan = port_vlan(context);

    for (uint32_t i = 0; i < count; i++)
        parse_frame(context, vlan, mbufs[i], &packets[i]);
}
