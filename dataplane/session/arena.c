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

struct page {
    struct page *next;
    struct cv_page_pool *home;
};

/* Before each block. */
struct header {
    uint32_t class;
    uint32_t bytes; /* asked for */
};

struct free_block {
    struct free_block *next;
};

/* Bytes of the blocks of each class, headers excluded: about a third apart, so that a fifth is lost on
 * average. */
static const uint16_t class_bytes[CV_ARENA_CLASSES] = {24,   40,   56,   88,   120,  184,  248,
                                                       376,  512,  760,  1024, 1632, 2064, 2832,
                                                       3344, 4600, 6136, 8192, 9984, 16312};

_Static_assert(16312 <= CV_ARENA_BLOCK_MAX &&
                   16312 + sizeof(struct header) + sizeof(struct page) <= CV_PAGE_BYTES,
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

static struct page *take_page(struct cv_page_pool *pool)
{
    struct page *page = NULL;

    if (pool->count > 0)
        page = pool->stack[--pool->count];
    else if (rte_ring_sc_dequeue(pool->returned, (void **)&page) != 0)
        return NULL;
    ASAN_UNPOISON_MEMORY_REGION(page, CV_PAGE_BYTES);
    page->home = pool;
    return page;
}

/* ---- Blocks ---- */

void cv_arena_init(struct cv_arena *arena, struct cv_page_pool *pool)
{
    *arena = (struct cv_arena){.pool = pool};
}

static bool add_page(struct cv_arena *arena)
{
    struct page *page = arena->page_count < CV_ARENA_PAGES_MAX ? take_page(arena->pool) : NULL;

    if (page == NULL)
        return false;
    page->next = arena->pages;
    arena->pages = page;
    arena->page_count++;
    arena->next = (uint8_t *)(page + 1);
    arena->left = CV_PAGE_BYTES - sizeof(*page);
    ASAN_POISON_MEMORY_REGION(arena->next, arena->left);
    return true;
}

static uint32_t class_of(size_t bytes)
{
    uint32_t class = 0;

    while (class < CV_ARENA_CLASSES && class_bytes[class] < bytes)
        class ++;
    return class;
}

/* A block that was used before, of this class or of one up to twice as large; else a new one. */
static struct header *find_block(struct cv_arena *arena, uint32_t class)
{
    uint32_t need = (uint32_t)sizeof(struct header) + class_bytes[class];
    struct header *header;

    for (uint32_t other = class; other < CV_ARENA_CLASSES && other < class + 3; other++) {
        struct free_block *block = arena->free[other];

        if (block == NULL || (other > class && arena->left >= need))
            continue;
        header = (struct header *)block - 1;
        ASAN_UNPOISON_MEMORY_REGION(header, sizeof(*header) + class_bytes[other]);
        arena->free[other] = block->next;
        return header;
    }
    if (arena->left < need && !add_page(arena))
        return NULL;
    header = (struct header *)arena->next;
    ASAN_UNPOISON_MEMORY_REGION(header, need);
    header->class = class;
    arena->next += need;
    arena->left -= need;
    return header;
}

void *cv_arena_alloc(struct cv_arena *arena, size_t bytes)
{
    uint32_t class = class_of(bytes);
    struct header *header = class < CV_ARENA_CLASSES ? find_block(arena, class) : NULL;

    if (header == NULL)
        return NULL;
    header->bytes = (uint32_t)bytes;
    arena->blocks++;
    ASAN_POISON_MEMORY_REGION((uint8_t *)(header + 1) + bytes, class_bytes[header->class] - bytes);
    return header + 1;
}

void cv_arena_free(struct cv_arena *arena, void *memory)
{
    struct free_block *block = memory;
    struct header *header;
    uint32_t class;

    if (memory == NULL)
        return;
    header = (struct header *)memory - 1;
    class = header->class;
    ASAN_UNPOISON_MEMORY_REGION(memory, class_bytes[class]);
    block->next = arena->free[class];
    arena->free[class] = block;
    arena->blocks--;
    ASAN_POISON_MEMORY_REGION(header, sizeof(*header) + class_bytes[class]);
}

void *cv_arena_realloc(struct cv_arena *arena, void *memory, size_t bytes)
{
    struct header *header;
    void *grown;

    if (memory == NULL)
        return cv_arena_alloc(arena, bytes);
    header = (struct header *)memory - 1;
    if (bytes <= class_bytes[header->class]) {
        ASAN_UNPOISON_MEMORY_REGION(memory, class_bytes[header->class]);
        header->bytes = (uint32_t)bytes;
        ASAN_POISON_MEMORY_REGION((uint8_t *)memory + bytes, class_bytes[header->class] - bytes);
        return memory;
    }
    grown = cv_arena_alloc(arena, bytes);
    if (grown == NULL)
        return NULL;
    memcpy(grown, memory, header->bytes);
    cv_arena_free(arena, memory);
    return grown;
}

void cv_arena_destroy(struct cv_arena *arena, const struct cv_page_pool *own)
{
    struct page *page = arena->pages;

    while (page != NULL) {
        struct page *next = page->next;
        struct cv_page_pool *home = page->home;

        ASAN_POISON_MEMORY_REGION(page, CV_PAGE_BYTES);
        if (home == own)
            home->stack[home->count++] = page;
        else
            rte_ring_mp_enqueue(home->returned, page);
        page = next;
    }
    *arena = (struct cv_arena){0};
}
