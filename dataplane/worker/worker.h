/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A worker: one thread on one core, with its own receive and transmit queue on every port, and the only
 * place that knows all stages. It turns
 *
 *      rx_burst -> parse -+-> lookup -> claim -> forward -+-> tx_burst
 *                         +-> answer ---------------------+
 *                         +-> sessions (QUIC, tunnels) ---+
 *
 * for ever, takes no lock, allocates nothing, logs nothing and makes no system call of its own (the
 * kernel-socket drivers AF_XDP, AF_PACKET and TAP make theirs; `idle: sleep` naps). What must change in a
 * table goes as a notice to the keeper.
 *
 * Written by the worker alone once it runs; created, started and joined by the main thread.
 */
#include "packet/packet.h"
#include "relay/relay.h"

#include <rte_ring.h>
#include <stdatomic.h>
#include <stdbool.h>

struct cv_rx {
    uint16_t port_id;
    uint16_t queue;
    bool ip_checksum_known; /* the port says which IPv4 header checksums are good */
};

struct cv_shard;

struct cv_worker {
    struct cv_relay relay;
    /* Set before the worker starts. */
    struct cv_shard *shard;  /* its sessions; NULL: none */
    uint16_t listen_port;    /* host order; 0: no sessions */
    struct rte_ring *outbox; /* the keeper's own packets, to be sent by this worker; NULL: not this one */
    struct cv_rx rx[CV_MAX_PORTS];
    uint32_t rx_count;
    uint32_t id;        /* also its thread number in the table's RCU */
    bool nap;           /* idle: sleep */
    uint64_t start_tsc; /* of cv_now_ms, the same for all threads */
    uint64_t cycles_per_ms;

    uint64_t next_ms_tsc;
    struct cv_packet packets[CV_BURST];
    _Alignas(16) uint8_t after_first[CV_BURST][CV_AFTER_FIRST_BYTES]; /* as in parse.h */
    _Alignas(64) atomic_bool *stop;
};

/* One turn of the loop: returns the packets received. Tests and benches call it themselves. */
uint32_t cv_worker_turn(struct cv_worker *worker);

/* What happens to one burst between receive and transmit. */
void cv_worker_burst(struct cv_worker *worker, const struct cv_rx *rx, struct rte_mbuf **mbufs,
                     uint16_t count);

/* The thread (lcore_function_t): `argument` is the worker. Ends when *stop is set. */
int cv_worker_run(void *argument);
