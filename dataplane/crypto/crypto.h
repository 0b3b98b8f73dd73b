/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * QUIC packet protection (RFC 9001 section 5) on the packet path: sealing and opening payloads, and header
 * protection masks. Two engines do it behind this interface:
 *
 *   ipsec-mb  libipsec-mb's functions, called directly
 *   evp       OpenSSL; for CPUs without AES-NI, and to compare with
 *
 *   cv_crypto_select                       once, at start: which engine
 *   cv_crypto_create                       one struct cv_crypto per thread, in the caller's memory
 *   cv_aead_key_init, cv_header_key_init   a key, in a slot of the caller's: 64 and 256 bytes
 *   cv_aead_seal, cv_aead_open,            packets
 *   cv_header_mask, cv_header_masks
 *   cv_aead_key_wipe, cv_header_key_wipe   before the slot is used for anything else
 *
 * Keys belong to the struct cv_crypto they were made with and are used, and wiped, by its one thread. After
 * cv_crypto_create nothing here allocates or makes a system call.
 *
 * A key slot holds the secret, not what the cipher expands it to (1,264 bytes for AES-GCM): expansions live
 * in a ring of `schedules`, the oldest making room for the next. A key that has none gets one when it is
 * used, which takes about 100 ns more. So let there be as many as keys in use at the same time, two for each
 * busy session; the keys of idle sessions, and those that ngtcp2 holds ready for the next key update, cost a
 * cache line each. Nothing outside a key slot refers to it but as a name, so it may be wiped, moved or made
 * anew at any moment between two calls.
 */
#include "key.h"
#include "suite.h"

struct cv_crypto_engine;
struct cv_crypto;

/*
 * The engine of that name, "ipsec-mb" or "evp", or for "auto" the first of these that runs here. NULL, and a
 * sentence in `error`, when there is no engine of that name or it can't run; with "auto", `error` says why
 * ipsec-mb was passed over, and is empty if it was not. Takes milliseconds: ipsec-mb tests itself.
 */
const struct cv_crypto_engine *cv_crypto_select(const char *name, char *error, size_t error_bytes);
const char *cv_crypto_engine_name(const struct cv_crypto_engine *engine);

/* The engine, its library's version and what it uses of the CPU, for a person. */
void cv_crypto_describe(const struct cv_crypto_engine *engine, char *text, size_t text_bytes);

/*
 * The engine for one worker, in `memory` (64-byte aligned, cv_crypto_bytes() of it): with ipsec-mb 230 KB and
 * 1,280 bytes for each schedule. evp has OpenSSL allocate its contexts besides, six for each schedule, 6.6 KB
 * together. NULL, and a sentence in `error`, when it can't be had. All keys are wiped before it is destroyed.
 */
size_t cv_crypto_bytes(const struct cv_crypto_engine *engine, uint32_t schedules);
struct cv_crypto *cv_crypto_create(const struct cv_crypto_engine *engine, void *memory, uint32_t schedules,
                                   char *error, size_t error_bytes);
void cv_crypto_destroy(struct cv_crypto *crypto);

/* Packets that failed to open with any key of this one, wiped ones included. */
uint64_t cv_crypto_unopened(const struct cv_crypto *crypto);

/* ---- Payloads ---- */

/* `secret` is the packet protection key ("quic key"), cv_suite_secret_bytes() long. */
void cv_aead_key_init(struct cv_crypto *crypto, struct cv_aead_key *key, enum cv_suite suite,
                      const uint8_t *secret);

/* Overwrites the key, its expansion included, with zeros. A slot of zeros is left alone. */
void cv_aead_key_wipe(struct cv_aead_key *key);

/*
 * Encrypts `plaintext`, and writes CV_AEAD_TAG_BYTES more than it has to `dest`, which may be the same place
 * or one that does not overlap. `nonce` is the whole nonce of the packet (CV_AEAD_NONCE_BYTES), `aad` its
 * unprotected header. False when OpenSSL failed; ipsec-mb can't.
 */
static inline bool cv_aead_seal(struct cv_aead_key *key, uint8_t *dest, const uint8_t *plaintext,
                                size_t plaintext_bytes, const uint8_t *nonce, const uint8_t *aad,
                                size_t aad_bytes)
{
    key->sealed_pkts++;
    return key->method->seal(key, dest, plaintext, plaintext_bytes, nonce, aad, aad_bytes);
}

/*
 * Decrypts `ciphertext`, whose last CV_AEAD_TAG_BYTES are the tag, and writes what is before them to `dest`;
 * as above. False when the packet is not authentic or too short for a tag: counted in failed_pkts, and
 * nothing of its plaintext is left in `dest`. The tag is compared in constant time.
 */
static inline bool cv_aead_open(struct cv_aead_key *key, uint8_t *dest, const uint8_t *ciphertext,
                                size_t ciphertext_bytes, const uint8_t *nonce, const uint8_t *aad,
                                size_t aad_bytes)
{
    if (ciphertext_bytes >= CV_AEAD_TAG_BYTES &&
        key->method->open(key, dest, ciphertext, ciphertext_bytes - CV_AEAD_TAG_BYTES, nonce, aad, aad_bytes))
        return true;
    key->failed_pkts++;
    ++*key->method->unopened_pkts;
    return false;
}

/* ---- Headers ---- */

/* `secret` is the header protection key ("quic hp"), cv_suite_secret_bytes() long. */
void cv_header_key_init(struct cv_crypto *crypto, struct cv_header_key *key, enum cv_suite suite,
                        const uint8_t *secret);
void cv_header_key_wipe(struct cv_header_key *key);

/* Writes CV_HEADER_MASK_BYTES to `mask`, from CV_HEADER_SAMPLE_BYTES of ciphertext. False when OpenSSL failed. */
static inline bool cv_header_mask(struct cv_header_key *key, uint8_t *mask, const uint8_t *sample)
{
    return key->method->masks(key, &mask, &sample, 1);
}

/*
 * The same for a burst: masks[i] from samples[i] with keys[i]. Neighbours with the same key are done
 * together, which is what makes it cheaper; so group by connection.
 */
bool cv_header_masks(struct cv_header_key *const keys[], uint8_t *const masks[],
                     const uint8_t *const samples[], size_t count);
