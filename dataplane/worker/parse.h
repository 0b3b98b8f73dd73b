/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The first stage: what is this packet? Checks every length before it reads, and fills a struct cv_packet.
 * Reads nothing but the packet and the list of our addresses; no side effects.
 */
#include "packet/packet.h"
#include "port/local.h"

struct cv_parse_context {
    const struct cv_locals *locals;
    uint16_t relay_port_first, relay_port_last; /* host order */
    uint16_t listen_port;                       /* host order; 0: there are no sessions */
    uint16_t port_id;                           /* that the burst came from */
    bool ip_checksum_known;                     /* believe RTE_MBUF_F_RX_IP_CKSUM_* */
    /*
     * Of each SESSION packet the payload's bytes after the first, where it has so many: in a short header they begin
     * with the connection ID, and here they are at hand. One for each of `packets`, which is the burst's first; NULL:
     * nobody asks.
     */
    uint8_t (*after_first)[CV_AFTER_FIRST_BYTES];
    const struct cv_packet *packets;
};

/*
 * Of each packet sets verdict (and drop), and for IP packets l3_offset, is_v6 and local; for FORWARD and SESSION also
 * source, both ports and payload_bytes. Each mbuf is in one segment, as the ports are configured.
 */
void cv_parse_burst(const struct cv_parse_context *context, struct rte_mbuf **mbufs,
                    struct cv_packet *packets, uint32_t count);
