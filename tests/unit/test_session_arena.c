/* SPDX-License-Identifier: BSD-3-Clause */
#include "packets.h"
#include "session/arena.h"

#include <stdlib.h>
#include <string.h>

#define PAGES  64
#define BLOCKS 300

static struct cv_page_pool pool, other;

static int start(void **state)
{
    (void)state;
    packets_start("test_session_arena", NULL);
    assert_int_equal(cv_page_pool_create(&pool, "pool", PAGES), 0);
    assert_int_equal(cv_page_pool_create(&other, "other", PAGES), 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    cv_page_pool_destroy(&pool);
    cv_page_pool_destroy(&other);
    return 0;
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
    cv_arena_init(&arena, &pool);
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
            uint8_t *bytes = cv_arena_realloc(&arena, block->bytes, length);

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
    memset(blocks, 0, sizeof(blocks));
    cv_arena_destroy(&arena, &pool);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
}

static void a_session_has_a_limit(void **state)
{
    struct cv_arena arena;
    unsigned count = 0;

    (void)state;
    cv_arena_init(&arena, &pool);
    while (cv_arena_alloc(&arena, 10000) != NULL)
        count++;
    assert_int_equal(count, CV_ARENA_PAGES_MAX);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES - CV_ARENA_PAGES_MAX);
    cv_arena_destroy(&arena, &pool);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
}

static void too_large_is_refused(void **state)
{
    struct cv_arena arena;

    (void)state;
    cv_arena_init(&arena, &pool);
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
    cv_arena_init(&arena, &pool);
    assert_non_null(cv_arena_alloc(&arena, 9000));
    arena.pool = &other;
    assert_non_null(cv_arena_alloc(&arena, 9000));
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES - 1);
    assert_int_equal(cv_page_pool_free_pages(&other), PAGES - 1);
    cv_arena_destroy(&arena, &other);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
    assert_int_equal(cv_page_pool_free_pages(&other), PAGES);
}

static void an_empty_pool_refuses_and_recovers(void **state)
{
    struct cv_arena arenas[3];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        cv_arena_init(&arenas[i], &pool);
        for (unsigned j = 0; j < CV_ARENA_PAGES_MAX; j++)
            assert_int_equal(cv_arena_alloc(&arenas[i], 9000) != NULL, i * CV_ARENA_PAGES_MAX + j < PAGES);
    }
    for (unsigned i = 0; i < 3; i++)
        cv_arena_destroy(&arenas[i], &other);
    for (unsigned i = 0; i < 3; i++) {
        cv_arena_init(&arenas[i], &pool);
        assert_non_null(cv_arena_alloc(&arenas[i], 9000));
    }
    for (unsigned i = 0; i < 3; i++)
        cv_arena_destroy(&arenas[i], &pool);
    assert_int_equal(cv_page_pool_free_pages(&pool), PAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_their_bytes),
        cmocka_unit_test(a_session_has_a_limit),
        cmocka_unit_test(too_large_is_refused),
        cmocka_unit_test(pages_go_home_from_another_thread),
        cmocka_unit_test(an_empty_pool_refuses_and_recovers),
    };

    return cmocka_run_group_tests_name("session_arena", tests, start, stop);
}
