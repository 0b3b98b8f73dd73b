/* SPDX-License-Identifier: BSD-3-Clause */
#include "quantity.h"

#include "pair_limits.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

bool cv_digits_take(const char **text, uint64_t max, uint64_t *value)
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

    if (!cv_digits_take(&text, UINT32_MAX, &value))
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

    if (!cv_digits_take(&text, most, &whole))
        return -EINVAL;
    if (*text == '.') {
        const char *start = ++text;

        /* Six digits keep the products below within 64 bits. */
        if (!cv_digits_take(&text, 999999, &fraction) || text - start > 6)
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
