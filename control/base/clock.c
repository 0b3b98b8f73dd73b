/* SPDX-License-Identifier: BSD-3-Clause */
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *time_print(uint64_t unix_ms, char text[TIME_TEXT])
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm parts;
    size_t length;

    if (gmtime_r(&seconds, &parts) == NULL)
        memset(&parts, 0, sizeof(parts));
    length = strftime(text, TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + length, TIME_TEXT - length, ".%03uZ", (unsigned)(unix_ms % 1000));
    return text;
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_unix_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

uint64_t clock_monotonic_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}
