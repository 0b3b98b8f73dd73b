/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What one worker has of the pairs: the tables that it reads, and what it may still spend in this
 * millisecond on packets that no leg's address names. Written by that worker alone once it runs; the tables
 * are the keeper's.
 */
#include "packet/context.h"
#include "pair_table.h"

/*
 * A token that was just seen, until the keeper has bound its leg: packets right behind it, such as a QUIC
 * Initial, are the leg's already.
 */
struct cv_fresh_token {
    struct cv_address address;
    uint16_t relay_port_be;
    uint32_t leg;
    uint32_t generation;
    uint32_t seen_ms; /* 0: none */
};

#define CV_FRESH_TOKENS 32 /* the oldest is forgotten */

struct cv_relay {
    struct cv_context context;
    /* Set before the worker starts. */
    struct cv_pair_table *table;
    const struct cv_next_hops *hops;
    const struct cv_locals *locals;

    /* What connection IDs may still do in this millisecond. */
    uint32_t claims_left;  /* be looked up, for packets to relay ports */
    uint32_t listens_left; /* name a leg elsewhere, on the listening port, where all are looked up */
    uint32_t learns_left;  /* be told to the keeper */
    struct cv_fresh_token fresh_tokens[CV_FRESH_TOKENS];
    uint32_t fresh_next;
};
