/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * OpenSSL's EVP. Its contexts can't lie in the caller's memory, so each cipher has a ring of them, made at
 * the start; a key that has none takes the next and is set up in it, which allocates nothing.
 */
#include "evp.h"

#include "port/refuse.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

struct context {
    const void *owner;
    EVP_CIPHER_CTX *evp;
};

struct ring {
    struct context *contexts;
    uint32_t count;
    uint32_t next; /* context to give to the next key that has none */
};

struct aead_method {
    struct cv_aead_method base;
    struct ring ring;
};

struct header_method {
    struct cv_header_method base;
    struct ring ring;
};

struct evp {
    struct cv_crypto crypto;
    struct aead_method aead[CV_SUITE_COUNT];
    struct header_method header[CV_SUITE_COUNT];
    struct context nobody;
    struct context contexts[];
};

static const char *const aead_ciphers[CV_SUITE_COUNT] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
static const char *const header_ciphers[CV_SUITE_COUNT] = {"AES-128-ECB", "AES-256-ECB", "ChaCha20"};

static const uint8_t zeros[CV_SECRET_BYTES_MAX];

/* ---- Contexts ---- */

__attribute__((noinline)) static EVP_CIPHER_CTX *set_up(struct ring *ring, const void *key, void **expansion,
                                                        const uint8_t *secret)
{
    struct context *context = &ring->contexts[ring->next];

    ring->next = ring->next + 1 == ring->count ? 0 : ring->next + 1;
    context->owner = NULL;
    if (EVP_EncryptInit_ex(context->evp, NULL, NULL, secret, NULL) != 1)
        return NULL;
    context->owner = key;
    *expansion = context;
    return context->evp;
}

static inline EVP_CIPHER_CTX *context_of(struct ring *ring, const void *key, void **expansion,
                                         const uint8_t *secret)
{
    struct context *context = *expansion;

    return __builtin_expect(context->owner == key, 1) ? context->evp : set_up(ring, key, expansion, secret);
}

static void forget(struct context *context, const void *key)
{
    if (context->owner != key)
        return;
    context->owner = NULL;
    EVP_EncryptInit_ex(context->evp, NULL, NULL, zeros, NULL);
}

/* The thread's errors are also the handshakes': none may be left over when SSL_get_error looks. */
static bool failed(void)
{
    ERR_clear_error();
    return false;
}

/* ---- Payloads ---- */

static EVP_CIPHER_CTX *aead_context(struct cv_aead_key *key)
{
    struct aead_method *method = (struct aead_method *)key->method;

    return context_of(&method->ring, key, &key->expansion, key->secret);
}

static bool update(EVP_CIPHER_CTX *context, uint8_t *dest, const uint8_t *source, size_t bytes)
{
    int written;

    return bytes == 0 || EVP_CipherUpdate(context, dest, &written, source, (int)bytes) == 1;
}

static bool seal_packet(struct cv_aead_key *key, uint8_t *dest, const uint8_t *plaintext,
                        size_t plaintext_bytes, const uint8_t *nonce, const uint8_t *aad, size_t aad_bytes)
{
    EVP_CIPHER_CTX *context = aead_context(key);
    uint8_t *tag = dest + plaintext_bytes;
    int written;

    if (context == NULL || EVP_EncryptInit_ex(context, NULL, NULL, NULL, nonce) != 1 ||
        !update(context, NULL, aad, aad_bytes) || !update(context, dest, plaintext, plaintext_bytes) ||
        EVP_EncryptFinal_ex(context, tag, &written) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CV_AEAD_TAG_BYTES, tag) != 1)
        return failed();
    return true;
}

static bool open_packet(struct cv_aead_key *key, uint8_t *dest, const uint8_t *ciphertext,
                        size_t plaintext_bytes, const uint8_t *nonce, const uint8_t *aad, size_t aad_bytes)
{
    EVP_CIPHER_CTX *context = aead_context(key);
    uint8_t tag[CV_AEAD_TAG_BYTES], nothing[CV_AEAD_TAG_BYTES];
    int written;

    memcpy(tag, ciphertext + plaintext_bytes, sizeof(tag));
    if (context == NULL || EVP_DecryptInit_ex(context, NULL, NULL, NULL, nonce) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) != 1 ||
        !update(context, NULL, aad, aad_bytes) || !update(context, dest, ciphertext, plaintext_bytes) ||
        EVP_DecryptFinal_ex(context, nothing, &written) != 1) {
        memset(dest, 0, plaintext_bytes);
        return failed();
    }
    return true;
}

static void forget_aead(struct cv_aead_key *key)
{
    forget(key->expansion, key);
}

/* ---- Headers ---- */

static EVP_CIPHER_CTX *header_context(struct cv_header_key *key)
{
    struct header_method *method = (struct header_method *)key->method;

    return context_of(&method->ring, key, &key->expansion, key->schedule);
}

