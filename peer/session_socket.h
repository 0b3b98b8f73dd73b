/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A session on a UDP socket of its own, in a libevent loop. One thread. */
#include "peer/session.h"

#include <event2/event.h>

struct session_socket {
    struct event_base *base;
    struct cv_peer *peer;
    struct cv_address local, relay;
    struct event *readable, *timer;
    int fd;
};

/*
 * Opens the socket, at `from` or wherever the system sees fit, and the session; config->local and ->relay are
 * filled in. 0, or negative errno with a sentence. In either case session_socket_close cleans up.
 */
int session_socket_open(struct session_socket *socket, struct event_base *base,
                        const struct cv_address *relay, const struct cv_address *from,
                        struct cv_peer_config *config, char *error, size_t error_bytes);

/* After any call for socket->peer that came from elsewhere: sends what there is to send, sets the timer. */
void session_socket_flush(struct session_socket *socket);

/* Goes on with the session from another socket. 0 or negative errno; the old one stays then. */
int session_socket_move(struct session_socket *socket, const struct cv_address *from);
void session_socket_close(struct session_socket *socket);

uint64_t monotonic_ns(void);
