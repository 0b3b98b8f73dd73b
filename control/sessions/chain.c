/* SPDX-License-Identifier: BSD-3-Clause */
#include "chain.h"

#include "shared/message.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define LENGTH_BYTES 3

struct certificates {
    uint32_t count;
    X509 *all[CHAIN_CERTIFICATES];
};

const char *chain_error_name(enum chain_error error)
{
    switch (error) {
#define NAME(id, name, meaning) \
    case CHAIN_##id:            \
        return name;
        CHAIN_ERROR_LIST(NAME)
#undef NAME
    }
    return "?";
}

/* Reads the next certificate and moves on. NULL: malformed. */
static X509 *next_certificate(const uint8_t **data, size_t *bytes)
{
    const uint8_t *at = *data;
    X509 *certificate;
    size_t length;

    if (*bytes < LENGTH_BYTES)
        return NULL;
    length = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
    at += LENGTH_BYTES;
    if (length == 0 || length > *bytes - LENGTH_BYTES)
        return NULL;
    *data = at + length;
    *bytes -= LENGTH_BYTES + length;
    certificate = d2i_X509(NULL, &at, (long)length);
    if (certificate != NULL && at != *data) { /* bytes left over behind the certificate */
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

static enum chain_error parse_all(const uint8_t *data, size_t bytes, struct certificates *certificates)
{
    if (bytes == 0)
        return CHAIN_MALFORMED;
    if (bytes > CV_SESSION_CHAIN_BYTES)
        return CHAIN_TOO_LONG;
    while (bytes > 0) {
        X509 *certificate;

        if (certificates->count == CHAIN_CERTIFICATES)
            return CHAIN_TOO_LONG;
        certificate = next_certificate(&data, &bytes);
        if (certificate == NULL)
            return CHAIN_MALFORMED;
        certificates->all[certificates->count++] = certificate;
    }
    return CHAIN_GOOD;
}

static bool key_id(const X509 *certificate, struct cv_peer_id *id)
{
    uint8_t *der = NULL;
    int bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    bool made = bytes > 0 && cv_peer_id_from_spki(der, (size_t)bytes, id) == 0;

    OPENSSL_free(der);
    return made;
}

/* Whether `signer` has signed `certificate`, by a key that does not take long to check with. */
static bool is_signed_by(X509 *certificate, X509 *signer)
{
    EVP_PKEY *key = X509_get0_pubkey(signer);

    if (key == NULL || (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) > CHAIN_RSA_BITS))
        return false;
    return X509_verify(certificate, key) == 1;
}

static enum chain_error read_ids(const struct certificates *certificates, struct chain *chain)
{
    for (uint32_t i = 0; i < certificates->count; i++) {
        if (i > 0 && !is_signed_by(certificates->all[i - 1], certificates->all[i]))
            break;
        if (!key_id(certificates->all[i], &chain->ids[i]))
            break;
        chain->count++;
    }
    return chain->count > 0 ? CHAIN_GOOD : CHAIN_NO_KEY;
}

enum chain_error chain_parse(const uint8_t *data, size_t bytes, struct chain *chain)
{
    struct certificates certificates = {0};
    enum chain_error error = parse_all(data, bytes, &certificates);

    chain->count = 0;
    if (error == CHAIN_GOOD)
        error = read_ids(&certificates, chain);
    for (uint32_t i = 0; i < certificates.count; i++)
        X509_free(certificates.all[i]);
    ERR_clear_error();
    return error;
}
