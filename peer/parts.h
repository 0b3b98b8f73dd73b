/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the files of the engine share: the session itself, and which file does what to it. */
#include "peer/session.h"
#include "protocol/capsule_order.h"
#include "queue.h"

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/ssl.h>

#define CONTROL_OUT_BYTES 4096

struct cv_peer_tls {
    SSL_CTX *context;
    struct cv_peer_id id;
};

/* The control stream. What we say lies in a ring until it is acknowledged: ngtcp2 keeps no copy. */
struct control_stream {
    int64_t id; /* -1: not open yet */
    struct cv_capsule_reader reader;
    struct cv_capsule_order order;
    uint8_t reader_buffer[CV_CAPSULE_BUFFER_BYTES];
    uint64_t acknowledged, sent, end; /* offsets; byte n lies at n modulo the size */
    uint64_t held;                    /* bytes that were read and have not been granted anew */
    bool blocked;                     /* by flow control */
    bool not_reading;
    uint8_t out[CONTROL_OUT_BYTES];
};

/* How the session is going to end, once the last packet is written. */
struct pending_end {
    bool set;
    bool application;
    uint64_t code;
    char sentence[CV_PEER_SENTENCE_BYTES];
};

struct cv_peer {
    struct cv_peer_config config;
    struct cv_peer_id relay_id;
    ngtcp2_conn *conn;
    SSL *ssl;
    ngtcp2_crypto_ossl_ctx *tls; /* what libngtcp2_crypto_ossl takes for a TLS handle */
    ngtcp2_crypto_conn_ref conn_ref;
    struct control_stream control;
    struct datagram_queue queue;
    struct pending_end end;
    struct cv_peer_stats stats; /* what ngtcp2 does not count */
    uint64_t now_ns;
    uint64_t pkts_since_key_update;
    uint8_t ecn;    /* of the packet that is being read */
    bool confirmed; /* the handshake: TLS is no longer needed */
    bool idle;      /* nothing has changed since a write gave nothing */
    bool reset;     /* statelessly, by the relay */
    bool unpaced;   /* packets were written that ngtcp2 has not been told the time of */
    bool is_ended;  /* and said so */
};

/* ---- connection.c ---- */

/* Makes peer->conn. 0 or one of ngtcp2's errors. */
int connection_create(struct cv_peer *peer);

/* ---- tls.c ---- */

bool tls_start(struct cv_peer *peer);

/* May be called twice. */
void tls_stop(struct cv_peer *peer);

/* ---- control.c ---- */

void control_init(struct control_stream *control);

/* Opens the stream and says REGISTER. */
void control_open(struct cv_peer *peer);
void control_receive(struct cv_peer *peer, const uint8_t *data, size_t bytes);
int control_say(struct cv_peer *peer, const struct cv_capsule *capsule);

/* What has not been sent, in up to two pieces; how many. */
size_t control_unsent(const struct control_stream *control, ngtcp2_vec pieces[2]);

/* ---- write.c ---- */

/* The next packet; 0 or one of ngtcp2's errors. */
ngtcp2_ssize write_packet(struct cv_peer *peer, ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *packet,
                          size_t room);

/* ---- session.c ---- */

/* The next write will be the last. The first reason stays. */
void end_pending(struct cv_peer *peer, bool application, uint64_t code, const char *sentence);
