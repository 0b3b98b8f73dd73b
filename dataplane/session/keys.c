/* SPDX-License-Identifier: BSD-3-Clause */
#include "keys.h"

#include "expand.h"
#include "shard.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/crypto.h>
#include <rte_debug.h>
#include <string.h>

/* Where the keys of all sessions are, for callbacks that are not told which session they are for. */
static uintptr_t slots_start;
static size_t slots_bytes;

void cv_keys_init(const struct cv_session *slots, uint32_t count)
{
    RTE_VERIFY(slots_bytes == 0 || count == 0);
    slots_start = (uintptr_t)slots;
    slots_bytes = count * sizeof(*slots);
}

/* Not a context of OpenSSL's, which has its own memory. */
static bool is_ours(const void *handle)
{
    return (uintptr_t)handle - slots_start < slots_bytes;
}

int cv_keys_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *context,
                    const uint8_t *plaintext, size_t bytes, const uint8_t *nonce, size_t nonce_bytes,
                    const uint8_t *aad, size_t aad_bytes)
{
    if (unlikely(!is_ours(context->native_handle)))
        return ngtcp2_crypto_encrypt_cb(dest, aead, context, plaintext, bytes, nonce, nonce_bytes, aad,
                                        aad_bytes);
    return cv_aead_seal(context->native_handle, dest, plaintext, bytes, nonce, aad, aad_bytes)
               ? 0
               : NGTCP2_ERR_CALLBACK_FAILURE;
}

int cv_keys_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *context,
                    const uint8_t *ciphertext, size_t bytes, const uint8_t *nonce, size_t nonce_bytes,
                    const uint8_t *aad, size_t aad_bytes)
{
    if (unlikely(!is_ours(context->native_handle)))
        return ngtcp2_crypto_decrypt_cb(dest, aead, context, ciphertext, bytes, nonce, nonce_bytes, aad,
                                        aad_bytes);
    return cv_aead_open(context->native_handle, dest, ciphertext, bytes, nonce, aad, aad_bytes)
               ? 0
               : NGTCP2_ERR_DECRYPT;
}

