/* SPDX-License-Identifier: BSD-3-Clause */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define V4_MAPPED_BITS 96
#define IP_BITS        128

struct cv_ip cv_ip_mask(const struct cv_ip *ip, uint8_t length)
{
    struct cv_ip masked = {0};
    unsigned bits = length < IP_BITS ? length : IP_BITS;
    unsigned whole = bits / 8;

    memcpy(masked.bytes, ip->bytes, whole);
    if (bits % 8 != 0)
        masked.bytes[whole] = (uint8_t)(ip->bytes[whole] & (0xff00 >> (bits % 8)));
    return masked;
}

bool cv_prefix_contains(const struct cv_prefix *prefix, const struct cv_ip *ip)
{
    struct cv_ip network = cv_ip_mask(&prefix->ip, prefix->length);
    struct cv_ip masked = cv_ip_mask(ip, prefix->length);

    return cv_ip_equal(&network, &masked);
}

int cv_ip_parse(const char *text, struct cv_ip *ip)
{
    uint8_t v4[4], v6[16];

    if (inet_pton(AF_INET, text, v4) == 1) {
        *ip = cv_ip_from_v4(v4);
        return 0;
    }
    if (inet_pton(AF_INET6, text, v6) == 1) {
        memcpy(ip->bytes, v6, sizeof(v6));
        return 0;
    }
    return -EINVAL;
}

/* A decimal number without sign, space or leading zeros, 0 to `max`; -1 otherwise. */
static int parse_number(const char *text, int max)
{
    int value = 0;

    if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
        return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        value = value * 10 + (*text - '0');
        if (value > max)
            return -1;
    }
    return value;
}

static int parse_ip_part(const char *text, size_t bytes, struct cv_ip *ip)
{
    char part[CV_IP_TEXT];

    if (bytes >= sizeof(part))
        return -EINVAL;
    memcpy(part, text, bytes);
    part[bytes] = '\0';
    return cv_ip_parse(part, ip);
}

int cv_address_parse(const char *text, struct cv_address *address)
{
    struct cv_address parsed;
    const char *end;
    bool bracketed = text[0] == '[';
    int port;

    if (bracketed)
        text++;
    end = strchr(text, bracketed ? ']' : ':');
    if (end == NULL || parse_ip_part(text, (size_t)(end - text), &parsed.ip) != 0)
        return -EINVAL;
    /* Brackets belong to the IPv6 notation and to nothing else (RFC 3986 section 3.2.2). */
    if (bracketed && (memchr(text, ':', (size_t)(end - text)) == NULL || *++end != ':'))
        return -EINVAL;
    port = parse_number(end + 1, UINT16_MAX);
    if (port < 0)
        return -EINVAL;
    parsed.port_be = htons((uint16_t)port);
    *address = parsed;
    return 0;
}

int cv_prefix_parse(const char *text, struct cv_prefix *prefix)
{
    const char *slash = strchr(text, '/');
    size_t ip_bytes = slash == NULL ? strlen(text) : (size_t)(slash - text);
    bool v4_notation = memchr(text, ':', ip_bytes) == NULL;
    int most = v4_notation ? IP_BITS - V4_MAPPED_BITS : IP_BITS;
    int length = slash == NULL ? most : parse_number(slash + 1, most);
    struct cv_ip ip;

    if (length < 0 || parse_ip_part(text, ip_bytes, &ip) != 0)
        return -EINVAL;
    if (v4_notation)
        length += V4_MAPPED_BITS;
    else if (cv_ip_is_v4(&ip) && length < V4_MAPPED_BITS)
        return -EINVAL; /* ::ffff:192.0.2.1/64 means neither family */
    prefix->ip = ip;
    prefix->length = (uint8_t)length;
    return 0;
}

const char *cv_ip_print(const struct cv_ip *ip, char text[CV_IP_TEXT])
{
    if (cv_ip_is_v4(ip))
        inet_ntop(AF_INET, ip->bytes + V4_MAPPED_BITS / 8, text, CV_IP_TEXT);
    else
        inet_ntop(AF_INET6, ip->bytes, text, CV_IP_TEXT);
    return text;
}

const char *cv_address_print(const struct cv_address *address, char text[CV_ADDRESS_TEXT])
{
    char ip[CV_IP_TEXT];

    snprintf(text, CV_ADDRESS_TEXT, cv_ip_is_v4(&address->ip) ? "%s:%u" : "[%s]:%u",
             cv_ip_print(&address->ip, ip), ntohs(address->port_be));
    return text;
}

const char *cv_prefix_print(const struct cv_prefix *prefix, char text[CV_PREFIX_TEXT])
{
    char ip[CV_IP_TEXT];
    bool v4 = cv_ip_is_v4(&prefix->ip) && prefix->length >= V4_MAPPED_BITS;

    snprintf(text, CV_PREFIX_TEXT, "%s/%u", cv_ip_print(&prefix->ip, ip),
             (unsigned)(v4 ? prefix->length - V4_MAPPED_BITS : prefix->length));
    return text;
}
