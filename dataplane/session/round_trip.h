/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * How long a session's packets take there and back, for control, which plans with it: the latest sample
 * and its age, and a new one when control wants it. ngtcp2 has the sample, but not its time, so that is
 * when another one is seen: after acknowledgements were read, within the 20 ms that a session which has
 * only read waits for its turn to write. Owner only.
 */
#include "session.h"

/* Looks for a new sample. With each turn to write, and before it is told. */
void cv_round_trip_notice(struct cv_session *session, uint64_t now_ns);

/* What SESSION_STATE says of it. */
void cv_round_trip_describe(const struct cv_session *session, uint64_t now_ns,
                            struct cv_session_state *state);

/*
 * While session->ping is set: before and after ngtcp2 writes. ngtcp2 has no call for a PING (RFC 9000
 * section 19.2) but its keep-alive, which these make due for one turn; it goes into a packet that would
 * not be acknowledged otherwise. It stays wanted as long as nothing that will be acknowledged is on its
 * way.
 */
void cv_round_trip_ping(struct cv_session *session);
void cv_round_trip_pinged(struct cv_session *session);
