/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The sessions of a worker: which packets are theirs, and what they do once per turn. Called by the worker's
 * loop only.
 */
#include "packet/packet.h"

#include <stdint.h>

struct cv_session_owner;

/* Packets to the listening port, up to CV_BURST, no STUN requests: reads each, or passes it on. The mbufs are
 * gone afterwards. */
void cv_shard_take(struct cv_session_owner *owner, struct cv_packet *const *packets, uint32_t count);

/* What came through the rings, timers, packets to be sent. Returns what was done. */
uint32_t cv_shard_turn(struct cv_session_owner *owner);
