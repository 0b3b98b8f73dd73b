/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What is shown of a port (lib/shared/stats.h). Keeper only. */
#include "port.h"

/* Fills name, driver, addresses and all that stays the same. `stats` is zeroed memory. */
void cv_port_stats_init(const struct cv_port *port, struct cv_port_stats *stats);

/* Refreshes link state and counters: once a second. Makes system calls for some drivers; keeper only. */
void cv_port_stats_refresh(const struct cv_port *port, struct cv_port_stats *stats);
