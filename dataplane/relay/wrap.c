/* SPDX-License-Identifier: BSD-3-Clause */
#include "wrap.h"

#include "rewrite.h"

#include <rte_ip.h>
#include <rte_udp.h>
#include <string.h>

/* By 32 bytes at a time where the CPU can: of what a session sends this is a twentieth. */
__attribute__((target_clones("avx2", "default"))) static uint64_t sum_words(const void *bytes, unsigned words)
{
    return cv_sum_words(bytes, words);
}

/* Of UDP header and payload, and the pseudo header, whose form is the same for both families. */
static uint16_t udp_checksum(const struct rte_udp_hdr *udp, uint16_t udp_bytes, const void *addresses,
                             unsigned address_words)
{
    uint64_t sum = sum_words(udp, udp_bytes / 4u) + cv_sum_words(addresses, address_words) +
                   rte_cpu_to_be_32((uint32_t)IPPROTO_UDP << 16 | udp_bytes);
    uint32_t rest = 0;
    uint16_t checksum;

    memcpy(&rest, (const uint8_t *)udp + (udp_bytes & ~3u), udp_bytes & 3u);
    checksum = (uint16_t)~cv_sum_fold(sum + rest);
    return checksum != 0 ? checksum : 0xffff;
}

/* rte_pktmbuf_prepend without its NULL: the headroom is there. */
static void *prepend(struct rte_mbuf *mbuf, uint16_t bytes)
{
    mbuf->data_off = (uint16_t)(mbuf->data_off - bytes);
    mbuf->data_len = (uint16_t)(mbuf->data_len + bytes);
    mbuf->pkt_len += bytes;
    return rte_pktmbuf_mtod(mbuf, void *);
}

static void wrap_ipv4(const struct cv_wrapping *wrapping, struct rte_mbuf *mbuf, struct rte_udp_hdr *udp,
                      uint16_t udp_bytes)
{
    struct rte_ipv4_hdr *ip = prepend(mbuf, sizeof(*ip));

    memset(ip, 0, sizeof(*ip));
    ip->version_ihl = 0x45;
    ip->type_of_service = wrapping->ecn;
    ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + udp_bytes));
    ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
    ip->time_to_live = CV_HOP_LIMIT;
    ip->next_proto_id = IPPROTO_UDP;
    memcpy(&ip->src_addr, wrapping->from->bytes + 12, 4);
    memcpy(&ip->dst_addr, wrapping->to->bytes + 12, 4);
    ip->hdr_checksum = rte_ipv4_cksum(ip);
    udp->dgram_cksum = udp_checksum(udp, udp_bytes, &ip->src_addr, 2);
}

static void wrap_ipv6(const struct cv_wrapping *wrapping, struct rte_mbuf *mbuf, struct rte_udp_hdr *udp,
                      uint16_t udp_bytes)
{
    struct rte_ipv6_hdr *ip = prepend(mbuf, sizeof(*ip));

    memset(ip, 0, sizeof(*ip));
    ip->vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28 | (uint32_t)wrapping->ecn << 20);
    ip->payload_len = rte_cpu_to_be_16(udp_bytes);
    ip->proto = IPPROTO_UDP;
    ip->hop_limits = CV_HOP_LIMIT;
    memcpy(&ip->src_addr, wrapping->from, 16);
    memcpy(&ip->dst_addr, wrapping->to, 16);
    udp->dgram_cksum = udp_checksum(udp, udp_bytes, &ip->src_addr, 8);
}

void cv_wrap(const struct cv_wrapping *wrapping, struct rte_mbuf *mbuf)
{
    uint16_t udp_bytes = (uint16_t)(rte_pktmbuf_pkt_len(mbuf) + sizeof(struct rte_udp_hdr));
    struct rte_udp_hdr *udp = prepend(mbuf, sizeof(*udp));

    udp->src_port = wrapping->from_port_be;
    udp->dst_port = wrapping->to_port_be;
    udp->dgram_len = rte_cpu_to_be_16(udp_bytes);
    udp->dgram_cksum = 0;
    if (cv_ip_is_v4(wrapping->to))
        wrap_ipv4(wrapping, mbuf, udp, udp_bytes);
    else
        wrap_ipv6(wrapping, mbuf, udp, udp_bytes);
    memcpy(prepend(mbuf, wrapping->frame_header_bytes), wrapping->frame_header, wrapping->frame_header_bytes);
}
