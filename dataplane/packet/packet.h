/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the stages of a worker know about one packet of a burst. parse fills it, lookup adds the leg, the
 * rewrite consumes it. Arrays of it live on the worker, one entry per mbuf, and are overwritten each burst.
 */
#include "address.h"
#include "shared/drop.h"

#include <rte_mbuf.h>

#define CV_BURST             64
#define CV_AFTER_FIRST_BYTES 16 /* as many as our connection IDs have */

/* Where a packet goes after a stage. What is not FORWARD leaves the fast path. */
enum cv_verdict {
    CV_VERDICT_FORWARD, /* UDP to a relay port */
    CV_VERDICT_ANSWER,  /* ARP, neighbour discovery, ICMP, STUN: port/answer.h */
    CV_VERDICT_SESSION, /* UDP to the listening port: session/ */
    CV_VERDICT_DROP,    /* `drop` says why */
};

struct cv_packet {
    struct rte_mbuf *mbuf;
    /* The leg's key: who sent it, and to which relay port. */
    struct cv_ip source;
    uint16_t source_port_be;
    uint16_t relay_port_be;
    uint8_t l3_offset; /* from the start of the frame */
    uint8_t is_v6;
    uint8_t verdict;        /* enum cv_verdict */
    uint8_t drop;           /* enum cv_drop, when verdict is DROP */
    uint16_t payload_bytes; /* UDP payload */
    uint8_t local;          /* index of our address it was sent to (port/local.h) */
    uint8_t first_byte;     /* of the UDP payload, which tells QUIC's header forms apart; 0: no payload */
    uint32_t leg;           /* found by lookup; CV_NO_LEG */
    uint64_t hash;          /* of the key */
};

#define CV_NO_LEG UINT32_MAX

static inline uint8_t cv_packet_l4_offset(const struct cv_packet *packet)
{
    return (uint8_t)(packet->l3_offset + (packet->is_v6 ? 40 : 20));
}

/* First byte of the UDP payload. */
static inline uint8_t *cv_packet_payload(const struct cv_packet *packet)
{
    return rte_pktmbuf_mtod_offset(packet->mbuf, uint8_t *, cv_packet_l4_offset(packet) + 8);
}
