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
 * read without locks and report a quiescent state once per loop, after which slots and next hops that
 * were given up are used again.
 *
 * Why rte_rcu_qsbr and not urcu-qsbr: a reader of the latter wakes a waiting writer with a futex call,
 * which would be a system call in the worker; with the former the keeper polls.
 */
#include "packet/clock.h"
#include "packet/packet.h"
#include "pair.h"
#include "port/next_hop.h"

#include <rte_rcu_qsbr.h>
#include <stdbool.h>

#define CV_NO_SLOT UINT32_MAX

/*
 * A place beyond the pairs' own, for a leg that comes or goes (spares.h): `pairs[max + i]` is the record
 * of spare i.
 */
enum cv_spare_use { CV_SPARE_FREE, CV_SPARE_COMING, CV_SPARE_FORMER };

struct cv_spare {
    uint32_t slot; /* of the pair that the leg is of; of a free one: the next free slot */
    uint8_t side;
    uint8_t use; /* enum cv_spare_use */
    uint32_t since_ms;
};

struct cv_pair_table {
    struct cv_pair *pairs;
    struct cv_standing *standings; /* one per leg */
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
    uint32_t unproven_legs; /* those with a budget */
    struct rte_rcu_qsbr *qsbr;
    struct cv_next_hops *hops;
    const struct cv_locals *locals;
    uint16_t relay_port_first;
    uint16_t relay_port_last;
    uint16_t listen_port; /* of sessions, on which legs may be, too; 0: there is none */
    /* Keeper only. */
    uint32_t free_slot; /* head of a list through next_free; CV_NO_SLOT: empty */
    uint32_t next_unused;
    struct cv_spare *spares;
    uint32_t spare_max;
    uint32_t free_spare; /* as free_slot, through cv_spare.slot */
    uint32_t next_unused_spare;
    uint32_t changes_given_up;  /* of legs whose token did not come */
    uint32_t formers_lost;      /* that ended at once, for want of a spare */
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
 * What one pair more takes: its record, its nine index entries (addresses, claims, former tokens,
 * connection IDs, number), and its part of the spares.
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

static inline struct cv_standing *cv_standing_at(const struct cv_pair_table *table, uint32_t leg)
{
    return &table->standings[leg];
}

/* The spare that this leg lives in; NULL: it is in its pair. */
static inline struct cv_spare *cv_spare_of(const struct cv_pair_table *table, uint32_t leg)
{
    return leg >> 1 < table->max ? NULL : &table->spares[(leg >> 1) - table->max];
}

/* The leg that a leg sends to. */
static inline uint32_t cv_leg_target(const struct cv_pair_table *table, uint32_t leg)
{
    const struct cv_spare *spare = cv_spare_of(table, leg);

    return (spare == NULL ? leg : 2 * spare->slot + (leg & 1)) ^ 1;
}

/* Whether the leg has this address. */
static inline bool cv_leg_is_at(const struct cv_leg *leg, const struct cv_address *address)
{
    return (leg->flags & CV_LEG_BOUND) && leg->source_port_be == address->port_be &&
           cv_ip_equal(&leg->source, &address->ip);
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

/* The same for a spare: a slot of table->max or more. */
uint32_t cv_pair_table_take_spare(struct cv_pair_table *table);

/*
 * Gives a slot, also a spare's, back after a grace period, and with it the next hops that its legs still have: a worker
 * may be sending by them. Nothing leads to it any more.
 */
void cv_pair_table_retire_slot(struct cv_pair_table *table, uint32_t slot);

/* Gives a next hop back after a grace period; CV_NO_NEXT_HOP is none. */
void cv_pair_table_retire_next_hop(struct cv_pair_table *table, uint16_t hop);

/* Gives back what has been retired and that no worker can see any more. Cheap; once per turn. */
void cv_pair_table_reclaim(struct cv_pair_table *table);
