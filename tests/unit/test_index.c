/* SPDX-License-Identifier: BSD-3-Clause */
/* The index against a plain list of what should be in it, and under the eyes of a concurrent reader. */
#include "relay/index.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants these first. */
#include <setjmp.h>

#include <cmocka.h>

#define ENTRIES 6000
#define CHANGES 60000

static uint64_t random_state = 0x243f6a8885a308d3;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static void make(struct cv_index *index, uint32_t entries)
{
    size_t bytes = cv_index_footprint(entries);
    void *memory = aligned_alloc(64, bytes);

    assert_non_null(memory);
    memset(memory, 0, bytes);
    cv_index_init(index, memory, entries);
}

/* What find() is given: the hash that each record was entered under. */
struct reference {
    const uint64_t *hashes;
    uint64_t wanted;
};

static int same(uint32_t record, const void *context)
{
    const struct reference *reference = context;

    return reference->hashes[record] == reference->wanted;
}

static uint32_t find(const struct cv_index *index, const uint64_t *hashes, uint64_t hash)
{
    struct reference reference = {.hashes = hashes, .wanted = hash};

    return cv_index_find(index, hash, same, &reference);
}

/* Entries of each bucket's first hashes that live elsewhere, counted from outside: 0 when all are gone. */
static uint32_t overflowed(const struct cv_index *index)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < index->bucket_count; i++)
        sum += index->buckets[i].overflowed;
    return sum;
}

/* Removing and entering at random, at the highest load that is promised to work. */
static void like_a_set(void **state)
{
    static uint64_t hashes[ENTRIES];
    static bool present[ENTRIES];
    struct cv_index index;
    uint32_t count = 0;

    (void)state;
    make(&index, ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++)
        hashes[i] = random_number();
    for (unsigned change = 0; change < CHANGES; change++) {
        uint32_t record = change < ENTRIES ? change : (uint32_t)(random_number() % ENTRIES);

        if (present[record]) {
            assert_int_equal(cv_index_remove(&index, hashes[record], record), 0);
            hashes[record] = random_number();
        } else {
            assert_int_equal(cv_index_insert(&index, hashes[record], record), 0);
        }
        present[record] = !present[record];
        count += present[record] ? 1 : UINT32_MAX;
        assert_int_equal(index.entries, count);
        if (change == ENTRIES - 1)
            assert_true(overflowed(&index) > 0); /* else the second buckets were not tested */
        if (change % 997 != 0)
            continue;
        for (uint32_t i = 0; i < ENTRIES; i++)
            assert_int_equal(find(&index, hashes, hashes[i]), present[i] ? i : UINT32_MAX);
    }
    for (uint32_t i = 0; i < ENTRIES; i++)
        assert_int_equal(cv_index_remove(&index, hashes[i], i), present[i] ? 0 : -ENOENT);
    assert_int_equal(index.entries, 0);
    assert_int_equal(overflowed(&index), 0);
    free(index.buckets);
}

/* The load that is promised, at the size that is promised; and the memory for it. */
static void a_million(void **state)
{
    const uint32_t entries = 1000000;
    struct cv_index index;

    (void)state;
    assert_true(cv_index_footprint(entries) <= (size_t)entries * 64 * 2 / 15 + 128);
    make(&index, entries);
    for (uint32_t i = 0; i < entries; i++)
        assert_int_equal(cv_index_insert(&index, random_number(), i), 0);
    free(index.buckets);
}

/* All entries have one hash: both its buckets fill up, the next is refused, each can be found and removed. */
static void one_hash(void **state)
{
    const uint64_t hash = 0x123456789abcdef0;
    struct cv_index index;
    uint32_t count = 0;

    (void)state;
    make(&index, 100);
    while (cv_index_insert(&index, hash, count) == 0)
        assert_true(++count <= 2 * CV_INDEX_WAYS);
    assert_int_equal(count, 2 * CV_INDEX_WAYS);
    assert_int_equal(cv_index_insert(&index, hash, count), -ENOSPC);
    assert_int_equal(index.entries, count);
    assert_int_equal(overflowed(&index), CV_INDEX_WAYS);
    assert_int_equal(cv_index_remove(&index, hash, count), -ENOENT);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(cv_index_remove(&index, hash, i), 0);
    assert_int_equal(overflowed(&index), 0);
    free(index.buckets);
}

static uint32_t second_of(const struct cv_index *index, uint64_t hash)
{
    return cv_index_second(index, cv_index_first(index, hash), cv_index_tag(hash, CV_INDEX_IN_FIRST));
}

