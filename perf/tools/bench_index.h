/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Ways to find a leg by (relay port, source address), to be compared: each has a file of its own. One at a
 * time, one thread. What can't be had ends the program.
 */
#include "legs.h"
#include "relay_setup.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_BURST 64

struct bench_key {
    struct cv_ip ip;
    uint16_t port_be;
    uint16_t relay_port_be;
};

_Static_assert(sizeof(struct bench_key) == 20, "compared as bytes");

struct bench_index {
    const char *name;
    /* Enters all legs of the relay's table (leg n has the addresses of legs.h). */
    void (*create)(struct bench_relay *relay, uint32_t legs);
    /* Bytes that the index takes besides the legs themselves. */
    size_t (*bytes)(void);
    /*
     * Looks up a burst, and reads a field of each leg found, as forwarding it will. Returns the TSC cycles it
     * took; what does not belong to a look-up, such as laying the keys out, is not counted. *found grows.
     */
    uint64_t (*look_up)(const struct bench_key keys[BENCH_BURST], uint32_t *found);
    void (*destroy)(void);
};

/* The key of a leg. */
static inline struct bench_key bench_key_of(uint32_t leg)
{
    struct cv_address address = bench_leg_address(leg);

    return (struct bench_key){
        .ip = address.ip, .port_be = address.port_be, .relay_port_be = htons(bench_relay_port(leg))};
}

/* Keeps the compiler from leaving out a read whose value nobody wants. */
static inline void bench_use(uint64_t value)
{
    __asm__ volatile("" : : "r"(value));
}
