/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Packet protection for ngtcp2. Initial and Handshake packets are done by libngtcp2_crypto_ossl, as they come
 * before the suite is known and are few; 1-RTT packets by the crypto engine, with keys in the session's own
 * slots. ngtcp2 keeps a pointer for each key: one into the sessions' slots is a key of ours, any other OpenSSL's.
 *
 * ngtcp2 frees keys within its calls to read and write, so nothing may hold a key across them. Owner only.
 */
#include "session.h"

/*
 * At start: the array of all sessions, in which all keys of ours are; 0 sessions at the end. One array at a time
 * in a process.
 */
void cv_keys_init(const struct cv_session *slots, uint32_t count);

/* ngtcp2's callbacks. */
int cv_keys_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *context,
                    const uint8_t *plaintext, size_t bytes, const uint8_t *nonce, size_t nonce_bytes,
                    const uint8_t *aad, size_t aad_bytes);
int cv_keys_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *context,
                    const uint8_t *ciphertext, size_t bytes, const uint8_t *nonce, size_t nonce_bytes,
                    const uint8_t *aad, size_t aad_bytes);
int cv_keys_header_mask(uint8_t *dest, const ngtcp2_crypto_cipher *cipher,
                        const ngtcp2_crypto_cipher_ctx *context, const uint8_t *sample);
void cv_keys_delete_aead(ngtcp2_conn *conn, ngtcp2_crypto_aead_ctx *context, void *session);
void cv_keys_delete_header(ngtcp2_conn *conn, ngtcp2_crypto_cipher_ctx *context, void *session);
int cv_keys_update(ngtcp2_conn *conn, uint8_t *rx_secret, uint8_t *tx_secret, ngtcp2_crypto_aead_ctx *rx,
                   uint8_t *rx_iv, ngtcp2_crypto_aead_ctx *tx, uint8_t *tx_iv, const uint8_t *rx_current,
                   const uint8_t *tx_current, size_t secret_bytes, void *session);

/*
 * Gives ngtcp2 the key to receive (or to send) 1-RTT packets, from TLS's traffic secret; session->suite and
 * quic_version are set. Copies the header protection key to `header_secret`, for cv_keys_take. False: ngtcp2
 * refused.
 */
bool cv_keys_install(struct cv_session *session, bool to_send, const uint8_t *secret, size_t secret_bytes,
                     uint8_t header_secret[CV_SECRET_BYTES_MAX]);

/* The secrets of a session on its way from the handshake thread to a worker. */
struct cv_moving_keys {
    uint8_t aead[CV_SESSION_AEAD_KEYS][CV_SECRET_BYTES_MAX];
    uint8_t header[2][CV_SECRET_BYTES_MAX];
};

/* Takes the keys out of the handshake thread's engine; `moving->header` is filled already. */
void cv_keys_give(struct cv_session *session, struct cv_moving_keys *moving);

/* Makes them in the worker's, and overwrites `moving`. */
void cv_keys_take(struct cv_session *session, struct cv_crypto *crypto, struct cv_moving_keys *moving);
