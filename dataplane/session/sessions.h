/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * All sessions together: what the handshake thread and the workers share. Taken at start, only read
 * afterwards, but for the rings and `place` of each slot.
 *
 *      worker --(CV_SESSION rings)--> other worker     packets whose connection ID names another shard
 *                                                      payloads for tunnel legs of another shard
 *      worker --> handshake thread                     packets that name no session of a worker
 *      handshake thread --> worker                     sessions that are done; packets to send; buffers to
 * free keeper <--> worker, handshake thread            messages from and to control
 *
 * The handshake thread sleeps and can be preempted. So that no worker ever waits for it, it is the only
 * producer of the rings that it writes to, and packet buffers are freed by workers only.
 */
#include "config/config.h"
#include "port/port.h"
#include "session.h"

#include <openssl/ssl.h>
#include <rte_thread.h>

#define CV_SESSION_SHARD_HANDSHAKE UINT16_MAX
#define CV_SESSION_SCHEDULES \
    256 /* keys that an owner has at hand: those of two bursts, each of another session */

/* Of a session in its handshake; most need one. */
#define CV_HANDSHAKE_PAGES_MAX 6

static inline uint32_t cv_handshake_pages(const struct cv_config *config)
{
    return 2 * RTE_MIN(config->session.handshakes_max, config->sessions_max) + CV_HANDSHAKE_PAGES_MAX;
}

/* The rings of one worker, or of the handshake thread; those that it has no use for are NULL. */
struct cv_session_rings {
    struct rte_ring *packets;   /* mbufs from workers */
    struct rte_ring *datagrams; /* mbufs from workers: payloads for tunnel legs, see tunnel.h */
    struct rte_ring *returned;  /* from the handshake thread: enum cv_returned */
    struct rte_ring *orders;    /* struct cv_message from the keeper */
    struct rte_ring *told;      /* struct cv_message to the keeper */
};

/* What a pointer in `returned` is, in its lowest bits. */
enum cv_returned {
    CV_RETURNED_SESSION, /* a session whose owner is the worker now */
    CV_RETURNED_SEND,    /* an mbuf to be sent by mbuf->port */
    CV_RETURNED_PACKET,  /* an mbuf for a session that the worker has by now */
    CV_RETURNED_FREE,    /* an mbuf to be freed; its drop reason is in mbuf->hash.usr */
};

struct cv_sessions {
    const struct cv_config *config;
    const struct cv_locals *locals;
    struct cv_session *slots;
    uint8_t *bases; /* of their arenas */
    uint32_t max;
    uint16_t workers;
    uint16_t listen_port_be;
    struct cv_cid_secret secret;
    const struct cv_crypto_engine *engine;
    char passed_over[160]; /* as cv_crypto_select says it */
    SSL_CTX *tls;
    uint64_t start_tsc;
    uint64_t tsc_scale;        /* nanoseconds per cycle, times 2^32 */
    struct rte_mempool *mbufs; /* of workers, to send with */
    struct rte_mempool *handshake_mbufs;
    struct rte_ring *free_slots;    /* of sessions that have ended, back to the handshake thread */
    struct cv_session_rings *rings; /* workers, then the handshake thread */
    struct cv_session_owner **shards;
    struct cv_handshakes *handshakes;
    struct cv_traces *traces; /* NULL: not allowed */
    rte_thread_t thread;
    bool started, started_once;
    uint64_t memory_bytes;
    uint64_t session_bytes; /* per session, at rest: all that one more takes */
    uint64_t reserve_bytes; /* for sessions that need more, together */
};

/* DPDK memory that cv_sessions_create will take; 0 when the configuration has no sessions. */
size_t cv_sessions_memory(const struct cv_config *config);

/*
 * Makes everything and loads the relay's certificate. 0 and NULL when the configuration has no sessions; or a
 * negative errno with a sentence in `error`. `start_tsc` as the workers have it.
 */
int cv_sessions_create(struct cv_sessions **sessions, const struct cv_config *config,
                       const struct cv_ports *ports, uint64_t start_tsc, char *error, size_t error_bytes);

/* The handshake thread; to be started before and stopped after the workers. */
int cv_sessions_start(struct cv_sessions *sessions);
void cv_sessions_stop(struct cv_sessions *sessions);

/* After the workers have ended. */
void cv_sessions_destroy(struct cv_sessions *sessions);

/* Nanoseconds since start_tsc, the same for all threads. */
static inline uint64_t cv_sessions_now(const struct cv_sessions *sessions)
{
    return (uint64_t)(((unsigned __int128)(rte_rdtsc() - sessions->start_tsc) * sessions->tsc_scale) >> 32);
}

static inline struct cv_session_rings *cv_handshake_rings(const struct cv_sessions *sessions)
{
    return &sessions->rings[sessions->workers];
}

/* NULL: no such slot, or another session has it by now. */
static inline struct cv_session *cv_session_at(const struct cv_sessions *sessions, uint32_t slot,
                                               uint32_t generation)
{
    struct cv_session *session = slot < sessions->max ? &sessions->slots[slot] : NULL;

    /* In this order: whose place is seen, its generation is, for that is set first. */
    return session != NULL && atomic_load_explicit(&session->place, memory_order_acquire) != CV_PLACE_FREE &&
                   __atomic_load_n(&session->generation, __ATOMIC_ACQUIRE) == generation
               ? session
               : NULL;
}

static inline struct cv_session *cv_session_of_number(const struct cv_sessions *sessions, uint64_t number)
{
    return cv_session_at(sessions, (uint32_t)number & ((1u << CV_SESSION_SLOT_BITS) - 1),
                         (uint32_t)(number >> 32));
}
