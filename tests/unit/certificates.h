/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Keys, certificates and chains such as peers show, made with OpenSSL. Fails the running cmocka test. */
#include "protocol/peer_id.h"
#include "shared/message.h"

#include <openssl/evp.h>
#include <stdint.h>

struct test_chain {
    uint8_t bytes[CV_SESSION_CHAIN_BYTES + 1024];
    uint32_t count;
};

/* "P-256", "ED25519" or "RSA"; the caller frees it. */
EVP_PKEY *test_key(const char *type);

/* The ID of a key. */
struct cv_peer_id test_id(EVP_PKEY *key);

/* Appends a certificate of `key`, signed by `signer`. */
void test_chain_add(struct test_chain *chain, EVP_PKEY *key, EVP_PKEY *signer);
