/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Opening and closing the ports (port.h). Keeper only. */
#include "port.h"

#include <stddef.h>

/*
 * Bytes of DPDK memory that opening these ports takes. Before EAL has started: in hugepages, as cv_eal_start
 * wants it; afterwards: as it is.
 */
size_t cv_ports_memory(const struct cv_config *config);

/*
 * Opens, configures and starts every port; `config` must outlive them. Needs a started EAL. 0, or a negative
 * errno with one sentence in `error` (which port, what was tried, why not, what to do) and nothing left open.
 */
int cv_ports_open(struct cv_ports *ports, const struct cv_config *config, char *error, size_t error_bytes);

/* Stops and closes all, and takes flags and XDP programs off kernel interfaces. No worker may be polling. */
void cv_ports_close(struct cv_ports *ports);
