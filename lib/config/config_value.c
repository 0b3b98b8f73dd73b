/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_value.h"

#include "config.h"
#include "shared/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Reads digits, of which there must be one; false when there is none or the value passes `max`. */
static bool take_number(const char **text, uint64_t max, uint64_t *value)
{
    const char *at = *text;

    *value = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        unsigned digit = (unsigned)(*at - '0');

        if (*value > (max - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    if (at == *text)
        return false;
    *text = at;
    return true;
}

int cv_duration_parse(const char *text, uint32_t *seconds)
{
    static const struct {
        const char *suffix;
        uint32_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    uint64_t value;

    if (!take_number(&text, UINT32_MAX, &value))
        return -EINVAL;
    if (value == 0 && *text == '\0') {
        *seconds = 0;
        return 0;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text, units[i].suffix) != 0)
            continue;
        if (value > UINT32_MAX / units[i].seconds)
            return -EINVAL;
        *seconds = (uint32_t)value * units[i].seconds;
        return 0;
    }
    return -EINVAL;
}

int cv_rate_parse(const char *text, uint64_t *bytes_per_second)
{
    static const struct {
        const char *suffix;
        uint64_t bits;
    } units[] = {{"", 1},        {"k", 1000},       {"K", 1000},
                 {"M", 1000000}, {"G", 1000000000}, {"T", UINT64_C(1000000000000)}};
    const uint64_t most = CV_PAIR_RATE_MAX_BYTES_PER_SECOND * 8;
    uint64_t whole, fraction = 0, parts = 1, bits;

    if (!take_number(&text, most, &whole))
        return -EINVAL;
    if (*text == '.') {
        const char *start = ++text;

        /* Six digits keep the products below within 64 bits. */
        if (!take_number(&text, 999999, &fraction) || text - start > 6)
            return -EINVAL;
        for (; start < text; start++)
            parts *= 10;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text, units[i].suffix) != 0)
            continue;
        if (whole > most / units[i].bits)
            return -EINVAL;
        bits = whole * units[i].bits + fraction * units[i].bits / parts;
        if (bits > most || (bits < 8 && (whole | fraction) != 0))
            return -EINVAL;
        *bytes_per_second = bits / 8;
        return 0;
    }
    return -EINVAL;
}

uint32_t config_number(struct config_source *source, const char *field, const char *text, uint32_t min,
                       uint32_t max, uint32_t fallback)
{
    const char *at = text;
    char expected[64];
    uint64_t value;

    if (text == NULL)
        return fallback;
    if (take_number(&at, max, &value) && *at == '\0' && value >= min)
        return (uint32_t)value;
    snprintf(expected, sizeof(expected), "a number from %u to %u", min, max);
    config_error_value(source, field, text, expected);
    return fallback;
}

unsigned config_choice(struct config_source *source, const char *field, const char *text,
                       const char *const names[], unsigned fallback)
{
    char expected[128];
    size_t used = 0;

    if (text == NULL)
        return fallback;
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
        used +=
            (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s", i == 0 ? "" : ", ", names[i]);
        if (used >= sizeof(expected))
            used = sizeof(expected) - 1;
    }
    config_error_value(source, field, text, expected);
    return fallback;
}

void config_text(struct config_source *source, const char *field, const char *text, const char *fallback,
                 char *out, size_t bytes)
{
    char expected[64];
    const char *at;

    if (text == NULL)
        text = fallback;
    for (at = text; (unsigned char)*at >= ' ' && *at != 0x7f; at++)
        ;
    if (*at == '\0' && (size_t)(at - text) < bytes) {
        memcpy(out, text, (size_t)(at - text) + 1);
        return;
    }
    snprintf(expected, sizeof(expected), "at most %zu bytes, no control characters", bytes - 1);
    config_error_value(source, field, text, expected);
    snprintf(out, bytes, "%s", fallback);
}

void config_path(struct config_source *source, const char *field, const char *text, const char *fallback,
                 char *out, size_t bytes)
{
    if (text != NULL && text[0] == '\0') {
        config_error_value(source, field, text, "a path");
        text = NULL;
    }
    config_text(source, field, text, fallback, out, bytes);
}

uint32_t config_seconds(struct config_source *source, const char *field, const char *text, uint32_t min,
                        uint32_t max, uint32_t fallback)
{
    uint32_t seconds;
    char expected[64];

    if (text == NULL)
        return fallback;
    if (cv_duration_parse(text, &seconds) == 0 && seconds >= min && seconds <= max)
        return seconds;
    snprintf(expected, sizeof(expected), "a time from %us to %us, such as %us", min, max, fallback);
    config_error_value(source, field, text, expected);
    return fallback;
}
