/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP (RFC 826, and RFC 5227 for requests without a sender address). */
#include "answer_arp.h"

#include "packet/headers.h"
#include "reply.h"

#include <rte_arp.h>

static bool is_ethernet_ipv4(const struct rte_arp_hdr *arp)
{
    return arp->arp_hardware == RTE_BE16(RTE_ARP_HRD_ETHER) &&
           arp->arp_protocol == RTE_BE16(RTE_ETHER_TYPE_IPV4) && arp->arp_hlen == RTE_ETHER_ADDR_LEN &&
           arp->arp_plen == sizeof(arp->arp_data.arp_sip);
}

static void turn_round(struct cv_packet *packet, struct rte_arp_hdr *arp, const struct rte_ether_addr *mac)
{
    struct rte_ether_hdr *ether = cv_packet_ether(packet);
    rte_be32_t asked = arp->arp_data.arp_tip;

    ether->dst_addr = arp->arp_data.arp_sha;
    ether->src_addr = *mac;
    arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
    arp->arp_data.arp_tha = arp->arp_data.arp_sha;
    arp->arp_data.arp_tip = arp->arp_data.arp_sip;
    arp->arp_data.arp_sha = *mac;
    arp->arp_data.arp_sip = asked;
}

bool cv_answer_arp(struct cv_packet *packet, const struct cv_locals *locals, struct cv_notice *notice)
{
    struct rte_arp_hdr *arp = cv_packet_l3(packet);
    uint16_t port_id = packet->mbuf->port;
    struct cv_ip sender, target;
    bool gratuitous;
    uint8_t local;

    if (rte_pktmbuf_data_len(packet->mbuf) < packet->l3_offset + sizeof(*arp))
        return cv_no_answer(packet, CV_DROP_TOO_SHORT);
    if (!is_ethernet_ipv4(arp))
        return cv_no_answer(packet, CV_DROP_NOT_IP);
    sender = cv_ip_from_v4((const uint8_t *)&arp->arp_data.arp_sip);
    target = cv_ip_from_v4((const uint8_t *)&arp->arp_data.arp_tip);
    local = cv_local_find(locals, port_id, &target);
    gratuitous = cv_ip_equal(&sender, &target);
    if (rte_is_multicast_ether_addr(&arp->arp_data.arp_sha) ||
        rte_is_zero_ether_addr(&arp->arp_data.arp_sha) ||
        cv_local_find(locals, port_id, &sender) != CV_NO_LOCAL)
        return cv_no_answer(packet, CV_DROP_BAD_ADDRESS);
    if (local == CV_NO_LOCAL && !gratuitous)
        return cv_no_answer(packet, CV_DROP_NOT_FOR_US);
    if (arp->arp_data.arp_sip != 0)
        cv_tell_neighbour(notice, port_id, &sender, &arp->arp_data.arp_sha);
    if (arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REQUEST) || local == CV_NO_LOCAL)
        return cv_no_answer(packet, CV_DROP_CONSUMED);
    turn_round(packet, arp, &locals->list[local].mac);
    return true;
}
