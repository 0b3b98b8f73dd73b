/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * IP and UDP headers where they lie in a packet, at any address. To be read and written field by field: when
 * small fields are put together on the stack and copied in one go, the processor waits for its own stores.
 */
#include "packet.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include <string.h>

typedef struct rte_ipv4_hdr cv_ipv4_header __attribute__((aligned(1)));
typedef struct rte_ipv6_hdr cv_ipv6_header __attribute__((aligned(1)));
typedef struct rte_udp_hdr cv_udp_header __attribute__((aligned(1)));

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

#define CV_HOP_LIMIT 64 /* of all that leaves, but for neighbour discovery (port/nd.h) */

/* What a new IP header says. */
struct cv_ip_fields {
    const struct cv_ip *from, *to; /* of the same family */
    uint32_t id_and_flags; /* IPv4: identification, flags and fragment offset as they lie in the header */
    uint16_t l4_bytes;     /* after the header */
    uint8_t traffic_class; /* DSCP and ECN */
    uint8_t hop_limit;
    uint8_t protocol; /* IPPROTO_* */
};

/*
 * id_and_flags of a packet that must not be fragmented, whose identification means nothing (RFC 6864): DF
 * and 0.
 */
static inline uint32_t cv_ipv4_atomic(void)
{
    const uint16_t words[2] = {0, rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG)};
    uint32_t both;

    memcpy(&both, words, sizeof(both));
    return both;
}

/*
 * Write a header of 20 bytes without options, its checksum included, or one of 40 bytes with flow label 0,
 * at `l3`.
 */
void cv_write_ipv4(uint8_t *l3, const struct cv_ip_fields *fields);
void cv_write_ipv6(uint8_t *l3, const struct cv_ip_fields *fields);
