/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Times and rates as people write them, in the configuration file and on the command line. */
#include <stdbool.h>
#include <stdint.h>

/*
 * Reads digits, of which there must be one, and moves *text behind them; false when there is none or the
 * value passes `max`.
 */
bool cv_digits_take(const char **text, uint64_t max, uint64_t *value);

/*
 * "120s", "2m", "1h", "7d", "0" to seconds; "10M", "1.5G", "0" bits per second to bytes per second, where
 * what is not 0 is at least one byte and at most CV_PAIR_RATE_MAX_BYTES_PER_SECOND. 0, or -EINVAL with the
 * output untouched.
 */
int cv_duration_parse(const char *text, uint32_t *seconds);
int cv_rate_parse(const char *text, uint64_t *bytes_per_second);
