/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A session's memory: what ngtcp2 and the control stream allocate. It is a heap of the session's own, so a
 * session that grows takes from a bound of its own, never from malloc, and nothing of it can be left behind.
 *
 *      base     each slot has one, taken at start: all that a session at rest needs
 *      pages    for what does not fit: in the handshake, and with many packets in flight. From the pool of the
 *               session's shard, which all its sessions share; back to it when they are empty
 *
 * Free neighbours are joined, and a block is cut from one that hardly fits more, so what the handshake leaves
 * behind is used again. Each call takes a bounded time, but for cv_arena_destroy: one step per page.
 *
 * A page returns to the pool that it came from, whichever thread gives it back: a pool's own thread puts it
 * on a stack, any other one into a ring.
 */
#include <rte_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define CV_ARENA_BASE_BYTES 30592
#define CV_PAGE_BYTES       16384
#define CV_ARENA_PAGES_MAX  24 /* of one session, besides its base */
#define CV_ARENA_BLOCK_MAX  (CV_PAGE_BYTES - 64)
#define CV_ARENA_BINS       22 /* of free blocks, by size */

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

/* The bases of `count` slots, one after the other; NULL: no memory. From DPDK's heap. */
uint8_t *cv_arena_bases_create(uint32_t count);
void cv_arena_bases_destroy(uint8_t *bases, uint32_t count);

struct cv_page;
struct cv_free_block;
LIST_HEAD(cv_page_list, cv_page);

/* Free blocks by their size. */
struct cv_arena_bins {
    uint32_t used; /* one bit for each bin that is not empty */
    struct cv_free_block *first[CV_ARENA_BINS];
};

struct cv_arena {
    struct cv_page_pool *pool; /* of the shard: where new pages come from, and empty ones go */
    uint8_t *base;
    struct cv_page_list pages;
    uint16_t page_count;
    uint16_t page_max;
    uint32_t blocks;              /* in use */
    struct cv_arena_bins bins[2]; /* of the base, of the pages */
};

/* `base` is 8-byte aligned. Zeros are an arena that has nothing, which may be destroyed. */
void cv_arena_init(struct cv_arena *arena, uint8_t *base, struct cv_page_pool *pool, uint16_t page_max);

/*
 * The session has come to another shard, whose thread calls this. For each page that the session has, this shard gives
 * one of its own to the pool that the page came from, as long as it has some, so that no pool is drained by sessions
 * that leave.
 */
void cv_arena_adopt(struct cv_arena *arena, struct cv_page_pool *pool, uint16_t page_max);

/*
 * 8-byte aligned. NULL: larger than CV_ARENA_BLOCK_MAX, or the session or the pool is at its limit. `in_page`
 * is for what a session at rest has not: from a page, so that the base is left for what stays.
 */
void *cv_arena_alloc(struct cv_arena *arena, size_t bytes);
void *cv_arena_alloc_in_page(struct cv_arena *arena, size_t bytes);
void *cv_arena_realloc(struct cv_arena *arena, void *block, size_t bytes);
void cv_arena_free(struct cv_arena *arena, void *block);

/*
 * Whether there is a page more for this session, or a large part of one: before work that can wait (a packet
 * to be sent) is given to ngtcp2, which takes the want of memory for the end of the connection.
 */
bool cv_arena_has_room(const struct cv_arena *arena);

/* Gives all pages back, of blocks in use too. `own` is the pool of the calling thread. */
void cv_arena_destroy(struct cv_arena *arena, const struct cv_page_pool *own);