int cv_keys_header_mask(uint8_t *dest, const ngtcp2_crypto_cipher *cipher,
                        const ngtcp2_crypto_cipher_ctx *context, const uint8_t *sample)
{
    if (unlikely(!is_ours(context->native_handle)))
        return ngtcp2_crypto_hp_mask_cb(dest, cipher, context, sample);
    return cv_header_mask(context->native_handle, dest, sample) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

void cv_keys_delete_aead(ngtcp2_conn *conn, ngtcp2_crypto_aead_ctx *context, void *user)
{
    struct cv_session *session = user;
    struct cv_aead_key *key;

    if (!is_ours(context->native_handle)) {
        ngtcp2_crypto_delete_crypto_aead_ctx_cb(conn, context, user);
        return;
    }
    key = context->native_handle;
    cv_aead_key_wipe(key);
    session->keys.aead_used &= (uint8_t)~(1u << (key - session->keys.aead));
}

void cv_keys_delete_header(ngtcp2_conn *conn, ngtcp2_crypto_cipher_ctx *context, void *user)
{
    struct cv_session *session = user;
    struct cv_header_key *key;

    if (!is_ours(context->native_handle)) {
        ngtcp2_crypto_delete_crypto_cipher_ctx_cb(conn, context, user);
        return;
    }
    key = context->native_handle;
    cv_header_key_wipe(key);
    session->keys.header_used &= (uint8_t)~(1u << (key - session->keys.header));
}

/* A key and its nonce base from a traffic secret. NULL: all slots are in use, which ngtcp2 never does. */
static struct cv_aead_key *new_aead(struct cv_session *session, const uint8_t *secret, uint8_t *iv)
{
    uint8_t raw[CV_SECRET_BYTES_MAX];
    unsigned i = (unsigned)__builtin_ctz(~(unsigned)session->keys.aead_used);

    if (i >= CV_SESSION_AEAD_KEYS)
        return NULL;
    session->keys.aead_used |= (uint8_t)(1u << i);
    cv_expand_label(session->suite, session->quic_version, secret, CV_LABEL_KEY, raw,
                    cv_suite_secret_bytes(session->suite));
    cv_expand_label(session->suite, session->quic_version, secret, CV_LABEL_IV, iv, CV_AEAD_NONCE_BYTES);
    cv_aead_key_init(session->shard->crypto, &session->keys.aead[i], session->suite, raw);
    OPENSSL_cleanse(raw, sizeof(raw));
    return &session->keys.aead[i];
}

int cv_keys_update(ngtcp2_conn *conn, uint8_t *rx_secret, uint8_t *tx_secret, ngtcp2_crypto_aead_ctx *rx,
                   uint8_t *rx_iv, ngtcp2_crypto_aead_ctx *tx, uint8_t *tx_iv, const uint8_t *rx_current,
                   const uint8_t *tx_current, size_t secret_bytes, void *user)
{
    struct cv_session *session = user;
    struct cv_aead_key *rx_key, *tx_key;

    (void)conn;
    session->shard->stats->key_updates += session->keys.ahead;
    session->keys.ahead = true;
    cv_expand_label(session->suite, session->quic_version, rx_current, CV_LABEL_KEY_UPDATE, rx_secret,
                    secret_bytes);
    cv_expand_label(session->suite, session->quic_version, tx_current, CV_LABEL_KEY_UPDATE, tx_secret,
                    secret_bytes);
    rx_key = new_aead(session, rx_secret, rx_iv);
    tx_key = new_aead(session, tx_secret, tx_iv);
    if (rx_key == NULL || tx_key == NULL)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    rx->native_handle = rx_key;
    tx->native_handle = tx_key;
    return 0;
}

bool cv_keys_install(struct cv_session *session, bool to_send, const uint8_t *secret, size_t secret_bytes,
                     uint8_t header_secret[CV_SECRET_BYTES_MAX])
{
    struct cv_header_key *header = &session->keys.header[to_send];
    uint8_t iv[CV_AEAD_NONCE_BYTES];
    struct cv_aead_key *key = new_aead(session, secret, iv);
    ngtcp2_crypto_aead_ctx aead_context = {key != NULL ? key : NULL};
    ngtcp2_crypto_cipher_ctx header_context = {header};
    int result;

    if (key == NULL)
        return false;
    cv_expand_label(session->suite, session->quic_version, secret, CV_LABEL_HEADER_KEY, header_secret,
                    cv_suite_secret_bytes(session->suite));
    cv_header_key_init(session->shard->crypto, header, session->suite, header_secret);
    session->keys.header_used |= (uint8_t)(1u << to_send);
    result = to_send ? ngtcp2_conn_install_tx_key(session->conn, secret, secret_bytes, &aead_context, iv,
                                                  sizeof(iv), &header_context)
                     : ngtcp2_conn_install_rx_key(session->conn, secret, secret_bytes, &aead_context, iv,
                                                  sizeof(iv), &header_context);
    if (result != 0) {
        cv_keys_delete_aead(session->conn, &aead_context, session);
        cv_keys_delete_header(session->conn, &header_context, session);
    }
    return result == 0;
}

void cv_keys_give(struct cv_session *session, struct cv_moving_keys *moving)
{
    for (unsigned i = 0; i < CV_SESSION_AEAD_KEYS; i++) {
        if ((session->keys.aead_used & 1u << i) == 0)
            continue;
        memcpy(moving->aead[i], session->keys.aead[i].secret, CV_SECRET_BYTES_MAX);
        cv_aead_key_wipe(&session->keys.aead[i]);
    }
    for (unsigned i = 0; i < 2; i++)
        if ((session->keys.header_used & 1u << i) != 0)
            cv_header_key_wipe(&session->keys.header[i]);
}

void cv_keys_take(struct cv_session *session, struct cv_crypto *crypto, struct cv_moving_keys *moving)
{
    for (unsigned i = 0; i < CV_SESSION_AEAD_KEYS; i++)
        if ((session->keys.aead_used & 1u << i) != 0)
            cv_aead_key_init(crypto, &session->keys.aead[i], session->suite, moving->aead[i]);
    for (unsigned i = 0; i < 2; i++)
        if ((session->keys.header_used & 1u << i) != 0)
            cv_header_key_init(crypto, &session->keys.header[i], session->suite, moving->header[i]);
    OPENSSL_cleanse(moving, sizeof(*moving));
}