/* At any size, the first bucket and the second are two, and within the index. */
static void buckets_of_a_hash(void **state)
{
    (void)state;
    for (uint32_t entries = 1; entries < 100000; entries = entries * 3 / 2 + 1) {
        struct cv_index index = {0};

        cv_index_init(&index, NULL, entries);
        for (unsigned i = 0; i < 1000; i++) {
            uint64_t hash = i < 900 ? random_number() : (uint64_t)0 - i;

            assert_true(cv_index_first(&index, hash) < index.bucket_count);
            assert_true(second_of(&index, hash) < index.bucket_count);
            assert_int_not_equal(cv_index_first(&index, hash), second_of(&index, hash));
        }
    }
}

/* Full to the last promised entry at any size, with no room to spare. */
static void small_ones_full(void **state)
{
    (void)state;
    for (uint32_t entries = 1; entries < 300; entries++) {
        struct cv_index index;

        make(&index, entries);
        for (uint32_t i = 0; i < entries; i++)
            assert_int_equal(cv_index_insert(&index, random_number(), i), 0);
        free(index.buckets);
    }
}

/* The smallest index: two buckets, and the second is never the first. */
static void smallest(void **state)
{
    struct cv_index index;

    (void)state;
    make(&index, 1);
    assert_int_equal(index.bucket_count, 2);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t hash = random_number();

        assert_in_range(cv_index_first(&index, hash), 0, 1);
        assert_int_equal(second_of(&index, hash), 1 - cv_index_first(&index, hash));
        assert_int_not_equal(cv_index_tag(hash, CV_INDEX_IN_FIRST), cv_index_tag(hash, CV_INDEX_IN_SECOND));
    }
    free(index.buckets);
}

/* ---- A reader while the writer writes ---- */

#define RECORDS  20000
#define WATCH_NS UINT64_C(1500000000)

struct watch {
    struct cv_index index;
    uint64_t hashes[RECORDS];
    volatile bool stop;
    uint64_t missed;
    uint64_t rounds;
};

/* Every other record stays for good. They sit between those that come and go, in the same buckets. */
static bool is_stable(uint32_t record)
{
    return record % 2 == 0;
}

/* How many of those sit in their second bucket. */
static uint32_t sent_on(const struct cv_index *index)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < index->bucket_count; i++)
        for (uint32_t way = 0; way < CV_INDEX_WAYS; way++)
            count += (index->buckets[i].tags[way] & CV_INDEX_IN_SECOND) &&
                     is_stable(index->buckets[i].records[way]);
    return count;
}

static void *look(void *argument)
{
    struct watch *watch = argument;

    while (!watch->stop) {
        for (uint32_t i = 0; i < RECORDS; i += 2)
            watch->missed += find(&watch->index, watch->hashes, watch->hashes[i]) != i;
        watch->rounds++;
    }
    return NULL;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void reader_misses_nothing(void **state)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    uint64_t end_ns = now_ns() + WATCH_NS;
    uint32_t sent_on_before;
    pthread_t thread;

    (void)state;
    assert_non_null(watch);
    make(&watch->index, RECORDS);
    for (uint32_t i = 0; i < RECORDS; i++) {
        watch->hashes[i] = random_number();
        assert_int_equal(cv_index_insert(&watch->index, watch->hashes[i], i), 0);
    }
    sent_on_before = sent_on(&watch->index);
    assert_int_equal(pthread_create(&thread, NULL, look, watch), 0);
    while (now_ns() < end_ns) {
        /*
         * Out, and in again somewhere else, for which now and then a stable one is sent to its second
         * bucket.
         */
        for (uint32_t i = 0; i < RECORDS; i++)
            if (!is_stable(i))
                assert_int_equal(cv_index_remove(&watch->index, watch->hashes[i], i), 0);
        for (uint32_t i = 0; i < RECORDS; i++) {
            if (is_stable(i))
                continue;
            watch->hashes[i] = random_number();
            assert_int_equal(cv_index_insert(&watch->index, watch->hashes[i], i), 0);
        }
        sched_yield();
    }
    watch->stop = true;
    pthread_join(thread, NULL);
    assert_true(watch->rounds > 10);
    assert_true(sent_on(&watch->index) > sent_on_before + 100); /* moved while they were read */
    assert_int_equal(watch->missed, 0);
    free(watch->index.buckets);
    free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_a_set),
        cmocka_unit_test(a_million),
        cmocka_unit_test(one_hash),
        cmocka_unit_test(buckets_of_a_hash),
        cmocka_unit_test(small_ones_full),
        cmocka_unit_test(smallest),
        cmocka_unit_test(reader_misses_nothing),
    };

    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
