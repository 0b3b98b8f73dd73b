/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What happens, on stdout, a line each: report_line.h. */
#include "bridge.h"
#include "report_line.h"

/* All that a relay says. Secrets (tokens, the ticket) are not shown. */
void report_capsule(const struct cv_capsule *capsule);
void report_end(const struct cv_peer_end *end, unsigned wait_s);
void report_stats(const struct cv_peer_stats *stats);
void report_moved(const struct cv_address *local, int result);

/* How a pair fared, when its bridge is closed. */
void report_pair(const struct bridge *bridge);

/* A pair of the session before that the relay has not given back. */
void report_lost(uint64_t pair);

/* A command that was followed; `request` is the number of the request that it led to, 0: none. */
void report_asked(const char *command, uint64_t request);
void report_not_asked(const char *command, const char *why);
