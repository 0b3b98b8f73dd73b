/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The time, and how logs, events and answers write it. */
#include <stdint.h>

uint64_t clock_unix_ms(void);      /* wall clock */
uint64_t clock_monotonic_ms(void); /* never steps: for deadlines */

/* RFC 3339 with milliseconds, UTC; the texts of logs and events. `unix_ms` as from clock_unix_ms. */
#define TIME_TEXT 32
const char *time_print(uint64_t unix_ms, char text[TIME_TEXT]);
