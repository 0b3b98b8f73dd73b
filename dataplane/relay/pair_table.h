/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * All pairs of a relay, and the four ways to find one:
 *
 *      by_address   (relay port, source address)    -> leg    the packet path; several on the listening port
 *      by_claim     token, or (relay port, prefix)  -> leg    how an address becomes a leg's
 *                   session and channel             -> leg    a DATAGRAM frame's
 *      by_cid       (relay port, connection ID)     -> leg    how a leg is known again behind a rebound NAT
 *      by_number    control's number                -> pair
 *
 * All memory is taken by cv_pair_table_create and none afterwards. The keeper is the only writer; workers
 * read without locks and report a quiescent state once per loop, after which slots and next hops that were
 * given up are used again.
 *
 * Why rte_rcu_qsbr and not urcu-qsbr: a reader of the latter wakes a waiting writer with a futex call, which
 * would be a system call in the worker; with the former the keeper polls.
 */
#include "packet/clock.h"
#include "packet/packet.h"
#include "pair.h"
#include "port/next_hop.h"

#include <rte_rcu_qsbr.h>
#include <stdbool.h>

#define CV_NO_SLOT UINT32_MAX

struct cv_pair_table {
    struct cv_pair *pairs;
    struct cv_index by_address;
    struct cv_index by_claim;
    struct cv_index by_cid;
    struct cv_index by_number;
    uint64_t secrets[4];        /* hash keys, random per start */
    uint64_t prefix_lengths[3]; /* bit n: some leg is bound by a prefix of n bits (0 to 128) */
    uint32_t prefix_users[129]; /* keeper: legs per length */
    uint32_t max;
    uint32_t count;
    uint32_t bound_legs;
    struct rte_rcu_qsbr *qsbr;
    struct cv_next_hops *hops;
    const struct cv_locals *locals;
    uint16_t relay_port_first;
    uint16_t relay_port_last;
    uint16_t listen_port; /* of sessions, on which legs may be, too; 0: there is none */
    /* Keeper only. */
    uint32_t free_slot; /* head of a list through next_free; CV_NO_SLOT: empty */
    uint32_t next_unused;
    struct cv_retired *retired; /* waiting for a grace period; a ring */
    uint32_t retired_head, retired_tail;
    void *memory;
    size_t memory_bytes;
};

struct cv_pair_table_limits {
    uint32_t pairs;
    uint32_t workers;
    uint16_t relay_port_first, relay_port_last;
    uint16_t listen_port; /* 0: no sessions */
};

/* What cv_pair_table_create will take for so many pairs, all in all. */
size_t cv_pair_table_bytes(const struct cv_pair_table_limits *limits);

/*
 * What one pair more takes: its record and its seven index entries (addresses, claims, connection IDs,
 * number).
 */
size_t cv_pair_bytes(void);

/*
 * `memory` of that size, 64-byte aligned, is cleared; `hops` and `locals` must outlive the table. 0 or
 * -errno.
 */
int cv_pair_table_create(struct cv_pair_table *table, const struct cv_pair_table_limits *limits, void *memory,
                         struct cv_next_hops *hops, const struct cv_locals *locals);

static inline struct cv_leg *cv_leg_at(const struct cv_pair_table *table, uint32_t leg)
{
    return &table->pairs[leg >> 1].legs[leg & 1];
}

static inline struct cv_pair *cv_pair_of(const struct cv_pair_table *table, uint32_t leg)
{
    return &table->pairs[leg >> 1];
}

/* For so long a leg has been silent when its address may be another's by now. */
#define CV_VACANT_MS 30000

/* Whether a leg has no address, or one that nothing has come from for CV_VACANT_MS. Any thread. */
static inline bool cv_leg_is_vacant(const struct cv_leg *leg, uint32_t now_ms)
{
    uint32_t seen_ms = __atomic_load_n(&leg->seen_ms, __ATOMIC_RELAXED);

    return !(leg->flags & CV_LEG_BOUND) || (cv_ms_since(now_ms, leg->moved_ms) >= CV_VACANT_MS &&
                                            (seen_ms == 0 || cv_ms_since(now_ms, seen_ms) >= CV_VACANT_MS));
}

/* ---- Keeper only, from here on ---- */

/* A slot that is free and that no worker looks at; CV_NO_SLOT: all are taken. */
uint32_t cv_pair_table_take_slot(struct cv_pair_table *table);

/* Gives a slot back after a grace period: nothing leads to it any more. */
void cv_pair_table_retire_slot(struct cv_pair_table *table, uint32_t slot);

/* Gives a next hop back after a grace period; CV_NO_NEXT_HOP is none. */
void cv_pair_table_retire_next_hop(struct cv_pair_table *table, uint16_t hop);

/* Gives back what has been retired and that no worker can see any more. Cheap; once per turn. */
void cv_pair_table_reclaim(struct cv_pair_table *table);
