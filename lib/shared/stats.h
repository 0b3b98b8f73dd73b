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

/*
 * The lists below are X(field, kind, unit, meaning). A counter only grows as long as the data plane runs,
 * and so has a rate; a gauge says how things stand. Fields, what is shown of them, and their documentation
 * come from here.
 */
enum cv_stat_kind { CV_STAT_COUNTER, CV_STAT_GAUGE };
enum cv_stat_unit { CV_STAT_ITEMS, CV_STAT_PKTS, CV_STAT_BYTES, CV_STAT_CYCLES, CV_STAT_MS };

/* What every worker counts, besides drops. All start at zero with the data plane. */
#define CV_COUNTER_LIST(X)                                                                               \
    X(rx_pkts, COUNTER, PKTS, "packets received")                                                        \
    X(rx_bytes, COUNTER, BYTES, "bytes received, Ethernet header included")                              \
    X(forwarded_pkts, COUNTER, PKTS,                                                                     \
      "packets forwarded from leg to leg; those that the port then had no room for are in tx_full, too") \
    X(forwarded_bytes, COUNTER, BYTES, "UDP payload bytes forwarded from leg to leg")                    \
    X(tx_pkts, COUNTER, PKTS, "packets handed to a port, answers included")                              \
    X(answered_pkts, COUNTER, PKTS, "ARP, neighbour discovery, ICMP echo and STUN requests answered")    \
    X(token_pkts, COUNTER, PKTS, "datagrams that held a known token")                                    \
    X(probe_pkts, COUNTER, PKTS, "probes of peers that control was told of")                             \
    X(cid_pkts, COUNTER, PKTS,                                                                           \
      "datagrams from an unknown address that a QUIC connection ID named a pair for")                    \
    X(session_rx_pkts, COUNTER, PKTS, "QUIC packets received on the listening port")                     \
    X(session_tx_pkts, COUNTER, PKTS, "QUIC packets sent from it")                                       \
    X(tunnel_rx_pkts, COUNTER, PKTS, "UDP payloads that came in DATAGRAM frames of tunnel legs")         \
    X(tunnel_tx_pkts, COUNTER, PKTS, "UDP payloads sent in DATAGRAM frames of tunnel legs")              \
    X(notices_lost, COUNTER, ITEMS, "notices from this worker to the keeper that found the ring full")   \
    X(loops, COUNTER, ITEMS, "turns of the worker loop")                                                 \
    X(busy_loops, COUNTER, ITEMS, "turns in which at least one packet arrived")                          \
    X(busy_cycles, COUNTER, CYCLES, "TSC cycles spent in turns in which at least one packet arrived")

/* What the keeper counts. */
#define CV_KEEPER_COUNTER_LIST(X)                                                                            \
    X(pairs, GAUGE, ITEMS, "pairs now")                                                                      \
    X(legs_bound, GAUGE, ITEMS, "legs with an address now")                                                  \
    X(bind_conflicts, COUNTER, ITEMS,                                                                        \
      "tokens refused because another leg has that address on that relay port")                              \
    X(legs_bound_total, COUNTER, ITEMS, "legs bound")                                                        \
    X(legs_moved_total, COUNTER, ITEMS, "legs moved to another address")                                     \
    X(pairs_expired_total, COUNTER, ITEMS, "pairs removed because they were idle")                           \
    X(legs_changed_total, COUNTER, ITEMS, "legs that another leg has taken the place of")                    \
    X(leg_changes_refused_total, COUNTER, ITEMS,                                                             \
      "changes of legs that found no room: too many were waiting for their tokens")                          \
    X(leg_changes_given_up_total, COUNTER, ITEMS,                                                            \
      "changes of legs whose token did not come within a minute, or in time for others")                     \
    X(former_legs_lost_total, COUNTER, ITEMS,                                                                \
      "legs that ended when another took their place, and not 10 s later: no room")                          \
    X(legs_unproven, GAUGE, ITEMS, "legs whose address is not proven, or is silent, now")                    \
    X(challenges_total, COUNTER, ITEMS, "challenges sent to addresses that are not proven")                  \
    X(legs_proven_total, COUNTER, ITEMS, "legs whose address was proven after it was bound, or spoke again") \
    X(legs_silent_total, COUNTER, ITEMS, "legs that nothing came from for 30 s")                             \
    X(ring_messages, COUNTER, ITEMS, "messages taken from control's ring")                                   \
    X(ring_bad_messages, COUNTER, ITEMS, "messages refused: unknown type or impossible content")             \
    X(ring_bad_positions, COUNTER, ITEMS,                                                                    \
      "times the ring's positions were impossible and the ring was emptied")                                 \
    X(events_lost, COUNTER, ITEMS, "events for control that found the ring full")

/*
 * A thread that owns sessions, a worker or the handshake thread. It writes them about a hundred times a
 * second; the last two it counts.
 */
#define CV_SHARD_LIST(X)                                                                          \
    X(sessions, GAUGE, ITEMS, "sessions that it owns")                                            \
    X(timers, GAUGE, ITEMS, "of these, with a timer set")                                         \
    X(pages, GAUGE, ITEMS, "pages of 16 KB, for what does not fit into the sessions' own memory") \
    X(pages_used, GAUGE, ITEMS, "of these, in use")                                               \
    X(packets, GAUGE, ITEMS, "packets in the ring from workers")                                  \
    X(packets_max, GAUGE, ITEMS, "room in it")                                                    \
    X(returned, GAUGE, ITEMS, "sessions and packets in the ring from the handshake thread")       \
    X(returned_max, GAUGE, ITEMS, "room in it; the handshake thread has none")                    \
    X(orders, GAUGE, ITEMS, "messages in the ring from control")                                  \
    X(orders_max, GAUGE, ITEMS, "room in it")                                                     \
    X(told, GAUGE, ITEMS, "messages in the ring to control")                                      \
    X(told_max, GAUGE, ITEMS, "room in it")                                                       \
    X(unopened_pkts, COUNTER, PKTS,                                                               \
      "packets that failed to open: damaged, forged, or of a key that is gone")                   \
    X(key_updates, COUNTER, ITEMS, "key updates, whichever side began")

/* What the handshake thread has besides, written by it. */
#define CV_HANDSHAKE_LIST(X)                                                               \
    X(handshakes, GAUGE, ITEMS, "handshakes in progress, admission included")              \
    X(retry_now, GAUGE, ITEMS, "1: Initial packets without a token are answered by Retry") \
    X(handshakes_total, COUNTER, ITEMS, "handshakes begun")                                \
    X(retries_total, COUNTER, ITEMS, "Retry packets sent")                                 \
    X(negotiations_total, COUNTER, ITEMS, "Version Negotiation packets sent")              \
    X(resets_total, COUNTER, ITEMS, "stateless resets sent")

enum cv_worker_state { CV_WORKER_BOOT, CV_WORKER_RUN, CV_WORKER_HALT };

struct cv_worker_stats {
    alignas(64) uint32_t state; /* enum cv_worker_state */
    uint32_t core;
    uint64_t heartbeat; /* grows with every turn of the loop */
#define CV_FIELD(name, kind, unit, meaning) uint64_t name;
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

/*
 * What holds for all sessions: written by the keeper before they begin, `handshake`, `traces` and
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
