/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include "clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum log_level log_threshold = LOG_LEVEL_NOTICE;

static const struct {
    const char *name;
    enum log_level level;
} log_levels[] = {
#define LOG_LEVEL_ROW(id, text, value) {text, LOG_LEVEL_##id},
    LOG_LEVEL_LIST(LOG_LEVEL_ROW)
#undef LOG_LEVEL_ROW
};

#define LOG_LEVELS (sizeof(log_levels) / sizeof(log_levels[0]))

bool log_level_parse(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < LOG_LEVELS; i++) {
        if (strcmp(log_levels[i].name, name) == 0) {
            *level = log_levels[i].level;
            return true;
        }
    }
    return false;
}

void log_set_level(enum log_level level)
{
    log_threshold = level;
}

static const char *level_name(enum log_level level)
{
    for (size_t i = 0; i < LOG_LEVELS; i++) {
        if (log_levels[i].level == level)
            return log_levels[i].name;
    }
    return "?";
}

void log_write(enum log_level level, const char *format, ...)
{
    char text[1024];
    char now[TIME_TEXT];
    va_list arguments;

    if (level > log_threshold)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "%s %s %s\n", time_print(clock_unix_ms(), now), level_name(level), text);
}
