/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * liburcu's lock-free hash table, presized. Its nodes lie in the legs' first cache lines, as a user would
 * put them.
 */
#include "bench_index.h"

extern const struct bench_index bench_index_lfht;
