/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The addresses that every benchmark uses, so that the tool that makes packets and the one that makes pairs
 * agree without telling each other: leg n (pair n / 2, side n % 2) is 10.x.y.z with a port, all reached
 * through one gateway. Neighbouring legs have addresses far apart, and no two legs share one.
 */
#include "address.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define BENCH_RELAY_IP         UINT32_C(0xc6120001) /* 198.18.0.1, in the range for benchmarks (RFC 2544) */
#define BENCH_GATEWAY_IP       UINT32_C(0xc61200fe) /* 198.18.0.254 */
#define BENCH_RELAY_PORT_FIRST 40000
#define BENCH_RELAY_PORTS      64
#define BENCH_LISTEN_PORT      443
#define BENCH_PAIRS_MAX        4000000 /* leg addresses repeat after 2^24 legs */

/* Host order. An odd factor makes it one-to-one modulo 2^24. */
static inline uint32_t bench_leg_ip(uint32_t leg)
{
    return UINT32_C(10) << 24 | (((leg + 1) * UINT32_C(0x9e3779b1)) & 0xffffff);
}

/* The leg that has this address; any other address gives some leg, too. */
static inline uint32_t bench_leg_of_ip(uint32_t ip)
{
    return (ip * UINT32_C(0x0e8b2f51) - 1) & 0xffffff;
}

/* Host order. */
static inline uint16_t bench_leg_port(uint32_t leg)
{
    return (uint16_t)(1024 + ((leg * UINT32_C(0x85ebca6b)) >> 16) % 60000);
}

/* Host order; the same for both legs of a pair. */
static inline uint16_t bench_relay_port(uint32_t leg)
{
    return (uint16_t)(BENCH_RELAY_PORT_FIRST + (leg >> 1) % BENCH_RELAY_PORTS);
}

/* The same where all legs may be on the listening port. */
static inline uint16_t bench_port(uint32_t leg, bool listening)
{
    return listening ? BENCH_LISTEN_PORT : bench_relay_port(leg);
}

static inline struct cv_address bench_leg_address(uint32_t leg)
{
    uint32_t ip_be = htonl(bench_leg_ip(leg));

    return (struct cv_address){.ip = cv_ip_from_v4((const uint8_t *)&ip_be),
                               .port_be = htons(bench_leg_port(leg))};
}

/* A deterministic generator (splitmix64): the same seed gives the same packets in the same order. */
static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Evenly distributed below `bound`. */
static inline uint32_t bench_random_below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)(((bench_random(state) >> 32) * bound) >> 32);
}
