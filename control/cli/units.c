/* SPDX-License-Identifier: BSD-3-Clause */
#include "units.h"

#include <inttypes.h>
#include <stdio.h>

struct cli_text cli_number(uint64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    struct cli_text text;
    char *out = text.s;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

/* Below the first prefix a count is shown whole, when `whole` says that it is one. */
static struct cli_text scaled(double value, const char *const units[5], int whole)
{
    struct cli_text text;
    int unit = 0;

    while (value >= 999.5 && unit < 4) {
        value /= 1000;
        unit++;
    }
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    if (value == 0 || (unit == 0 && whole))
        decimals = 0;
    snprintf(text.s, sizeof(text.s), "%.*f %s", decimals, value, units[unit]);
    return text;
}

struct cli_text cli_bytes(uint64_t bytes)
{
    static const char *const units[5] = {"B", "kB", "MB", "GB", "TB"};
    return scaled((double)bytes, units, 1);
}

struct cli_text cli_bit_rate(double bits_per_second)
{
    static const char *const units[5] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
    return scaled(bits_per_second, units, 1);
}

struct cli_text cli_pkt_rate(double pkts_per_second)
{
    static const char *const units[5] = {"pps", "kpps", "Mpps", "Gpps", "Tpps"};
    return scaled(pkts_per_second, units, 0);
}

struct cli_text cli_event_rate(double per_second)
{
    static const char *const units[5] = {"/s", "k/s", "M/s", "G/s", "T/s"};
    return scaled(per_second, units, 0);
}

struct cli_text cli_share(double part, double whole)
{
    struct cli_text text = {"-"};

    if (whole > 0)
        snprintf(text.s, sizeof(text.s), "%.1f %%", 100 * part / whole);
    return text;
}

/* "3h 12m", or "3h" */
static struct cli_text two_units(uint64_t big, const char *big_unit, uint64_t small, const char *small_unit)
{
    struct cli_text text;

    if (small == 0)
        snprintf(text.s, sizeof(text.s), "%" PRIu64 "%s", big, big_unit);
    else
        snprintf(text.s, sizeof(text.s), "%" PRIu64 "%s %" PRIu64 "%s", big, big_unit, small, small_unit);
    return text;
}

struct cli_text cli_duration(uint64_t milliseconds)
{
    const uint64_t s = milliseconds / 1000, m = s / 60, h = m / 60, d = h / 24;
    struct cli_text text;

    if (d > 0)
        return two_units(d, "d", h % 24, "h");
    if (h > 0)
        return two_units(h, "h", m % 60, "m");
    if (m > 0)
        return two_units(m, "m", s % 60, "s");
    if (s >= 10)
        snprintf(text.s, sizeof(text.s), "%" PRIu64 " s", s);
    else if (s > 0)
        snprintf(text.s, sizeof(text.s), "%.1f s", (double)(milliseconds / 100) / 10);
    else
        snprintf(text.s, sizeof(text.s), "%" PRIu64 " ms", milliseconds);
    return text;
}
