/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The sessions of a worker: which packets are theirs, and what they do once per turn. Called by the worker's
 * loop only; worker->sessions is its struct cv_session_owner, NULL when there are no sessions.
 */
#include "relay/packet.h"
#include "shard/worker.h"

/* Packets to the listening port, up to CV_BURST, no STUN requests: reads each, or passes it on. The mbufs are
 * gone afterwards. */
void cv_shard_take(struct cv_worker *worker, struct cv_packet *const *packets, uint32_t count);

/* What came through the rings, timers, packets to be sent. Returns what was done. */
uint32_t cv_shard_turn(struct cv_worker *worker);
