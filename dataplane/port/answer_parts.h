/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The parts of answer.h, one file each. Every one returns whether the mbuf now holds an answer, and sets
 * packet->drop when not. For IP packets the parser has checked the IP header, that the mbuf holds all that
 * the IP header announces, and that packet->local is the address it was sent to (but for ICMPv6: CV_NO_LOCAL
 * if none).
 */
#include "answer.h"

#include <rte_ether.h>
#include <rte_ip.h>

bool cv_answer_arp(struct cv_packet *packet, const struct cv_locals *locals, struct cv_notice *notice);
bool cv_answer_icmp(struct cv_packet *packet, const struct cv_locals *locals);
bool cv_answer_icmp6(struct cv_packet *packet, const struct cv_locals *locals);
bool cv_answer_stun(struct cv_packet *packet, const struct cv_locals *locals);

/* Neighbour solicitations and advertisements; the checksum and the presence of 8 bytes of ICMPv6 are checked.
 */
bool cv_answer_nd(struct cv_packet *packet, const struct cv_locals *locals, struct cv_notice *notice);

/* Sets packet->drop and returns false: `return cv_no_answer(packet, CV_DROP_...)`. */
static inline bool cv_no_answer(struct cv_packet *packet, enum cv_drop reason)
{
    packet->drop = (uint8_t)reason;
    return false;
}

/* Whether an answer can be sent to where the packet says it comes from; else the drop reason is set. */
bool cv_source_answerable(struct cv_packet *packet, const struct cv_locals *locals);

/*
 * Turns the headers round: Ethernet and IP source and destination, `hop_limit`, lengths for `l4_bytes` bytes
 * after the IP header, IPv4 header checksum. The mbuf is cut or, if its tail has room, grown to fit; false
 * (no_buffer) if not. VLAN tag and traffic class stay.
 */
bool cv_turn_round(struct cv_packet *packet, const struct cv_local *local, uint8_t hop_limit,
                   uint16_t l4_bytes);

/* Fills `notice` with the MAC address that a neighbour told. */
void cv_tell_neighbour(struct cv_notice *notice, uint16_t port_id, const struct cv_ip *ip,
                       const struct rte_ether_addr *mac);

static inline struct rte_ether_hdr *cv_packet_ether(const struct cv_packet *packet)
{
    return rte_pktmbuf_mtod(packet->mbuf, struct rte_ether_hdr *);
}

static inline void *cv_packet_l3(const struct cv_packet *packet)
{
    return rte_pktmbuf_mtod_offset(packet->mbuf, void *, packet->l3_offset);
}

static inline void *cv_packet_l4(const struct cv_packet *packet)
{
    return rte_pktmbuf_mtod_offset(packet->mbuf, void *, cv_packet_l4_offset(packet));
}

/* Bytes after the IP header, as the IP header says. */
static inline uint16_t cv_packet_l4_bytes(const struct cv_packet *packet)
{
    if (packet->is_v6)
        return rte_be_to_cpu_16(((const struct rte_ipv6_hdr *)cv_packet_l3(packet))->payload_len);
    return (uint16_t)(rte_be_to_cpu_16(((const struct rte_ipv4_hdr *)cv_packet_l3(packet))->total_length) -
                      sizeof(struct rte_ipv4_hdr));
}
