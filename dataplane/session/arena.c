/* SPDX-License-Identifier: BSD-3-Clause */
#include "arena.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <string.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)   ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

/* For ASan all memory is out of bounds but the blocks in use; so what reads headers goes unchecked. */
#define UNCHECKED __attribute__((no_sanitize_address))

#define FREE        1u
#define BLOCK_MIN   24   /* with its header */
#define SMALL_BYTES 144  /* these are cut from the end of a free block, and so stay together */
#define LOOKS       8    /* into one bin */
#define ROOM_BYTES  8192 /* of a free block, to count as room */

/* A block begins with this. Blocks of one page, or of the base, lie side by side, a header of no bytes last. */
struct header {
    uint32_t before; /* bytes of the block before this; 0: this is the first */
    uint32_t bytes;  /* with the header, a multiple of 8; its lowest bit is FREE */
};

struct cv_free_block {
    struct header header;
    struct cv_free_block *next, *last;
};

enum part { BASE, PAGES };

struct cv_page {
    LIST_ENTRY(cv_page) link;
    struct cv_page_pool *home;
};

_Static_assert(sizeof(struct cv_free_block) == BLOCK_MIN, "the links fit the smallest block");
_Static_assert(CV_ARENA_BLOCK_MAX + sizeof(struct cv_page) + 2 * sizeof(struct header) <= CV_PAGE_BYTES,
               "the largest block fits a page");

/* ---- Pages ---- */

size_t cv_page_pool_bytes(uint32_t pages)
{
    return (size_t)pages * (CV_PAGE_BYTES + sizeof(void *)) +
           (size_t)rte_ring_get_memsize(rte_align32pow2(pages + 1));
}

int cv_page_pool_create(struct cv_page_pool *pool, const char *name, uint32_t pages)
{
    *pool = (struct cv_page_pool){.total = pages};
    pool->memory = rte_malloc("session-pages", (size_t)pages * CV_PAGE_BYTES, 64);
    pool->stack = rte_malloc("session-page-list", pages * sizeof(void *), 64);
    pool->returned = rte_ring_create(name, rte_align32pow2(pages + 1), SOCKET_ID_ANY, RING_F_SC_DEQ);
    if (pool->memory == NULL || pool->stack == NULL || pool->returned == NULL) {
        cv_page_pool_destroy(pool);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < pages; i++)
        pool->stack[pool->count++] = pool->memory + (size_t)i * CV_PAGE_BYTES;
    return 0;
}

void cv_page_pool_destroy(struct cv_page_pool *pool)
{
    if (pool->memory != NULL)
        ASAN_UNPOISON_MEMORY_REGION(pool->memory, (size_t)pool->total * CV_PAGE_BYTES);
    rte_ring_free(pool->returned);
    rte_free(pool->stack);
    rte_free(pool->memory);
    *pool = (struct cv_page_pool){0};
}

uint32_t cv_page_pool_free_pages(const struct cv_page_pool *pool)
{
    return pool->count + rte_ring_count(pool->returned);
}

UNCHECKED static struct cv_page *take_page(struct cv_page_pool *pool)
{
    struct cv_page *page = NULL;

    if (pool->count > 0)
        page = pool->stack[--pool->count];
    else if (rte_ring_sc_dequeue(pool->returned, (void **)&page) != 0)
        return NULL;
    page->home = pool;
    return page;
}

UNCHECKED static void give_page(struct cv_page *page, const struct cv_page_pool *own)
{
    struct cv_page_pool *home = page->home;

    if (home == own)
        home->stack[home->count++] = page;
    else
        rte_ring_mp_enqueue(home->returned, page);
}

uint8_t *cv_arena_bases_create(uint32_t count)
{
    return rte_malloc("session-bases", (size_t)count * CV_ARENA_BASE_BYTES, 64);
}

void cv_arena_bases_destroy(uint8_t *bases, uint32_t count)
{
    if (bases != NULL)
        ASAN_UNPOISON_MEMORY_REGION(bases, (size_t)count * CV_ARENA_BASE_BYTES);
    rte_free(bases);
}

/* ---- Free blocks ---- */

/* Two bins for each power of two: 24 to 31, 32 to 47, 48 to 63 and so on. */
static unsigned bin_of(uint32_t bytes)
{
    unsigned log = 31 - (unsigned)__builtin_clz(bytes);

    return RTE_MIN(2 * (log - 4) + ((bytes >> (log - 1)) & 1) - 1, CV_ARENA_BINS - 1u);
}

