/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A peer's session with a relay (docs/protocol.md), without I/O: the caller moves the packets and says what
 * time it is. QUIC by ngtcp2, TLS by OpenSSL, the capsules by lib/.
 *
 *      socket -> cv_peer_receive -> callbacks: capsules, datagrams, the end
 *      socket <- cv_peer_write   <- cv_peer_send, cv_peer_request, cv_peer_accept ...
 *      timer  -> cv_peer_expire
 *
 * The life of a session: cv_peer_create; then cv_peer_write until it returns 0, and the same again after each
 * call to any other function here. REGISTER goes out by itself when the handshake is done. Whatever ends the
 * session calls `ended` once; after that everything does nothing, and cv_peer_destroy frees it.
 *
 * Threads: one at a time per session; sessions that share a struct cv_peer_tls may be on different threads.
 * Memory: malloc; some tens of KB per session, and `queue_bytes` once it has sent a datagram.
 * Time: nanoseconds of any clock that only goes forward, the same one for all calls.
 */
#include "address.h"
#include "protocol/capsule.h"
#include "protocol/datagram.h"
#include "protocol/peer_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cv_peer;

/* ---- The peer's certificate: made once, for any number of sessions ---- */

struct cv_peer_tls;

struct cv_peer_tls_config {
    const char *certificate; /* PEM file: the leaf, and the chain behind it if there is one */
    const char *key;         /* PEM file: the leaf's */
    const char *suites;      /* as SSL_CTX_set_ciphersuites(3) wants them; NULL: OpenSSL's own choice */
};

/* 0, -EINVAL or -ENOMEM, with a sentence in `error` that names the file. */
int cv_peer_tls_create(struct cv_peer_tls **tls, const struct cv_peer_tls_config *config, char *error,
                       size_t error_bytes);

/* The same with a new Ed25519 key and a certificate for it that nobody else will have. 0 or -ENOMEM. */
int cv_peer_tls_generate(struct cv_peer_tls **tls);
void cv_peer_tls_destroy(struct cv_peer_tls *tls); /* after its sessions; NULL is allowed */

/* By what the relay will know the peer: the ID of the leaf. */
const struct cv_peer_id *cv_peer_tls_id(const struct cv_peer_tls *tls);

/* ---- One session ---- */

enum cv_peer_ender {
    CV_PEER_ENDED_BY_US,    /* cv_peer_close, or an offence of the relay's against the protocol */
    CV_PEER_ENDED_BY_RELAY, /* its CONNECTION_CLOSE, or a stateless reset */
    CV_PEER_ENDED_BY_TIME,  /* nothing heard within the idle time, or the handshake took too long */
};

struct cv_peer_end {
    enum cv_peer_ender by;
    bool application; /* whether `code` is one of session_error.h (or newer); else one of QUIC's */
    uint64_t code;
    const char *sentence; /* one line for people, never NULL, maybe empty; valid during the call */
};

/*
 * Called from within the functions below. They may call cv_peer_send, _request, _accept, _refuse, _close_pair
 * and _close of the same session, and nothing else of it.
 */
struct cv_peer_callbacks {
    /*
     * What the relay said, in the order in which it said it: REGISTERED, OBSERVED_ADDRESS, PAIR_OFFER,
     * PAIR_MADE, TUNNEL_LIMIT, REFUSED, PAIR_CLOSED or GO_AWAY. Checked for layout and order before. Valid
     * during the call.
     */
    void (*capsule)(void *user, const struct cv_capsule *capsule);

    /* A UDP payload came in by a tunnel leg; `ecn`: the mark of the packet that brought it. Nothing is
     * queued: what is not taken during the call is gone. May be NULL. */
    void (*datagram)(void *user, uint64_t channel, const uint8_t *payload, size_t bytes, uint8_t ecn);

    void (*ended)(void *user, const struct cv_peer_end *end);
};

#define CV_PEER_PAYLOAD_MIN    1200 /* of the packets that QUIC sends, in UDP payload */
#define CV_PEER_PAYLOAD_MAX    1472
#define CV_PEER_OWN_CID_BYTES  8
#define CV_PEER_SENTENCE_BYTES 256

/* Start from cv_peer_config_default. */
struct cv_peer_config {
    const struct cv_peer_tls *tls;
    const struct cv_peer_id *relay_id; /* of the key that the relay has to show; NULL: any key will do */
    struct cv_address local;           /* the same as in cv_peer_receive, with a port */
    struct cv_address relay;
    const struct cv_peer_callbacks *callbacks; /* stay where they are as long as the session lives */
    void *user;
    uint8_t legs;         /* set of enum cv_leg_kind, for REGISTER; default both */
    uint8_t quic_version; /* 1 (default) or 2 */
    /* In clear in the first bytes of each connection ID that the relay sends to: see cv_peer_packet_tag. */
    uint32_t tag;
    uint64_t handshake_ns;         /* default 10 s */
    uint64_t idle_ns;              /* default 60 s; 0: as the relay has it */
    uint64_t keep_alive_ns;        /* after so much silence a PING; default 25 s; 0: never */
    uint64_t key_update_pkts;      /* new keys after so many packets sent, as soon as QUIC allows; 0: never */
    uint32_t control_window_bytes; /* what the relay may send ahead of our reading; default 16,384 */
    uint32_t queue_bytes;          /* of datagrams that wait for the congestion window; default 131,072 */
    uint64_t queue_ns;             /* what has waited longer is dropped; default 50 ms; 0: nothing is */
    uint16_t payload_bytes;        /* of the largest packet, CV_PEER_PAYLOAD_MIN to _MAX (default) */
    bool no_probing;               /* packets of 1,200 bytes, whatever the path may carry */
    bool no_bundling;              /* one datagram per packet, also where more would fit */
};

