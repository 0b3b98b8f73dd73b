/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair_table.h"

#include <errno.h>
#include <rte_random.h>
#include <stddef.h>
#include <string.h>

static size_t align64(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

/* A slot or a next hop that workers may still be looking at. */
struct cv_retired {
    uint64_t token; /* of rte_rcu_qsbr: when all workers have passed it, nobody looks any more */
    uint32_t id;
    uint32_t is_slot;
};

#define RETIRED_MAX 16384 /* a power of two */

/* Legs that may be changing at a time, or be former ones. */
#define SPARES_MIN      64
#define PAIRS_PER_SPARE 16

static uint32_t spares_for(uint32_t pairs)
{
    return RTE_MAX(pairs / PAIRS_PER_SPARE, (uint32_t)SPARES_MIN);
}

struct layout {
    size_t pairs, standings, spares, by_address, by_claim, by_cid, by_number, retired, qsbr, total;
};

static struct layout lay_out(const struct cv_pair_table_limits *limits)
{
    struct layout at = {0};
    size_t offset = 0;
    uint32_t spares = spares_for(limits->pairs);
    uint32_t slots = limits->pairs + spares;
    uint32_t legs = 2 * limits->pairs + spares;

#define TAKE(field, bytes)        \
    do {                          \
        at.field = offset;        \
        offset += align64(bytes); \
    } while (0)
    TAKE(pairs, (size_t)slots * sizeof(struct cv_pair));
    TAKE(standings, (size_t)slots * 2 * sizeof(struct cv_standing));
    TAKE(spares, (size_t)spares * sizeof(struct cv_spare));
    TAKE(by_address, cv_index_footprint(legs));
    TAKE(by_claim, cv_index_footprint(2 * legs)); /* a token, and the one before it */
    TAKE(by_cid, cv_index_footprint(legs));
    TAKE(by_number, cv_index_footprint(limits->pairs));
    TAKE(retired, RETIRED_MAX * sizeof(struct cv_retired));
    TAKE(qsbr, rte_rcu_qsbr_get_memsize(limits->workers));
#undef TAKE
    at.total = offset;
    return at;
}

size_t cv_pair_table_bytes(const struct cv_pair_table_limits *limits)
{
    return lay_out(limits).total;
}

size_t cv_pair_bytes(void)
{
    const struct cv_pair_table_limits some = {.pairs = 1 << 20, .workers = 1};
    const struct cv_pair_table_limits twice = {.pairs = 2 << 20, .workers = 1};

    return (cv_pair_table_bytes(&twice) - cv_pair_table_bytes(&some) + some.pairs - 1) / some.pairs;
}

int cv_pair_table_create(struct cv_pair_table *table, const struct cv_pair_table_limits *limits, void *memory,
                         struct cv_next_hops *hops, const struct cv_locals *locals)
{
    struct layout at = lay_out(limits);
    uint32_t spares = spares_for(limits->pairs);
    uint32_t legs = 2 * limits->pairs + spares;
    uint8_t *base = memory;

    /*
     * Touches each page: a worker's first look at one must not be a page fault, nor find that memory has
     * run out.
     */
    memset(memory, 0, at.total);
    memset(table, 0, sizeof(*table));
    table->memory = memory;
    table->memory_bytes = at.total;
    table->pairs = (struct cv_pair *)(base + at.pairs);
    table->standings = (struct cv_standing *)(base + at.standings);
    table->spares = (struct cv_spare *)(base + at.spares);
    table->spare_max = spares;
    table->free_spare = CV_NO_SLOT;
    cv_index_init(&table->by_address, base + at.by_address, legs);
    cv_index_init(&table->by_claim, base + at.by_claim, 2 * legs);
    cv_index_init(&table->by_cid, base + at.by_cid, legs);
    cv_index_init(&table->by_number, base + at.by_number, limits->pairs);
    table->retired = (struct cv_retired *)(base + at.retired);
    table->qsbr = (struct rte_rcu_qsbr *)(base + at.qsbr);
    table->free_slot = CV_NO_SLOT;
    table->max = limits->pairs;
    table->hops = hops;
    table->locals = locals;
    table->relay_port_first = limits->relay_port_first;
    table->relay_port_last = limits->relay_port_last;
    table->listen_port = limits->listen_port;
    for (unsigned i = 0; i < RTE_DIM(table->secrets); i++)
        table->secrets[i] = rte_rand() | 1;
    return rte_rcu_qsbr_init(table->qsbr, limits->workers) == 0 ? 0 : -EINVAL;
}

/* Its legs send nowhere yet. */
static uint32_t take(struct cv_pair_table *table, uint32_t slot)
{
    for (unsigned side = 0; side < 2 && slot != CV_NO_SLOT; side++)
        table->pairs[slot].legs[side].next_hop = CV_NO_NEXT_HOP;
    return slot;
}

uint32_t cv_pair_table_take_slot(struct cv_pair_table *table)
{
    uint32_t slot = table->free_slot;

    if (slot != CV_NO_SLOT)
        table->free_slot = table->pairs[slot].next_free;
    else if (table->next_unused < table->max)
        slot = table->next_unused++;
    return take(table, slot);
}

uint32_t cv_pair_table_take_spare(struct cv_pair_table *table)
{
    uint32_t slot = table->free_spare;

    if (slot != CV_NO_SLOT)
        table->free_spare = table->spares[slot - table->max].slot;
    else if (table->next_unused_spare < table->spare_max)
        slot = table->max + table->next_unused_spare++;
    return take(table, slot);
}

static void free_slot(struct cv_pair_table *table, uint32_t slot)
{
    struct cv_pair *pair = &table->pairs[slot];

    for (unsigned side = 0; side < 2; side++)
        if (pair->legs[side].next_hop != CV_NO_NEXT_HOP)
            cv_next_hop_release(table->hops, pair->legs[side].next_hop);
    memset(pair, 0, offsetof(struct cv_pair, generation));
    memset(cv_standing_at(table, 2 * slot), 0, 2 * sizeof(struct cv_standing));
    if (slot >= table->max) {
        table->spares[slot - table->max] = (struct cv_spare){.slot = table->free_spare};
        table->free_spare = slot;
        return;
    }
    pair->next_free = table->free_slot;
    table->free_slot = slot;
}

/* ---- Grace periods ---- */

static void retire(struct cv_pair_table *table, uint32_t id, bool is_slot)
{
    struct cv_retired *entry;

    if (table->retired_head - table->retired_tail == RETIRED_MAX) {
        rte_rcu_qsbr_check(table->qsbr, table->retired[table->retired_tail % RETIRED_MAX].token, true);
        cv_pair_table_reclaim(table);
    }
    entry = &table->retired[table->retired_head++ % RETIRED_MAX];
    *entry = (struct cv_retired){.token = rte_rcu_qsbr_start(table->qsbr), .id = id, .is_slot = is_slot};
}

void cv_pair_table_retire_next_hop(struct cv_pair_table *table, uint16_t hop)
{
    if (hop != CV_NO_NEXT_HOP)
        retire(table, hop, false);
}

void cv_pair_table_retire_slot(struct cv_pair_table *table, uint32_t slot)
{
    struct cv_pair *pair = &table->pairs[slot];

    /* Notices, and tokens that workers remember, mean it no more. */
    __atomic_store_n(&pair->generation, pair->generation + 1, __ATOMIC_RELEASE);
    retire(table, slot, true);
}

void cv_pair_table_reclaim(struct cv_pair_table *table)
{
    while (table->retired_tail != table->retired_head) {
        struct cv_retired *entry = &table->retired[table->retired_tail % RETIRED_MAX];

        if (!rte_rcu_qsbr_check(table->qsbr, entry->token, false))
            return;
        if (entry->is_slot)
            free_slot(table, entry->id);
        else
            cv_next_hop_release(table->hops, (uint16_t)entry->id);
        table->retired_tail++;
    }
}
