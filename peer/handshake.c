/* SPDX-License-Identifier: BSD-3-Clause */
#include "handshake.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>

static const uint8_t alpn[] = "\x09" CV_PROTOCOL_ALPN;

bool handshake_id_of(X509 *certificate, struct cv_peer_id *id)
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
    struct handshake *handshake = ref->user_data;
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    char text[CV_PEER_ID_TEXT];
    struct cv_peer_id id;

    (void)argument;
    if (handshake->any_relay)
        return 1;
    if (leaf != NULL && handshake_id_of(leaf, &id) && cv_peer_id_equal(&id, &handshake->relay_id))
        return 1;
    snprintf(handshake->refusal, sizeof(handshake->refusal), "the relay shows another key: %s",
             leaf != NULL ? cv_peer_id_print(&id, text) : "none");
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

static void init_crypto(void)
{
    ngtcp2_crypto_ossl_init(); /* faster with it, and it works without */
}

SSL_CTX *handshake_context(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    SSL_CTX *context;

    pthread_once(&once, init_crypto);
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_alpn_protos(context, alpn, sizeof(alpn) - 1) != 0) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, check_relay, NULL);
    return context;
}

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((struct handshake *)ref->user_data)->conn;
}

bool handshake_start(struct handshake *handshake, const struct cv_peer_tls *tls, ngtcp2_conn *conn,
                     const struct cv_peer_id *relay_id)
{
    handshake->conn = conn;
    handshake->ref = (ngtcp2_crypto_conn_ref){conn_of, handshake};
    handshake->any_relay = relay_id == NULL;
    if (relay_id != NULL)
        handshake->relay_id = *relay_id;
    handshake->ssl = SSL_new(tls->context);
    if (handshake->ssl == NULL || ngtcp2_crypto_ossl_ctx_new(&handshake->tls, handshake->ssl) != 0 ||
        ngtcp2_crypto_ossl_configure_client_session(handshake->ssl) != 0) {
        ERR_clear_error();
        return false;
    }
    SSL_set_app_data(handshake->ssl, &handshake->ref);
    SSL_set_connect_state(handshake->ssl);
    ngtcp2_conn_set_tls_native_handle(conn, handshake->tls);
    return true;
}

void handshake_stop(struct handshake *handshake)
{
    if (handshake->conn != NULL)
        ngtcp2_conn_set_tls_native_handle(handshake->conn, NULL);
    ngtcp2_crypto_ossl_ctx_del(handshake->tls);
    if (handshake->ssl != NULL)
        SSL_set_app_data(handshake->ssl, NULL); /* freeing it may call back */
    SSL_free(handshake->ssl);
    handshake->tls = NULL;
    handshake->ssl = NULL;
    ERR_clear_error();
}
