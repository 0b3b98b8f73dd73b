/* SPDX-License-Identifier: BSD-3-Clause */
#include "transmit.h"

#include <rte_ethdev.h>
#include <string.h>

void cv_transmit_flush(struct cv_context *context, uint16_t port_id)
{
    struct cv_tx *tx = &context->tx[port_id];
    uint16_t sent = rte_eth_tx_burst(port_id, tx->queue, tx->mbufs, tx->count);

    context->stats->tx_pkts += sent;
    tx->count = (uint16_t)(tx->count - sent);
    if (unlikely(tx->count > 0))
        memmove(tx->mbufs, tx->mbufs + sent, tx->count * sizeof(tx->mbufs[0]));
}

void cv_transmit_full(struct cv_context *context, uint16_t port_id, struct rte_mbuf *mbuf)
{
    struct cv_tx *tx = &context->tx[port_id];

    if (tx->present)
        cv_transmit_flush(context, port_id);
    if (!tx->present || tx->count == CV_TX_PENDING)
        cv_drop(context, mbuf, CV_DROP_TX_FULL);
    else
        tx->mbufs[tx->count++] = mbuf;
}
