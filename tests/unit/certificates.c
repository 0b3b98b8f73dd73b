/* SPDX-License-Identifier: BSD-3-Clause */
#include "certificates.h"

#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

EVP_PKEY *test_key(const char *type)
{
    EVP_PKEY *key;

    if (strcmp(type, "P-256") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    else if (strcmp(type, "RSA") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, type);
    assert_non_null(key);
    return key;
}

struct cv_peer_id test_id(EVP_PKEY *key)
{
    struct cv_peer_id id;
    uint8_t *der = NULL;
    int bytes = i2d_PUBKEY(key, &der);

    assert_true(bytes > 0);
    assert_int_equal(cv_peer_id_from_spki(der, (size_t)bytes, &id), 0);
    OPENSSL_free(der);
    return id;
}

void test_chain_add(struct test_chain *chain, EVP_PKEY *key, EVP_PKEY *signer)
{
    X509 *certificate = X509_new();
    uint8_t *der = NULL;
    int bytes;

    assert_non_null(certificate);
    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -7200));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), -3600)); /* dates mean nothing */
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_true(X509_sign(certificate, signer, EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256()) > 0);
    bytes = i2d_X509(certificate, &der);
    assert_true(bytes > 0 && chain->count + 3 + (uint32_t)bytes <= sizeof(chain->bytes));
    chain->bytes[chain->count] = 0;
    chain->bytes[chain->count + 1] = (uint8_t)(bytes >> 8);
    chain->bytes[chain->count + 2] = (uint8_t)bytes;
    memcpy(chain->bytes + chain->count + 3, der, (size_t)bytes);
    chain->count += 3 + (uint32_t)bytes;
    OPENSSL_free(der);
    X509_free(certificate);
}
