/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What every stage of a worker may do with a packet, whatever it knows of pairs or sessions: count it, drop
 * it with a reason, queue it for a port, tell the keeper. One context per worker, written by that worker
 * alone once it runs. Nothing here takes a lock, allocates or waits; only cv_transmit_full and
 * cv_transmit_flush call a driver.
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

/* Sends what waits for a port, as far as the port has room. */
void cv_transmit_flush(struct cv_context *context, uint16_t port_id);

/* cv_transmit when the port's queue is full: flushes it, and drops the packet if that makes no room. */
void cv_transmit_full(struct cv_context *context, uint16_t port_id, struct rte_mbuf *mbuf);

/* Queues a packet for a port; it leaves at the end of the turn. Dropped as tx_full when too many wait. */
static inline void cv_transmit(struct cv_context *context, uint16_t port_id, struct rte_mbuf *mbuf)
{
    struct cv_tx *tx = &context->tx[port_id];

    if (likely(tx->present && tx->count < CV_TX_PENDING))
        tx->mbufs[tx->count++] = mbuf;
    else
        cv_transmit_full(context, port_id, mbuf);
}
