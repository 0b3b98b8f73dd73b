/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto_turns.h"

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

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof(values[0]), compare);
    return values[count / 2];
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
        turns[i].ratio = median(ratios, rounds);
        turns[i].ns = median(ns[i], rounds);
    }
}
