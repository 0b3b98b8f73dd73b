/* SPDX-License-Identifier: BSD-3-Clause */
#include "index_culvert.h"

#include "relay/lookup.h"

#include <rte_cycles.h>

static const struct cv_pair_table *table;

static void create(struct bench_relay *relay, uint32_t legs)
{
    (void)legs;
    table = &relay->table;
}

static size_t bytes(void)
{
    return cv_index_footprint(2 * table->max);
}

static uint64_t look_up(const struct bench_key keys[BENCH_BURST], uint32_t *found)
{
    static struct cv_packet packets[BENCH_BURST];
    struct cv_packet *burst[BENCH_BURST];
    uint64_t start_tsc, sum = 0;

    for (unsigned i = 0; i < BENCH_BURST; i++) {
        burst[i] = &packets[i];
        packets[i].source = keys[i].ip;
        packets[i].source_port_be = keys[i].port_be;
        packets[i].relay_port_be = keys[i].relay_port_be;
    }
    start_tsc = rte_rdtsc_precise();
    cv_lookup(table, burst, BENCH_BURST);
    for (unsigned i = 0; i < BENCH_BURST; i++) {
        if (packets[i].leg == CV_NO_LEG)
            continue;
        sum += cv_leg_at(table, packets[i].leg)->next_hop;
        (*found)++;
    }
    bench_use(sum);
    return rte_rdtsc_precise() - start_tsc;
}

static void destroy(void)
{
}

const struct bench_index bench_index_culvert = {"culvert", create, bytes, look_up, destroy};
