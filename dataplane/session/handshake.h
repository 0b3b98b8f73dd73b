/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The handshake thread. It owns a session from its first Initial packet until the handshake is confirmed and
 * control has admitted the peer, and does all that is expensive or that strangers can ask for: Initial
 * packets, Retry, version negotiation, stateless reset, TLS. It sleeps between looks at its rings, on the
 * main core.
 *
 *      worker -> packets -> accept -> TLS -> ask control -> admitted -> returned -> worker
 *
 * Nothing is kept for a packet that is answered with Retry, version negotiation or a reset. Handshakes are
 * limited in all (limits.sessions, and dataplane.session.handshakes) and for each source prefix.
 */
#include "keys.h"
#include "sessions.h"

/* What a session needs for its handshake only; from malloc. */
struct cv_handshake {
    struct cv_tls *tls;
    uint8_t *chain; /* the peer's, once TLS is done */
    uint32_t chain_bytes;
    uint32_t chain_told;
    bool ask_told;
    bool waiting;             /* in the list of those that wait for admission */
    bool counted;             /* among the handshakes in progress */
    bool sending;             /* TLS hands its messages to ngtcp2 */
    uint64_t deadline_ns;     /* for admission */
    uint16_t prefix;          /* entry in the count of handshakes by source prefix */
    ngtcp2_cid original_dcid; /* that the peer's first packets have */
    struct cv_address address;
    struct cv_session *same_hash; /* next with the same hash of these two */
    struct cv_moving_keys moving;
};

struct cv_handshakes;

int cv_handshakes_create(struct cv_handshakes **handshakes, struct cv_sessions *all, char *error,
                         size_t error_bytes);
void cv_handshakes_destroy(struct cv_handshakes *handshakes);

/* The thread. */
uint32_t cv_handshakes_run(void *handshakes);

/* One turn of it, for tests; returns what was done. */
uint32_t cv_handshakes_turn(struct cv_handshakes *handshakes);
void cv_handshakes_halt(struct cv_handshakes *handshakes);

/* ngtcp2's callback: the peer has proven its key. */
int cv_handshake_completed(ngtcp2_conn *conn, void *session);

/* Frees what a session of the handshake thread has besides; part of its end. */
void cv_handshake_forget(struct cv_session *session);

/* SESSION_ADMIT, SESSION_REFUSE. */
int cv_handshake_admit(struct cv_session *session, const struct cv_session_order *order);

/* Tells control about the session as far as the ring has room; true when all is told. */
bool cv_handshake_ask(struct cv_session *session);
