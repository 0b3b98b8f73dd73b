/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A token bucket: so many things in a minute, of which all may come at once. Zeroed memory is a full one.
 * No allocation.
 */
#include <stdbool.h>
#include <stdint.h>

struct rate {
    uint64_t used;     /* in 60,000ths of a thing: what one millisecond gives back at one a minute */
    uint64_t since_ms; /* monotonic: when that was so */
};

/* Whether there may be one more now. `until_ms`: when there may be one again; as `now_ms` if there may. */
bool rate_take(struct rate *rate, uint64_t per_minute, uint64_t now_ms, uint64_t *until_ms);
