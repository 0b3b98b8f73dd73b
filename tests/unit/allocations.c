/* SPDX-License-Identifier: BSD-3-Clause */
#include "allocations.h"

#include <rte_malloc.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_uint_fast64_t calls;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SANITIZER
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define HAS_SANITIZER
#endif

#ifdef HAS_SANITIZER
/* sanitizer/allocator_interface.h, which not every compiler's package has. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
    calls++;
}

static void on_free(const volatile void *memory)
{
    (void)memory;
}

static void __attribute__((constructor)) begin(void)
{
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}
#else
/* These come before the C library's, which the libraries find as well (dynamic symbol resolution). */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes)
{
    calls++;
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    calls++;
    return __libc_calloc(count, bytes);
}

void *realloc(void *memory, size_t bytes)
{
    calls++;
    return __libc_realloc(memory, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    calls++;
    return __libc_memalign(alignment, bytes);
}
#endif

struct allocations allocations_now(void)
{
    struct rte_malloc_socket_stats stats = {0};

    rte_malloc_get_socket_stats(0, &stats);
    return (struct allocations){.calls = calls, .rte_bytes = stats.heap_allocsz_bytes};
}
