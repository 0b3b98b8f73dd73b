/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What every stage of a worker may do with a packet, whatever it knows of pairs or sessions: count it, drop
 * it with a reason, queue it for a port, tell the keeper. One context per worker, written by that worker
 * alone once it runs. Nothing here takes a lock, allocates, waits or calls a driver. What leaves: transmit.h.
 */
#include "notice.h"
#include "shared/stats.h"

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdbool.h>

#define CV_MAX_PORTS  16
#define CV_TX_PENDING 256 /* packets a port may keep waiting for room, per worker */

/* Packets that leave by one port at the end of the turn. */
struct cv_tx {
    struct rte_mbuf *mbufs[CV_TX_PENDING];
    uint16_t count;
    uint16_t queue;
    bool present;
    bool udp_checksum_offload; /* the port computes whole UDP checksums */
};

struct cv_context {
    struct cv_worker_stats *stats;
    struct rte_ring *notices; /* to the keeper */
    uint32_t now_ms;          /* cv_now_ms, once per millisecond */
    struct cv_tx tx[CV_MAX_PORTS];
};

/* Drops the packet: its mbuf is freed and the reason (enum cv_drop) counted. */
static inline void cv_drop(struct cv_context *context, struct rte_mbuf *mbuf, uint8_t reason)
{
    context->stats->drops[reason]++;
    rte_pktmbuf_free(mbuf);
}

/* Puts a notice into the keeper's ring; a full one loses it, and that is counted. */
void cv_notify(struct cv_context *context, const struct cv_notice *notice);
