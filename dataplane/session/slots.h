/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* How a session comes into a slot, from one shard to another, and out of its slot again. */
#include "shard.h"

#define CV_HANDSHAKE_PAGES_MAX 6 /* of memory, for a session in its handshake; most need one */

/*
 * An empty session of the next generation in a slot of its own, with its heap, in the handshake thread's shard. Each
 * start of the data plane begins with another generation: a number that control keeps from the one before must not be
 * another peer's session.
 * `shard_id` is of the worker that it will go to. NULL: no slot is free.
 */
struct cv_session *cv_slot_take(struct cv_shard *shard, uint16_t shard_id);

/* Makes a session this shard's: puts it under its timers and lists. */
void cv_slot_join(struct cv_shard *shard, struct cv_session *session);

/* Takes it out of all lists, for another shard. */
void cv_slot_leave(struct cv_shard *shard, struct cv_session *session);

/* The session has ended, and control knows: its slot is free. */
void cv_slot_free(struct cv_shard *shard, struct cv_session *session);
