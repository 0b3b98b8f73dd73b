/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A fixed-size hash index from 64-bit hashes to 32-bit record numbers: it holds no keys, the caller compares
 * the records that a look-up proposes. Made for one writer and many readers that never wait:
 *
 *   - a bucket is one cache line: 10 tags of 16 bits, 10 record numbers, and how many entries of this bucket
 *     had to go to their second bucket (a reader looks there only when that is not zero);
 *   - an entry lives in its first bucket; in its second when that one is full. Where the second is follows
 *     from the first and the tag, so an entry can be sent there without asking for its hash, and the tag
 *     says in which of its two buckets an entry sits;
 *   - when both buckets are full, one of the entries there that sit in their first is sent to its second.
 *     None ever goes back, and one that goes is in its second bucket before it leaves the first, so a
 *     reader, who looks in that order, can never miss an entry that was there all the time;
 *   - writing an entry stores the number before the tag, removing clears the tag: a reader sees the entry
 *     or does not, and a wrong proposal fails the caller's comparison. Record memory must outlive a grace
 *     period.
 *
 * Memory is taken once. At a load of 0.75 or less insertion does not fail in practice: never in 20 million
 * changes of a full index of two million, nor in a full one of any size from 1 to 400.
 */
#include <rte_branch_prediction.h>
#include <rte_prefetch.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define CV_INDEX_WAYS 10

struct cv_index_bucket {
    _Alignas(64) uint16_t tags[CV_INDEX_WAYS]; /* 0: free */
    uint32_t overflowed; /* entries whose first bucket this is and which live in their second */
    uint32_t records[CV_INDEX_WAYS];
};

_Static_assert(sizeof(struct cv_index_bucket) == 64, "one cache line");

struct cv_index {
    struct cv_index_bucket *buckets;
    uint32_t bucket_count;
    uint32_t entries; /* writer's */
};

/* Bytes needed for `entries`, and the index itself in such zeroed memory (64-byte aligned). */
size_t cv_index_footprint(uint32_t entries);
void cv_index_init(struct cv_index *index, void *memory, uint32_t entries);

/*
 * 0, or -ENOSPC when no room can be made in either bucket. The same (hash, record) must not be in the index
 * already.
 */
int cv_index_insert(struct cv_index *index, uint64_t hash, uint32_t record);

/* Removes the entry; -ENOENT when it is not there. */
int cv_index_remove(struct cv_index *index, uint64_t hash, uint32_t record);

/* 14 bits of the hash, and in which of its two buckets the entry is: never 0. */
#define CV_INDEX_IN_FIRST  UINT16_C(1)
#define CV_INDEX_IN_SECOND UINT16_C(2)

static inline uint16_t cv_index_tag(uint64_t hash, uint16_t where)
{
    return (uint16_t)((hash & 0xfffc) | where);
}

/* The first bucket comes from bits of the hash that the tag does not use. */
static inline uint32_t cv_index_first(const struct cv_index *index, uint64_t hash)
{
    return (uint32_t)(((hash >> 32) * index->bucket_count) >> 32);
}

/* The second bucket of an entry with this tag and first bucket: another one. */
static inline uint32_t cv_index_second(const struct cv_index *index, uint32_t first, uint16_t tag)
{
    uint64_t second = first + 1 + (((uint64_t)(tag >> 2) * (index->bucket_count - 1)) >> 14);

    return (uint32_t)(second < index->bucket_count ? second : second - index->bucket_count);
}

/* One bit for each way of the bucket whose tag matches. */
static inline uint32_t cv_index_match(const struct cv_index_bucket *bucket, uint16_t tag)
{
#ifdef __SSE2__
    __m128i wanted = _mm_set1_epi16((short)tag);
    __m128i low = _mm_load_si128((const __m128i *)bucket->tags);
    __m128i high = _mm_loadl_epi64((const __m128i *)&bucket->tags[8]); /* and bits that the mask drops */
    __m128i equal = _mm_packs_epi16(_mm_cmpeq_epi16(low, wanted), _mm_cmpeq_epi16(high, wanted));

    return (uint32_t)_mm_movemask_epi8(equal) & ((1u << CV_INDEX_WAYS) - 1);
#else
    uint32_t bits = 0;

    for (unsigned way = 0; way < CV_INDEX_WAYS; way++)
        bits |= (uint32_t)(bucket->tags[way] == tag) << way;
    return bits;
#endif
}

/* Whether to look on in the second bucket, after the first was looked through: never in the other order. */
static inline bool cv_index_has_overflowed(const struct cv_index_bucket *bucket)
{
    atomic_thread_fence(memory_order_acquire);
    return __atomic_load_n(&bucket->overflowed, __ATOMIC_ACQUIRE) != 0;
}

/*
 * Calls `same(record, context)` for each record that may have this hash until it returns true; gives that
 * record, or UINT32_MAX. For slow paths; the fast path spells the same steps out over a burst (lookup.c).
 */
uint32_t cv_index_find(const struct cv_index *index, uint64_t hash,
                       int (*same)(uint32_t record, const void *context), const void *context);
