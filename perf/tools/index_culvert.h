/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Culvert's own: what cv_pair_put has entered, and cv_lookup finds. */
#include "bench_index.h"

extern const struct bench_index bench_index_culvert;
