/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * All sessions of the process: what the handshake thread, the workers and the keeper share. Made at start
 * (sessions.h), and only read afterwards, but for the rings and what other threads may see of a slot (session.h).
 */
#include "cid.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "port/local.h"
#include "rings.h"
#include "session.h"

#include <openssl/types.h>
#include <rte_cycles.h>
#include <rte_thread.h>

struct cv_handshakes;
struct cv_traces;

struct cv_sessions {
    const struct cv_config *config;
    const struct cv_locals *locals;
    struct cv_session *slots;
    uint8_t *bases; /* of their arenas */
    uint32_t max;
    uint32_t first_generation; /* of each slot; random, so that no number is one of an earlier start's */
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
    struct cv_shard **shards;       /* of workers */
    struct cv_handshakes *handshakes;
    struct cv_traces *traces; /* NULL: not allowed */
    rte_thread_t thread;
    bool started, started_once;
    uint64_t memory_bytes;
    uint64_t session_bytes; /* per session, at rest: all that one more takes */
    uint64_t reserve_bytes; /* for sessions that need more, together */
};

/* Nanoseconds since start_tsc, the same for all threads. */
static inline uint64_t cv_sessions_now(const struct cv_sessions *sessions)
{
    return (uint64_t)(((unsigned __int128)(rte_rdtsc() - sessions->start_tsc) * sessions->tsc_scale) >> 32);
}

static inline struct cv_session_rings *cv_handshake_rings(const struct cv_sessions *sessions)
{
    return &sessions->rings[sessions->workers];
}

/* Our address of that index, as a session's path has it. */
static inline struct cv_address cv_session_local(const struct cv_sessions *sessions, uint8_t local)
{
    return (struct cv_address){sessions->locals->list[local].ip, sessions->listen_port_be};
}

/* NULL: no such slot, or another session has it by now. */
static inline struct cv_session *cv_session_at(const struct cv_sessions *sessions, uint32_t slot,
                                               uint32_t generation)
{
    struct cv_session *session = slot < sessions->max ? &sessions->slots[slot] : NULL;

    /* In this order: whose state is seen, its generation is, for that is set first. */
    return session != NULL &&
                   atomic_load_explicit(&session->slot_state, memory_order_acquire) != CV_SLOT_FREE &&
                   __atomic_load_n(&session->generation, __ATOMIC_ACQUIRE) == generation
               ? session
               : NULL;
}

static inline struct cv_session *cv_session_of_number(const struct cv_sessions *sessions, uint64_t number)
{
    return cv_session_at(sessions, (uint32_t)number & ((1u << CV_SESSION_SLOT_BITS) - 1),
                         (uint32_t)(number >> 32));
}

/* Whether a worker has it: control has admitted its peer. */
static inline bool cv_session_is_admitted(const struct cv_sessions *sessions, uint64_t number)
{
    const struct cv_session *session = cv_session_of_number(sessions, number);

    return session != NULL &&
           atomic_load_explicit(&session->slot_state, memory_order_acquire) == CV_SLOT_WORKER;
}