static bool masks_aes(struct cv_header_key *key, uint8_t *const masks[], const uint8_t *const samples[],
                      size_t count)
{
    EVP_CIPHER_CTX *context = header_context(key);
    uint8_t blocks[CV_HEADER_MASKS_MAX][CV_HEADER_SAMPLE_BYTES];

    for (size_t i = 0; i < count; i++)
        memcpy(blocks[i], samples[i], sizeof(blocks[i]));
    if (context == NULL || !update(context, blocks[0], blocks[0], count * sizeof(blocks[0])))
        return failed();
    for (size_t i = 0; i < count; i++)
        memcpy(masks[i], blocks[i], CV_HEADER_MASK_BYTES);
    return true;
}

/* The sample is counter and nonce, which is what EVP takes as ChaCha20's IV. */
static bool masks_chacha(struct cv_header_key *key, uint8_t *const masks[], const uint8_t *const samples[],
                         size_t count)
{
    EVP_CIPHER_CTX *context = header_context(key);

    for (size_t i = 0; i < count; i++) {
        if (context == NULL || EVP_EncryptInit_ex(context, NULL, NULL, NULL, samples[i]) != 1 ||
            !update(context, masks[i], zeros, CV_HEADER_MASK_BYTES))
            return failed();
    }
    return true;
}

static void init_aes_128(struct cv_header_key *key, const uint8_t *secret)
{
    memcpy(key->schedule, secret, 16);
}

static void init_32(struct cv_header_key *key, const uint8_t *secret)
{
    memcpy(key->schedule, secret, 32);
}

static void forget_header(struct cv_header_key *key)
{
    forget(key->expansion, key);
}

/* ---- The engine ---- */

static int check(char *error, size_t error_bytes)
{
    (void)error;
    (void)error_bytes;
    return 0;
}

static void describe(char *text, size_t text_bytes)
{
    snprintf(text, text_bytes, "evp, OpenSSL %s", OpenSSL_version(OPENSSL_VERSION_STRING));
}

static size_t memory_bytes(uint32_t schedules)
{
    return sizeof(struct evp) + (size_t)schedules * 2 * CV_SUITE_COUNT * sizeof(struct context);
}

/* Contexts that have their cipher, so that a key finds all memory in place. */
static bool fill(struct ring *ring, struct context *contexts, uint32_t count, const char *cipher_name)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_name, NULL);
    bool filled = cipher != NULL;

    *ring = (struct ring){.contexts = contexts};
    while (filled && ring->count < count) {
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

        if (context == NULL)
            filled = false;
        else
            contexts[ring->count++].evp = context;
        filled = filled && EVP_EncryptInit_ex(context, cipher, NULL, NULL, NULL) == 1 &&
                 EVP_CIPHER_CTX_set_padding(context, 0) == 1;
    }
    EVP_CIPHER_free(cipher);
    return filled;
}

static void destroy(struct cv_crypto *crypto)
{
    struct evp *engine = (struct evp *)crypto;

    for (int suite = 0; suite < CV_SUITE_COUNT; suite++) {
        const struct ring *rings[] = {&engine->aead[suite].ring, &engine->header[suite].ring};

        for (size_t i = 0; i < 2; i++) {
            for (uint32_t j = 0; j < rings[i]->count; j++)
                EVP_CIPHER_CTX_free(rings[i]->contexts[j].evp);
        }
    }
}

static int create(void *memory, uint32_t schedules, char *error, size_t error_bytes)
{
    struct evp *engine = memory;
    struct context *contexts = engine->contexts;

    for (int suite = 0; suite < CV_SUITE_COUNT; suite++, contexts += 2 * (size_t)schedules) {
        struct aead_method *aead = &engine->aead[suite];
        struct header_method *header = &engine->header[suite];

        aead->base = (struct cv_aead_method){seal_packet, open_packet, forget_aead, &engine->nobody,
                                             &engine->crypto.unopened_pkts};
        header->base = (struct cv_header_method){
            .masks = suite == CV_SUITE_CHACHA20_POLY1305 ? masks_chacha : masks_aes,
            .init = suite == CV_SUITE_AES_128_GCM ? init_aes_128 : init_32,
            .forget = forget_header,
            .nowhere = &engine->nobody,
        };
        engine->crypto.aead[suite] = &aead->base;
        engine->crypto.header[suite] = &header->base;
        if (fill(&aead->ring, contexts, schedules, aead_ciphers[suite]) &&
            fill(&header->ring, contexts + schedules, schedules, header_ciphers[suite]))
            continue;
        destroy(&engine->crypto);
        return cv_refuse(error, error_bytes, -ENOTSUP, "OpenSSL gave no %u contexts for %s and %s: %s",
                         schedules, aead_ciphers[suite], header_ciphers[suite],
                         ERR_reason_error_string(ERR_get_error()));
    }
    return 0;
}

const struct cv_crypto_engine cv_engine_evp = {
    .name = "evp",
    .check = check,
    .describe = describe,
    .bytes = memory_bytes,
    .create = create,
    .destroy = destroy,
};
