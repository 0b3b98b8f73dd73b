/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Things measured in turns, so that what the machine does beside them meets all alike; and memory for them.
 */
#include <stddef.h>

#define CRYPTO_ROUNDS_MAX 10001

/* One thing to measure: `run` does it to `packets` packets. */
struct crypto_turn {
    void (*run)(void *context, void *argument);
    void *context;
    void *argument;
    unsigned packets;
    double ns;    /* out: per packet, median of the rounds */
    double ratio; /* out: to the first thing in the same round, median */
};

/* Measures all of them in turns; another one is the first in each round. */
void crypto_measure(struct crypto_turn *turns, unsigned count, unsigned rounds);

/* Zeroed memory in large pages if there are any. */
void *crypto_memory(size_t bytes);
