/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * One leg of a pair, and a UDP program beside us that speaks through it:
 *
 *      program <-- UDP --> bridge <-- token and UDP, or DATAGRAM frames of the session --> relay
 *
 * Payloads pass unchanged both ways; what does not fit or has nowhere to go is dropped and counted.
 */
#include "report.h"
#include "session_socket.h"

struct bridge_settings {
    struct session_socket *session;
    const struct cv_address *local;   /* where the program sends to us; NULL: a port of the system's choice */
    const struct cv_address *forward; /* where we send to; NULL: to whoever sent to us last */
    bool echo;                        /* no program: what comes from the pair goes back into it */
};

struct bridge;

/* By a PAIR_MADE. 0, or negative errno: then there is no bridge. */
int bridge_open(struct bridge **bridge, const struct bridge_settings *settings,
                const struct cv_capsule *capsule);

/* The session's datagram callback: a payload for whichever of `count` bridges has that channel. */
void bridge_datagram(struct bridge *const *bridges, size_t count, uint64_t channel, const uint8_t *payload,
                     size_t bytes);

uint64_t bridge_pair(const struct bridge *bridge);
const struct bridge_counters *bridge_counters(const struct bridge *bridge);
void bridge_close(struct bridge *bridge);
