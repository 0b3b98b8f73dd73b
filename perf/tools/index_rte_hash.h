/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* DPDK's hash table, in the mode in which readers take no lock, with its bulk look-up. */
#include "bench_index.h"

extern const struct bench_index bench_index_rte_hash;
