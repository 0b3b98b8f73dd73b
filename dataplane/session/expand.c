/* SPDX-License-Identifier: BSD-3-Clause */
/* The one-shot hash functions are deprecated in favour of ones that allocate. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "expand.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#define QUIC_V2         0x6b3343cfu
#define SHA384_BLOCK    128
#define SHA256_BLOCK    64
#define LABEL_BYTES_MAX 40

size_t cv_traffic_secret_bytes(enum cv_suite suite)
{
    return suite == CV_SUITE_AES_256_GCM ? SHA384_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
}

/* hash(first | second) */
static void hash_both(bool sha384, uint8_t *digest, const uint8_t *first, size_t first_bytes,
                      const uint8_t *second, size_t second_bytes)
{
    if (sha384) {
        SHA512_CTX context;

        SHA384_Init(&context);
        SHA384_Update(&context, first, first_bytes);
        SHA384_Update(&context, second, second_bytes);
        SHA384_Final(digest, &context);
        OPENSSL_cleanse(&context, sizeof(context));
    } else {
        SHA256_CTX context;

        SHA256_Init(&context);
        SHA256_Update(&context, first, first_bytes);
        SHA256_Update(&context, second, second_bytes);
        SHA256_Final(digest, &context);
        OPENSSL_cleanse(&context, sizeof(context));
    }
}

/* RFC 2104, for keys that are no longer than a block. */
static void hmac(bool sha384, uint8_t *digest, const uint8_t *key, size_t key_bytes, const uint8_t *data,
                 size_t bytes)
{
    size_t block = sha384 ? SHA384_BLOCK : SHA256_BLOCK;
    size_t digest_bytes = sha384 ? SHA384_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
    uint8_t pad[SHA384_BLOCK], inner[SHA384_DIGEST_LENGTH];

    for (size_t i = 0; i < block; i++)
        pad[i] = (uint8_t)((i < key_bytes ? key[i] : 0) ^ 0x36);
    hash_both(sha384, inner, pad, block, data, bytes);
    for (size_t i = 0; i < block; i++)
        pad[i] = (uint8_t)(pad[i] ^ 0x36 ^ 0x5c);
    hash_both(sha384, digest, pad, block, inner, digest_bytes);
    OPENSSL_cleanse(pad, sizeof(pad));
    OPENSSL_cleanse(inner, sizeof(inner));
}

static const char *label_text(uint32_t quic_version, enum cv_label label)
{
    static const char *const labels[2][5] = {
        {"tls13 quic key", "tls13 quic iv", "tls13 quic hp", "tls13 quic ku", "tls13 client in"},
        {"tls13 quicv2 key", "tls13 quicv2 iv", "tls13 quicv2 hp", "tls13 quicv2 ku", "tls13 client in"},
    };

    return labels[quic_version == QUIC_V2][label];
}

void cv_expand_label(enum cv_suite suite, uint32_t quic_version, const uint8_t *secret, enum cv_label label,
                     uint8_t *out, size_t bytes)
{
    const char *text = label_text(quic_version, label);
    size_t text_bytes = strlen(text), used = 0;
    uint8_t info[LABEL_BYTES_MAX], digest[SHA384_DIGEST_LENGTH];

    info[used++] = (uint8_t)(bytes >> 8);
    info[used++] = (uint8_t)bytes;
    info[used++] = (uint8_t)text_bytes;
    memcpy(info + used, text, text_bytes);
    used += text_bytes;
    info[used++] = 0; /* no context */
    info[used++] = 1; /* first, and only, block of HKDF-Expand */
    hmac(suite == CV_SUITE_AES_256_GCM, digest, secret, cv_traffic_secret_bytes(suite), info, used);
    memcpy(out, digest, bytes);
    OPENSSL_cleanse(digest, sizeof(digest));
}

void cv_expand_initial(uint32_t quic_version, const uint8_t *dcid, size_t bytes, uint8_t *secret)
{
    static const uint8_t salts[2][20] = {
        {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
         0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
        {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
         0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
    };
    uint8_t initial[SHA256_DIGEST_LENGTH];

    hmac(false, initial, salts[quic_version == QUIC_V2], sizeof(salts[0]), dcid, bytes); /* HKDF-Extract */
    cv_expand_label(CV_SUITE_AES_128_GCM, quic_version, initial, CV_LABEL_CLIENT_INITIAL, secret,
                    SHA256_DIGEST_LENGTH);
}
