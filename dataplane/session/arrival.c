/* SPDX-License-Identifier: BSD-3-Clause */
#include "arrival.h"

#include "packet/wrap.h"
#include "port/local.h"

#include <netinet/in.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include <string.h>

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

void cv_route_learn(struct cv_session_route *route, const struct cv_arrival *arrival)
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

bool cv_route_is(const struct cv_session_route *route, const struct cv_arrival *arrival)
{
    const struct rte_mbuf *mbuf = arrival->mbuf;
    const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);

    return route->port_id == mbuf->port && route->frame_header_bytes == mbuf->l2_len &&
           memcmp(route->frame_header, frame + RTE_ETHER_ADDR_LEN, RTE_ETHER_ADDR_LEN) == 0 &&
           memcmp(route->frame_header + RTE_ETHER_ADDR_LEN, frame, RTE_ETHER_ADDR_LEN) == 0 &&
           memcmp(route->frame_header + 12, frame + 12, mbuf->l2_len - 12u) == 0;
}

void cv_route_wrap(const struct cv_session_route *route, const struct cv_locals *locals,
                   uint16_t listen_port_be, uint8_t ecn, struct rte_mbuf *mbuf)
{
    const struct cv_wrapping wrapping = {
        .from = &locals->list[route->local].ip,
        .to = &route->address.ip,
        .from_port_be = listen_port_be,
        .to_port_be = route->address.port_be,
        .ecn = ecn,
        .frame_header_bytes = route->frame_header_bytes,
        .frame_header = route->frame_header,
    };

    cv_wrap(&wrapping, mbuf);
    mbuf->port = route->port_id;
}
