/* SPDX-License-Identifier: BSD-3-Clause */
#include "value.h"

#include "address.h"
#include "config/config.h"
#include "quantity.h"
#include "shared/message.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_whole_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static int parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    if (!is_whole_number(text))
        return -EINVAL;
    errno = 0;
    *number = strtoull(text, NULL, 10);
    return errno == 0 && *number >= least && *number <= most ? 0 : -EINVAL;
}

static int parse_seconds(const char *text, uint64_t *number)
{
    uint32_t seconds;

    if (is_whole_number(text))
        return parse_number(text, 1, UINT32_MAX, number);
    if (cv_duration_parse(text, &seconds) < 0 || seconds == 0)
        return -EINVAL;
    *number = seconds;
    return 0;
}

static int parse_duration(const char *text, uint64_t *number)
{
    uint32_t seconds;

    if (cv_duration_parse(text, &seconds) < 0 || seconds > CV_PAIR_IDLE_MAX_S)
        return -EINVAL;
    *number = seconds;
    return 0;
}

static int parse_rate(const char *text, uint64_t *number)
{
    uint64_t bytes;

    if (cv_rate_parse(text, &bytes) < 0 || bytes > UINT64_MAX / 8)
        return -EINVAL;
    *number = 8 * bytes;
    return 0;
}

static int parse_choice(const char *const *choices, const char *text)
{
    for (; *choices; choices++) {
        if (strcmp(*choices, text) == 0)
            return 0;
    }
    return -EINVAL;
}

static int parse_address(const char *text)
{
    struct cv_address address;

    return cv_address_parse(text, &address) < 0 || address.port_be == 0 ? -EINVAL : 0;
}

static int parse_text(const char *text)
{
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return -EINVAL;
    }
    return *text ? 0 : -EINVAL;
}

static int parse_kind(const struct cli_item *item, const char *text, uint64_t *number)
{
    struct cv_prefix prefix;

    switch (item->kind) {
    case CLI_CURSOR:
        return parse_number(text, 0, UINT64_MAX, number);
    case CLI_COUNT:
        return parse_number(text, 1, item->max ? item->max : UINT64_MAX, number);
    case CLI_PAIR:
    case CLI_SESSION:
    case CLI_TRACE:
        return parse_number(text, 1, UINT64_MAX, number);
    case CLI_SHARD:
        *number = UINT64_MAX;
        return strcmp(text, "handshake") == 0 ? 0 : parse_number(text, 0, UINT32_MAX, number);
    case CLI_ADDRESS:
        return parse_address(text);
    case CLI_PREFIX:
        return cv_prefix_parse(text, &prefix);
    case CLI_DURATION:
        return parse_duration(text, number);
    case CLI_SECONDS:
        return parse_seconds(text, number);
    case CLI_RATE:
        return parse_rate(text, number);
    case CLI_CHOICE:
        return parse_choice(item->choices, text);
    case CLI_FLAG:
    case CLI_LINE:
        return 0;
    case CLI_TEXT:
    case CLI_PEER:
    case CLI_PORT:
    case CLI_FILE:
    case CLI_TOPIC:
        return parse_text(text);
    }
    return -EINVAL;
}

/* What a value of this kind looks like, for the message. */
static void describe(const struct cli_item *item, char *text, size_t bytes)
{
    static_assert(CV_PAIR_IDLE_MAX_S == 7 * 86400 &&
                      8 * CV_PAIR_RATE_MAX_BYTES_PER_SECOND == UINT64_C(1000000000000),
                  "the limits in the texts below");
    static const char *const descriptions[] = {
        [CLI_CURSOR] = "a whole number",
        [CLI_PAIR] = "the number of a pair, from 1",
        [CLI_SESSION] = "the number of a session, from 1",
        [CLI_TRACE] = "the number of a trace, from 1",
        [CLI_SHARD] = "the number of a worker, or handshake",
        [CLI_PEER] = "the name of a peer",
        [CLI_PORT] = "the name of a port",
        [CLI_FILE] = "a path",
        [CLI_ADDRESS] = "an address with a port, such as 192.0.2.7:4433 or [2001:db8::7]:4433",
        [CLI_PREFIX] = "a prefix, such as 198.51.100.0/24 or 2001:db8::/32",
        [CLI_DURATION] = "a duration of at most 7d, such as 90s, 2m, 1h, or 0",
        [CLI_SECONDS] = "a time of at least a second, such as 5, 90s or 2m",
        [CLI_RATE] = "bits per second, from 8 to 1T, such as 500k, 10M, 1.5G, or 0",
    };
    const size_t kind = item->kind;

    if (item->kind == CLI_COUNT && item->max) {
        snprintf(text, bytes, "a number from 1 to %" PRIu64, item->max);
    } else if (item->kind == CLI_COUNT) {
        snprintf(text, bytes, "a number from 1");
    } else if (item->kind == CLI_CHOICE) {
        size_t used = (size_t)snprintf(text, bytes, "one of");
        for (size_t i = 0; item->choices[i] && used < bytes; i++)
            used += (size_t)snprintf(text + used, bytes - used, "%s %s", i ? "," : "", item->choices[i]);
    } else {
        const bool known = kind < sizeof(descriptions) / sizeof(descriptions[0]) && descriptions[kind];
        snprintf(text, bytes, "%s", known ? descriptions[kind] : "a text without control characters");
    }
}

int cli_value_parse(const struct cli_item *item, const char *text, struct cli_value *value, char *error,
                    size_t error_bytes)
{
    uint64_t number = 0;

    if (parse_kind(item, text, &number) < 0) {
        char expected[320];

        describe(item, expected, sizeof(expected));
        snprintf(error, error_bytes, "%s%s is '%s', but should be %s",
                 item->letter || item->value ? "--" : "", item->name, text, expected);
        return -EINVAL;
    }
    *value = (struct cli_value){.text = text, .number = number};
    return 0;
}
