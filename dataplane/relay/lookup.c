/* SPDX-License-Identifier: BSD-3-Clause */
#include "lookup.h"

static inline bool owns(const struct cv_leg *leg, const struct cv_packet *packet)
{
    return leg->source_port_be == packet->source_port_be && leg->relay_port_be == packet->relay_port_be &&
           cv_ip_equal(&leg->source, &packet->source) && (leg->flags & CV_LEG_BOUND);
}

/* The next record that the bucket proposes, or CV_NO_LEG; `ways` loses the one taken. */
static inline uint32_t propose(const struct cv_index_bucket *bucket, uint32_t *ways)
{
    uint32_t way;

    if (unlikely(*ways == 0))
        return CV_NO_LEG;
    way = (uint32_t)__builtin_ctz(*ways);
    *ways &= *ways - 1;
    return __atomic_load_n(&bucket->records[way], __ATOMIC_ACQUIRE);
}

/* All proposals but the first, and the second bucket: rarely needed, so out of line. */
static __attribute__((noinline)) uint32_t search_on(const struct cv_pair_table *table,
                                                    const struct cv_packet *packet, uint32_t ways)
{
    const struct cv_index *index = &table->by_address;
    uint32_t first = cv_index_first(index, packet->hash);
    const struct cv_index_bucket *bucket = &index->buckets[first];
    uint16_t tag = cv_index_tag(packet->hash, CV_INDEX_IN_SECOND);

    for (unsigned turn = 0; turn < 2; turn++) {
        uint32_t leg;

        while ((leg = propose(bucket, &ways)) != CV_NO_LEG)
            if (owns(cv_leg_at(table, leg), packet))
                return leg;
        if (turn == 1 || !cv_index_has_overflowed(bucket))
            break;
        bucket = &index->buckets[cv_index_second(index, first, tag)];
        ways = cv_index_match(bucket, tag);
    }
    return CV_NO_LEG;
}

void cv_lookup(const struct cv_pair_table *table, struct cv_packet **packets, uint32_t count)
{
    const struct cv_index *index = &table->by_address;
    uint32_t ways[CV_BURST];

    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];

        packet->hash =
            cv_address_hash(table, &packet->source, packet->source_port_be, packet->relay_port_be);
        cv_index_prefetch(index, packet->hash);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];
        const struct cv_index_bucket *bucket = &index->buckets[cv_index_first(index, packet->hash)];

        ways[i] = cv_index_match(bucket, cv_index_tag(packet->hash, CV_INDEX_IN_FIRST));
        packet->leg = propose(bucket, &ways[i]);
        if (likely(packet->leg != CV_NO_LEG))
            rte_prefetch0(cv_leg_at(table, packet->leg));
    }
    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];

        if (likely(packet->leg != CV_NO_LEG && owns(cv_leg_at(table, packet->leg), packet)))
            continue;
        packet->leg = search_on(table, packet, ways[i]);
    }
}
