/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * IP addresses as everything in Culvert holds them: 16 bytes, an IPv4 address in its IPv4-mapped form
 * (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2), so that both families share one key, one message and one
 * comparison. Text is only for people and for JSON. No I/O, no allocation, any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* 16 bytes in network order. */
struct cv_ip {
    uint8_t bytes[16];
};

/* An IP address and a UDP port; `port_be` is in network order, zero when there is none. */
struct cv_address {
    struct cv_ip ip;
    uint16_t port_be;
};

/* `length` counts bits of the 16-byte form: an IPv4 /24 is 120 here and prints as /24. */
struct cv_prefix {
    struct cv_ip ip;
    uint8_t length;
};

/* Room for the longest text of each, with the final NUL. */
#define CV_IP_TEXT      46
#define CV_ADDRESS_TEXT 56
#define CV_PREFIX_TEXT  50

/* What follows here is inline: the packet path uses it. */
static inline struct cv_ip cv_ip_from_v4(const uint8_t v4[4])
{
    struct cv_ip ip = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};

    memcpy(ip.bytes + 12, v4, 4);
    return ip;
}

static inline bool cv_ip_equal(const struct cv_ip *a, const struct cv_ip *b)
{
    uint64_t x[2], y[2];

    memcpy(x, a, sizeof(x));
    memcpy(y, b, sizeof(y));
    return x[1] == y[1] && x[0] == y[0]; /* the half in which IPv4 addresses differ first */
}

static inline bool cv_ip_is_v4(const struct cv_ip *ip)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return memcmp(ip, mapped, sizeof(mapped)) == 0;
}

static inline bool cv_address_equal(const struct cv_address *a, const struct cv_address *b)
{
    return a->port_be == b->port_be && cv_ip_equal(&a->ip, &b->ip);
}

static inline bool cv_ip_is_zero(const struct cv_ip *ip) /* all zero bytes: "no address" */
{
    static const struct cv_ip zero;

    return cv_ip_equal(ip, &zero);
}

/*
 * Whether another host can be at the address: whether a peer's packets can come from it and answers be sent
 * to it, and also whether a peer can have its relay there. The one rule for packets, messages, capsules,
 * configuration and API. Nobody is at these (RFC 6890, RFC 1122 section 3.2.1.3, RFC 4291 section 2.4):
 *
 *     IPv4: 0/8, 127/8, 224/4 (multicast), 240/4 (reserved, and the broadcast)
 *     IPv6: ::, ::1, ff00::/8 (multicast)
 *
 * Private and link-local addresses may be a peer's: a relay can stand in such a network. That an address is
 * the relay's own, or a network's broadcast, cannot be told from its bits: who knows the networks asks on.
 */
static inline bool cv_ip_may_be_peer(const struct cv_ip *ip)
{
    static const struct cv_ip loopback = {.bytes[15] = 1};
    uint8_t first = ip->bytes[cv_ip_is_v4(ip) ? 12 : 0];

    if (cv_ip_is_v4(ip))
        return first != 0 && first != 127 && first < 224;
    return first != 0xff && !cv_ip_is_zero(ip) && !cv_ip_equal(ip, &loopback);
}

/* The address with all bits after the first `length` cleared. */
struct cv_ip cv_ip_mask(const struct cv_ip *ip, uint8_t length);
bool cv_prefix_contains(const struct cv_prefix *prefix, const struct cv_ip *ip);

/*
 * Text to address and back. Accepted: "192.0.2.1", "2001:db8::1"; with a port "192.0.2.1:4433",
 * "[2001:db8::1]:4433"; a prefix "192.0.2.0/24", "2001:db8::/32" (no length: a single address). Host bits
 * of a prefix are kept, because an interface address is written in the same way.
 * Return 0, or -EINVAL with the output untouched. The printing ones return `text`.
 */
int cv_ip_parse(const char *text, struct cv_ip *ip);
int cv_address_parse(const char *text, struct cv_address *address);
int cv_prefix_parse(const char *text, struct cv_prefix *prefix);
const char *cv_ip_print(const struct cv_ip *ip, char text[CV_IP_TEXT]);
const char *cv_address_print(const struct cv_address *address, char text[CV_ADDRESS_TEXT]);
const char *cv_prefix_print(const struct cv_prefix *prefix, char text[CV_PREFIX_TEXT]);
