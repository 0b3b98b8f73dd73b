/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Counters and descriptions that the data plane writes into the shared memory and control only reads: no
 * message is needed to show them. One writer each: a worker writes its cv_worker_stats, the keeper (the
 * data plane's main thread) all else. Readers load each field with relaxed atomics; a snapshot is not one
 * instant. The data plane never reads back what it wrote here to decide anything.
 */
#include "address.h"
#include "drop.h"

#include <stdalign.h>
#include <stdint.h>

/* X(field, meaning): what every worker counts, besides drops. All start at zero with the data plane. */
#define CV_COUNTER_LIST(X)                                                                               \
    X(rx_pkts, "packets received")                                                                       \
    X(rx_bytes, "bytes received, Ethernet header included")                                              \
    X(forwarded_pkts,                                                                                    \
      "packets forwarded from leg to leg; those that the port then had no room for are in tx_full, too") \
    X(forwarded_bytes, "UDP payload bytes forwarded from leg to leg")                                    \
    X(tx_pkts, "packets handed to a port, answers included")                                             \
    X(answered_pkts, "ARP, neighbour discovery, ICMP echo and STUN requests answered")                   \
    X(token_pkts, "datagrams that held a known token")                                                   \
    X(cid_pkts, "datagrams from an unknown address that a QUIC connection ID named a pair for")          \
    X(session_rx_pkts, "QUIC packets received on the listening port")                                    \
    X(session_tx_pkts, "QUIC packets sent from it")                                                      \
    X(tunnel_rx_pkts, "UDP payloads that came in DATAGRAM frames of tunnel legs")                        \
    X(tunnel_tx_pkts, "UDP payloads sent in DATAGRAM frames of tunnel legs")                             \
    X(notices_lost, "notices from this worker to the keeper that found the ring full")                   \
    X(loops, "turns of the worker loop")                                                                 \
    X(busy_loops, "turns in which at least one packet arrived")                                          \
    X(busy_cycles, "TSC cycles spent in turns in which at least one packet arrived")

/* X(field, meaning): what the keeper counts. */
#define CV_KEEPER_COUNTER_LIST(X)                                                                \
    X(pairs, "pairs now")                                                                        \
    X(legs_bound, "legs with an address now")                                                    \
    X(bind_conflicts, "tokens refused because another leg has that address on that relay port")  \
    X(legs_bound_total, "legs bound")                                                            \
    X(legs_moved_total, "legs moved to another address")                                         \
    X(pairs_expired_total, "pairs removed because they were idle")                               \
    X(ring_messages, "messages taken from control's ring")                                       \
    X(ring_bad_messages, "messages refused: unknown type or impossible content")                 \
    X(ring_bad_positions, "times the ring's positions were impossible and the ring was emptied") \
    X(events_lost, "events for control that found the ring full")

enum cv_worker_state { CV_WORKER_BOOT, CV_WORKER_RUN, CV_WORKER_HALT };

struct cv_worker_stats {
    alignas(64) uint32_t state; /* enum cv_worker_state */
    uint32_t core;
    uint64_t heartbeat; /* grows with every turn of the loop */
#define CV_FIELD(name, meaning) uint64_t name;
    CV_COUNTER_LIST(CV_FIELD)
    uint64_t drops[CV_DROP_COUNT];
};

struct cv_keeper_stats {
    alignas(64) uint64_t start_unix_ms; /* when the data plane started */
    uint64_t tsc_hz;                    /* cycles per second of busy_cycles */
    uint64_t pairs_max;                 /* limits.pairs */
    uint64_t memory_bytes;              /* taken at start-up for pairs, indexes, buffers, rings */
    uint64_t pair_bytes;                /* of these, per pair */
    CV_KEEPER_COUNTER_LIST(CV_FIELD)
#undef CV_FIELD
};

#define CV_PORT_ADDRESSES 8

struct cv_port_stats {
    alignas(64) char name[32];
    char driver[32]; /* the DPDK driver in use, such as net_af_xdp */
    char device[64];
    uint8_t mac[6];
    uint16_t mtu;
    uint32_t link_up;
    uint32_t link_mbps; /* 0: unknown */
    uint32_t queues;
    uint32_t address_count;
    struct cv_prefix addresses[CV_PORT_ADDRESSES];
    /* As the driver counts them, refreshed once a second. */
    uint64_t rx_pkts, rx_bytes, tx_pkts, tx_bytes, rx_missed, rx_errors, tx_errors, rx_no_buffer;
};
