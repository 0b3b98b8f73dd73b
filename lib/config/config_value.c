/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_value.h"

#include "quantity.h"

#include <stdio.h>
#include <string.h>

uint32_t config_number(struct config_source *source, const char *field, const char *text, uint32_t min,
                       uint32_t max, uint32_t fallback)
{
    const char *at = text;
    char expected[64];
    uint64_t value;

    if (text == NULL)
        return fallback;
    if (cv_digits_take(&at, max, &value) && *at == '\0' && value >= min)
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
