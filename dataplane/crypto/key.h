/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Key slots as crypto.h describes them, and what an engine does with one: between crypto.h and the engines. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CV_AEAD_NONCE_BYTES    12
#define CV_AEAD_TAG_BYTES      16
#define CV_HEADER_SAMPLE_BYTES 16
#define CV_HEADER_MASK_BYTES   5
#define CV_SECRET_BYTES_MAX    32

/* Masks that an engine makes at once. */
#define CV_HEADER_MASKS_MAX 64

/* ---- Payloads ---- */

struct cv_aead_key;

/* What one suite does in one engine. */
struct cv_aead_method {
    bool (*seal)(struct cv_aead_key *key, uint8_t *dest, const uint8_t *plaintext, size_t plaintext_bytes,
                 const uint8_t *nonce, const uint8_t *aad, size_t aad_bytes);
    bool (*open)(struct cv_aead_key *key, uint8_t *dest, const uint8_t *ciphertext, size_t plaintext_bytes,
                 const uint8_t *nonce, const uint8_t *aad, size_t aad_bytes);
    void (*forget)(struct cv_aead_key *key); /* overwrites the key's expansion */
    void *nowhere;                           /* where the expansion of a new key is: nobody's */
    uint64_t *unopened_pkts;                 /* cv_crypto_unopened's */
};

struct cv_aead_key {
    _Alignas(64) const struct cv_aead_method *method;
    void *expansion; /* this key's if it names this key as its owner, else another's by now */
    uint64_t sealed_pkts;
    uint64_t failed_pkts;
    uint8_t secret[CV_SECRET_BYTES_MAX];
};

_Static_assert(sizeof(struct cv_aead_key) == 64, "one cache line");

/* ---- Headers ---- */

struct cv_header_key;

struct cv_header_method {
    /* Masks of `count` samples, up to CV_HEADER_MASKS_MAX, with one key. */
    bool (*masks)(struct cv_header_key *key, uint8_t *const masks[], const uint8_t *const samples[],
                  size_t count);
    void (*init)(struct cv_header_key *key, const uint8_t *secret);
    void (*forget)(struct cv_header_key *key);
    void *nowhere;
};

struct cv_header_key {
    _Alignas(64) const struct cv_header_method *method;
    void *expansion;
    _Alignas(16) uint8_t schedule[240]; /* the secret, or with ipsec-mb the AES round keys */
};

_Static_assert(sizeof(struct cv_header_key) == 256, "four cache lines");
