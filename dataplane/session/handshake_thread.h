/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The handshake thread. It owns a session from its first Initial packet until the handshake is confirmed and
 * control has admitted the peer, and does all that is expensive or that strangers can ask for: Initial
 * packets, Retry, version negotiation, stateless reset, TLS. It sleeps between looks at its rings, on the
 * main core.
 *
 *      worker ---> packets ---> initial.h ---> TLS ---> admission.h ---> handover.h ---> handed ---> worker
 *                  (ring)       |                       asks control                     (ring)
 *                               +---> stateless.h: answered, nothing is kept
 */
#include "handshakes.h"

/* The thread: `handshakes` is a struct cv_handshakes. */
uint32_t cv_handshake_thread_run(void *handshakes);

/* One turn of it, for tests; returns what was done. */
uint32_t cv_handshake_thread_turn(struct cv_handshakes *handshakes);

/* From another thread: it ends after its turn. */
void cv_handshake_thread_halt(struct cv_handshakes *handshakes);
