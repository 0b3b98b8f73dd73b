/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A peer with a session on a relay on the bench; its packets take as long as a test says. */
#include "quic_client.h"
#include "session_rig.h"

struct session_peer {
    struct session_rig *relay;
    struct quic_client client;
    const char *from;
    unsigned worker;   /* that its packets come to, and that has its session */
    uint32_t delay_ms; /* each way */
    struct cv_session *session;
    uint8_t ticket[CV_TICKET_BYTES]; /* as SESSION_UP says it */
};

/* Opens a session, and lets it come to rest; `relay`, `from`, `worker` and `delay_ms` are set. */
void session_peer_open(struct session_peer *peer);
void session_peer_close(struct session_peer *peer);

/*
 * All packets that the peer has to send reach the relay, all that the relay has sent to it reach the
 * peer; those to others are lost. Return how many.
 */
unsigned session_peer_send(struct session_peer *peer);
unsigned session_peer_hear(struct session_peer *peer);

/* A packet of the peer's reaches the relay. */
void session_peer_deliver(struct session_peer *peer, const uint8_t *packet, size_t bytes);

/* There and back until nobody has anything to say, within two seconds of pauses. */
void session_peer_settle(struct session_peer *peer);
