/* SPDX-License-Identifier: BSD-3-Clause */
#include "lookup.h"

#include "hash.h"

static inline bool owns(const struct cv_leg *leg, const struct cv_packet *packet)
{
    return leg->source_port_be == packet->source_port_be && leg->relay_port_be == packet->relay_port_be &&
           cv_ip_equal(&leg->source, &packet->source) &&
           (leg->flags & (CV_LEG_BOUND | CV_LEG_SHARED)) == CV_LEG_BOUND;
}

/* The first record that a bucket proposes of those in `ways`, or CV_NO_LEG. */
static inline uint32_t propose(const struct cv_index_bucket *bucket, uint32_t ways)
{
    return likely(ways) ? __atomic_load_n(&bucket->records[__builtin_ctz(ways)], __ATOMIC_ACQUIRE)
                        : CV_NO_LEG;
}

static uint32_t search(const struct cv_pair_table *table, const struct cv_packet *packet,
                       const struct cv_index_bucket *bucket, uint16_t tag)
{
    for (uint32_t ways = cv_index_match(bucket, tag); ways; ways &= ways - 1) {
        uint32_t leg = propose(bucket, ways);

        if (owns(cv_leg_at(table, leg), packet))
            return leg;
    }
    return CV_NO_LEG;
}

/* When the first proposal was wrong: all others, then the second bucket. Rarely needed, so out of line. */
static __attribute__((noinline)) uint32_t search_on(const struct cv_pair_table *table,
                                                    const struct cv_packet *packet)
{
    const struct cv_index *index = &table->by_address;
    uint32_t first = cv_index_first(index, packet->hash);
    uint16_t tag = cv_index_tag(packet->hash, CV_INDEX_IN_SECOND);
    uint32_t leg =
        search(table, packet, &index->buckets[first], cv_index_tag(packet->hash, CV_INDEX_IN_FIRST));

    if (leg != CV_NO_LEG || !cv_index_has_overflowed(&index->buckets[first]))
        return leg;
    return search(table, packet, &index->buckets[cv_index_second(index, first, tag)], tag);
}

uint32_t cv_lookup(const struct cv_pair_table *table, struct cv_packet **packets, uint32_t count)
{
    const struct cv_index *index = &table->by_address;
    const struct cv_index_bucket *buckets[CV_BURST];
    uint32_t found = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];

        packet->hash = cv_address_hash(table, &packet->source, packet->source_port_be, packet->relay_port_be);
        buckets[i] = &index->buckets[cv_index_first(index, packet->hash)];
        rte_prefetch0(buckets[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];
        uint16_t tag = cv_index_tag(packet->hash, CV_INDEX_IN_FIRST);

        packet->leg = propose(buckets[i], cv_index_match(buckets[i], tag));
        if (likely(packet->leg != CV_NO_LEG))
            rte_prefetch0(cv_leg_at(table, packet->leg));
    }
    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];

        if (unlikely(packet->leg == CV_NO_LEG || !owns(cv_leg_at(table, packet->leg), packet)))
            packet->leg = search_on(table, packet);
        found += packet->leg != CV_NO_LEG;
    }
    return found;
}
