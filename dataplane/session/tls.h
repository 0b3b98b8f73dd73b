/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * TLS 1.3 for the handshake, by OpenSSL through its callbacks for QUIC stacks. The peer proves that it has
 * the key of its certificate, whatever kind of chain that is in; whether it may have a session is for control
 * to say. Handshake thread only.
 */
#include "config/config.h"
#include "session.h"

#include <openssl/ssl.h>

/* The relay's certificate and settings. NULL, with a sentence in `error`. */
SSL_CTX *cv_tls_context(const struct cv_config *config, char *error, size_t error_bytes);

/*
 * A key of that many bytes for stateless reset tokens, from the relay's private key: the same with each start, so that a
 * peer knows a reset of the next one (RFC 9000 section 10.3.2). 0 or -EIO.
 */
int cv_tls_reset_key(SSL_CTX *context, uint8_t *key, size_t bytes);

/* The TLS state of one handshake. */
struct cv_tls;

/* False: no memory. session->conn exists. */
bool cv_tls_start(struct cv_session *session, SSL_CTX *context);

/* Ends it: session->conn goes on without. */
void cv_tls_stop(struct cv_session *session);

/* Bytes of CRYPTO frames, in their order. False: the handshake has failed; ngtcp2 knows the alert. */
bool cv_tls_receive(struct cv_session *session, const uint8_t *data, size_t bytes);

/*
 * The peer's certificates, leaf first, each its length in 3 bytes and its DER; from malloc. Returns the
 * bytes, or -E2BIG: over CV_SESSION_CHAIN_BYTES; -ENOMEM.
 */
int cv_tls_chain(struct cv_session *session, uint8_t **chain);