void cv_peer_config_default(struct cv_peer_config *config);

/* 0, -EINVAL (a value out of its limits), -ENOMEM or -EIO (ngtcp2 or OpenSSL do not work here). */
int cv_peer_create(struct cv_peer **peer, const struct cv_peer_config *config, uint64_t now_ns);
void cv_peer_destroy(struct cv_peer *peer); /* tells the relay nothing; NULL is allowed */

/*
 * Many sessions behind one socket: the tag of the session that a packet belongs to. False: it cannot be for
 * any. A stateless reset has no connection ID: who shares a socket learns of one when the idle time is over.
 */
bool cv_peer_packet_tag(const uint8_t *packet, size_t bytes, uint32_t *tag);

/* ---- Packets and time ---- */

/* A datagram that came from `remote` to `local`; `ecn`: the two bits of its IP header. */
void cv_peer_receive(struct cv_peer *peer, const struct cv_address *local, const struct cv_address *remote,
                     uint8_t ecn, const uint8_t *packet, size_t bytes, uint64_t now_ns);

struct cv_peer_way {
    struct cv_address local, remote;
    uint8_t ecn;
};

/*
 * The next packet to send: its bytes, and `way`; 0 when there is none now. `room` is at least payload_bytes.
 * Costs little when there is nothing to do.
 */
size_t cv_peer_write(struct cv_peer *peer, struct cv_peer_way *way, uint8_t *packet, size_t room,
                     uint64_t now_ns);

/* When to call cv_peer_expire (a later call of any function may change it); UINT64_MAX: never. */
uint64_t cv_peer_deadline_ns(const struct cv_peer *peer);
void cv_peer_expire(struct cv_peer *peer, uint64_t now_ns);

/* ---- What a peer does. Before REGISTERED, and after the end: -ENOTCONN ---- */

/*
 * A UDP payload by a tunnel leg. Copied. 0; -EINVAL: no channel of a leg; -EMSGSIZE: more than
 * cv_peer_room_bytes; -ENOBUFS: the queue is full.
 */
int cv_peer_send(struct cv_peer *peer, uint64_t channel, const uint8_t *payload, size_t bytes,
                 uint64_t now_ns);

/* The largest payload that a packet of ours holds at present; it grows when the path was probed. What the
 * relay can send to us is in PAIR_MADE and TUNNEL_LIMIT. 0 before REGISTERED. */
size_t cv_peer_room_bytes(const struct cv_peer *peer, uint64_t channel);

/* Datagrams that wait. */
uint32_t cv_peer_queued(const struct cv_peer *peer);

/*
 * Capsules. 0; -EPROTO: against a rule of order (docs/protocol.md, "Order"); -EINVAL: a field out of its
 * limits; -ENOBUFS: the relay takes nothing more at present. cv_peer_request gives the request's number.
 */
int cv_peer_request(struct cv_peer *peer, const struct cv_peer_id *other, uint8_t legs, uint64_t *request);
int cv_peer_accept(struct cv_peer *peer, uint64_t offer, enum cv_leg_kind leg);
int cv_peer_refuse(struct cv_peer *peer, uint64_t offer, uint64_t code);
int cv_peer_close_pair(struct cv_peer *peer, uint64_t pair);

/* Ends the session at any time: `ended` is called by the cv_peer_write that gives the last packet. The
 * sentence is copied; NULL is none. */
void cv_peer_close(struct cv_peer *peer, uint64_t code, const char *sentence);

/*
 * The peer has another address from now on: moves the session there (RFC 9000 section 9). 0; -EAGAIN: QUIC
 * does not allow it at this moment (the handshake is not confirmed, or no connection ID is left); -EINVAL:
 * that is its address already.
 */
int cv_peer_move(struct cv_peer *peer, const struct cv_address *local, uint64_t now_ns);

/* For tests: whether the relay may send more on the control stream than `control_window_bytes`. */
void cv_peer_read_control(struct cv_peer *peer, bool on);

/* ---- Statistics ---- */

struct cv_peer_stats {
    uint64_t rx_pkts, tx_pkts; /* UDP datagrams */
    uint64_t rx_bytes, tx_bytes;
    uint64_t lost_pkts; /* of ours, as far as QUIC has noticed */
    uint64_t rx_datagrams, tx_datagrams;
    uint64_t dropped_late;  /* datagrams that waited longer than queue_ns */
    uint64_t dropped_large; /* datagrams that the path no longer carries */
    uint64_t key_updates;   /* begun by us */
    uint64_t smoothed_rtt_ns;
    uint64_t window_bytes;  /* of congestion control */
    uint32_t quic_version;  /* 1 or 2; 0 before the handshake is done */
    uint16_t payload_bytes; /* of the largest packet at present */
    bool retried;           /* the relay answered with a Retry */
    bool handshake_done;
    bool registered;
};

void cv_peer_stats(const struct cv_peer *peer, struct cv_peer_stats *stats);
