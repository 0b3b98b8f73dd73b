/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a stranger's Initial packets say before anything is kept for him: the ClientHello in them, and in
 * it the protocols that it offers (ALPN) and the server's name that it asks for. The keys of a first
 * flight come from its destination connection ID (RFC 9001 section 5.2, RFC 9369 section 3.3.1), so that
 * anybody on its way can read it.
 *
 *      cv_hello_begin(&hello)                    4.7 KB of plain memory, the caller's
 *      cv_hello_read(&hello, crypto, datagram)   for each datagram of the flight, in any order
 *      cv_hello_offers(&hello, "culvert/1")      and hello.name, in hello.crypto
 *
 * A ClientHello with a post-quantum key share takes two datagrams, and either may come first, or twice.
 * Within and between packets CRYPTO frames may be in any order. Packets of other kinds in a datagram are
 * passed over.
 *
 * What is here is said by nobody in particular: a source address may be forged, and whoever sees a flight
 * can copy it.
 *
 * Any thread that owns a struct cv_crypto. Allocates nothing, makes no system call, leaves the datagram
 * as it is. For each datagram five HMACs of a few bytes, then what its packets take to open; a packet
 * that fails to open is counted in cv_crypto_unopened.
 */
#include "crypto/crypto.h"
#include "quic_invariants.h"

#define CV_HELLO_BYTES_MAX    4096 /* of a ClientHello: post-quantum ones have 1.2 to 2 KB */
#define CV_HELLO_PACKET_MAX   2048 /* a longer packet is not opened */
#define CV_HELLO_DATAGRAM_MIN 1200 /* RFC 9000 section 14.1 */
#define CV_HELLO_DCID_MIN     8    /* RFC 9000 section 7.2 */

enum cv_hello_state {
    CV_HELLO_NOT_INITIAL, /* no Initial that begins a connection: too short, another version or kind */
    CV_HELLO_OTHER,       /* of another flight than the first datagram: another connection ID or version */
    CV_HELLO_UNOPENED,    /* the keys of a first flight open none of its Initials */
    CV_HELLO_BAD,         /* this flight holds no ClientHello, or too long a one; for good */
    CV_HELLO_PART,        /* more has to come */
    CV_HELLO_COMPLETE,    /* for good */
};

/* A piece of hello->crypto; empty: there was none. */
struct cv_hello_span {
    uint16_t at, bytes;
};

struct cv_hello {
    uint32_t version; /* 0: nothing has been opened yet */
    uint8_t dcid_bytes;
    uint8_t dcid[CV_QUIC_CID_MAX];
    uint8_t state;                        /* enum cv_hello_state: of all that was read */
    uint16_t known;                       /* crypto[] has no gap before this */
    struct cv_hello_span protocols;       /* ALPN (RFC 7301): each a length byte and so many bytes */
    struct cv_hello_span name;            /* of the server (RFC 6066), 1 to 255 bytes of anything */
    uint8_t have[CV_HELLO_BYTES_MAX / 8]; /* bit n: crypto[n] has come */
    uint8_t crypto[CV_HELLO_BYTES_MAX];   /* the ClientHello with its header, RFC 8446 section 4 */
};

void cv_hello_begin(struct cv_hello *hello);

/*
 * Reads a UDP payload. Returns what the flight is now (hello->state, PART at first), or why nothing of
 * this datagram was taken: NOT_INITIAL, OTHER or UNOPENED, which change nothing. What is COMPLETE or BAD
 * is not looked into again.
 */
enum cv_hello_state cv_hello_read(struct cv_hello *hello, struct cv_crypto *crypto, const uint8_t *datagram,
                                  size_t bytes);

/* Whether it offers that protocol. In PART false may still become true; in BAD nothing is offered. */
bool cv_hello_offers(const struct cv_hello *hello, const char *protocol);
