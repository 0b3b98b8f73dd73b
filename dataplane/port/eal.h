/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Starting DPDK's environment abstraction layer from the configuration. Lcore 0 is the keeper on `main_core`,
 * lcore i + 1 is worker i on `workers[i]`; a core may serve both, on a small machine. Only the PCI devices
 * that the configuration names are ever touched, and those later (port.h). Once per process, from the main
 * thread, which is pinned to its core by it.
 */
#include "config/config.h"

#include <stddef.h>

/* The lcore of worker `index`. */
static inline unsigned cv_worker_lcore(unsigned index)
{
    return index + 1;
}

/*
 * `memory_bytes` is all that will ever be taken from DPDK's memory, as it is in hugepages: packet buffers
 * (cv_ports_memory) and the caller's tables. In hugepages that much is set aside at once; ordinary memory is
 * touched as it is used, and packet buffers take more of it (queues.h). `log_level` is that of DPDK's own
 * messages, as rte_log counts (1 to 8); they go to standard error.
 *
 * 0, or a negative errno with a sentence in `error` that says what is wrong and what to do: a core that is
 * not there, too few free hugepages, no permission.
 */
int cv_eal_start(const struct cv_config *config, const char *program, size_t memory_bytes, uint32_t log_level,
                 char *error, size_t error_bytes);

/* Whether the memory is in hugepages. After cv_eal_start. */
bool cv_eal_hugepages(void);

void cv_eal_stop(void);
