/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The sessions of a worker: which packets are theirs, and what they do once per turn. Called by the worker's
 * loop only; worker->sessions is its struct cv_session_owner, NULL when there are no sessions.
 */
#include "relay/packet.h"
#include "shard/worker.h"

/* A packet to the listening port, not a STUN request: reads it, or passes it on. The mbuf is gone afterwards.
 */
void cv_shard_take(struct cv_worker *worker, const struct cv_packet *packet);

/* What came through the rings, timers, packets to be sent. Returns what was done. */
uint32_t cv_shard_turn(struct cv_worker *worker);
