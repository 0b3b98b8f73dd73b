/* SPDX-License-Identifier: BSD-3-Clause */
#include "headers.h"

#include "checksum.h"

void cv_write_ipv4(uint8_t *l3, const struct cv_ip_fields *fields)
{
    cv_ipv4_header *ip = (cv_ipv4_header *)l3;

    ip->version_ihl = 0x45;
    ip->type_of_service = fields->traffic_class;
    ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + fields->l4_bytes));
    memcpy(l3 + offsetof(struct rte_ipv4_hdr, packet_id), &fields->id_and_flags,
           sizeof(fields->id_and_flags));
    ip->time_to_live = fields->hop_limit;
    ip->next_proto_id = fields->protocol;
    ip->hdr_checksum = 0;
    memcpy(&ip->src_addr, fields->from->bytes + 12, 4);
    memcpy(&ip->dst_addr, fields->to->bytes + 12, 4);
    ip->hdr_checksum = (uint16_t)~cv_sum_fold(cv_sum_words(l3, 5));
}

void cv_write_ipv6(uint8_t *l3, const struct cv_ip_fields *fields)
{
    cv_ipv6_header *ip = (cv_ipv6_header *)l3;

    ip->vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28 | (uint32_t)fields->traffic_class << 20);
    ip->payload_len = rte_cpu_to_be_16(fields->l4_bytes);
    ip->proto = fields->protocol;
    ip->hop_limits = fields->hop_limit;
    memcpy(&ip->src_addr, fields->from, 16);
    memcpy(&ip->dst_addr, fields->to, 16);
}
