/* SPDX-License-Identifier: BSD-3-Clause */
#include "index.h"

#include <errno.h>
#include <stdbool.h>
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

static bool store(struct cv_index_bucket *bucket, uint16_t tag, uint32_t record)
{
    uint32_t free_ways = cv_index_match(bucket, 0);
    uint32_t way;

    if (!free_ways)
        return false;
    way = (uint32_t)__builtin_ctz(free_ways);
    __atomic_store_n(&bucket->records[way], record, __ATOMIC_RELEASE);
    __atomic_store_n(&bucket->tags[way], tag, __ATOMIC_RELEASE);
    return true;
}

static void clear(struct cv_index_bucket *bucket, uint32_t way)
{
    __atomic_store_n(&bucket->tags[way], 0, __ATOMIC_RELEASE);
}

/* The second bucket of an entry whose first is number `first`; told there before it is looked for in vain. */
static bool store_second(struct cv_index *index, uint32_t first, uint64_t tag_bits, uint32_t record)
{
    uint16_t tag = cv_index_tag(tag_bits, CV_INDEX_IN_SECOND);
    struct cv_index_bucket *bucket = &index->buckets[first];

    if (!store(&index->buckets[cv_index_second(index, first, tag)], tag, record))
        return false;
    __atomic_store_n(&bucket->overflowed, bucket->overflowed + 1, __ATOMIC_RELEASE);
    return true;
}

/* Sends an entry of a full bucket, which is its first, to its second. */
static bool make_room(struct cv_index *index, uint32_t number)
{
    struct cv_index_bucket *bucket = &index->buckets[number];

    for (uint32_t way = 0; way < CV_INDEX_WAYS; way++) {
        uint16_t tag = bucket->tags[way];

        if ((tag & CV_INDEX_IN_FIRST) && store_second(index, number, tag, bucket->records[way])) {
            clear(bucket, way);
            return true;
        }
    }
    return false;
}

int cv_index_insert(struct cv_index *index, uint64_t hash, uint32_t record)
{
    uint16_t tag = cv_index_tag(hash, CV_INDEX_IN_FIRST);
    uint32_t first = cv_index_first(index, hash);
    uint32_t second = cv_index_second(index, first, tag);

    if (!store(&index->buckets[first], tag, record) && !store_second(index, first, hash, record)) {
        if (make_room(index, first))
            store(&index->buckets[first], tag, record);
        else if (make_room(index, second))
            store_second(index, first, hash, record);
        else
            return -ENOSPC;
    }
    index->entries++;
    return 0;
}

static bool remove_from(struct cv_index_bucket *bucket, uint16_t tag, uint32_t record)
{
    for (uint32_t ways = cv_index_match(bucket, tag); ways; ways &= ways - 1) {
        uint32_t way = (uint32_t)__builtin_ctz(ways);

        if (bucket->records[way] == record) {
            clear(bucket, way);
            return true;
        }
    }
    return false;
}

int cv_index_remove(struct cv_index *index, uint64_t hash, uint32_t record)
{
    uint16_t tag = cv_index_tag(hash, CV_INDEX_IN_FIRST);
    uint32_t number = cv_index_first(index, hash);
    struct cv_index_bucket *first = &index->buckets[number];
    struct cv_index_bucket *second = &index->buckets[cv_index_second(index, number, tag)];

    if (!remove_from(first, tag, record)) {
        if (!remove_from(second, cv_index_tag(hash, CV_INDEX_IN_SECOND), record))
            return -ENOENT;
        __atomic_store_n(&first->overflowed, first->overflowed - 1, __ATOMIC_RELEASE);
    }
    index->entries--;
    return 0;
}

static uint32_t find_in(const struct cv_index_bucket *bucket, uint16_t tag,
                        int (*same)(uint32_t record, const void *context), const void *context)
{
    for (uint32_t ways = cv_index_match(bucket, tag); ways; ways &= ways - 1) {
        uint32_t record = __atomic_load_n(&bucket->records[__builtin_ctz(ways)], __ATOMIC_ACQUIRE);

        if (same(record, context))
            return record;
    }
    return UINT32_MAX;
}

uint32_t cv_index_find(const struct cv_index *index, uint64_t hash,
                       int (*same)(uint32_t record, const void *context), const void *context)
{
    uint16_t tag = cv_index_tag(hash, CV_INDEX_IN_FIRST);
    uint32_t first = cv_index_first(index, hash);
    uint32_t record = find_in(&index->buckets[first], tag, same, context);

    if (record != UINT32_MAX || !cv_index_has_overflowed(&index->buckets[first]))
        return record;
    return find_in(&index->buckets[cv_index_second(index, first, tag)],
                   cv_index_tag(hash, CV_INDEX_IN_SECOND), same, context);
}
