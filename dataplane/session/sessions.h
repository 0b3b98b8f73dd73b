/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Sessions as the keeper starts and ends them. Main thread; the table that comes of it is for all: table.h. */
#include "config/config.h"
#include "port/port.h"

struct cv_sessions;

/* DPDK memory that cv_sessions_create will take; 0 when the configuration has no sessions. */
size_t cv_sessions_memory(const struct cv_config *config);

/*
 * Makes everything and loads the relay's certificate. 0 and NULL when the configuration has no sessions; or a
 * negative errno with a sentence in `error`. `start_tsc` as the workers have it.
 */
int cv_sessions_create(struct cv_sessions **sessions, const struct cv_config *config,
                       const struct cv_ports *ports, uint64_t start_tsc, char *error, size_t error_bytes);

/* The handshake thread; to be started before and stopped after the workers. */
int cv_sessions_start(struct cv_sessions *sessions);
void cv_sessions_stop(struct cv_sessions *sessions);

/* After the workers have ended. */
void cv_sessions_destroy(struct cv_sessions *sessions);
