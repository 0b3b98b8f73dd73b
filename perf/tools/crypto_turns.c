/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto_turns.h"

#include "median.h"
#include "relay_setup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define TURNS_MAX  8
#define LARGE_PAGE (2u << 20)

void *crypto_memory(size_t bytes)
{
    size_t rounded = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    void *memory = aligned_alloc(LARGE_PAGE, rounded);

    if (memory == NULL)
        bench_fail("no memory: %zu MB are needed", rounded >> 20);
    madvise(memory, rounded, MADV_HUGEPAGE);
    return memset(memory, 0, bytes);
}

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

void crypto_measure(struct crypto_turn *turns, unsigned count, unsigned rounds)
{
    static double ns[TURNS_MAX][CRYPTO_ROUNDS_MAX], ratios[CRYPTO_ROUNDS_MAX];

    for (unsigned i = 0; i < count; i++)
        turns[i].run(turns[i].context, turns[i].argument); /* warms up */
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned place = 0; place < count; place++) {
            unsigned i = (place + round) % count;
            double begin = now_ns();

            turns[i].run(turns[i].context, turns[i].argument);
            ns[i][round] = (now_ns() - begin) / turns[i].packets;
        }
    }
    for (unsigned i = count; i-- > 0;) { /* the first last: the others are divided by it */
        for (unsigned round = 0; round < rounds; round++)
            ratios[round] = ns[i][round] / ns[0][round];
        turns[i].ratio = bench_median(ratios, rounds);
        turns[i].ns = bench_median(ns[i], rounds);
    }
}
