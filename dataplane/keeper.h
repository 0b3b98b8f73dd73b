/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The keeper: the data plane's main thread, and the only writer of its tables. It sleeps until control rings,
 * and at most 2 ms otherwise; then it
 *
 *      takes control's messages            -> pairs made, changed, removed, described
 *      takes the workers' notices          -> legs bound and moved, neighbours learnt
 *      sweeps some pairs for idle ones, probes next hops, reclaims what no worker sees any more
 *      publishes counters, tells control what happened
 *
 * It has no packet queue of its own: what it has to send (ARP requests, neighbour solicitations) goes through
 * a ring to worker 0.
 */
#include "config/config.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct cv_keeper;

/* DPDK memory that a keeper and its workers will take, packet buffers included: for cv_eal_start. */
size_t cv_keeper_memory(const struct cv_config *config);

/*
 * Opens the ports, makes the tables and the attachment, starts the workers. 0, or a negative errno with a
 * sentence in `error` and nothing left behind. `config` must outlive the keeper. Needs a started EAL.
 */
int cv_keeper_start(struct cv_keeper **keeper, const struct cv_config *config, char *error,
                    size_t error_bytes);

/* Runs until SIGINT or SIGTERM, which the caller has blocked. 0 or a negative errno. */
int cv_keeper_run(struct cv_keeper *keeper);

/* Stops the workers, closes everything. */
void cv_keeper_stop(struct cv_keeper *keeper);