static struct cv_arena_bins *bins_of(struct cv_arena *arena, const void *block)
{
    return &arena->bins[(uintptr_t)block - (uintptr_t)arena->base >= CV_ARENA_BASE_BYTES];
}

UNCHECKED static void list(struct cv_arena *arena, struct cv_free_block *block)
{
    unsigned bin = bin_of(block->header.bytes & ~FREE);
    struct cv_arena_bins *bins = bins_of(arena, block);

    block->header.bytes |= FREE;
    block->last = NULL;
    block->next = bins->first[bin];
    if (block->next != NULL)
        block->next->last = block;
    bins->first[bin] = block;
    bins->used |= 1u << bin;
}

UNCHECKED static void unlist(struct cv_arena *arena, struct cv_free_block *block)
{
    unsigned bin = bin_of(block->header.bytes & ~FREE);
    struct cv_arena_bins *bins = bins_of(arena, block);

    block->header.bytes &= ~FREE;
    if (block->next != NULL)
        block->next->last = block->last;
    if (block->last != NULL)
        block->last->next = block->next;
    else
        bins->first[bin] = block->next;
    if (bins->first[bin] == NULL)
        bins->used &= ~(1u << bin);
}

static struct header *at(void *memory, uint32_t offset)
{
    return (struct header *)((uint8_t *)memory + offset);
}

/* One free block in all of it. */
UNCHECKED static void lay_out(struct cv_arena *arena, void *memory, uint32_t bytes)
{
    uint32_t block = bytes - (uint32_t)sizeof(struct header);

    *at(memory, 0) = (struct header){0, block};
    *at(memory, block) = (struct header){block, 0};
    list(arena, memory);
}

static bool add_page(struct cv_arena *arena)
{
    struct cv_page *page = arena->page_count < arena->page_max ? take_page(arena->pool) : NULL;

    if (page == NULL)
        return false;
    ASAN_UNPOISON_MEMORY_REGION(page, sizeof(*page));
    LIST_INSERT_HEAD(&arena->pages, page, link);
    arena->page_count++;
    ASAN_POISON_MEMORY_REGION(page + 1, CV_PAGE_BYTES - sizeof(*page));
    lay_out(arena, page + 1, CV_PAGE_BYTES - sizeof(*page));
    return true;
}

static void remove_page(struct cv_arena *arena, struct cv_page *page)
{
    LIST_REMOVE(page, link);
    arena->page_count--;
    give_page(page, arena->pool);
    ASAN_POISON_MEMORY_REGION(page, CV_PAGE_BYTES);
}

/* ---- Blocks ---- */

void cv_arena_init(struct cv_arena *arena, uint8_t *base, struct cv_page_pool *pool, uint16_t page_max)
{
    *arena = (struct cv_arena){.pool = pool, .base = base, .page_max = page_max};
    ASAN_POISON_MEMORY_REGION(base, CV_ARENA_BASE_BYTES);
    lay_out(arena, base, CV_ARENA_BASE_BYTES);
}

/* A free block of at least `need` bytes, hardly more if there is one; NULL: none. */
UNCHECKED static struct cv_free_block *find(const struct cv_arena_bins *bins, uint32_t need)
{
    unsigned bin = bin_of(need);
    struct cv_free_block *block = bins->first[bin], *best = NULL;
    uint32_t larger;

    for (unsigned i = 0; block != NULL && i < LOOKS; block = block->next, i++)
        if ((block->header.bytes & ~FREE) >= need &&
            (best == NULL || block->header.bytes < best->header.bytes))
            best = block;
    larger = bins->used & ~((2u << bin) - 1);
    return best == NULL && larger != 0 ? bins->first[__builtin_ctz(larger)] : best;
}

/* Takes `need` bytes of a free block; the rest, if it can be a block, stays free. */
UNCHECKED static struct header *cut(struct cv_arena *arena, struct cv_free_block *block, uint32_t need)
{
    struct header *used = &block->header, *rest;
    uint32_t bytes = used->bytes & ~FREE;

    unlist(arena, block);
    if (bytes - need < BLOCK_MIN)
        return used;
    rest = at(block, need);
    if (need <= SMALL_BYTES) {
        rest = used;
        used = at(block, bytes - need);
        used->before = bytes - need;
    } else {
        rest->before = need;
    }
    used->bytes = need;
    rest->bytes = bytes - need;
    at(block, bytes)->before = used > rest ? need : bytes - need;
    list(arena, (struct cv_free_block *)rest);
    return used;
}

UNCHECKED static uint32_t payload(const struct header *header)
{
    return header->bytes - (uint32_t)sizeof(*header);
}

