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

/*
 * X(field, meaning): a thread that owns sessions, a worker or the handshake thread. It writes them about a
 * hundred times a second; the last two it counts.
 */
#define CV_SHARD_LIST(X)                                                                             \
    X(sessions, "sessions that it owns")                                                             \
    X(timers, "of these, with a timer set")                                                          \
    X(pages, "pages of 16 KB, for what does not fit into the sessions' own memory")                  \
    X(pages_used, "of these, in use")                                                                \
    X(packets, "packets in the ring from workers")                                                   \
    X(packets_max, "room in it")                                                                     \
    X(returned, "sessions and packets in the ring from the handshake thread")                        \
    X(returned_max, "room in it; the handshake thread has none")                                     \
    X(orders, "messages in the ring from control")                                                   \
    X(orders_max, "room in it")                                                                      \
    X(told, "messages in the ring to control")                                                       \
    X(told_max, "room in it")                                                                        \
    X(unopened_pkts, "1-RTT packets that failed to open: damaged, forged, or of a key that is gone") \
    X(key_updates, "key updates, whichever side began")

/* X(field, meaning): what the handshake thread has besides, written by it. */
#define CV_HANDSHAKE_LIST(X)                                                 \
    X(handshakes, "handshakes in progress, admission included")              \
    X(retry_now, "1: Initial packets without a token are answered by Retry") \
    X(handshakes_total, "handshakes begun")                                  \
    X(retries_total, "Retry packets sent")                                   \
    X(negotiations_total, "Version Negotiation packets sent")                \
    X(resets_total, "stateless resets sent")

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
};

#define CV_STATS_SUITES 3

struct cv_shard_stats {
    alignas(64) uint64_t suites[CV_STATS_SUITES]; /* sessions that use each; none before a worker has them */
    CV_SHARD_LIST(CV_FIELD)
};

struct cv_handshake_stats {
    CV_HANDSHAKE_LIST(CV_FIELD)
#undef CV_FIELD
};

struct cv_suite_stats {
    char name[32]; /* as in the TLS registry */
    uint32_t code;
    uint64_t sealed_max; /* packets with one key (RFC 9001 section 6.6) */
    uint64_t failed_max; /* packets of one connection that failed to open */
};

#define CV_TRACES 8 /* at a time */

enum cv_trace_state {
    CV_TRACE_NONE,
    CV_TRACE_ARMED,     /* waits for a session */
    CV_TRACE_RECORDING, /* of `session` */
    CV_TRACE_STOPPED,   /* its time is over or its file full, but the session lives */
    CV_TRACE_STATE_END
};

/* A trace, as the handshake thread has it. */
struct cv_trace_stats {
    uint64_t trace;         /* its number */
    uint64_t session;       /* 0: none yet */
    uint64_t until_unix_ms; /* it ends */
    uint64_t qlog_bytes;    /* written */
    uint64_t lost_events;   /* of the qlog: no room in a ring, or in the file */
    struct cv_prefix network;
    uint8_t kinds; /* set of enum cv_trace_kind; those whose file could not be made are left out */
    uint8_t state; /* enum cv_trace_state */
};

/* What holds for all sessions: written by the keeper before they begin, `handshake`, `traces` and
 * `trace_last` by the handshake thread.
 */
struct cv_session_stats {
    alignas(64) uint64_t max; /* limits.sessions; 0: this relay has no sessions, and all else is empty */
    uint64_t session_bytes;   /* of memory at rest */
    uint64_t memory_bytes;    /* in all, part of cv_keeper_stats.memory_bytes */
    uint64_t handshakes_max;
    uint64_t handshakes_per_prefix;
    uint64_t retry_over;          /* handshakes in progress from which on Retry is on */
    uint32_t retry_always;        /* 1: it always is */
    char crypto_wanted[16];       /* dataplane.crypto */
    char crypto_engine[16];       /* the one in use */
    char crypto_about[96];        /* its version, and what it uses of the CPU */
    char crypto_passed_over[160]; /* why "auto" did not take the one before it; empty: it did */
    char cpu_flags[96];           /* of those that packet protection has a use for, the ones that are here */
    struct cv_suite_stats suites[CV_STATS_SUITES];
    char trace_directory[128]; /* empty: traces are not allowed */
    alignas(64) struct cv_trace_stats traces[CV_TRACES];
    uint64_t trace_last; /* highest number of a trace */
    alignas(64) struct cv_handshake_stats handshake;
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
