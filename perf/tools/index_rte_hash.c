/* SPDX-License-Identifier: BSD-3-Clause */
#include "index_rte_hash.h"

#include "packet/packet.h"

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

static struct rte_hash *hash;
static const struct cv_pair_table *table;
static size_t taken_bytes;

static size_t heap_bytes(void)
{
    struct rte_malloc_socket_stats stats;

    rte_malloc_get_socket_stats((int)rte_socket_id(), &stats);
    return stats.heap_allocsz_bytes;
}

static void create(struct bench_relay *relay, uint32_t legs)
{
    struct rte_hash_parameters parameters = {
        .name = "legs",
        .entries = legs + legs / 8, /* room for all: a quarter fewer slots than Culvert's own index has */
        .key_len = sizeof(struct bench_key),
        .hash_func = rte_hash_crc,
        .socket_id = (int)rte_socket_id(),
        .extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF,
    };
    size_t before = heap_bytes();

    table = &relay->table;
    hash = rte_hash_create(&parameters);
    if (hash == NULL)
        bench_fail("rte_hash for %u legs: %s", legs, rte_strerror(rte_errno));
    for (uint32_t leg = 0; leg < legs; leg++) {
        struct bench_key key = bench_key_of(leg);

        if (rte_hash_add_key_data(hash, &key, (void *)(uintptr_t)leg) != 0)
            bench_fail("rte_hash has no room for leg %u of %u", leg, legs);
    }
    taken_bytes = heap_bytes() - before;
}

static size_t bytes(void)
{
    return taken_bytes;
}

static uint64_t look_up(const struct bench_key keys[BENCH_BURST], uint32_t *found)
{
    const void *pointers[BENCH_BURST];
    void *legs[BENCH_BURST];
    uint64_t start_tsc, hits = 0, sum = 0;

    for (unsigned i = 0; i < BENCH_BURST; i++)
        pointers[i] = &keys[i];
    start_tsc = rte_rdtsc_precise();
    rte_hash_lookup_bulk_data(hash, pointers, BENCH_BURST, &hits, legs);
    for (unsigned i = 0; i < BENCH_BURST; i++)
        if (hits >> i & 1)
            rte_prefetch0(cv_leg_at(table, (uint32_t)(uintptr_t)legs[i]));
    for (unsigned i = 0; i < BENCH_BURST; i++)
        if (hits >> i & 1)
            sum += cv_leg_at(table, (uint32_t)(uintptr_t)legs[i])->next_hop;
    bench_use(sum);
    *found += (uint32_t)__builtin_popcountll(hits);
    return rte_rdtsc_precise() - start_tsc;
}

static void destroy(void)
{
    rte_hash_free(hash);
}

const struct bench_index bench_index_rte_hash = {"rte_hash", create, bytes, look_up, destroy};
