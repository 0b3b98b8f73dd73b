/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A session's memory: what ngtcp2 and the control stream allocate comes from pages that belong to this
 * session alone, and all pages go back when it ends. So a session that grows takes from a bound of its own,
 * never from malloc, and nothing of it can be left behind.
 *
 * Pages come from the pool of the thread that owns the session when it needs one. They return to the pool
 * that they came from, whichever thread ends the session: a pool's own thread puts them on a stack, any other
 * one into a ring.
 */
#include <rte_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CV_PAGE_BYTES      16384
#define CV_ARENA_PAGES_MAX 24 /* of one session */
#define CV_ARENA_CLASSES   20
#define CV_ARENA_BLOCK_MAX (CV_PAGE_BYTES - 64)

struct cv_page_pool {
    struct rte_ring *returned; /* by other threads */
    void **stack;
    uint32_t count; /* on the stack */
    uint32_t total;
    uint8_t *memory;
};

/* Bytes that cv_page_pool_create takes from DPDK's heap. */
size_t cv_page_pool_bytes(uint32_t pages);

/* 0 or -ENOMEM. `name` is that of the ring, unique in the process. */
int cv_page_pool_create(struct cv_page_pool *pool, const char *name, uint32_t pages);
void cv_page_pool_destroy(struct cv_page_pool *pool);

/* Pages that are in the pool; exact when no other thread is at work. */
uint32_t cv_page_pool_free_pages(const struct cv_page_pool *pool);

struct cv_arena {
    struct cv_page_pool *pool; /* of the owner now: where new pages come from */
    void *pages;               /* chain */
    uint32_t page_count;
    uint32_t blocks; /* in use */
    uint8_t *next;   /* never used yet, in the newest page */
    uint32_t left;
    void *free[CV_ARENA_CLASSES];
};

void cv_arena_init(struct cv_arena *arena, struct cv_page_pool *pool);

/* NULL: larger than CV_ARENA_BLOCK_MAX, or the session or the pool is at its limit. */
void *cv_arena_alloc(struct cv_arena *arena, size_t bytes);
void *cv_arena_realloc(struct cv_arena *arena, void *block, size_t bytes);
void cv_arena_free(struct cv_arena *arena, void *block);

/* Gives all pages back, of blocks in use too. `own` is the pool of the calling thread. */
void cv_arena_destroy(struct cv_arena *arena, const struct cv_page_pool *own);
