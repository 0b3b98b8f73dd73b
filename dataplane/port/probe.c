/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe.h"

#include "nd.h"
#include "packet/headers.h"

#include <netinet/in.h>
#include <rte_arp.h>
#include <rte_mbuf.h>
#include <string.h>

#define FRAME_MIN (RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN)

/* Returns where the network layer begins. */
static uint8_t *write_ether(uint8_t *frame, const struct cv_local *local, const struct rte_ether_addr *to,
                            uint16_t type)
{
    struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;
    struct rte_vlan_hdr *tag = (struct rte_vlan_hdr *)(ether + 1);

    ether->dst_addr = *to;
    ether->src_addr = local->mac;
    ether->ether_type = rte_cpu_to_be_16(type);
    if (local->vlan == 0)
        return (uint8_t *)(ether + 1);
    ether->ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
    tag->vlan_tci = rte_cpu_to_be_16(local->vlan);
    tag->eth_proto = rte_cpu_to_be_16(type);
    return (uint8_t *)(tag + 1);
}

static uint8_t *write_arp(uint8_t *frame, const struct cv_local *local, const struct cv_ip *target,
                          const struct rte_ether_addr *known)
{
    static const struct rte_ether_addr everyone = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    struct rte_arp_hdr *arp = (struct rte_arp_hdr *)write_ether(
        frame, local, known != NULL ? known : &everyone, RTE_ETHER_TYPE_ARP);

    arp->arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER);
    arp->arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4);
    arp->arp_hlen = RTE_ETHER_ADDR_LEN;
    arp->arp_plen = sizeof(arp->arp_data.arp_sip);
    arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REQUEST);
    arp->arp_data.arp_sha = local->mac;
    memcpy(&arp->arp_data.arp_sip, local->ip.bytes + 12, sizeof(arp->arp_data.arp_sip));
    memcpy(&arp->arp_data.arp_tip, target->bytes + 12, sizeof(arp->arp_data.arp_tip));
    return (uint8_t *)(arp + 1);
}

/* RFC 4291 section 2.7.1, and RFC 2464 section 7 for its MAC. */
static void solicited_node(const struct cv_ip *target, struct cv_ip *group, struct rte_ether_addr *mac)
{
    static const struct cv_ip prefix = {{0xff, 0x02, [11] = 1, [12] = 0xff}};

    *group = prefix;
    memcpy(group->bytes + 13, target->bytes + 13, 3);
    mac->addr_bytes[0] = 0x33;
    mac->addr_bytes[1] = 0x33;
    memcpy(mac->addr_bytes + 2, group->bytes + 12, 4);
}

static uint8_t *write_solicitation(uint8_t *frame, const struct cv_local *local, const struct cv_ip *target,
                                   const struct rte_ether_addr *known)
{
    struct cv_ip to;
    const struct cv_ip_fields fields = {
        .from = &local->ip,
        .to = &to,
        .l4_bytes = sizeof(struct cv_nd_message) + sizeof(struct cv_nd_mac_option),
        .hop_limit = CV_ND_HOP_LIMIT,
        .protocol = IPPROTO_ICMPV6,
    };
    struct rte_ether_addr mac;
    struct rte_ipv6_hdr *ip;
    struct cv_nd_message *message;
    struct cv_nd_mac_option *option;
    uint16_t checksum;

    solicited_node(target, &to, &mac);
    if (known != NULL) {
        to = *target;
        mac = *known;
    }
    ip = (struct rte_ipv6_hdr *)write_ether(frame, local, &mac, RTE_ETHER_TYPE_IPV6);
    message = (struct cv_nd_message *)(ip + 1);
    option = (struct cv_nd_mac_option *)(message + 1);
    cv_write_ipv6((uint8_t *)ip, &fields);
    message->type = CV_ND_SOLICITATION;
    memcpy(message->target, target, sizeof(message->target));
    option->type = CV_ND_OPTION_SOURCE_MAC;
    option->length = 1;
    option->mac = local->mac;
    checksum = rte_ipv6_udptcp_cksum(ip, message);
    memcpy(message->checksum, &checksum, sizeof(checksum));
    return (uint8_t *)(option + 1);
}

struct rte_mbuf *cv_probe_make(struct rte_mempool *pool, const struct cv_local *local,
                               const struct cv_ip *target, const struct rte_ether_addr *known)
{
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
    uint8_t *frame, *end;
    uint16_t bytes;

    if (mbuf == NULL)
        return NULL;
    frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
    memset(frame, 0, 128);
    end = local->is_v6 ? write_solicitation(frame, local, target, known)
                       : write_arp(frame, local, target, known);
    bytes = (uint16_t)RTE_MAX(end - frame, FRAME_MIN);
    mbuf->data_len = bytes;
    mbuf->pkt_len = bytes;
    mbuf->port = local->port_id;
    return mbuf;
}
