/* SPDX-License-Identifier: BSD-3-Clause */
#include "answer.h"

#include "answer_arp.h"
#include "answer_icmp.h"
#include "answer_nd.h"
#include "answer_stun.h"
#include "nd.h"
#include "packet/headers.h"
#include "reply.h"

#include <netinet/in.h>
#include <string.h>

static bool answer_ipv6(struct cv_packet *packet, const struct cv_locals *locals, struct cv_notice *notice)
{
    const struct rte_ipv6_hdr *ip = cv_packet_l3(packet);
    const uint8_t *type = cv_packet_l4(packet);

    if (ip->proto == IPPROTO_UDP)
        return cv_answer_stun(packet, locals);
    if (ip->proto != IPPROTO_ICMPV6)
        return cv_no_answer(packet, CV_DROP_NOT_UDP);
    if (cv_packet_l4_bytes(packet) < 8)
        return cv_no_answer(packet, CV_DROP_TOO_SHORT);
    if (rte_ipv6_udptcp_cksum_verify(ip, type) != 0)
        return cv_no_answer(packet, CV_DROP_BAD_CHECKSUM);
    if (*type == CV_ND_SOLICITATION || *type == CV_ND_ADVERTISEMENT)
        return cv_answer_nd(packet, locals, notice);
    return cv_answer_icmp6(packet, locals);
}

bool cv_answer(struct cv_packet *packet, const struct cv_locals *locals, struct cv_notice *notice)
{
    rte_be16_t ether_type;

    notice->type = CV_NOTICE_NONE;
    packet->drop = CV_DROP_CONSUMED;
    memcpy(&ether_type, rte_pktmbuf_mtod_offset(packet->mbuf, uint8_t *, packet->l3_offset - 2), 2);
    switch (rte_be_to_cpu_16(ether_type)) {
    case RTE_ETHER_TYPE_ARP:
        return cv_answer_arp(packet, locals, notice);
    case RTE_ETHER_TYPE_IPV6:
        return answer_ipv6(packet, locals, notice);
    case RTE_ETHER_TYPE_IPV4:
        if (((const struct rte_ipv4_hdr *)cv_packet_l3(packet))->next_proto_id == IPPROTO_UDP)
            return cv_answer_stun(packet, locals);
        return cv_answer_icmp(packet, locals);
    default:
        return cv_no_answer(packet, CV_DROP_NOT_IP);
    }
}
