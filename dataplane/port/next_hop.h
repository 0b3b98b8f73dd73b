/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Next hops: the neighbours (gateways, or hosts on the ports' own networks) that packets leave by, with
 * the ready-made Ethernet header for each. A leg holds an index into the table.
 *
 * The keeper is the only writer: it adds entries, resolves them by ARP or neighbour discovery, and probes
 * them again as they age. Workers only read; an entry is 64 bytes, and its MAC is published before `usable`
 * is set, with release order.
 */
#include "local.h"

#include <stdint.h>

struct rte_mbuf;
struct rte_mempool;

#define CV_NO_NEXT_HOP UINT16_MAX

struct cv_next_hop {
    /* What the workers read. */
    _Alignas(64) uint8_t frame_header[18]; /* Ethernet header to prepend: 14 bytes, or 18 with a VLAN tag */
    uint8_t frame_header_bytes;
    uint8_t usable; /* 0: unresolved or gone, packets are dropped as no_next_hop */
    uint8_t local;  /* our address on that network */
    uint8_t reserved;
    uint16_t port_id;
    uint16_t mtu; /* IP packet bytes that fit */
    /* What only the keeper touches. */
    uint16_t references; /* legs; entries for gateways have one of their own */
    uint8_t state;
    uint8_t probes;
    uint32_t next_probe_ms;
    struct cv_ip ip;
};

struct cv_next_hops {
    struct cv_next_hop *list;
    uint16_t count; /* entries ever used; free ones among them have no references */
    uint16_t max;
    const struct cv_locals *locals;
};

int cv_next_hops_create(struct cv_next_hops *hops, const struct cv_locals *locals, uint16_t max);
void cv_next_hops_destroy(struct cv_next_hops *hops);

/*
 * The next hop for packets to `destination` that leave with our address `local` (the one that the peer
 * sent to): the neighbour itself where the destination is on that network, else the gateway. Takes a
 * reference. CV_NO_NEXT_HOP: no route, or the table is full. Keeper only.
 */
uint16_t cv_next_hop_take(struct cv_next_hops *hops, uint8_t local, const struct cv_ip *destination);
void cv_next_hop_release(struct cv_next_hops *hops, uint16_t index);

/* A neighbour said where it is (ARP reply or request, neighbour solicitation or advertisement). Keeper only.
 */
void cv_next_hop_learn(struct cv_next_hops *hops, uint16_t port_id, const struct cv_ip *ip,
                       const struct rte_ether_addr *mac);

/*
 * Requests that are due at `now_ms`: fills `requests` with up to `max` ready frames (ARP requests, neighbour
 * solicitations; mbuf->port is the port to send them by), allocated from `pool`; returns how many. To be
 * called every few milliseconds. An unresolved entry is probed each second, a resolved one each 20 s and
 * given up after three probes without an answer. Keeper only.
 */
uint16_t cv_next_hops_probe(struct cv_next_hops *hops, uint32_t now_ms, struct rte_mempool *pool,
                            struct rte_mbuf **requests, uint16_t max);
