/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Packets out: control stream, DATAGRAM frames, and what ngtcp2 itself has to say. */
#include "shard.h"

/* Writes for the sessions that have something to send, up to a bound; the rest in the next turn. Returns for how
 * many. */
uint32_t cv_sessions_write(struct cv_shard *shard);

/* Sets datagram_bytes to what the session's path and the peer take now. */
void cv_session_measure(struct cv_session *session);
