/* SPDX-License-Identifier: BSD-3-Clause */
#include "tls.h"

#include "expand.h"
#include "handshake.h"
#include "keys.h"
#include "protocol/capsule.h"
#include "trace.h"

#include <errno.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define CRYPTO_BYTES_MAX \
    (2 * CV_SESSION_CHAIN_BYTES) /* of the peer's flight that OpenSSL has not taken yet */

#define PARAMETERS_BYTES 256 /* of our transport parameters, encoded */
#define OFFERED_CIDS     4

struct cv_tls {
    SSL *ssl;
    ngtcp2_crypto_ossl_ctx *adapter; /* what libngtcp2_crypto_ossl takes for a TLS handle */
    ngtcp2_encryption_level send_level;
    uint8_t *in;
    size_t in_bytes, in_room;
    uint8_t parameters[PARAMETERS_BYTES]; /* OpenSSL keeps no copy */
};

/* ---- OpenSSL's callbacks ---- */

static int on_send(SSL *ssl, const unsigned char *data, size_t bytes, size_t *consumed, void *argument)
{
    struct cv_session *session = argument;
    int result;

    (void)ssl;
    session->handshake->sending = true;
    result = ngtcp2_conn_submit_crypto_data(session->conn, session->handshake->tls->send_level, data, bytes);
    session->handshake->sending = false;
    if (result != 0) {
        ngtcp2_conn_set_tls_error(session->conn, result);
        return 0;
    }
    *consumed = bytes;
    return 1;
}

static int on_receive(SSL *ssl, const unsigned char **data, size_t *bytes, void *argument)
{
    const struct cv_tls *tls = ((struct cv_session *)argument)->handshake->tls;

    (void)ssl;
    *data = tls->in;
    *bytes = tls->in_bytes;
    return 1;
}

static int on_release(SSL *ssl, size_t bytes, void *argument)
{
    struct cv_session *session = argument;
    struct cv_tls *tls = session->handshake->tls;

    (void)ssl;
    if (bytes > tls->in_bytes)
        return 0;
    tls->in_bytes -= bytes;
    memmove(tls->in, tls->in + bytes, tls->in_bytes);
    return 1;
}

static int on_application_secret(struct cv_session *session, SSL *ssl, bool to_send, const uint8_t *secret,
                                 size_t bytes)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    enum cv_suite suite = cv_suite_of_tls(SSL_CIPHER_get_protocol_id(cipher));

    if (suite == CV_SUITE_COUNT || bytes != cv_traffic_secret_bytes(suite))
        return 0;
    session->suite = (uint8_t)suite;
    session->quic_version = ngtcp2_conn_get_negotiated_version(session->conn);
    return cv_keys_install(session, to_send, secret, bytes, session->handshake->moving.header[to_send]);
}

/*
 * Offers room for fewer connection IDs of the peer than ngtcp2 has. When a path changes again before the one
 * before has settled, ngtcp2 counts an ID that it has retired until the change is over, and ends the session
 * if the peer has sent another in its place, as it should.
 */
static bool offer_fewer_cids(const struct cv_session *session, SSL *ssl)
{
    struct cv_tls *tls = session->handshake->tls;
    ngtcp2_transport_params parameters = *ngtcp2_conn_get_local_transport_params(session->conn);
    ngtcp2_ssize bytes;

    parameters.active_connection_id_limit = OFFERED_CIDS;
    bytes = ngtcp2_transport_params_encode(tls->parameters, sizeof(tls->parameters), &parameters);
    return bytes > 0 && SSL_set_quic_tls_transport_params(ssl, tls->parameters, (size_t)bytes) == 1;
}

static int on_secret(SSL *ssl, uint32_t ossl_level, int direction, const unsigned char *secret, size_t bytes,
                     void *argument)
{
    struct cv_session *session = argument;
    bool to_send = direction == 1;
    int result;

    if (ossl_level == OSSL_RECORD_PROTECTION_LEVEL_APPLICATION) {
        if (!on_application_secret(session, ssl, to_send, secret, bytes))
            return 0;
    } else if (ossl_level == OSSL_RECORD_PROTECTION_LEVEL_HANDSHAKE) {
        result = to_send
                     ? ngtcp2_crypto_derive_and_install_tx_key(
                           session->conn, NULL, NULL, NULL, NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE, secret, bytes)
                     : ngtcp2_crypto_derive_and_install_rx_key(
                           session->conn, NULL, NULL, NULL, NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE, secret, bytes);
        if (result != 0 || !offer_fewer_cids(session, ssl))
            return 0;
    } else {
        return 0; /* 0-RTT is off */
    }
    if (to_send)
        session->handshake->tls->send_level = ngtcp2_crypto_ossl_from_ossl_encryption_level(ossl_level);
    return 1;
}

