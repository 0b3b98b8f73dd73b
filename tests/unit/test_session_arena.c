/* SPDX-License-Identifier: BSD-3-Clause */
#include "packets.h"
#include "session/arena.h"

#include <stdlib.h>
#include <string.h>

#define PAGES  64
#define BLOCKS 300
#define BASES  3

static struct cv_page_pool pool, other;
static uint8_t *bases;

static int start(void **state)
{
    (void)state;
    packets_start("test_session_arena", NULL);
    assert_int_equal(cv_page_pool_create(&pool, "pool", PAGES), 0);
    assert_int_equal(cv_page_pool_create(&other, "other", PAGES), 0);
    bases = cv_arena_bases_create(BASES);
    assert_non_null(bases);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    cv_page_pool_destroy(&pool);
    cv_page_pool_destroy(&other);
    cv_arena_bases_destroy(bases, BASES);
    return 0;
}

static void begin(struct cv_arena *arena, unsigned base)
{
    cv_arena_init(arena, bases + base * (size_t)CV_ARENA_BASE_BYTES, &pool, CV_ARENA_PAGES_MAX);
}

static bool in_base(const struct cv_arena *arena, const void *block)
{
    return (const uint8_t *)block >= arena->base &&
           (const uint8_t *)block < arena->base + CV_ARENA_BASE_BYTES;
}

struct block {
    uint8_t *bytes;
    size_t length;
    uint8_t fill;
};

static void check(const struct block *block)
{
    for (size_t i = 0; i < block->length; i++)
        assert_int_equal(block->bytes[i], block->fill);
}

/* Blocks of any size come, grow and go; none may touch another. */
static void blocks_keep_their_bytes(void **state)
{
    static struct block blocks[BLOCKS];
    struct cv_arena arena;
    unsigned live = 0;

    (void)state;
    srand(2);
    begin(&arena, 0);
    for (unsigned step = 0; step < 20000; step++) {
        struct block *block = &blocks[rand() % BLOCKS];
        size_t length = (size_t)(rand() % (rand() % 10 == 0 ? 6000 : 400));

        if (block->bytes != NULL)
            check(block);
        if (block->bytes != NULL && rand() % 3 != 0) {
            cv_arena_free(&arena, block->bytes);
            block->bytes = NULL;
            live--;
        } else {
            uint8_t *bytes = block->bytes == NULL && rand() % 4 == 0
                                 ? cv_arena_alloc_in_page(&arena, length)
                                 : cv_arena_realloc(&arena, block->bytes, length);

            if (bytes == NULL)
                continue;
            live += block->bytes == NULL;
            for (size_t i = 0; block->bytes != NULL && i < length && i < block->length; i++)
                assert_int_equal(bytes[i], block->fill);
            *block = (struct block){bytes, length, (uint8_t)step};
            memset(bytes, block->fill, length);
        }
        assert_int_equal(arena.blocks, live);
    }
    assert_true(arena.page_count > 2);
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (blocks[i].bytes != NULL)
            check(&blocks[i]);
        cv_arena_free(&arena, blocks[i].bytes);
    }
    memset(blocks, 0, sizeof(blocks));
    assert_int_equal(arena.blocks, 0);
    assert_int_equal(arena.page_count, 0); /* joined to whole pages again, which went back */
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
    assert_true(in_base(&arena, cv_arena_alloc(&arena, CV_ARENA_BLOCK_MAX)));
    cv_arena_destroy(&arena, &pool);
}

/* What the handshake leaves free in the base is used again, whatever sizes come. */
static void neighbours_are_joined(void **state)
{
    struct cv_arena arena;
    void *blocks[20], *kept;

    (void)state;
    begin(&arena, 0);
    for (unsigned i = 0; i < 20; i++)
        blocks[i] = cv_arena_alloc(&arena, 400);
    kept = cv_arena_alloc(&arena, CV_ARENA_BLOCK_MAX);
    assert_true(in_base(&arena, kept));
    for (unsigned i = 0; i < 20; i += 2)
        cv_arena_free(&arena, blocks[i]);
    for (unsigned i = 1; i < 20; i += 2)
        cv_arena_free(&arena, blocks[i]);
    assert_true(in_base(&arena, cv_arena_alloc(&arena, 8000)));
    assert_int_equal(arena.page_count, 0);
    cv_arena_destroy(&arena, &pool);
}

