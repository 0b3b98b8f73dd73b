/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The relay's own addresses, all ports together: a short list made at start-up and only read afterwards,
 * by every thread. An index into it (`local`) says at once: which port, which family, which source address
 * a reply or a forwarded packet carries.
 */
#include "address.h"

#include <rte_ether.h>
#include <stdbool.h>
#include <stdint.h>

#define CV_MAX_LOCALS 32
#define CV_NO_LOCAL   UINT8_MAX

struct cv_local {
    struct cv_ip ip;
    struct cv_ip gateway;  /* zero: this network has none */
    uint8_t prefix_length; /* of the 16-byte form */
    uint8_t is_v6;
    bool link_local;  /* fe80::/64 made from the MAC: neighbour discovery only */
    bool silent;      /* nobody ever answers on this port (pcap, null): neighbours are not asked for */
    uint16_t port_id; /* DPDK port */
    uint16_t mtu;
    uint16_t vlan; /* 0: untagged */
    struct rte_ether_addr mac;
};

struct cv_locals {
    uint32_t count;
    struct cv_local list[CV_MAX_LOCALS];
};

/* The entry for an address that a packet on `port_id` was sent to, or CV_NO_LOCAL. */
static inline uint8_t cv_local_find(const struct cv_locals *locals, uint16_t port_id, const struct cv_ip *ip)
{
    for (uint32_t i = 0; i < locals->count; i++)
        if (locals->list[i].port_id == port_id && cv_ip_equal(&locals->list[i].ip, ip))
            return (uint8_t)i;
    return CV_NO_LOCAL;
}

/* The entry for an address of ours on any port, or CV_NO_LOCAL. */
static inline uint8_t cv_local_find_any(const struct cv_locals *locals, const struct cv_ip *ip)
{
    for (uint32_t i = 0; i < locals->count; i++)
        if (cv_ip_equal(&locals->list[i].ip, ip))
            return (uint8_t)i;
    return CV_NO_LOCAL;
}
