/* SPDX-License-Identifier: BSD-3-Clause */
#include "timer.h"

void timer_start(struct event *timer, uint64_t delay_ms)
{
    const struct timeval delay = {.tv_sec = (time_t)(delay_ms / 1000),
                                  .tv_usec = (suseconds_t)(delay_ms % 1000 * 1000)};

    (void)evtimer_add(timer, &delay);
}
