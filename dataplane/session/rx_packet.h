/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A packet that came to the listening port, or a probe, which may have come to any. The worker that
 * received it marks its mbuf with what the parser found, so that it is parsed once, through whichever
 * rings it goes: l2_len and l3_len as DPDK means them, the rest in a dynamic field of our own.
 */
#include "address.h"
#include "packet/packet.h"

struct cv_rx_packet {
    struct rte_mbuf *mbuf;
    struct cv_address address; /* where it came from */
    uint16_t local_port_be;    /* ours that it came to */
    uint8_t local;             /* index of our address */
    uint8_t ecn;               /* of its IP header */
    bool of_leg;               /* its address has a leg on the listening port, and it may be that one's */
    uint16_t shard_id;         /* of the worker that received it */
    const uint8_t *payload;
    uint16_t bytes;
};

/* Registers the field with DPDK, once for all mbufs of the process. 0 or a negative errno. */
int cv_rx_packet_init(void);

/* Before the mbuf goes anywhere. */
void cv_rx_packet_mark(const struct cv_packet *packet, uint16_t shard_id, bool of_leg);

/* After that; the payload stays in the mbuf. */
void cv_rx_packet_read(struct rte_mbuf *mbuf, struct cv_rx_packet *rx);

/* What the parser found, once more, of a packet to that port that is to be forwarded after all. */
void cv_rx_packet_parsed(struct rte_mbuf *mbuf, struct cv_packet *packet);
