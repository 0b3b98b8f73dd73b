/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What all answers share (answer.h): whether one may be sent, and the request's headers turned round. For
 * IP packets the parser has checked the IP header, that the mbuf holds all that the IP header announces,
 * and that packet->local is the address it was sent to (but for ICMPv6: CV_NO_LOCAL if none).
 */
#include "local.h"
#include "packet/notice.h"
#include "packet/packet.h"

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
