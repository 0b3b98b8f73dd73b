/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The packet buffers of all ports, and the queues, offloads and MTU of one. Keeper only. */
#include "port.h"

#include <stddef.h>

/*
 * Makes the pools for the ports that are probed: one for each NUMA node that has one, sharing limits.mbufs.
 */
int cv_pools_create(struct cv_ports *ports, const struct cv_config *config, char *error, size_t error_bytes);
void cv_pools_free(struct cv_ports *ports);

/*
 * Bytes of DPDK memory for config->mbufs buffers. A buffer must not cross a page, so in ordinary memory (4 KB
 * pages) it takes a whole one.
 */
size_t cv_pools_memory(const struct cv_config *config, bool hugepages);

/*
 * Configures and starts a probed port with a queue pair for each worker, and fills in all that workers read
 * of it. 0, or a negative errno and the reason; the port is then stopped.
 */
int cv_queues_start(struct cv_ports *ports, struct cv_port *port, const struct cv_config *config, char *error,
                    size_t error_bytes);
