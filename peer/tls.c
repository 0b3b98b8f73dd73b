/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenSSL: the peer's certificate, and the check of the relay's. */
#include "parts.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t alpn[] = "\x09" CV_PROTOCOL_ALPN;

static bool id_of(X509 *certificate, struct cv_peer_id *id)
{
    uint8_t *der = NULL;
    int bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    bool done = bytes > 0 && cv_peer_id_from_spki(der, (size_t)bytes, id) == 0;

    OPENSSL_free(der);
    return done;
}

/* Names and dates in the relay's certificate mean nothing: it is known by its key. */
static int check_relay(X509_STORE_CTX *store, void *argument)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const ngtcp2_crypto_conn_ref *ref = SSL_get_app_data(ssl);
    struct cv_peer *peer = ref->user_data;
    char sentence[CV_PEER_SENTENCE_BYTES], text[CV_PEER_ID_TEXT];
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    struct cv_peer_id id;

    (void)argument;
    if (peer->config.relay_id == NULL)
        return 1;
    if (leaf != NULL && id_of(leaf, &id) && cv_peer_id_equal(&id, &peer->relay_id))
        return 1;
    snprintf(sentence, sizeof(sentence), "the relay shows another key: %s",
             leaf != NULL ? cv_peer_id_print(&id, text) : "none");
    end_pending(peer, false, NGTCP2_CRYPTO_ERROR | SSL_AD_BAD_CERTIFICATE, sentence);
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

/* ---- For many sessions ---- */

static void init_crypto(void)
{
    ngtcp2_crypto_ossl_init(); /* faster with it, and it works without */
}

/* Without a certificate yet. */
static struct cv_peer_tls *new_tls(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct cv_peer_tls *tls = calloc(1, sizeof(*tls));

    pthread_once(&once, init_crypto);
    if (tls == NULL)
        return NULL;
    tls->context = SSL_CTX_new(TLS_client_method());
    if (tls->context == NULL || SSL_CTX_set_min_proto_version(tls->context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_alpn_protos(tls->context, alpn, sizeof(alpn) - 1) != 0) {
        cv_peer_tls_destroy(tls);
        return NULL;
    }
    SSL_CTX_set_mode(tls->context, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(tls->context, check_relay, NULL);
    return tls;
}

static int refuse(struct cv_peer_tls *tls, const char *what, char *error, size_t error_bytes)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    snprintf(error, error_bytes, "%s: cannot be used for sessions: %s", what,
             reason != NULL ? reason : strerror(errno));
    ERR_clear_error();
    cv_peer_tls_destroy(tls);
    return -EINVAL;
}

int cv_peer_tls_create(struct cv_peer_tls **out, const struct cv_peer_tls_config *config, char *error,
                       size_t error_bytes)
{
    struct cv_peer_tls *tls = new_tls();

    *out = NULL;
    if (tls == NULL) {
        snprintf(error, error_bytes, "no memory for TLS");
        return -ENOMEM;
    }
    if (config->suites != NULL && SSL_CTX_set_ciphersuites(tls->context, config->suites) != 1)
        return refuse(tls, config->suites, error, error_bytes);
    if (SSL_CTX_use_certificate_chain_file(tls->context, config->certificate) != 1 ||
        !id_of(SSL_CTX_get0_certificate(tls->context), &tls->id))
        return refuse(tls, config->certificate, error, error_bytes);
    if (SSL_CTX_use_PrivateKey_file(tls->context, config->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls->context) != 1)
        return refuse(tls, config->key, error, error_bytes);
    *out = tls;
    return 0;
}

/* Names and dates mean nothing, so there are none to speak of. */
static bool fill_certificate(X509 *certificate, EVP_PKEY *key)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) != NULL &&
           X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, NULL) > 0;
}

int cv_peer_tls_generate(struct cv_peer_tls **out)
{
    struct cv_peer_tls *tls = new_tls();
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509 *certificate = X509_new();
    bool done = tls != NULL && key != NULL && certificate != NULL && fill_certificate(certificate, key) &&
                id_of(certificate, &tls->id) && SSL_CTX_use_certificate(tls->context, certificate) == 1 &&
                SSL_CTX_use_PrivateKey(tls->context, key) == 1;

    X509_free(certificate);
    EVP_PKEY_free(key);
    if (!done) {
        ERR_clear_error();
        cv_peer_tls_destroy(tls);
    }
    *out = done ? tls : NULL;
    return done ? 0 : -ENOMEM;
}

void cv_peer_tls_destroy(struct cv_peer_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

const struct cv_peer_id *cv_peer_tls_id(const struct cv_peer_tls *tls)
{
    return &tls->id;
}

/* ---- For one ---- */

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((struct cv_peer *)ref->user_data)->conn;
}

bool tls_start(struct cv_peer *peer)
{
    peer->conn_ref = (ngtcp2_crypto_conn_ref){conn_of, peer};
    peer->ssl = SSL_new(peer->config.tls->context);
    if (peer->ssl == NULL || ngtcp2_crypto_ossl_ctx_new(&peer->tls, peer->ssl) != 0 ||
        ngtcp2_crypto_ossl_configure_client_session(peer->ssl) != 0) {
        ERR_clear_error();
        return false;
    }
    SSL_set_app_data(peer->ssl, &peer->conn_ref);
    SSL_set_connect_state(peer->ssl);
    ngtcp2_conn_set_tls_native_handle(peer->conn, peer->tls);
    return true;
}

void tls_stop(struct cv_peer *peer)
{
    if (peer->conn != NULL)
        ngtcp2_conn_set_tls_native_handle(peer->conn, NULL);
    ngtcp2_crypto_ossl_ctx_del(peer->tls);
    if (peer->ssl != NULL)
        SSL_set_app_data(peer->ssl, NULL); /* freeing it may call back */
    SSL_free(peer->ssl);
    peer->tls = NULL;
    peer->ssl = NULL;
    ERR_clear_error();
}
