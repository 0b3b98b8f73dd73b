/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Log lines of control, on stderr: "2026-01-31T12:00:00.123Z notice text". One thread. Nothing secret goes
 * in: no token, no line that a client sent or was sent.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(enumerator, name, value). The values are rte_log's, so that a level can be sent to the data plane as it
 * is. */
#define LOG_LEVEL_LIST(X)    \
    X(ERROR, "error", 4)     \
    X(WARNING, "warning", 5) \
    X(NOTICE, "notice", 6)   \
    X(INFO, "info", 7)       \
    X(DEBUG, "debug", 8)

enum log_level {
#define LOG_LEVEL_ENUM(id, name, value) LOG_LEVEL_##id = value,
    LOG_LEVEL_LIST(LOG_LEVEL_ENUM)
#undef LOG_LEVEL_ENUM
};

/* False when there is no level of that name. */
bool log_level_parse(const char *name, enum log_level *level);

/* Lines less urgent than this are left out. Starts at notice. */
void log_set_level(enum log_level level);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* RFC 3339 with milliseconds, UTC; the texts of logs and events. `unix_ms` as from clock_unix_ms. */
#define TIME_TEXT 32
const char *time_print(uint64_t unix_ms, char text[TIME_TEXT]);

uint64_t clock_unix_ms(void);      /* wall clock */
uint64_t clock_monotonic_ms(void); /* never steps: for deadlines */
