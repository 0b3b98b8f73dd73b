/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto_contenders.h"

#include "crypto_turns.h"
#include "relay_setup.h"

#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

#define SCHEDULES 4 /* one is needed */

static const uint8_t secret[CV_SECRET_BYTES_MAX] = {1, 2, 3, 4, 5, 6, 7, 8};

/* ---- An engine, as sessions use it ---- */

struct engine {
    struct cv_crypto *crypto;
    struct cv_aead_key key;
    struct cv_header_key header_key;
};

static void engine_set_suite(void *context, enum cv_suite suite)
{
    struct engine *engine = context;

    cv_aead_key_wipe(&engine->key);
    cv_header_key_wipe(&engine->header_key);
    cv_aead_key_init(engine->crypto, &engine->key, suite, secret);
    cv_header_key_init(engine->crypto, &engine->header_key, suite, secret);
}

static void engine_seal(void *context, struct crypto_packets *packets)
{
    struct engine *engine = context;

    for (int i = 0; i < CRYPTO_BURST; i++) {
        cv_aead_seal(&engine->key, packets->list[i].sealed, packets->list[i].plain, packets->payload_bytes,
                     packets->list[i].nonce, packets->list[i].header, CRYPTO_HEADER_BYTES);
        cv_header_mask(&engine->header_key, packets->list[i].mask,
                       packets->list[i].sealed + CRYPTO_SAMPLE_OFFSET);
    }
}

static void engine_open(void *context, struct crypto_packets *packets)
{
    struct engine *engine = context;

    for (int i = 0; i < CRYPTO_BURST; i++) {
        cv_header_mask(&engine->header_key, packets->list[i].mask,
                       packets->list[i].sealed + CRYPTO_SAMPLE_OFFSET);
        if (!cv_aead_open(&engine->key, packets->list[i].opened, packets->list[i].sealed,
                          packets->payload_bytes + CV_AEAD_TAG_BYTES, packets->list[i].nonce,
                          packets->list[i].header, CRYPTO_HEADER_BYTES))
            bench_fail("a packet that was sealed did not open");
    }
}

static void engine_masks(void *context, struct crypto_packets *packets)
{
    struct engine *engine = context;
    struct cv_header_key *keys[CRYPTO_BURST];
    const uint8_t *samples[CRYPTO_BURST];
    uint8_t *masks[CRYPTO_BURST];

    for (size_t i = 0; i < CRYPTO_BURST; i++) {
        keys[i] = &engine->header_key;
        samples[i] = packets->list[i].sealed + CRYPTO_SAMPLE_OFFSET;
        masks[i] = packets->list[i].mask;
    }
    if (packets->batch == 1) {
        for (size_t i = 0; i < CRYPTO_BURST; i++)
            cv_header_mask(keys[i], masks[i], samples[i]);
        return;
    }
    for (size_t i = 0; i < CRYPTO_BURST; i += packets->batch)
        cv_header_masks(keys + i, masks + i, samples + i, packets->batch);
}

struct crypto_contender crypto_engine_contender(const char *name)
{
    struct engine *engine = crypto_memory(sizeof(*engine));
    const struct cv_crypto_engine *selected;
    char why[160];

    selected = cv_crypto_select(name, why, sizeof(why));
    if (selected != NULL)
        engine->crypto = cv_crypto_create(selected, crypto_memory(cv_crypto_bytes(selected, SCHEDULES)),
                                          SCHEDULES, why, sizeof(why));
    if (engine->crypto == NULL)
        bench_fail("%s", why);
    return (struct crypto_contender){
        .name = name,
        .context = engine,
        .set_suite = engine_set_suite,
        .seal = engine_seal,
        .open = engine_open,
        .masks = engine_masks,
    };
}

/* ---- The library itself; it leaves comparing the tag to its caller ---- */

struct raw {
    IMB_MGR *manager;
    enum cv_suite suite;
    aes_gcm_enc_dec_t encrypt;
    aes_gcm_enc_dec_t decrypt;
    aes_ecb_quic_t ecb;
    _Alignas(64) struct gcm_key_data key;
    _Alignas(16) uint8_t round_keys[240];
};

static void raw_set_suite(void *context, enum cv_suite suite)
{
    struct raw *raw = context;
    IMB_MGR *manager = raw->manager;
    _Alignas(16) uint8_t for_decryption[240];

    raw->suite = suite;
    if (suite == CV_SUITE_AES_128_GCM) {
        raw->encrypt = manager->gcm128_enc;
        raw->decrypt = manager->gcm128_dec;
        raw->ecb = manager->aes_ecb_128_quic;
        IMB_AES128_GCM_PRE(manager, secret, &raw->key);
        IMB_AES_KEYEXP_128(manager, secret, raw->round_keys, for_decryption);
    } else if (suite == CV_SUITE_AES_256_GCM) {
        raw->encrypt = manager->gcm256_enc;
        raw->decrypt = manager->gcm256_dec;
        raw->ecb = manager->aes_ecb_256_quic;
        IMB_AES256_GCM_PRE(manager, secret, &raw->key);
        IMB_AES_KEYEXP_256(manager, secret, raw->round_keys, for_decryption);
    }
}

