/* SPDX-License-Identifier: BSD-3-Clause */
#include "tls.h"

#include "handshake.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without a certificate yet. */
static struct cv_peer_tls *new_tls(void)
{
    struct cv_peer_tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return NULL;
    tls->context = handshake_context();
    if (tls->context == NULL) {
        free(tls);
        return NULL;
    }
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
        !handshake_id_of(SSL_CTX_get0_certificate(tls->context), &tls->id))
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
                handshake_id_of(certificate, &tls->id) &&
                SSL_CTX_use_certificate(tls->context, certificate) == 1 &&
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
