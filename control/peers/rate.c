/* SPDX-License-Identifier: BSD-3-Clause */
#include "rate.h"

#define ONE UINT64_C(60000)

bool rate_take(struct rate *rate, uint64_t per_minute, uint64_t now_ms, uint64_t *until_ms)
{
    uint64_t passed_ms = now_ms - rate->since_ms;
    uint64_t back = passed_ms > ONE ? per_minute * ONE : passed_ms * per_minute;

    rate->used = rate->used > back ? rate->used - back : 0;
    rate->since_ms = now_ms;
    *until_ms = now_ms;
    if (per_minute == 0) {
        *until_ms = now_ms + ONE;
        return false;
    }
    if (rate->used + ONE > per_minute * ONE) {
        *until_ms = now_ms + (rate->used + ONE - per_minute * ONE + per_minute - 1) / per_minute;
        return false;
    }
    rate->used += ONE;
    return true;
}
