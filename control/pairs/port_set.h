/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The relay ports that are taken for one new pair, of the range there is. 8 KiB, by value, no allocation. */
#include <stdint.h>

struct port_set {
    uint16_t first;
    uint16_t last; /* included */
    uint64_t taken[65536 / 64];
};

/* An empty set over first..last. */
void port_set_init(struct port_set *set, uint16_t first, uint16_t last);

/* Marks `port` as taken; one outside the range (it was configured otherwise before) is left alone. */
void port_set_take(struct port_set *set, uint16_t port);

/* The lowest port that is not taken, or -ENOSPC. */
int port_set_lowest(const struct port_set *set);

/* How many ports the range has. */
uint32_t port_set_size(const struct port_set *set);
