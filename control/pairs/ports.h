/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Which relay port a new pair gets. Two pairs need different ports only if they share a peer (or a fixed
 * address or prefix), so this is edge colouring: peers are vertices, pairs are edges, ports are colours.
 * Greedy: the lowest port on which neither peer has a pair. With at most d pairs per peer it never needs more
 * than 2d - 1 ports.
 *
 * A port_set is the ports that are taken for one new pair, filled from the store (store_mark_ports).
 * 8 KiB, by value, no allocation.
 */
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
