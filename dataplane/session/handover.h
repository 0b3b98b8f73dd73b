/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A session whose peer is admitted goes from the handshake thread to the worker that its connection IDs name: the
 * ngtcp2 connection, its memory, and the secrets of its keys, whole and in a ring.
 */
#include "shard.h"

/* SESSION_ADMIT, in the handshake thread. 0; -EAGAIN: the worker's ring is full; -ENOMEM. */
int cv_handover_give(struct cv_session *session, const struct cv_session_order *order);

/* In the worker. */
void cv_handover_take(struct cv_shard *shard, struct cv_session *session);
