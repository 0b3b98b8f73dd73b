/* SPDX-License-Identifier: BSD-3-Clause */
#include "index_lfht.h"

#include "relay/hash.h"

#include <malloc.h>
#include <rte_cycles.h>
#include <rte_malloc.h>
#include <string.h>
#include <urcu/urcu-qsbr.h>

#include <urcu/rculfhash.h>

struct node {
    _Alignas(64) struct cds_lfht_node node;
    struct bench_key key;
    uint16_t next_hop;
};

static struct cds_lfht *hash;
static struct node *nodes;
static const struct cv_pair_table *table; /* for its keyed hash */
static size_t taken_bytes;

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static unsigned long hash_of(const struct bench_key *key)
{
    return cv_address_hash(table, &key->ip, key->port_be, key->relay_port_be);
}

static int matches(struct cds_lfht_node *node, const void *key)
{
    return memcmp(&caa_container_of(node, struct node, node)->key, key, sizeof(struct bench_key)) == 0;
}

static void create(struct bench_relay *relay, uint32_t legs)
{
    unsigned long buckets = rte_align64pow2(legs);
    size_t before = heap_bytes();

    table = &relay->table;
    urcu_qsbr_register_thread();
    hash = cds_lfht_new_flavor(buckets, buckets, buckets, 0, &urcu_qsbr_flavor, NULL);
    nodes = rte_zmalloc("nodes", legs * sizeof(*nodes), 64);
    if (hash == NULL || nodes == NULL)
        bench_fail("no memory for a cds_lfht of %u legs", legs);
    taken_bytes = heap_bytes() - before + legs * sizeof(struct cds_lfht_node);
    for (uint32_t leg = 0; leg < legs; leg++) {
        nodes[leg].key = bench_key_of(leg);
        cds_lfht_add(hash, hash_of(&nodes[leg].key), &nodes[leg].node);
    }
}

static size_t bytes(void)
{
    return taken_bytes;
}

static uint64_t look_up(const struct bench_key keys[BENCH_BURST], uint32_t *found)
{
    uint64_t start_tsc = rte_rdtsc_precise(), sum = 0;

    urcu_qsbr_read_lock();
    for (unsigned i = 0; i < BENCH_BURST; i++) {
        struct cds_lfht_iter at;
        struct cds_lfht_node *node;

        cds_lfht_lookup(hash, hash_of(&keys[i]), matches, &keys[i], &at);
        node = cds_lfht_iter_get_node(&at);
        if (node == NULL)
            continue;
        sum += caa_container_of(node, struct node, node)->next_hop;
        (*found)++;
    }
    urcu_qsbr_read_unlock();
    bench_use(sum);
    return rte_rdtsc_precise() - start_tsc;
}

/* All nodes must be gone before the table can be. */
static void destroy(void)
{
    struct cds_lfht_iter at;
    struct cds_lfht_node *node;

    cds_lfht_for_each(hash, &at, node) cds_lfht_del(hash, node);
    urcu_qsbr_synchronize_rcu();
    cds_lfht_destroy(hash, NULL);
    urcu_qsbr_unregister_thread();
    rte_free(nodes);
}

const struct bench_index bench_index_lfht = {"cds_lfht", create, bytes, look_up, destroy};