static int on_parameters(SSL *ssl, const unsigned char *data, size_t bytes, void *argument)
{
    struct cv_session *session = argument;
    int result = ngtcp2_conn_decode_and_set_remote_transport_params(session->conn, data, bytes);

    (void)ssl;
    if (result != 0)
        ngtcp2_conn_set_tls_error(session->conn, result);
    return result == 0;
}

static int on_alert(SSL *ssl, unsigned char alert, void *argument)
{
    (void)ssl;
    ngtcp2_conn_set_tls_alert(((struct cv_session *)argument)->conn, alert);
    return 1;
}

static const OSSL_DISPATCH callbacks[] = {
    {OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_SEND, (void (*)(void))on_send},
    {OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RECV_RCD, (void (*)(void))on_receive},
    {OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RELEASE_RCD, (void (*)(void))on_release},
    {OSSL_FUNC_SSL_QUIC_TLS_YIELD_SECRET, (void (*)(void))on_secret},
    {OSSL_FUNC_SSL_QUIC_TLS_GOT_TRANSPORT_PARAMS, (void (*)(void))on_parameters},
    {OSSL_FUNC_SSL_QUIC_TLS_ALERT, (void (*)(void))on_alert},
    OSSL_DISPATCH_END,
};

static void on_secret_line(const SSL *ssl, const char *line)
{
    cv_trace_secret(SSL_get_app_data(ssl), line);
}

/* ---- The relay's side ---- */

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
                           const unsigned char *in, unsigned in_bytes, void *argument)
{
    static const unsigned char wanted[] = "\x09" CV_PROTOCOL_ALPN;
    unsigned char *chosen;

    (void)ssl;
    (void)argument;
    if (SSL_select_next_proto(&chosen, out_bytes, wanted, sizeof(wanted) - 1, in, in_bytes) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* Any chain will do here: TLS has proven possession of the leaf's key, control decides about the rest. */
static int accept_any_chain(X509_STORE_CTX *store, void *argument)
{
    (void)argument;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

SSL_CTX *cv_tls_context(const struct cv_config *config, char *error, size_t error_bytes)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    const char *failed = NULL;

    if (context == NULL || ngtcp2_crypto_ossl_init() != 0 ||
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                          "TLS_CHACHA20_POLY1305_SHA256") != 1 ||
        SSL_CTX_set_num_tickets(context, 0) != 1)
        failed = "OpenSSL";
    else if (SSL_CTX_use_certificate_chain_file(context, config->session.certificate) != 1)
        failed = config->session.certificate;
    else if (SSL_CTX_use_PrivateKey_file(context, config->session.key, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(context) != 1)
        failed = config->session.key;
    if (failed != NULL) {
        unsigned long first = ERR_peek_error(); /* the last says that a file is no good, this one why */
        const char *reason = ERR_SYSTEM_ERROR(first) ? strerror((int)ERR_GET_REASON(first))
                                                     : ERR_reason_error_string(ERR_peek_last_error());

        snprintf(error, error_bytes, "%s: cannot be used for sessions: %s", failed,
                 reason != NULL ? reason : strerror(errno));
        ERR_clear_error();
        SSL_CTX_free(context);
        return NULL;
    }
    if (config->session.trace_directory[0] != '\0')
        SSL_CTX_set_keylog_callback(context, on_secret_line);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_max_cert_list(context, CRYPTO_BYTES_MAX);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, accept_any_chain, NULL);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return context;
}

int cv_tls_reset_key(SSL_CTX *context, uint8_t *key, size_t bytes)
{
    static const uint8_t label[] = "culvert stateless reset";
    uint8_t mac[32];
    size_t mac_bytes = 0;
    uint8_t *secret = NULL;
    int secret_bytes = i2d_PrivateKey(SSL_CTX_get0_privatekey(context), &secret);
    bool made = secret_bytes > 0 && bytes <= sizeof(mac) &&
                EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret, (size_t)secret_bytes, label,
                          sizeof(label) - 1, mac, sizeof(mac), &mac_bytes) != NULL;

    if (made)
        memcpy(key, mac, bytes);
    OPENSSL_clear_free(secret, secret_bytes > 0 ? (size_t)secret_bytes : 0);
    OPENSSL_cleanse(mac, sizeof(mac));
    return made ? 0 : -EIO;
}

