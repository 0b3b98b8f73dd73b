/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Time on the packet path: milliseconds in 32 bits, the same for all threads, from the CPU's cycle counter.
 * 0 means "never" where times are kept. It wraps after 49 days: compare with cv_ms_since only.
 */
#include <rte_cycles.h>
#include <stdint.h>

/* How far a worker's clock may be ahead of the keeper's, or a time that was just written of one just read. */
#define CV_MS_AHEAD 60000

/* Milliseconds since start_tsc, plus 1. */
static inline uint32_t cv_now_ms(uint64_t start_tsc, uint64_t cycles_per_ms)
{
    return (uint32_t)((rte_rdtsc() - start_tsc) / cycles_per_ms) + 1;
}

/* Milliseconds from `then` to `now`, both cv_now_ms and less than 49 days apart; 0 when `then` is ahead. */
static inline uint32_t cv_ms_since(uint32_t now_ms, uint32_t then_ms)
{
    uint32_t passed = now_ms - then_ms;

    return passed > UINT32_MAX - CV_MS_AHEAD ? 0 : passed;
}