static inline void raw_masks_at(struct raw *raw, uint8_t *const masks[], const uint8_t *const samples[],
                                size_t count)
{
    if (raw->suite == CV_SUITE_CHACHA20_POLY1305)
        imb_quic_hp_chacha20(raw->manager, secret, (void **)masks, (const void *const *)samples, count);
    else
        raw->ecb(samples, raw->round_keys, (void *)masks, count);
}

static inline void raw_mask(struct raw *raw, uint8_t *mask, const uint8_t *sample)
{
    raw_masks_at(raw, &mask, &sample, 1);
}

static inline void raw_chacha(struct raw *raw, IMB_CIPHER_DIRECTION direction, uint8_t *dest,
                              const uint8_t *source, size_t bytes, const uint8_t *nonce, const uint8_t *aad,
                              uint8_t *tag)
{
    imb_quic_chacha20_poly1305(raw->manager, secret, direction, (void *[]){dest}, (const void *[]){source},
                               (const uint64_t[]){bytes}, (const void *[]){nonce}, (const void *[]){aad},
                               CRYPTO_HEADER_BYTES, (void *[]){tag}, 1);
}

static void raw_seal(void *context, struct crypto_packets *packets)
{
    struct raw *raw = context;
    struct gcm_context_data gcm;
    size_t bytes = packets->payload_bytes;

    for (int i = 0; i < CRYPTO_BURST; i++) {
        uint8_t *sealed = packets->list[i].sealed;

        if (raw->suite == CV_SUITE_CHACHA20_POLY1305)
            raw_chacha(raw, IMB_DIR_ENCRYPT, sealed, packets->list[i].plain, bytes, packets->list[i].nonce,
                       packets->list[i].header, sealed + bytes);
        else
            raw->encrypt(&raw->key, &gcm, sealed, packets->list[i].plain, bytes, packets->list[i].nonce,
                         packets->list[i].header, CRYPTO_HEADER_BYTES, sealed + bytes, CV_AEAD_TAG_BYTES);
        raw_mask(raw, packets->list[i].mask, sealed + CRYPTO_SAMPLE_OFFSET);
    }
}

static void raw_open(void *context, struct crypto_packets *packets)
{
    struct raw *raw = context;
    struct gcm_context_data gcm;
    size_t bytes = packets->payload_bytes;
    uint8_t tag[CV_AEAD_TAG_BYTES];

    for (int i = 0; i < CRYPTO_BURST; i++) {
        const uint8_t *sealed = packets->list[i].sealed;

        raw_mask(raw, packets->list[i].mask, sealed + CRYPTO_SAMPLE_OFFSET);
        if (raw->suite == CV_SUITE_CHACHA20_POLY1305)
            raw_chacha(raw, IMB_DIR_DECRYPT, packets->list[i].opened, sealed, bytes, packets->list[i].nonce,
                       packets->list[i].header, tag);
        else
            raw->decrypt(&raw->key, &gcm, packets->list[i].opened, sealed, bytes, packets->list[i].nonce,
                         packets->list[i].header, CRYPTO_HEADER_BYTES, tag, CV_AEAD_TAG_BYTES);
        if (memcmp(tag, sealed + bytes, sizeof(tag)) != 0)
            bench_fail("a packet that was sealed did not open");
    }
}

static void raw_masks(void *context, struct crypto_packets *packets)
{
    const uint8_t *samples[CRYPTO_BURST];
    uint8_t *masks[CRYPTO_BURST];

    for (size_t i = 0; i < CRYPTO_BURST; i++) {
        samples[i] = packets->list[i].sealed + CRYPTO_SAMPLE_OFFSET;
        masks[i] = packets->list[i].mask;
    }
    for (size_t i = 0; i < CRYPTO_BURST; i += packets->batch)
        raw_masks_at(context, masks + i, samples + i, packets->batch);
}

struct crypto_contender crypto_raw_contender(void)
{
    struct raw *raw = crypto_memory(sizeof(*raw));
    IMB_ARCH arch = IMB_ARCH_NONE;

    raw->manager = alloc_mb_mgr(0);
    if (raw->manager != NULL)
        init_mb_mgr_auto(raw->manager, &arch);
    if (arch == IMB_ARCH_NONE)
        bench_fail("libipsec-mb does not run on this CPU");
    return (struct crypto_contender){
        .name = "raw",
        .context = raw,
        .set_suite = raw_set_suite,
        .seal = raw_seal,
        .open = raw_open,
        .masks = raw_masks,
    };
}
