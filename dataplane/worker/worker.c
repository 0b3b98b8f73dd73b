/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker.h"

#include "packet/transmit.h"
#include "parse.h"
#include "port/answer.h"
#include "relay/claim.h"
#include "relay/forward.h"
#include "relay/lookup.h"
#include "session/listen.h"
#include "session/peer_probe.h"
#include "session/tunnel.h"
#include "session/worker_shard.h"

#include <rte_ethdev.h>
#include <string.h>
#include <unistd.h>

/* Look-ups by connection ID that all unknown sources together get, per worker and millisecond. */
#define CLAIMS_PER_MS 100

/*
 * On the listening port, those that find a leg: a stranger's packet costs more than a look-up there, and is not to be
 * dropped. Apart: whoever floods it takes no claims from relay ports.
 */
#define LISTENS_PER_MS 100

/*
 * New connection IDs of known sources that the keeper is told of: a few for each of its turns, so that
 * tokens find room.
 */
#define LEARNS_PER_MS 100

/* With `idle: sleep`: empty turns before the first nap, and how long it is. */
#define NAP_AFTER 200
#define NAP_US    50

#define OUTBOX_BURST 16

/* Off the fast path: what was neither forwarded nor left to be. */
static void finish(struct cv_worker *worker, struct cv_packet *packet)
{
    struct cv_context *context = &worker->relay.context;
    struct cv_notice notice = {.type = CV_NOTICE_NONE};

    if (packet->verdict == CV_VERDICT_ANSWER) {
        bool answered = cv_answer(packet, worker->relay.locals, &notice);

        if (notice.type != CV_NOTICE_NONE)
            cv_notify(context, &notice);
        if (answered) {
            context->stats->answered_pkts++;
            cv_transmit(context, packet->mbuf->port, packet->mbuf);
            return;
        }
    }
    cv_drop(context, packet->mbuf, packet->drop);
}

/* Whether it may be for the relay itself, whoever sent it: a token or a probe. */
static inline bool is_for_relay(const struct cv_packet *packet)
{
    return (packet->payload_bytes == CV_TOKEN_BYTES) |
           cv_is_peer_probe(packet->payload_bytes, packet->first_byte);
}

/* Splits a burst into packets that are their leg's own, and the rest, which is finished here. */
static uint32_t claim_burst(struct cv_worker *worker, struct cv_packet **packets, uint32_t count,
                            struct cv_tunnel_burst *tunnelled)
{
    struct cv_relay *relay = &worker->relay;
    uint32_t found = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];

        if (unlikely(cv_is_peer_probe(packet->payload_bytes, packet->first_byte))) {
            cv_peer_probe_receive(worker->shard, &relay->context, packet, relay->locals);
            continue;
        }
        if (unlikely(packet->payload_bytes == CV_TOKEN_BYTES)) {
            enum cv_drop reason = cv_claim_by_token(relay, packet);

            if (reason != CV_DROP_COUNT) {
                cv_drop(&relay->context, packet->mbuf, (uint8_t)reason);
                continue;
            }
        }
        if (likely(packet->leg != CV_NO_LEG)) {
            packets[found++] = packet;
            continue;
        }
        cv_claim(relay, packet);
        if (packet->verdict == CV_VERDICT_FORWARD)
            cv_forward(relay, &packet, 1, false, tunnelled);
        else
            finish(worker, packet);
    }
    return found;
}

/* Of a parsed burst: what goes from leg to leg. */
static void relay_burst(struct cv_worker *worker, struct cv_packet **packets, uint32_t count, bool for_relay)
{
    struct cv_tunnel_burst tunnelled;
    uint32_t known;

    tunnelled.count = 0;
    known = cv_lookup(worker->relay.table, packets, count);
    if (unlikely(for_relay || known < count))
        count = claim_burst(worker, packets, count, &tunnelled);
    cv_forward(&worker->relay, packets, count, true, &tunnelled);
    if (tunnelled.count > 0)
        cv_tunnel_send_burst(worker->shard, &worker->relay.context, &tunnelled);
}

/* Of a parsed burst: what came to the listening port. */
static void listen_burst(struct cv_worker *worker, struct cv_packet **packets, uint32_t count, bool plain)
{
    uint32_t answers = cv_listen_receive(worker->shard, packets, worker->after_first, count, plain);

    for (uint32_t i = 0; i < answers; i++)
        finish(worker, packets[i]);
}

