/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Log lines of control, on stderr: "2026-01-31T12:00:00.123Z notice text". One thread. Nothing secret goes
 * in: no token, no line that a client sent or was sent.
 */
#include "vocabulary.h"

#include <stdbool.h>

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
