/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A pair as control wants to see it. Keeper only. */
#include "pair_table.h"

void cv_pair_describe(const struct cv_pair_table *table, uint32_t slot, uint32_t now_ms,
                      struct cv_pair_state *state);
