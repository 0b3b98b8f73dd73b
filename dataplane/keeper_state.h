/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the keeper owns; for keeper*.c only. */
#include "link/control_link.h"
#include "port/port.h"
#include "relay/expire.h"
#include "relay/move.h"
#include "relay/prove.h"
#include "relay/spares.h"
#include "session/sessions.h"
#include "worker/worker.h"

#define CV_KEEPER_BATCH 64 /* of messages */

struct cv_keeper {
    const struct cv_config *config;
    struct cv_ports ports;
    struct cv_next_hops hops;
    struct cv_pair_table table;
    void *table_memory;
    struct cv_moves *moves;
    struct cv_expiry expiry;
    struct cv_proof_sweep proofs;
    struct cv_spare_sweep spares;
    uint32_t challenges_left;     /* in this turn */
    struct cv_sessions *sessions; /* NULL: none */
    struct rte_ring *notices;
    struct rte_ring *outbox;
    struct cv_control_link *link;
    const struct cv_shared *shared; /* in the link's memory */
    struct cv_worker *workers;
    uint32_t workers_started;
    uint64_t start_tsc;
    uint64_t cycles_per_ms;
    uint32_t now_ms;
    uint32_t stats_ms; /* when the ports' counters were last read; 0: never */
    bool busy;         /* more to do at once: do not sleep before the next turn */
    struct {
        bool active;
        uint32_t sequence;
        uint32_t next_slot;
        uint64_t sent;
    } dump; /* a PAIR_DUMP that goes on as the ring has room */
    struct {
        uint32_t sequence;
        uint32_t owners; /* that have not ended theirs; 0: none is under way */
        uint64_t sent;
    } session_dump;
    /*
     * Control's messages that were taken; those from held_next on wait for a session's owner to take
     * orders.
     */
    struct cv_message held[CV_KEEPER_BATCH];
    uint32_t held_count, held_next;
    _Alignas(64) atomic_bool stop_workers;
};