void cv_worker_burst(struct cv_worker *worker, const struct cv_rx *rx, struct rte_mbuf **mbufs,
                     uint16_t count)
{
    const struct cv_parse_context context = {
        .locals = worker->relay.locals,
        .relay_port_first = worker->relay.table->relay_port_first,
        .relay_port_last = worker->relay.table->relay_port_last,
        .listen_port = worker->listen_port,
        .port_id = rx->port_id,
        .ip_checksum_known = rx->ip_checksum_known,
        .after_first = worker->after_first,
        .packets = worker->packets,
    };
    struct cv_packet *forward[CV_BURST], *listening[CV_BURST];
    uint32_t forward_count = 0, listening_count = 0;
    bool for_relay = false, plain = true;
    uint64_t bytes = 0;

    for (uint16_t i = 0; i < count; i++)
        rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
    cv_parse_burst(&context, mbufs, worker->packets, count);
    for (uint16_t i = 0; i < count; i++) {
        struct cv_packet *packet = &worker->packets[i];

        bytes += rte_pktmbuf_pkt_len(mbufs[i]);
        if (likely(packet->verdict == CV_VERDICT_FORWARD)) {
            forward[forward_count++] = packet;
            for_relay |= is_for_relay(packet);
        } else if (likely(packet->verdict == CV_VERDICT_SESSION)) {
            if (unlikely(listening_count != i))
                memcpy(worker->after_first[listening_count], worker->after_first[i], CV_AFTER_FIRST_BYTES);
            listening[listening_count++] = packet;
            plain &= cv_listen_is_plain(packet);
        } else {
            finish(worker, packet);
        }
    }
    worker->relay.context.stats->rx_pkts += count;
    worker->relay.context.stats->rx_bytes += bytes;
    relay_burst(worker, forward, forward_count, for_relay);
    if (listening_count > 0)
        listen_burst(worker, listening, listening_count, plain);
}

static void send_outbox(struct cv_worker *worker)
{
    struct rte_mbuf *mbufs[OUTBOX_BURST];
    unsigned count = rte_ring_sc_dequeue_burst(worker->outbox, (void **)mbufs, OUTBOX_BURST, NULL);

    for (unsigned i = 0; i < count; i++)
        cv_transmit(&worker->relay.context, mbufs[i]->port, mbufs[i]);
}

static void tick(struct cv_worker *worker, uint64_t now_tsc)
{
    worker->relay.context.now_ms = cv_now_ms(worker->start_tsc, worker->cycles_per_ms);
    worker->next_ms_tsc = now_tsc + worker->cycles_per_ms;
    worker->relay.claims_left = CLAIMS_PER_MS;
    worker->relay.listens_left = LISTENS_PER_MS;
    worker->relay.learns_left = LEARNS_PER_MS;
}

static void count_turn(const struct cv_worker *worker, uint32_t received, uint64_t start_tsc)
{
    struct cv_worker_stats *stats = worker->relay.context.stats;

    stats->loops++;
    __atomic_store_n(&stats->heartbeat, stats->loops, __ATOMIC_RELAXED);
    if (received > 0) {
        stats->busy_loops++;
        stats->busy_cycles += rte_rdtsc() - start_tsc;
    }
}

uint32_t cv_worker_turn(struct cv_worker *worker)
{
    struct cv_context *context = &worker->relay.context;
    struct rte_mbuf *mbufs[CV_BURST];
    uint64_t start_tsc = rte_rdtsc();
    uint32_t received = 0;

    if (unlikely(start_tsc >= worker->next_ms_tsc))
        tick(worker, start_tsc);
    for (uint32_t i = 0; i < worker->rx_count; i++) {
        const struct cv_rx *rx = &worker->rx[i];
        uint16_t count = rte_eth_rx_burst(rx->port_id, rx->queue, mbufs, CV_BURST);

        if (count == 0)
            continue;
        received += count;
        cv_worker_burst(worker, rx, mbufs, count);
    }
    if (worker->shard != NULL)
        received += cv_worker_shard_turn(worker->shard);
    if (worker->outbox != NULL && unlikely(!rte_ring_empty(worker->outbox)))
        send_outbox(worker);
    for (uint16_t port_id = 0; port_id < CV_MAX_PORTS; port_id++)
        if (context->tx[port_id].count > 0)
            cv_transmit_flush(context, port_id);
    rte_rcu_qsbr_quiescent(worker->relay.table->qsbr, worker->id);
    count_turn(worker, received, start_tsc);
    return received;
}

static void drop_pending(struct cv_context *context)
{
    for (uint16_t port_id = 0; port_id < CV_MAX_PORTS; port_id++) {
        struct cv_tx *tx = &context->tx[port_id];

        for (uint16_t i = 0; i < tx->count; i++)
            cv_drop(context, tx->mbufs[i], CV_DROP_TX_FULL);
        tx->count = 0;
    }
}

int cv_worker_run(void *argument)
{
    struct cv_worker *worker = argument;
    struct cv_worker_stats *stats = worker->relay.context.stats;
    struct rte_rcu_qsbr *qsbr = worker->relay.table->qsbr;
    uint32_t empty_turns = 0;

    rte_rcu_qsbr_thread_register(qsbr, worker->id);
    rte_rcu_qsbr_thread_online(qsbr, worker->id);
    __atomic_store_n(&stats->state, CV_WORKER_RUN, __ATOMIC_RELEASE);
    while (!atomic_load_explicit(worker->stop, memory_order_relaxed)) {
        if (cv_worker_turn(worker) > 0) {
            empty_turns = 0;
        } else if (worker->nap && ++empty_turns > NAP_AFTER) {
            rte_rcu_qsbr_thread_offline(qsbr, worker->id);
            usleep(NAP_US);
            rte_rcu_qsbr_thread_online(qsbr, worker->id);
        }
    }
    drop_pending(&worker->relay.context);
    rte_rcu_qsbr_thread_offline(qsbr, worker->id);
    rte_rcu_qsbr_thread_unregister(qsbr, worker->id);
    __atomic_store_n(&stats->state, CV_WORKER_HALT, __ATOMIC_RELEASE);
    return 0;
}
