/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker_shard.h"

#include "demux.h"
#include "events.h"
#include "handover.h"
#include "listen.h"
#include "orders.h"
#include "packet/transmit.h"
#include "stats.h"
#include "timers.h"
#include "tunnel.h"
#include "writing.h"

#define RING_BURST      CV_BURST
#define OPENS_REFILL_NS UINT64_C(1000000)

static void take_one(struct cv_shard *shard, struct cv_handed *handed)
{
    struct cv_context *context = &shard->relay->context;

    switch ((enum cv_handed_kind)handed->kind) {
    case CV_HANDED_SESSION:
        cv_handover_take(shard, handed->session);
        break;
    case CV_HANDED_SEND:
        context->stats->session_tx_pkts++;
        cv_transmit(context, handed->mbuf->port, handed->mbuf);
        break;
    case CV_HANDED_PACKET:
        cv_demux(shard, &handed->mbuf, 1);
        break;
    case CV_HANDED_LEG:
        cv_listen_take_back(shard, handed->mbuf);
        break;
    case CV_HANDED_FREE:
        if (handed->drop == CV_DROP_CONSUMED)
            rte_pktmbuf_free(handed->mbuf);
        else
            cv_drop(context, handed->mbuf, handed->drop);
        break;
    }
}

static uint32_t take_handed(struct cv_shard *shard)
{
    struct cv_handed handed[RING_BURST];
    unsigned count = cv_take_handed(shard->rings->handed, handed, RING_BURST);

    for (unsigned i = 0; i < count; i++)
        take_one(shard, &handed[i]);
    return count;
}

/* That other workers received. */
static uint32_t take_packets(struct cv_shard *shard)
{
    struct rte_mbuf *mbufs[RING_BURST];
    unsigned count = rte_ring_sc_dequeue_burst(shard->rings->packets, (void **)mbufs, RING_BURST, NULL);

    if (count > 0)
        cv_demux(shard, mbufs, count);
    return count;
}

uint32_t cv_worker_shard_turn(struct cv_shard *shard)
{
    uint32_t done;

    cv_shard_read_clock(shard);
    if (shard->now_ns - shard->opens_ns >= OPENS_REFILL_NS) {
        shard->opens_ns = shard->now_ns;
        shard->opens_left = CV_OPENED_PER_MS;
    }
    done = take_handed(shard);
    done += take_packets(shard);
    done += cv_tunnel_take_sent(shard);
    done += cv_orders_take(shard);
    done += cv_timers_serve(shard);
    done += cv_sessions_write(shard);
    done += cv_events_send(shard);
    if (unlikely(shard->dump.active))
        cv_orders_dump(shard);
    cv_shard_stats_refresh(shard);
    return done;
}
