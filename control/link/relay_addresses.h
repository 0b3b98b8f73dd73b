/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Where peers reach the relay. */
#include "address.h"

#include <stdint.h>

struct control;

/* Up to `max` addresses: as the data plane has them, or when it tells none as configured. Returns how many.
 */
uint32_t relay_addresses(const struct control *control, struct cv_ip *ips, uint32_t max);
