/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A peer's session with a relay (docs/protocol.md), without I/O: the caller moves the packets and says what
 * time it is. QUIC by ngtcp2, TLS by OpenSSL, the capsules by lib/.
 *
 *      socket -> cv_peer_receive -> callbacks: capsules, datagrams, the end
 *      socket <- cv_peer_write   <- cv_peer_send; cv_peer_request, cv_peer_accept ... (requests.h)
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
#include "config.h"
#include "protocol/capsule.h"
#include "protocol/datagram.h"
#include "protocol/peer_id.h"
#include "requests.h"
#include "stats.h"
#include "tag.h"
#include "tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cv_peer;

/* 0, -EINVAL (a value out of its limits), -ENOMEM or -EIO (ngtcp2 or OpenSSL do not work here). */
int cv_peer_create(struct cv_peer **peer, const struct cv_peer_config *config, uint64_t now_ns);
void cv_peer_destroy(struct cv_peer *peer); /* tells the relay nothing; NULL is allowed */

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

/*
 * The largest payload that a packet of ours holds at present; it grows when the path was probed. What the
 * relay can send to us is in TUNNEL_LIMIT, and what it passes on to the other peer in OTHER_LEG. 0 before REGISTERED.
 */
size_t cv_peer_room_bytes(const struct cv_peer *peer, uint64_t channel);

/* Datagrams that wait. */
uint32_t cv_peer_queued(const struct cv_peer *peer);

/*
 * Ends the session at any time: `ended` is called by the cv_peer_write that gives the last packet. The
 * sentence is copied; NULL is none.
 */
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

void cv_peer_stats(const struct cv_peer *peer, struct cv_peer_stats *stats);
