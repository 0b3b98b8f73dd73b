/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Next hops: the neighbours (gateways, or hosts on the ports' own networks) that packets leave by, with
 * the ready-made Ethernet header for each. A leg holds an index into the table.
 *
 * The keeper is the only writer: it adds entries, resolves them by ARP or neighbour discovery, and probes
 * them again as they age. Workers only read; an entry is 64 bytes, and its header is written before `usable`
 * is set, with release order. When a neighbour's MAC changes under a reader, that packet may go to a MAC that
 * is half old and half new: it is lost like any packet to a neighbour that has just moved.
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
    uint8_t state;  /* keeper's: enum hop_state in next_hop.c */
    uint16_t port_id;
    uint16_t mtu; /* IP packet bytes that fit */
    /* What only the keeper touches. */
    uint16_t probes;     /* since the last answer */
    uint16_t chain;      /* the next entry with the same hash, or CV_NO_NEXT_HOP */
    uint32_t references; /* legs; entries for gateways have one of their own */
    uint32_t next_probe_ms;
    struct cv_ip ip;
};

_Static_assert(sizeof(struct cv_next_hop) == 64, "one cache line");

struct cv_next_hops {
    struct cv_next_hop *list;
    uint16_t count; /* entries ever used; free ones among them have no references */
    uint16_t max;
    const struct cv_locals *locals;
    /* The keeper's. */
    uint16_t *buckets; /* hash of (port, address) to the first entry of a chain */
    uint32_t bucket_count;
    uint16_t free;   /* chain of entries that were used and released */
    uint16_t cursor; /* where the next cv_next_hops_probe goes on */
    uint32_t now_ms; /* of the last cv_next_hops_probe */
};

/*
 * Takes memory for `max` entries (64 bytes each, from DPDK's heap) and adds one for each gateway of `locals`,
 * which must outlive the table. 0, or -ENOMEM, -EINVAL (max of 0 or over 65534), -ENOSPC (not even the
 * gateways fit).
 */
int cv_next_hops_create(struct cv_next_hops *hops, const struct cv_locals *locals, uint16_t max);
void cv_next_hops_destroy(struct cv_next_hops *hops);

/*
 * The next hop for packets to `destination` that leave with our address `local` (the one that the peer
 * sent to): the neighbour itself where the destination is on a network of that port, else the gateway.
 * Takes a reference. CV_NO_NEXT_HOP: no route, or the table is full. Keeper only.
 */
uint16_t cv_next_hop_take(struct cv_next_hops *hops, uint8_t local, const struct cv_ip *destination);

/*
 * Gives the reference back. The last one frees the entry for another neighbour at once, so the caller waits
 * until no worker can hold the index any more (a grace period). CV_NO_NEXT_HOP is ignored. Keeper only.
 */
void cv_next_hop_release(struct cv_next_hops *hops, uint16_t index);

/*
 * A neighbour said where it is: ARP reply or request, neighbour solicitation or advertisement. Ignored unless
 * the table has that neighbour. Keeper only.
 */
void cv_next_hop_learn(struct cv_next_hops *hops, uint16_t port_id, const struct cv_ip *ip,
                       const struct rte_ether_addr *mac);

/*
 * Requests that are due at `now_ms`: fills `requests` with up to `max` ready frames (ARP requests, neighbour
 * solicitations; mbuf->port is the port to send them by), allocated from `pool`; returns how many. To be
 * called every few milliseconds; looks at 512 entries each time, so a full table of 65,534 is gone through in
 * 128 calls. An unresolved entry is probed each second, a resolved one each 20 s and given up after three
 * probes, a second apart, without an answer. Keeper only.
 */
uint16_t cv_next_hops_probe(struct cv_next_hops *hops, uint32_t now_ms, struct rte_mempool *pool,
                            struct rte_mbuf **requests, uint16_t max);
