/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A session's ngtcp2 connection: how it is set up, and what ngtcp2 calls back. */
#include "rx_packet.h"
#include "shard.h"

/* The first Initial packet of a connection, and where it came from. */
struct cv_initial {
    const ngtcp2_pkt_hd *header;
    const struct cv_rx_packet *rx;
    ngtcp2_cid original_dcid; /* with a Retry, that of the packet before it */
    bool retried;
};

/* Makes session->conn, in session->arena. 0 or one of ngtcp2's errors. Handshake thread only. */
int cv_connection_create(struct cv_session *session, const struct cv_initial *initial);
