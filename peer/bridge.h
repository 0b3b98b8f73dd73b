/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A pair, and a UDP program beside us that speaks through it:
 *
 *      program <-- UDP --> bridge <-- leg --> relay
 *
 * Payloads pass unchanged both ways; what does not fit or has nowhere to go is dropped and counted. The leg can
 * change under the program: the new one is used as soon as it is bound, the old one is listened to for a while.
 */
#include "session_socket.h"

struct bridge_settings {
    struct event_base *base;
    const struct cv_address *local;   /* where the program sends to us; NULL: a port of the system's choice */
    const struct cv_address *forward; /* where we send to; NULL: to whoever sent to us last */
    bool echo;                        /* no program: what comes from the pair goes back into it */
};

/* How a pair fared. */
struct bridge_counters {
    uint64_t to_pair_pkts;   /* payloads from the program */
    uint64_t from_pair_pkts; /* and to it */
    uint64_t too_large;      /* payloads from the program that do not fit */
    uint64_t queue_full;     /* for which the session had no room */
    uint64_t undelivered;    /* payloads to the program: there is none, or its socket is full */
    uint64_t challenges;     /* of the relay's, answered */
};

struct bridge;

/* By a PAIR_MADE. 0, or negative errno: then there is no bridge. */
int bridge_open(struct bridge **bridge, const struct bridge_settings *settings,
                struct session_socket *session, const struct cv_capsule *made);
void bridge_close(struct bridge *bridge);

/*
 * A PAIR_MADE that goes on with this bridge: its pair was resumed, or made anew with the same peer. 0 or
 * negative errno: then the leg is as before.
 */
int bridge_go_on(struct bridge *bridge, struct session_socket *session, const struct cv_capsule *made);

/* LEG_MADE: 0 or negative errno, and the leg is as before. LEG_TOKEN. */
int bridge_change(struct bridge *bridge, const struct cv_capsule_leg *leg);
void bridge_token(struct bridge *bridge, const uint8_t token[CV_TOKEN_BYTES]);

/* Its leg may have another address by now; or gets one, from another socket: 0 or negative errno. */
void bridge_rebind(struct bridge *bridge);
int bridge_move(struct bridge *bridge);

/* A session is gone: a pair of it waits to go on in another one. */
void bridge_lose(struct bridge *bridge, const struct session_socket *session);

/* A payload that came on a channel of a session; whether it was for this one. */
bool bridge_datagram(struct bridge *bridge, const struct session_socket *session, uint64_t channel,
                     const uint8_t *payload, size_t bytes);

/* From the socket of its UDP leg; 0 or negative errno. */
int bridge_send_to(struct bridge *bridge, const uint8_t *datagram, size_t bytes, const struct cv_address *to);

/* Which pair, in which session (NULL: lost), known to both peers by what; the other peer's leaf. */
uint64_t bridge_pair(const struct bridge *bridge);
const struct session_socket *bridge_session(const struct bridge *bridge);
const uint8_t *bridge_pair_id(const struct bridge *bridge);
const struct cv_peer_id *bridge_other(const struct bridge *bridge);
const struct bridge_counters *bridge_counters(const struct bridge *bridge);
