/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The program's session with the relay: opened again when it is lost, and opened elsewhere when the relay sends
 * it away, while the one before is still there. One thread, in a libevent loop.
 *
 *      sessions_start -> opening -> registered: `current` ---- lost ----> waits 1, 2, 4 ... 60 s -> opening
 *                                        |--- GO_AWAY with an address -> opening beside it -> it is left
 */
#include "kept.h"
#include "session_socket.h"

#define SESSIONS_AT_ONCE 2

struct sessions;

/* One session, or none. */
struct one_session {
    struct sessions *all;
    struct session_socket socket; /* its peer is NULL: none */
    struct cv_address relay;
    struct cv_peer_id relay_id;
    bool ended;   /* and only to be freed */
    bool leaving; /* another one is there in its place */
    struct event *timer;
};

/* Called from the event loop, some of them from within a session: see struct cv_peer_callbacks. */
struct sessions_callbacks {
    /* All that the relay says. In REGISTERED the session is sessions->current already. */
    void (*capsule)(void *user, struct session_socket *session, const struct cv_capsule *capsule);
    void (*datagram)(void *user, struct session_socket *session, uint64_t channel, const uint8_t *payload,
                     size_t bytes);
    /* A session has ended; soon it will be gone. `wait_s`: until another is opened, 0: none is. */
    void (*ended)(void *user, struct session_socket *session, const struct cv_peer_end *end, unsigned wait_s);
    void (*gone)(void *user, const struct session_socket *session);
    /* No session is there, and none will come. */
    void (*over)(void *user);
};

struct sessions {
    struct event_base *base;
    struct cv_peer_config config; /* without relay and local */
    const struct cv_address *from;
    const struct sessions_callbacks *callbacks;
    void *user;
    struct kept *kept;
    bool comes_back; /* when a session is lost */
    bool reads;      /* the control stream */

    /* Kept here. */
    struct session_socket *current; /* registered, and not ended; NULL: none */
    struct one_session list[SESSIONS_AT_ONCE];
    struct cv_address relay; /* where to open the next */
    struct cv_peer_id relay_id;
    bool knows_relay; /* which ID the next has to show */
    bool is_sent;     /* by GO_AWAY */
    bool stopping;    /* of our own will */
    unsigned wait_s;
    struct event *retry;
};

/* Opens the first. 0, or negative errno with a sentence. In either case sessions_free cleans up. */
int sessions_start(struct sessions *sessions, const struct cv_address *relay, char *error,
                   size_t error_bytes);
void sessions_free(struct sessions *sessions);

/* Ends all of them, for good; from the event loop, soon. */
void sessions_stop(struct sessions *sessions);

/* A session that is being left is no longer needed: it ends soon. Otherwise the relay ends it. */
void sessions_leave(struct sessions *sessions, const struct session_socket *session);
