/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * All pairs of a relay, and the four ways to find one:
 *
 *      by_address   (relay port, source address)    -> leg    the packet path
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
#include "pair.h"
#include "port/next_hop.h"

#include <rte_rcu_qsbr.h>
#include <stdbool.h>

#define CV_NO_SLOT UINT32_MAX

/* How far a worker's clock may be ahead of the keeper's, or a time that was just written of one just read. */
#define CV_MS_AHEAD 60000

/* Milliseconds from `then` to `now`, both cv_now_ms and less than 49 days apart; 0 when `then` is ahead. */
static inline uint32_t cv_ms_since(uint32_t now_ms, uint32_t then_ms)
{
    uint32_t passed = now_ms - then_ms;

    return passed > UINT32_MAX - CV_MS_AHEAD ? 0 : passed;
}

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
};

/* What cv_pair_table_create will take for so many pairs, all in all. */
size_t cv_pair_table_bytes(const struct cv_pair_table_limits *limits);

/*
 * What one pair more takes: its record and its seven index entries (addresses, claims, connection IDs,
 * number).
 */
size_t cv_pair_bytes(void);

/* `memory` of that size, 64-byte aligned, is cleared; `hops` and `locals` must outlive the table. 0 or
 * -errno. */
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

static inline uint64_t cv_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Keyed hash of 16 bytes and a number: not guessable from outside, ten cycles. */
static inline uint64_t cv_hash16(const uint64_t secrets[4], const void *bytes, uint64_t number)
{
    uint64_t low, high;

    __builtin_memcpy(&high, bytes, 8);
    __builtin_memcpy(&low, (const uint8_t *)bytes + 8, 8);
    return cv_fold(cv_fold(low ^ secrets[0], high ^ number ^ secrets[1]) ^ secrets[2], low ^ secrets[3]);
}

static inline uint64_t cv_address_hash(const struct cv_pair_table *table, const struct cv_ip *ip,
                                       uint16_t port_be, uint16_t relay_port_be)
{
    uint64_t ports = (uint64_t)relay_port_be << 16 | port_be;

    return cv_hash16(table->secrets, ip, ports << 32 | ports);
}

/* Leg for a token sent to a relay port, or CV_NO_LEG. Compares all 32 bytes in constant time. Any thread. */
uint32_t cv_find_token(const struct cv_pair_table *table, const uint8_t token[CV_TOKEN_BYTES],
                       uint16_t relay_port_be);

/*
 * Leg that the address may have by its prefix on this relay port: the longest prefix whose leg is vacant.
 * Any thread.
 */
uint32_t cv_find_prefix(const struct cv_pair_table *table, const struct cv_ip *ip, uint16_t relay_port_be,
                        uint32_t now_ms);

/* The tunnel leg of a session and channel, or CV_NO_LEG. Any thread. */
uint32_t cv_find_tunnel(const struct cv_pair_table *table, const struct cv_tunnel *tunnel);

/* Leg that sends to this connection ID, from a QUIC packet's first bytes (RFC 8999). Any thread. */
uint32_t cv_find_cid(const struct cv_pair_table *table, const uint8_t *payload, uint16_t bytes,
                     uint16_t relay_port_be);

/* Whether this is the connection ID that the leg is known to send to. Any thread. */
bool cv_leg_has_cid(const struct cv_pair_table *table, uint32_t leg, const uint8_t *cid, uint8_t bytes);

/* Leg for an address: the same answer that the packet path gives. Any thread. */
uint32_t cv_find_address(const struct cv_pair_table *table, const struct cv_address *address,
                         uint16_t relay_port_be);

/* Pair slot for control's number, or UINT32_MAX. */
uint32_t cv_find_pair(const struct cv_pair_table *table, uint64_t number);

/* ---- Keeper only, from here on ---- */

/*
 * Makes the pair, or changes idle time and rate of the one that has this number (its legs and port stay as
 * they are when they are the same; -EEXIST when they differ). Legs with a fixed or a last address are bound
 * at once. The slot goes to *slot. -ENOSPC: full; -EADDRINUSE: another leg has that address, token or prefix
 * on this relay port, or that channel of the session; -EADDRNOTAVAIL: relay port outside the range;
 * -ENETUNREACH: no address of ours has the family of a fixed one.
 */
int cv_pair_put(struct cv_pair_table *table, const struct cv_pair_config *config, uint32_t now_ms,
                uint32_t *slot);

/* Removes a pair; its slot is used again after a grace period. */
void cv_pair_remove(struct cv_pair_table *table, uint32_t slot);

/* Gives an unbound leg its address, or moves it. -EADDRINUSE as above. Also sets where the other leg sends.
 */
int cv_leg_bind(struct cv_pair_table *table, uint32_t leg, const struct cv_address *address, uint8_t local,
                uint32_t now_ms);

/* Makes the other leg send to this one, which is a tunnel leg. */
void cv_leg_join_tunnel(struct cv_pair_table *table, uint32_t leg);

/* Takes a leg's address away. */
void cv_leg_unbind(struct cv_pair_table *table, uint32_t leg);

/* Gives a next hop back after a grace period; CV_NO_NEXT_HOP is none. */
void cv_retire_next_hop(struct cv_pair_table *table, uint16_t hop);

/* Notes the connection ID that a leg sends to. Ignored when another leg on this relay port has it already. */
void cv_leg_learn_cid(struct cv_pair_table *table, uint32_t leg, const uint8_t *cid, uint8_t bytes);

void cv_leg_forget_cid(struct cv_pair_table *table, uint32_t leg);

/* Gives back what has been retired and that no worker can see any more. Cheap; once per turn. */
void cv_pair_table_reclaim(struct cv_pair_table *table);

/* The pair as control wants to see it. */
void cv_pair_describe(const struct cv_pair_table *table, uint32_t slot, uint32_t now_ms,
                      struct cv_pair_state *state);
