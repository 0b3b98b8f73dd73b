/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What happens, on stdout: a line each, "event name value, name value" for people or a JSON object. */
#include "peer/session.h"

void report_json(bool json); /* before the first line */

void report_capsule(const struct cv_capsule *capsule);
void report_end(const struct cv_peer_end *end);
void report_stats(const struct cv_peer_stats *stats);
void report_moved(const struct cv_address *local, int result);

/* How a pair fared; see bridge.h. */
struct bridge_counters {
    uint64_t to_pair_pkts;   /* payloads from the program */
    uint64_t from_pair_pkts; /* and to it */
    uint64_t too_large;      /* payloads from the program that do not fit */
    uint64_t queue_full;     /* for which the session had no room */
    uint64_t undelivered;    /* payloads to the program: there is none, or its socket is full */
};

void report_pair(uint64_t pair, const struct bridge_counters *counters);
