/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The end of a session (RFC 9000 section 10): a CONNECTION_CLOSE, all memory freed, and a word to control. Nothing is
 * kept for a closing period: what the peer still sends is answered by a stateless reset.
 */
#include "shard.h"

/* Within ngtcp2's callbacks: the session is to end when the call into ngtcp2 returns. The first call counts. */
void cv_session_mark_end(struct cv_session *session, enum cv_session_end end, uint64_t code,
                         bool application);

/* After a call into ngtcp2: ends a session that was marked. False: it was not. */
bool cv_session_end_marked(struct cv_shard *shard, struct cv_session *session);

/* Not within callbacks. Sends a CONNECTION_CLOSE with that code (but for CV_SESSION_END_PEER and _IDLE), frees all
 * memory and tells control. */
void cv_session_end(struct cv_shard *shard, struct cv_session *session, enum cv_session_end end,
                    uint64_t code, bool application);

/* After a call into ngtcp2 that returned this error. */
void cv_session_fail(struct cv_shard *shard, struct cv_session *session, int result);