static void what_is_put_into_pages_leaves_the_base_alone(void **state)
{
    struct cv_arena arena;
    void *aside[3];

    (void)state;
    begin(&arena, 0);
    for (unsigned i = 0; i < 3; i++) {
        aside[i] = cv_arena_alloc_in_page(&arena, 7000);
        assert_false(in_base(&arena, aside[i]));
    }
    assert_int_equal(arena.page_count, 2);
    assert_true(in_base(&arena, cv_arena_alloc(&arena, 16000)));
    assert_true(in_base(&arena, cv_arena_alloc(&arena, 14000)));
    for (unsigned i = 0; i < 3; i++)
        cv_arena_free(&arena, aside[i]);
    assert_int_equal(arena.page_count, 0);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);

    arena.page_max = 0;
    assert_true(in_base(&arena, cv_arena_alloc_in_page(&arena, 100))); /* better there than not at all */
    cv_arena_destroy(&arena, &pool);
}

static void a_session_has_a_limit(void **state)
{
    struct cv_arena arena;
    unsigned count = 0;

    (void)state;
    begin(&arena, 0);
    assert_true(cv_arena_has_room(&arena));
    while (cv_arena_alloc(&arena, 9000) != NULL)
        count++;
    assert_int_equal(count, CV_ARENA_BASE_BYTES / 9008 + CV_ARENA_PAGES_MAX);
    assert_false(cv_arena_has_room(&arena));
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES - CV_ARENA_PAGES_MAX);
    cv_arena_destroy(&arena, &pool);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
}

static void too_large_is_refused(void **state)
{
    struct cv_arena arena;

    (void)state;
    begin(&arena, 0);
    assert_null(cv_arena_alloc(&arena, CV_PAGE_BYTES));
    assert_null(cv_arena_alloc(&arena, SIZE_MAX));
    cv_arena_free(&arena, NULL);
    cv_arena_destroy(&arena, &pool);
}

/* As when the handshake thread gives a session to a worker, which ends it. */
static void pages_go_home_from_another_thread(void **state)
{
    struct cv_arena arena;

    (void)state;
    begin(&arena, 0);
    assert_non_null(cv_arena_alloc_in_page(&arena, 9000));
    arena.pool = &other;
    assert_non_null(cv_arena_alloc_in_page(&arena, 9000));
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES - 1);
    assert_int_equal(cv_page_pool_free_pages(&other), PAGES - 1);
    cv_arena_destroy(&arena, &other);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
    assert_int_equal(cv_page_pool_free_pages(&other), PAGES);
}

/* The pool that a session's pages came from is whole again once another owner has it. */
static void a_new_owner_pays_with_its_own_pages(void **state)
{
    struct cv_arena arena;
    uint8_t *blocks[PAGES];

    (void)state;
    begin(&arena, 0);
    for (unsigned i = 0; i < 2; i++) {
        blocks[i] = cv_arena_alloc_in_page(&arena, 9000);
        memset(blocks[i], (int)i, 9000);
    }
    cv_arena_adopt(&arena, &other, 3);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
    assert_int_equal(cv_page_pool_free_pages(&other), PAGES - 2);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(blocks[i][8999], i);
    assert_non_null(cv_arena_alloc_in_page(&arena, 16000));
    cv_arena_free(&arena, blocks[0]);
    assert_int_equal(cv_page_pool_free_pages(&other), PAGES - 2);
    cv_arena_destroy(&arena, &other);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
    assert_int_equal(cv_page_pool_free_pages(&other), PAGES);
}

/* Who comes too late gets nothing, and the others keep what they have. */
static void an_empty_pool_refuses_and_recovers(void **state)
{
    struct cv_arena arenas[BASES];

    (void)state;
    for (unsigned i = 0; i < BASES; i++) {
        begin(&arenas[i], i);
        assert_true(cv_arena_has_room(&arenas[i]));
        for (unsigned j = 0; j < 3 + CV_ARENA_PAGES_MAX; j++) /* the base takes three of them */
            assert_int_equal(cv_arena_alloc(&arenas[i], 9000) != NULL,
                             i * CV_ARENA_PAGES_MAX + j < 3 + PAGES);
        assert_false(cv_arena_has_room(&arenas[i]));
    }
    for (unsigned i = 0; i < BASES; i++)
        cv_arena_destroy(&arenas[i], &other);
    for (unsigned i = 0; i < BASES; i++) {
        begin(&arenas[i], i);
        assert_non_null(cv_arena_alloc_in_page(&arenas[i], 9000));
    }
    for (unsigned i = 0; i < BASES; i++)
        cv_arena_destroy(&arenas[i], &pool);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_their_bytes),
        cmocka_unit_test(neighbours_are_joined),
        cmocka_unit_test(what_is_put_into_pages_leaves_the_base_alone),
        cmocka_unit_test(a_session_has_a_limit),
        cmocka_unit_test(too_large_is_refused),
        cmocka_unit_test(pages_go_home_from_another_thread),
        cmocka_unit_test(a_new_owner_pays_with_its_own_pages),
        cmocka_unit_test(an_empty_pool_refuses_and_recovers),
    };

    return cmocka_run_group_tests_name("session_arena", tests, start, stop);
}
