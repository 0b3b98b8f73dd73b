/* SPDX-License-Identifier: BSD-3-Clause */
/* Echo requests: ICMP (RFC 792) and ICMPv6 (RFC 4443 section 4). */
#include "answer_icmp.h"

#include "packet/headers.h"
#include "reply.h"

#include <rte_icmp.h>

#define ICMP6_ECHO_REQUEST 128
#define ICMP6_ECHO_REPLY   129

bool cv_answer_icmp(struct cv_packet *packet, const struct cv_locals *locals)
{
    struct rte_icmp_hdr *icmp = cv_packet_l4(packet);
    uint16_t bytes = cv_packet_l4_bytes(packet);

    if (bytes < sizeof(*icmp))
        return cv_no_answer(packet, CV_DROP_TOO_SHORT);
    if (icmp->icmp_type != RTE_ICMP_TYPE_ECHO_REQUEST || icmp->icmp_code != 0)
        return cv_no_answer(packet, CV_DROP_NOT_UDP);
    if (rte_raw_cksum(icmp, bytes) != 0xffff)
        return cv_no_answer(packet, CV_DROP_BAD_CHECKSUM);
    if (!cv_source_answerable(packet, locals) ||
        !cv_turn_round(packet, &locals->list[packet->local], CV_HOP_LIMIT, bytes))
        return false;
    icmp->icmp_type = RTE_ICMP_TYPE_ECHO_REPLY;
    icmp->icmp_cksum = 0;
    icmp->icmp_cksum = (rte_be16_t)~rte_raw_cksum(icmp, bytes);
    return true;
}

/* Multicast listener discovery and router discovery: everyday traffic that is nothing to us. */
static bool is_housekeeping(uint8_t type)
{
    return (type >= 130 && type <= 134) || type == 137 || type == 143;
}

bool cv_answer_icmp6(struct cv_packet *packet, const struct cv_locals *locals)
{
    struct rte_icmp_base_hdr *icmp = cv_packet_l4(packet);

    if (is_housekeeping(icmp->type))
        return cv_no_answer(packet, CV_DROP_CONSUMED);
    if (packet->local == CV_NO_LOCAL)
        return cv_no_answer(packet, CV_DROP_NOT_FOR_US);
    if (icmp->type != ICMP6_ECHO_REQUEST || icmp->code != 0)
        return cv_no_answer(packet, CV_DROP_NOT_UDP);
    if (!cv_source_answerable(packet, locals) ||
        !cv_turn_round(packet, &locals->list[packet->local], CV_HOP_LIMIT, cv_packet_l4_bytes(packet)))
        return false;
    icmp->type = ICMP6_ECHO_REPLY;
    icmp->checksum = 0;
    icmp->checksum = rte_ipv6_udptcp_cksum(cv_packet_l3(packet), icmp);
    return true;
}
