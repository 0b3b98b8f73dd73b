/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A session's ngtcp2 connection: how it is set up, and what ngtcp2 calls back. */
#include "owner.h"

/* What the first Initial packet of a connection said, and where it came from. */
struct cv_first_packet {
    const ngtcp2_pkt_hd *header;
    const struct cv_arrival *arrival;
    ngtcp2_cid original_dcid; /* with a Retry, that of the packet before it */
    bool retried;
};

/* Makes session->conn, in session->arena. 0 or one of ngtcp2's errors. Handshake thread only. */
int cv_connection_create(struct cv_session *session, const struct cv_first_packet *first);

/* Our address as the session's path has it. */
struct cv_address cv_session_local(const struct cv_sessions *all, uint8_t local);
