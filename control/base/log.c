/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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
