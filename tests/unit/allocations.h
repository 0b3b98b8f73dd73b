/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Counts what a program allocates, its shared libraries included: calls of malloc and its like, and bytes of
 * DPDK's heap. One thread.
 */
#include <stdint.h>

struct allocations {
    uint64_t calls;
    uint64_t rte_bytes;
};

struct allocations allocations_now(void);
