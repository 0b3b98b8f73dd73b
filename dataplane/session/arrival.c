/* SPDX-License-Identifier: BSD-3-Clause */
#include "arrival.h"

#include "port/local.h"

#include <netinet/in.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include <string.h>

#define HOP_LIMIT 64

void cv_arrival_keep(const struct cv_packet *packet, uint16_t shard)
{
    struct rte_mbuf *mbuf = packet->mbuf;

    mbuf->l2_len = packet->l3_offset & 0x7fu;
    mbuf->l3_len = packet->is_v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr);
    mbuf->hash.usr = (uint32_t)shard << 8 | packet->local;
}

void cv_arrival_read(struct rte_mbuf *mbuf, struct cv_arrival *arrival)
{
    const uint8_t *l3 = rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, mbuf->l2_len);
    struct rte_udp_hdr udp;

    memcpy(&udp, l3 + mbuf->l3_len, sizeof(udp));
    arrival->mbuf = mbuf;
    arrival->local = (uint8_t)mbuf->hash.usr;
    arrival->shard = (uint16_t)(mbuf->hash.usr >> 8);
    arrival->payload = l3 + mbuf->l3_len + sizeof(udp);
    arrival->bytes = (uint16_t)(rte_be_to_cpu_16(udp.dgram_len) - sizeof(udp));
    arrival->address.port_be = udp.src_port;
    if (mbuf->l3_len == sizeof(struct rte_ipv6_hdr)) {
        memcpy(&arrival->address.ip, l3 + offsetof(struct rte_ipv6_hdr, src_addr), 16);
        arrival->ecn = (uint8_t)(l3[1] >> 4 & 3);
    } else {
        arrival->address.ip = cv_ip_from_v4(l3 + offsetof(struct rte_ipv4_hdr, src_addr));
        arrival->ecn = l3[1] & 3;
    }
}

void cv_route_learn(struct cv_route *route, const struct cv_arrival *arrival)
{
    const struct rte_mbuf *mbuf = arrival->mbuf;
    const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);

    route->address = arrival->address;
    route->local = arrival->local;
    route->port_id = mbuf->port;
    route->frame_header_bytes = (uint8_t)mbuf->l2_len;
    memcpy(route->frame_header, frame + RTE_ETHER_ADDR_LEN, RTE_ETHER_ADDR_LEN);
    memcpy(route->frame_header + RTE_ETHER_ADDR_LEN, frame, RTE_ETHER_ADDR_LEN);
    memcpy(route->frame_header + 12, frame + 12, mbuf->l2_len - 12u);
}

/* rte_pktmbuf_prepend without its NULL: the headroom of a whole mbuf is there for these headers. */
static void *prepend(struct rte_mbuf *mbuf, uint16_t bytes)
{
    mbuf->data_off = (uint16_t)(mbuf->data_off - bytes);
    mbuf->data_len = (uint16_t)(mbuf->data_len + bytes);
    mbuf->pkt_len += bytes;
    return rte_pktmbuf_mtod(mbuf, void *);
}

static void wrap_ipv4(struct rte_ipv4_hdr *ip, struct rte_udp_hdr *udp, const struct cv_route *route,
                      const struct cv_local *local, uint16_t udp_bytes, uint8_t ecn)
{
    memset(ip, 0, sizeof(*ip));
    ip->version_ihl = 0x45;
    ip->type_of_service = ecn;
    ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + udp_bytes));
    ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG); /* path MTU discovery counts on it */
    ip->time_to_live = HOP_LIMIT;
    ip->next_proto_id = IPPROTO_UDP;
    memcpy(&ip->src_addr, local->ip.bytes + 12, 4);
    memcpy(&ip->dst_addr, route->address.ip.bytes + 12, 4);
    ip->hdr_checksum = rte_ipv4_cksum(ip);
    udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
}

static void wrap_ipv6(struct rte_ipv6_hdr *ip, struct rte_udp_hdr *udp, const struct cv_route *route,
                      const struct cv_local *local, uint16_t udp_bytes, uint8_t ecn)
{
    memset(ip, 0, sizeof(*ip));
    ip->vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28 | (uint32_t)ecn << 20);
    ip->payload_len = rte_cpu_to_be_16(udp_bytes);
    ip->proto = IPPROTO_UDP;
    ip->hop_limits = HOP_LIMIT;
    memcpy(&ip->src_addr, &local->ip, 16);
    memcpy(&ip->dst_addr, &route->address.ip, 16);
    udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
}

void cv_route_wrap(const struct cv_route *route, const struct cv_locals *locals, uint16_t listen_port_be,
                   uint8_t ecn, struct rte_mbuf *mbuf)
{
    const struct cv_local *local = &locals->list[route->local];
    uint16_t udp_bytes = (uint16_t)(rte_pktmbuf_pkt_len(mbuf) + sizeof(struct rte_udp_hdr));
    struct rte_udp_hdr *udp = prepend(mbuf, sizeof(*udp));

    udp->src_port = listen_port_be;
    udp->dst_port = route->address.port_be;
    udp->dgram_len = rte_cpu_to_be_16(udp_bytes);
    udp->dgram_cksum = 0;
    if (local->is_v6)
        wrap_ipv6(prepend(mbuf, sizeof(struct rte_ipv6_hdr)), udp, route, local, udp_bytes, ecn);
    else
        wrap_ipv4(prepend(mbuf, sizeof(struct rte_ipv4_hdr)), udp, route, local, udp_bytes, ecn);
    memcpy(prepend(mbuf, route->frame_header_bytes), route->frame_header, route->frame_header_bytes);
    mbuf->port = route->port_id;
}
