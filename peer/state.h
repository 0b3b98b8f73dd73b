/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A session, as those see it that work on it: session.c, and below it connection, write, control and
 * ending.
 */
#include "config.h"
#include "handshake.h"
#include "protocol/capsule_order.h"
#include "protocol/capsule_reader.h"
#include "queue.h"
#include "stats.h"

#include <ngtcp2/ngtcp2.h>

#define CONTROL_OUT_BYTES 8192 /* the largest capsule fits though others wait */

/* The control stream. What we say lies in a ring until it is acknowledged: ngtcp2 keeps no copy. */
struct control_stream {
    int64_t id; /* -1: not open yet */
    struct cv_capsule_reader reader;
    struct cv_capsule_order order;
    uint8_t reader_buffer[CV_CAPSULE_VALUE_MAX];
    uint64_t acknowledged, sent, end; /* offsets; byte n lies at n modulo the size */
    uint64_t held;                    /* bytes that were read and have not been granted anew */
    bool blocked;                     /* by flow control */
    bool not_reading;
    bool has_ticket; /* for probes */
    uint8_t ticket[CV_TICKET_BYTES];
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
    ngtcp2_conn *conn;
    struct handshake handshake;
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
