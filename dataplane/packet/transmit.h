/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Where a packet leaves: queued for its port when a stage is done with it, sent with all others at the end of the
 * worker's turn. Only cv_transmit_flush, and through it cv_transmit_full, calls a driver.
 */
#include "context.h"

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
