/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_set.h"

#include <errno.h>
#include <string.h>

void port_set_init(struct port_set *set, uint16_t first, uint16_t last)
{
    set->first = first;
    set->last = last;
    memset(set->taken, 0, sizeof(set->taken));
}

void port_set_take(struct port_set *set, uint16_t port)
{
    uint32_t bit;

    if (port < set->first || port > set->last)
        return;
    bit = (uint32_t)(port - set->first);
    set->taken[bit / 64] |= UINT64_C(1) << (bit % 64);
}

int port_set_lowest(const struct port_set *set)
{
    uint32_t size = port_set_size(set);

    for (uint32_t word = 0; word * 64 < size; word++) {
        uint64_t free_bits = ~set->taken[word];
        uint32_t bit;

        if (free_bits == 0)
            continue;
        bit = word * 64 + (uint32_t)__builtin_ctzll(free_bits);
        return bit < size ? (int)(set->first + bit) : -ENOSPC;
    }
    return -ENOSPC;
}

uint32_t port_set_size(const struct port_set *set)
{
    return (uint32_t)(set->last - set->first) + 1;
}