/* ---- One handshake ---- */

bool cv_tls_start(struct cv_session *session, SSL_CTX *context)
{
    struct cv_tls *tls = calloc(1, sizeof(*tls));

    session->handshake->tls = tls;
    if (tls == NULL)
        return false;
    tls->send_level = NGTCP2_ENCRYPTION_LEVEL_INITIAL;
    tls->ssl = SSL_new(context);
    if (tls->ssl == NULL || ngtcp2_crypto_ossl_ctx_new(&tls->adapter, tls->ssl) != 0 ||
        SSL_set_quic_tls_cbs(tls->ssl, callbacks, session) != 1)
        return false;
    SSL_set_app_data(tls->ssl, session);
    SSL_set_accept_state(tls->ssl);
    ngtcp2_conn_set_tls_native_handle(session->conn, tls->adapter);
    return true;
}

void cv_tls_stop(struct cv_session *session)
{
    struct cv_tls *tls = session->handshake->tls;

    if (tls == NULL)
        return;
    if (session->conn != NULL)
        ngtcp2_conn_set_tls_native_handle(session->conn, NULL);
    ngtcp2_crypto_ossl_ctx_del(tls->adapter);
    SSL_free(tls->ssl);
    free(tls->in);
    free(tls);
    session->handshake->tls = NULL;
    ERR_clear_error();
}

static bool keep(struct cv_tls *tls, const uint8_t *data, size_t bytes)
{
    if (bytes > CRYPTO_BYTES_MAX - tls->in_bytes)
        return false;
    if (tls->in_bytes + bytes > tls->in_room) {
        size_t room = RTE_MAX(2 * tls->in_room, tls->in_bytes + bytes);
        uint8_t *grown = realloc(tls->in, room);

        if (grown == NULL)
            return false;
        tls->in = grown;
        tls->in_room = room;
    }
    memcpy(tls->in + tls->in_bytes, data, bytes);
    tls->in_bytes += bytes;
    return true;
}

static bool wants_more(const SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);

    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

bool cv_tls_receive(struct cv_session *session, const uint8_t *data, size_t bytes)
{
    struct cv_tls *tls = session->handshake != NULL ? session->handshake->tls : NULL;
    int result;

    if (tls == NULL) { /* nothing of TLS may come after the handshake */
        ngtcp2_conn_set_tls_alert(session->conn, SSL3_AD_UNEXPECTED_MESSAGE);
        return false;
    }
    if (!keep(tls, data, bytes))
        return false;
    if (!ngtcp2_conn_get_handshake_completed(session->conn)) {
        result = SSL_do_handshake(tls->ssl);
        if (result <= 0)
            return wants_more(tls->ssl, result);
        ngtcp2_conn_tls_handshake_completed(session->conn);
    }
    result = SSL_read(tls->ssl, NULL, 0);
    return result > 0 || wants_more(tls->ssl, result);
}

static int append(uint8_t *chain, size_t *used, X509 *certificate)
{
    uint8_t *out;
    int bytes = i2d_X509(certificate, NULL);

    if (bytes <= 0 || *used + 3 + (size_t)bytes > CV_SESSION_CHAIN_BYTES)
        return -E2BIG;
    out = chain + *used;
    out[0] = (uint8_t)(bytes >> 16);
    out[1] = (uint8_t)(bytes >> 8);
    out[2] = (uint8_t)bytes;
    out += 3;
    i2d_X509(certificate, &out);
    *used += 3 + (size_t)bytes;
    return 0;
}

int cv_tls_chain(struct cv_session *session, uint8_t **chain)
{
    SSL *ssl = session->handshake->tls->ssl;
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    STACK_OF(X509) *rest = SSL_get_peer_cert_chain(ssl); /* without the leaf, on the server's side */
    uint8_t *bytes = malloc(CV_SESSION_CHAIN_BYTES), *fitting;
    size_t used = 0;
    int result = bytes != NULL && leaf != NULL ? append(bytes, &used, leaf) : -ENOMEM;

    for (int i = 0; result == 0 && i < sk_X509_num(rest); i++)
        result = append(bytes, &used, sk_X509_value(rest, i));
    if (result != 0) {
        free(bytes);
        return result;
    }
    fitting = realloc(bytes, used);
    *chain = fitting != NULL ? fitting : bytes;
    return (int)used;
}
