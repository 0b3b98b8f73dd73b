/* SPDX-License-Identifier: BSD-3-Clause */
#include "rx_packet.h"

#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf_dyn.h>
#include <rte_udp.h>
#include <string.h>

struct mark {
    uint16_t shard_id;
    uint8_t local;
    bool of_leg;
};

static size_t mark_offset; /* in each mbuf */

int cv_rx_packet_init(void)
{
    static const struct rte_mbuf_dynfield field = {
        .name = "culvert_session_rx", .size = sizeof(struct mark), .align = _Alignof(struct mark)};
    int offset = rte_mbuf_dynfield_register(&field);

    if (offset < 0)
        return -rte_errno;
    mark_offset = (size_t)offset;
    return 0;
}

static struct mark *mark_of(struct rte_mbuf *mbuf)
{
    return RTE_MBUF_DYNFIELD(mbuf, mark_offset, struct mark *);
}

void cv_rx_packet_mark(const struct cv_packet *packet, uint16_t shard_id, bool of_leg)
{
    struct rte_mbuf *mbuf = packet->mbuf;

    mbuf->l2_len = packet->l3_offset & 0x7fu;
    mbuf->l3_len = packet->is_v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr);
    *mark_of(mbuf) = (struct mark){.shard_id = shard_id, .local = packet->local, .of_leg = of_leg};
}

void cv_rx_packet_read(struct rte_mbuf *mbuf, struct cv_rx_packet *rx)
{
    const uint8_t *l3 = rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, mbuf->l2_len);
    const struct mark *mark = mark_of(mbuf);
    struct rte_udp_hdr udp;

    memcpy(&udp, l3 + mbuf->l3_len, sizeof(udp));
    rx->mbuf = mbuf;
    rx->local = mark->local;
    rx->shard_id = mark->shard_id;
    rx->of_leg = mark->of_leg;
    rx->payload = l3 + mbuf->l3_len + sizeof(udp);
    rx->bytes = (uint16_t)(rte_be_to_cpu_16(udp.dgram_len) - sizeof(udp));
    rx->local_port_be = udp.dst_port;
    rx->address.port_be = udp.src_port;
    if (mbuf->l3_len == sizeof(struct rte_ipv6_hdr)) {
        memcpy(&rx->address.ip, l3 + offsetof(struct rte_ipv6_hdr, src_addr), 16);
        rx->ecn = (uint8_t)(l3[1] >> 4 & 3);
    } else {
        rx->address.ip = cv_ip_from_v4(l3 + offsetof(struct rte_ipv4_hdr, src_addr));
        rx->ecn = l3[1] & 3;
    }
}

void cv_rx_packet_parsed(struct rte_mbuf *mbuf, struct cv_packet *packet)
{
    struct cv_rx_packet rx;

    cv_rx_packet_read(mbuf, &rx);
    *packet = (struct cv_packet){
        .mbuf = mbuf,
        .source = rx.address.ip,
        .source_port_be = rx.address.port_be,
        .relay_port_be = rx.local_port_be,
        .l3_offset = (uint8_t)mbuf->l2_len,
        .is_v6 = mbuf->l3_len == sizeof(struct rte_ipv6_hdr),
        .verdict = CV_VERDICT_SESSION,
        .payload_bytes = rx.bytes,
        .local = rx.local,
        .first_byte = rx.bytes > 0 ? rx.payload[0] : 0,
        .leg = CV_NO_LEG,
    };
}
