/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Where peers reach the relay. */
#include "config/config.h"
#include "dataplane.h"

/*
 * Up to `max` addresses: as the data plane has them, or when it tells none as configured. Returns how many.
 */
uint32_t relay_addresses(const struct cv_config *config, const struct dataplane *dataplane, struct cv_ip *ips,
                         uint32_t max);
