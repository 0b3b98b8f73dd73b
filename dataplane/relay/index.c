/* SPDX-License-Identifier: BSD-3-Clause */
#include "index.h"

#include <errno.h>
#include <string.h>

/* Entries per bucket at which the table counts as full: three quarters of the ways. */
#define ENTRIES_PER_BUCKET_X2 15

static uint32_t buckets_for(uint32_t entries)
{
    uint64_t buckets = ((uint64_t)entries * 2 + ENTRIES_PER_BUCKET_X2 - 1) / ENTRIES_PER_BUCKET_X2;

    return buckets < 2 ? 2 : (uint32_t)buckets;
}

size_t cv_index_footprint(uint32_t entries)
{
    return (size_t)buckets_for(entries) * sizeof(struct cv_index_bucket);
}

void cv_index_init(struct cv_index *index, void *memory, uint32_t entries)
{
    index->buckets = memory;
    index->bucket_count = buckets_for(entries);
    index->entries = 0;
}

static uint32_t free_ways(const struct cv_index_bucket *bucket)
{
    return cv_index_match(bucket, 0);
}

static void store(struct cv_index_bucket *bucket, uint32_t way, uint64_t hash, uint32_t record)
{
    __atomic_store_n(&bucket->records[way], record, __ATOMIC_RELAXED);
    __atomic_store_n(&bucket->tags[way], cv_index_tag(hash), __ATOMIC_RELEASE);
}

int cv_index_insert(struct cv_index *index, uint64_t hash, uint32_t record)
{
    struct cv_index_bucket *first = &index->buckets[cv_index_first(index, hash)];
    struct cv_index_bucket *second = &index->buckets[cv_index_second(index, hash)];
    uint32_t free_first = free_ways(first);
    uint32_t free_second = free_ways(second);

    if (!free_first && !free_second)
        return -ENOSPC;
    /* The first bucket, unless it is nearly full: a look-up that ends there costs one cache line. */
    if (__builtin_popcount(free_first) > 1 ||
        __builtin_popcount(free_first) >= __builtin_popcount(free_second)) {
        store(first, (uint32_t)__builtin_ctz(free_first), hash, record);
    } else {
        /* Announced before it is there: a reader may look in vain, never too early. */
        __atomic_store_n(&first->overflowed, first->overflowed + 1, __ATOMIC_RELEASE);
        store(second, (uint32_t)__builtin_ctz(free_second), hash, record);
    }
    index->entries++;
    return 0;
}

static int clear(struct cv_index_bucket *bucket, uint64_t hash, uint32_t record)
{
    for (uint32_t ways = cv_index_match(bucket, cv_index_tag(hash)); ways; ways &= ways - 1) {
        uint32_t way = (uint32_t)__builtin_ctz(ways);

        if (bucket->records[way] != record)
            continue;
        __atomic_store_n(&bucket->tags[way], 0, __ATOMIC_RELEASE);
        return 0;
    }
    return -ENOENT;
}

int cv_index_remove(struct cv_index *index, uint64_t hash, uint32_t record)
{
    struct cv_index_bucket *first = &index->buckets[cv_index_first(index, hash)];
    struct cv_index_bucket *second = &index->buckets[cv_index_second(index, hash)];

    if (clear(first, hash, record) == 0) {
        index->entries--;
        return 0;
    }
    if (clear(second, hash, record) == 0) {
        __atomic_store_n(&first->overflowed, first->overflowed - 1, __ATOMIC_RELEASE);
        index->entries--;
        return 0;
    }
    return -ENOENT;
}

static uint32_t find_in(const struct cv_index_bucket *bucket, uint64_t hash,
                        int (*same)(uint32_t record, const void *context), const void *context)
{
    for (uint32_t ways = cv_index_match(bucket, cv_index_tag(hash)); ways; ways &= ways - 1) {
        uint32_t record =
            __atomic_load_n(&bucket->records[__builtin_ctz(ways)], __ATOMIC_ACQUIRE);

        if (same(record, context))
            return record;
    }
    return UINT32_MAX;
}

uint32_t cv_index_find(const struct cv_index *index, uint64_t hash,
                       int (*same)(uint32_t record, const void *context), const void *context)
{
    const struct cv_index_bucket *first = &index->buckets[cv_index_first(index, hash)];
    uint32_t record = find_in(first, hash, same, context);

    if (record != UINT32_MAX || !__atomic_load_n(&first->overflowed, __ATOMIC_ACQUIRE))
        return record;
    return find_in(&index->buckets[cv_index_second(index, hash)], hash, same, context);
}
