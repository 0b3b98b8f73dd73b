/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Between the end of TLS and control's answer: whether the peer, which has proven its key, may have a session.
 * Handshake thread only.
 */
#include "handshakes.h"

/* ngtcp2's callback: the peer has proven its key. */
int cv_admission_begin(ngtcp2_conn *conn, void *session);

/* Tells control about the session and its chain as far as the ring has room; true when all is told. */
bool cv_admission_ask(struct cv_session *session);

/* Ends sessions that control has not admitted within `admit_within`. */
void cv_admission_expire(struct cv_handshakes *handshakes);
