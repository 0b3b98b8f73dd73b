/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
#include "relay/find.h"

/* The leg that has an address on that port, one of them where there are several; CV_NO_LEG: none. */
static inline uint32_t leg_at(const struct cv_pair_table *table, const struct cv_address *address,
                              uint16_t relay_port_be)
{
    uint32_t legs[CV_LEGS_AT_MAX];

    return cv_find_legs_at(table, address, relay_port_be, legs) > 0 ? legs[0] : CV_NO_LEG;
}
