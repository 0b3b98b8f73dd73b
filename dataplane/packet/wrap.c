/* SPDX-License-Identifier: BSD-3-Clause */
#include "wrap.h"

#include "checksum.h"
#include "headers.h"

#include <netinet/in.h>
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

void cv_wrap(const struct cv_wrapping *wrapping, struct rte_mbuf *mbuf)
{
    uint16_t udp_bytes = (uint16_t)(rte_pktmbuf_pkt_len(mbuf) + sizeof(struct rte_udp_hdr));
    struct rte_udp_hdr *udp = prepend(mbuf, sizeof(*udp));
    const struct cv_ip_fields fields = {
        .from = wrapping->from,
        .to = wrapping->to,
        .id_and_flags = cv_ipv4_atomic(),
        .l4_bytes = udp_bytes,
        .traffic_class = wrapping->ecn,
        .hop_limit = CV_HOP_LIMIT,
        .protocol = IPPROTO_UDP,
    };
    uint8_t *l3;

    udp->src_port = wrapping->from_port_be;
    udp->dst_port = wrapping->to_port_be;
    udp->dgram_len = rte_cpu_to_be_16(udp_bytes);
    udp->dgram_cksum = 0;
    if (cv_ip_is_v4(wrapping->to)) {
        l3 = prepend(mbuf, sizeof(cv_ipv4_header));
        cv_write_ipv4(l3, &fields);
        udp->dgram_cksum = udp_checksum(udp, udp_bytes, l3 + offsetof(struct rte_ipv4_hdr, src_addr), 2);
    } else {
        l3 = prepend(mbuf, sizeof(cv_ipv6_header));
        cv_write_ipv6(l3, &fields);
        udp->dgram_cksum = udp_checksum(udp, udp_bytes, l3 + offsetof(struct rte_ipv6_hdr, src_addr), 8);
    }
    memcpy(prepend(mbuf, wrapping->frame_header_bytes), wrapping->frame_header, wrapping->frame_header_bytes);
}
