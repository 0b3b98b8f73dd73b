/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A shard: what one thread owns of sessions. Each worker has one, and the handshake thread has one for the sessions
 * that are not a worker's yet. What both do with a session is the same: read its packets (reading.h), serve its timers
 * (timers.h), write (writing.h), end it (ending.h), pass messages on (events.h, orders.h). Every call that takes a
 * shard is made by its thread alone.
 */
#include "cid.h"
#include "packet/context.h"
#include "relay/relay.h"
#include "table.h"
#include "tunnel_queue.h"

#define CV_SHARD_ID_HANDSHAKE UINT16_MAX

enum cv_shard_kind {
    CV_SHARD_WORKER,
    CV_SHARD_HANDSHAKE, /* it knows of no pairs, and sends through worker 0 */
};

struct cv_shard {
    struct cv_sessions *all;
    enum cv_shard_kind kind;
    uint16_t id;            /* the worker's number, or CV_SHARD_ID_HANDSHAKE */
    struct cv_relay *relay; /* the worker's, set before it starts; none in the handshake thread */
    struct cv_session_rings *rings;
    struct cv_cid_codec *codec;
    struct cv_crypto *crypto;
    void *crypto_memory;
    struct cv_page_pool pages;
    struct cv_timer_heap timers;
    void *timer_memory;
    struct rte_mempool *mbufs;
    struct rte_mbuf *spare;                          /* what the last write had no use for */
    struct cv_session_list writing;                  /* CV_DUE_WRITE */
    struct cv_session_list acking_soon, acking_late; /* CV_DUE_ACK_*, the oldest first */
    struct cv_session_list events;                   /* sessions that have some for control */
    struct cv_tunnels tunnels;
    void *tunnel_memory;
    uint8_t rx_ecn; /* of the packet that is being read */
    uint32_t
        opens_left;    /* a worker's: Initials that may still be asked about in this millisecond (listen.h) */
    uint64_t opens_ns; /* when it began */
    uint64_t now_ns;
    uint32_t sessions;               /* that it owns */
    uint32_t suites[CV_SUITE_COUNT]; /* a worker's sessions that use each */
    struct cv_shard_stats *stats;    /* set before the thread starts */
    uint64_t stats_ns;               /* when they were last refreshed */
    struct {
        bool active;
        uint32_t sequence;
        uint32_t next_slot;
        uint64_t sent;
    } dump; /* a SESSION_DUMP that goes on as the ring has room */
    /* For the handshake thread: slots that it has freed itself. */
    struct cv_session **free_slots;
    uint32_t free_count;
};

/* Bytes of DPDK memory that one takes, but for its pages and what it has for each session. */
size_t cv_shard_bytes(void);

/* And for each session that there may be, in each shard, in those of workers only. */
size_t cv_shard_session_bytes(void);
size_t cv_shard_worker_session_bytes(void);

/* 0, or -ENOMEM with a sentence in `error`. */
int cv_shard_create(struct cv_shard **shard, struct cv_sessions *all, enum cv_shard_kind kind, uint16_t id,
                    uint32_t pages, char *error, size_t error_bytes);
void cv_shard_destroy(struct cv_shard *shard);

/* The time of a turn; it never goes back, also where the cores' clocks differ a little. */
static inline void cv_shard_read_clock(struct cv_shard *shard)
{
    shard->now_ns = RTE_MAX(shard->now_ns, cv_sessions_now(shard->all));
}

/* A message to control, by way of the keeper. False: no room. */
static inline bool cv_shard_tell_control(struct cv_shard *shard, const struct cv_message *message)
{
    return rte_ring_sp_enqueue_elem(shard->rings->events, (void *)(uintptr_t)message, sizeof(*message)) == 0;
}
