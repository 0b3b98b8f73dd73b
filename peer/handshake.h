/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * TLS of one session, for as long as its handshake takes: the peer shows its certificate, the relay is
 * known by its key. Of the session it knows the ngtcp2 connection and nothing else.
 */
#include "config.h"

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/ssl.h>

/* tls.h makes them. */
struct cv_peer_tls {
    SSL_CTX *context;
    struct cv_peer_id id;
};

struct handshake {
    SSL *ssl;                    /* NULL: not begun, or over */
    ngtcp2_crypto_ossl_ctx *tls; /* what libngtcp2_crypto_ossl takes for a TLS handle */
    ngtcp2_crypto_conn_ref ref;
    ngtcp2_conn *conn;
    struct cv_peer_id relay_id;
    bool any_relay;
    char refusal[CV_PEER_SENTENCE_BYTES]; /* why the relay's certificate was refused; empty: it was not */
};

/* For the sessions of one struct cv_peer_tls, without a certificate yet; NULL: no memory. */
SSL_CTX *handshake_context(void);

/* By what a certificate's owner is known. */
bool handshake_id_of(X509 *certificate, struct cv_peer_id *id);

/* Of zeroed memory that stays where it is. `relay_id`: NULL for any key. */
bool handshake_start(struct handshake *handshake, const struct cv_peer_tls *tls, ngtcp2_conn *conn,
                     const struct cv_peer_id *relay_id);

/* Before the connection goes. May be called twice, and without a start. */
void handshake_stop(struct handshake *handshake);
