/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A worker: one thread on one core, with its own receive and transmit queue on every port. It turns
 *
 *      rx_burst -> parse -> lookup -> (claim | answer) -> rewrite -> tx_burst
 *
 * for ever, takes no lock, allocates nothing, logs nothing and makes no system call of its own (the
 * kernel-socket drivers AF_XDP, AF_PACKET and TAP make theirs; `idle: sleep` naps). What must change in a
 * table goes as a notice to the keeper.
 *
 * Written by the worker alone once it runs; created, started and joined by the main thread.
 */
#include "port/local.h"
#include "port/next_hop.h"
#include "relay/packet.h"
#include "relay/pair_table.h"
#include "shard/notice.h"
#include "shared/stats.h"

#include <rte_ring.h>
#include <stdatomic.h>
#include <stdbool.h>

#define CV_MAX_PORTS  16
#define CV_TX_PENDING 256 /* packets a port may keep waiting for room, per worker */

struct cv_tx {
    struct rte_mbuf *mbufs[CV_TX_PENDING];
    uint16_t count;
    uint16_t queue;
    bool present;
    bool udp_checksum_offload; /* the port computes whole UDP checksums */
};

struct cv_rx {
    uint16_t port_id;
    uint16_t queue;
    bool ip_checksum_known; /* the port says which IPv4 header checksums are good */
};

/*
 * A token that was just seen, until the keeper has bound its leg: packets right behind it, such as a QUIC
 * Initial, are the leg's already.
 */
struct cv_fresh_token {
    struct cv_address address;
    uint16_t relay_port_be;
    uint32_t leg;
    uint32_t generation;
    uint32_t seen_ms; /* 0: none */
};

#define CV_FRESH_TOKENS 32 /* the oldest is forgotten */

struct cv_session_owner;

struct cv_worker {
    /* Set before the worker starts. */
    struct cv_pair_table *table;
    const struct cv_next_hops *hops;
    const struct cv_locals *locals;
    struct cv_session_owner *sessions; /* NULL: none */
    uint16_t listen_port;              /* host order; 0: no sessions */
    struct rte_ring *notices;          /* to the keeper */
    struct rte_ring *outbox; /* the keeper's own packets, to be sent by this worker; NULL: not this one */
    struct cv_worker_stats *stats;
    struct cv_rx rx[CV_MAX_PORTS];
    uint32_t rx_count;
    uint32_t id;        /* also its thread number in the table's RCU */
    bool nap;           /* idle: sleep */
    uint64_t start_tsc; /* of cv_now_ms, the same for all threads */
    uint64_t cycles_per_ms;

    uint32_t now_ms;
    uint64_t next_ms_tsc;
    uint32_t claims_left; /* connection IDs that may still be looked up in this millisecond */
    uint32_t learns_left; /* and told to the keeper */
    struct cv_fresh_token fresh_tokens[CV_FRESH_TOKENS];
    uint32_t fresh_next;
    struct cv_packet packets[CV_BURST];
    struct cv_tx tx[CV_MAX_PORTS];
    _Alignas(64) atomic_bool *stop;
};

/*
 * Milliseconds since start_tsc, plus 1: zero means "never" where times are kept. Wraps after 49 days; compare
 * with cv_ms_since.
 */
static inline uint32_t cv_now_ms(uint64_t start_tsc, uint64_t cycles_per_ms)
{
    return (uint32_t)((rte_rdtsc() - start_tsc) / cycles_per_ms) + 1;
}

/* Drops the packet: its mbuf is freed and the reason counted. */
static inline void cv_drop(struct cv_worker *worker, struct rte_mbuf *mbuf, uint8_t reason)
{
    worker->stats->drops[reason]++;
    rte_pktmbuf_free(mbuf);
}

/* Puts a notice into the keeper's ring. */
void cv_notify(struct cv_worker *worker, const struct cv_notice *notice);

/* cv_transmit when the port's queue is full: sends what waits, and drops the packet if that makes no room. */
void cv_transmit_full(struct cv_worker *worker, uint16_t port_id, struct rte_mbuf *mbuf);

/* Queues a packet for a port; it leaves at the end of the turn. Drops it when too many wait. */
static inline void cv_transmit(struct cv_worker *worker, uint16_t port_id, struct rte_mbuf *mbuf)
{
    struct cv_tx *tx = &worker->tx[port_id];

    if (likely(tx->present && tx->count < CV_TX_PENDING))
        tx->mbufs[tx->count++] = mbuf;
    else
        cv_transmit_full(worker, port_id, mbuf);
}

/* One turn of the loop: returns the packets received. Tests and benches call it themselves. */
uint32_t cv_worker_turn(struct cv_worker *worker);

/* What happens to one burst between receive and transmit. */
void cv_worker_burst(struct cv_worker *worker, const struct cv_rx *rx, struct rte_mbuf **mbufs,
                     uint16_t count);

/* The thread (lcore_function_t): `argument` is the worker. Ends when *stop is set. */
int cv_worker_run(void *argument);
