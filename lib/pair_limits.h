/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What bounds a pair, the same for peers, for control and for the data plane. */
#include <stdint.h>

#define CV_TOKEN_BYTES 32

/* Idle time is counted in 32-bit milliseconds, rates go up to 1 Tbit/s. */
#define CV_PAIR_IDLE_MAX_S                604800
#define CV_PAIR_RATE_MAX_BYTES_PER_SECOND UINT64_C(125000000000)
