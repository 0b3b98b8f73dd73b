/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A tunnel leg belongs to a session. When its instance has another one, the leg goes over to that: the same
 * channel, by a change of the leg (pairs/leg_change.h) that nobody has asked for.
 *
 *      takeover_begin ──> LEG_CHANGE ──> the other peer is told again what fits
 *                │             │
 *                │             ├─ no room: once more in TAKEOVER_RETRY_MS
 *                │             └─ refused: the pair ends, for its peer was told of a leg that is none
 *                └─ nothing, when the leg is no tunnel leg
 *
 * The channel is the leg's all the time, and none of the takeover's.
 */
#include "peer_pair.h"

#define TAKEOVER_RETRY_MS 1000
#define TAKEOVER_TRIES    30

/* The instance is back. */
void takeover_begin(struct peer_pair *pair, unsigned side);

/* Those that control was killed over: to be called when the data plane is there. */
void takeovers_known(struct peers *all);

/* For peers->takeovers_timer. */
void takeovers_on_timer(evutil_socket_t fd, short what, void *context);

/* Forgets those that wait to be tried again. */
void takeovers_free(struct peers *all);
