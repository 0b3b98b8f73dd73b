/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Many peers with a session each (peer/session.h), and what control would say to them: it admits everybody,
 * and answers REGISTER. How their packets get to the relay and back is the caller's. One thread.
 *
 *      bench_peers_create -> bench_peers_open -> bench_peers_turn ... until `registered` is what was opened
 *
 * Peer n has the address of leg n (legs.h).
 */
#include "link/dataplane_link.h"
#include "peer/session.h"

#include <stdatomic.h>

struct bench_peers;

struct bench_peer {
    struct cv_peer *engine; /* NULL: not opened, or ended */
    struct bench_peers *all;
    uint64_t deadline_ns;
    uint64_t session; /* its number, once it has said something on the control stream */
    uint32_t index;
    bool touched; /* in the list of those that may have something to write */
    bool registered;
    bool ended;
};

/*
 * How packets leave: `room` gives a buffer of CV_PEER_PAYLOAD_MAX bytes, and `send` takes what was written
 * into it.
 */
struct bench_way {
    uint8_t *(*room)(void *context);
    void (*send)(void *context, uint32_t peer, size_t bytes);
    void *context;
};

struct bench_peers {
    struct cv_peer_tls *tls;
    struct bench_way way;
    struct cv_dataplane_link *link;
    struct cv_peer_callbacks callbacks;
    struct cv_address relay;
    struct bench_peer *list;
    uint32_t count;
    uint64_t opened, registered, ended; /* sessions so far */
    uint32_t *touched;
    uint32_t touched_count;
    uint64_t expired_ns; /* when the timers were last looked at */
    uint64_t results;    /* of PAIR_PUT */
    bool close_when_registered;
};

struct bench_peers_config {
    const char *certificate, *key; /* PEM files; all peers share them */
    uint32_t count;
    uint16_t listen_port; /* of the relay */
    struct bench_way way;
    struct cv_dataplane_link *link;
    /* `user` is a struct bench_peer; NULL: datagrams are not wanted. */
    void (*datagram)(void *user, uint64_t channel, const uint8_t *payload, size_t bytes, uint8_t ecn);
};

/* Ends the program when something can't be had. */
void bench_peers_create(struct bench_peers *peers, const struct bench_peers_config *config);
void bench_peers_destroy(struct bench_peers *peers);

/* Begins the session of a peer that has none. */
void bench_peer_open(struct bench_peer *peer);

/* Frees it, and says nothing to the relay. */
void bench_peer_forget(struct bench_peer *peer);

/* A packet for this peer came. What it leads to is written by bench_peers_turn. */
void bench_peer_receive(struct bench_peer *peer, const uint8_t *packet, size_t bytes);

/* Writes all that this peer has to send. */
void bench_peer_write(struct bench_peer *peer);

/* The peers' timers, what peers have to write, and control's messages; returns how many of these. */
uint32_t bench_peers_serve(struct bench_peers *peers);

/* The same, and a nap when there was nothing to do for control. */
void bench_peers_turn(struct bench_peers *peers);

/*
 * Opens all that are not open, at most `at_once` in their handshakes at a time, calling `exchange` to move
 * packets and bench_peers_turn until all are registered. Ends the program when that takes longer than
 * `seconds`.
 */
void bench_peers_open_all(struct bench_peers *peers, uint32_t at_once, double seconds,
                          void (*exchange)(void *context));

/* Makes pairs: sends PAIR_PUTs, and waits until all are answered. Ends the program when one is refused. */
void bench_put_pairs(struct bench_peers *peers, const struct cv_pair_config *pairs, uint32_t count);