static void *allocate(struct cv_arena *arena, size_t bytes, enum part first)
{
    struct cv_free_block *block;
    struct header *header;
    uint32_t need;

    if (bytes > CV_ARENA_BLOCK_MAX)
        return NULL;
    need = RTE_MAX((uint32_t)RTE_ALIGN_CEIL(bytes + sizeof(*header), 8), (uint32_t)BLOCK_MIN);
    block = find(&arena->bins[first], need);
    if (block == NULL && first == BASE)
        block = find(&arena->bins[PAGES], need);
    if (block == NULL && add_page(arena))
        block = find(&arena->bins[PAGES], need);
    if (block == NULL && first == PAGES)
        block = find(&arena->bins[BASE], need);
    if (block == NULL)
        return NULL;
    header = cut(arena, block, need);
    arena->blocks++;
    ASAN_UNPOISON_MEMORY_REGION(header + 1, bytes);
    return header + 1;
}

void *cv_arena_alloc(struct cv_arena *arena, size_t bytes)
{
    return allocate(arena, bytes, BASE);
}

void *cv_arena_alloc_in_page(struct cv_arena *arena, size_t bytes)
{
    return allocate(arena, bytes, PAGES);
}

/* Joins a block that is to be free with its free neighbours. */
UNCHECKED static struct header *join(struct cv_arena *arena, struct header *header)
{
    struct header *next = at(header, header->bytes);
    struct header *before = (struct header *)((uint8_t *)header - header->before);

    if ((next->bytes & FREE) != 0) {
        unlist(arena, (struct cv_free_block *)next);
        header->bytes += next->bytes;
    }
    if (before != header && (before->bytes & FREE) != 0) {
        unlist(arena, (struct cv_free_block *)before);
        before->bytes += header->bytes;
        header = before;
    }
    at(header, header->bytes)->before = header->bytes;
    return header;
}

UNCHECKED static bool is_whole_page(const struct cv_arena *arena, const struct header *header)
{
    return header->before == 0 && (const uint8_t *)header != arena->base &&
           ((const struct header *)((const uint8_t *)header + header->bytes))->bytes == 0;
}

void cv_arena_free(struct cv_arena *arena, void *memory)
{
    struct header *header;

    if (memory == NULL)
        return;
    header = (struct header *)memory - 1;
    ASAN_POISON_MEMORY_REGION(memory, payload(header));
    arena->blocks--;
    header = join(arena, header);
    if (is_whole_page(arena, header))
        remove_page(arena, (struct cv_page *)header - 1);
    else
        list(arena, (struct cv_free_block *)header);
}

void *cv_arena_realloc(struct cv_arena *arena, void *memory, size_t bytes)
{
    void *grown;
    uint32_t room;

    if (memory == NULL)
        return cv_arena_alloc(arena, bytes);
    room = payload((struct header *)memory - 1);
    if (bytes <= room) {
        ASAN_POISON_MEMORY_REGION(memory, room);
        ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
        return memory;
    }
    grown = cv_arena_alloc(arena, bytes);
    if (grown == NULL)
        return NULL;
    ASAN_UNPOISON_MEMORY_REGION(memory, room);
    memcpy(grown, memory, room);
    cv_arena_free(arena, memory);
    return grown;
}

/* ---- The whole ---- */

bool cv_arena_has_room(const struct cv_arena *arena)
{
    return (arena->bins[BASE].used | arena->bins[PAGES].used) >> bin_of(ROOM_BYTES) != 0 ||
           (arena->page_count < arena->page_max && cv_page_pool_free_pages(arena->pool) > 0);
}

void cv_arena_adopt(struct cv_arena *arena, struct cv_page_pool *pool, uint16_t page_max)
{
    struct cv_page *page, *instead;

    arena->pool = pool;
    arena->page_max = page_max;
    LIST_FOREACH(page, &arena->pages, link)
    {
        if (page->home == pool || (instead = take_page(pool)) == NULL)
            continue;
        rte_ring_mp_enqueue(page->home->returned, instead);
        page->home = pool;
    }
}

void cv_arena_destroy(struct cv_arena *arena, const struct cv_page_pool *own)
{
    struct cv_page *page;

    while ((page = LIST_FIRST(&arena->pages)) != NULL) {
        LIST_REMOVE(page, link);
        give_page(page, own);
        ASAN_POISON_MEMORY_REGION(page, CV_PAGE_BYTES);
    }
    if (arena->base != NULL)
        ASAN_POISON_MEMORY_REGION(arena->base, CV_ARENA_BASE_BYTES);
    *arena = (struct cv_arena){0};
}
