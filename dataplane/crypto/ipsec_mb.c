/* SPDX-License-Identifier: BSD-3-Clause */
/* libipsec-mb's direct functions. Its decryption returns the right tag for the caller to compare. */
#include "ipsec_mb.h"

#include "port/refuse.h"

#include <errno.h>
#include <intel-ipsec-mb.h>
#include <string.h>

/* An expanded AES-GCM key, and whose it is. */
struct schedule {
    _Alignas(64) struct gcm_key_data data;
    const struct cv_aead_key *owner; /* in the last cache line of the data, which every packet needs */
};

_Static_assert(sizeof(struct schedule) == 1280, "no cache line more than the data");

struct aead_method {
    struct cv_aead_method base;
    struct ipsec_mb *engine;
    aes_gcm_enc_dec_t encrypt;
    aes_gcm_enc_dec_t decrypt;
    aes_gcm_pre_t expand;
};

struct header_method {
    struct cv_header_method base;
    struct ipsec_mb *engine;
    aes_ecb_quic_t encrypt;
    keyexp_t expand;
};

struct ipsec_mb {
    struct cv_crypto crypto;
    struct aead_method aead[CV_SUITE_COUNT];
    struct header_method header[CV_SUITE_COUNT];
    IMB_MGR *manager;
    uint32_t next; /* schedule to give to the next key that has none */
    uint32_t schedule_count;
    struct schedule schedules[]; /* and one more, which is nobody's */
};

static bool same_tag(const uint8_t *a, const uint8_t *b)
{
    uint64_t x[2], y[2], difference;

    memcpy(x, a, sizeof(x));
    memcpy(y, b, sizeof(y));
    difference = (x[0] ^ y[0]) | (x[1] ^ y[1]);
    __asm__("" : "+r"(difference)); /* so that the compiler can't decide on the first half alone */
    return difference == 0;
}

/* ---- AES-GCM ---- */

__attribute__((noinline)) static const struct gcm_key_data *expand(struct cv_aead_key *key)
{
    const struct aead_method *method = (const struct aead_method *)key->method;
    struct ipsec_mb *engine = method->engine;
    struct schedule *schedule = &engine->schedules[engine->next];

    engine->next = engine->next + 1 == engine->schedule_count ? 0 : engine->next + 1;
    method->expand(key->secret, &schedule->data);
    schedule->owner = key;
    key->expansion = schedule;
    return &schedule->data;
}

static inline const struct gcm_key_data *schedule_of(struct cv_aead_key *key)
{
    const struct schedule *schedule = key->expansion;

    return __builtin_expect(schedule->owner == key, 1) ? &schedule->data : expand(key);
}

static bool seal_gcm(struct cv_aead_key *key, uint8_t *dest, const uint8_t *plaintext, size_t plaintext_bytes,
                     const uint8_t *nonce, const uint8_t *aad, size_t aad_bytes)
{
    const struct aead_method *method = (const struct aead_method *)key->method;
    struct gcm_context_data context;

    method->encrypt(schedule_of(key), &context, dest, plaintext, plaintext_bytes, nonce, aad, aad_bytes,
                    dest + plaintext_bytes, CV_AEAD_TAG_BYTES);
    return true;
}

static bool open_gcm(struct cv_aead_key *key, uint8_t *dest, const uint8_t *ciphertext,
                     size_t plaintext_bytes, const uint8_t *nonce, const uint8_t *aad, size_t aad_bytes)
{
    const struct aead_method *method = (const struct aead_method *)key->method;
    struct gcm_context_data context;
    uint8_t tag[CV_AEAD_TAG_BYTES];

    method->decrypt(schedule_of(key), &context, dest, ciphertext, plaintext_bytes, nonce, aad, aad_bytes, tag,
                    CV_AEAD_TAG_BYTES);
    if (same_tag(tag, ciphertext + plaintext_bytes))
        return true;
    memset(dest, 0, plaintext_bytes);
    return false;
}

static void forget_gcm(struct cv_aead_key *key)
{
    struct schedule *schedule = key->expansion;

    if (schedule->owner == key)
        explicit_bzero(schedule, sizeof(*schedule));
}

/* ---- ChaCha20-Poly1305: the key is used as it is ---- */

static void chacha(struct cv_aead_key *key, IMB_CIPHER_DIRECTION direction, uint8_t *dest,
                   const uint8_t *source, size_t bytes, const uint8_t *nonce, const uint8_t *aad,
                   size_t aad_bytes, uint8_t *tag)
{
    const struct aead_method *method = (const struct aead_method *)key->method;
    const void *sources[] = {source}, *nonces[] = {nonce}, *aads[] = {aad};
    void *dests[] = {dest}, *tags[] = {tag};
    const uint64_t lengths[] = {bytes};

    imb_quic_chacha20_poly1305(method->engine->manager, key->secret, direction, dests, sources, lengths,
                               nonces, aads, aad_bytes, tags, 1);
}

static bool seal_chacha(struct cv_aead_key *key, uint8_t *dest, const uint8_t *plaintext,
                        size_t plaintext_bytes, const uint8_t *nonce, const uint8_t *aad, size_t aad_bytes)
{
    chacha(key, IMB_DIR_ENCRYPT, dest, plaintext, plaintext_bytes, nonce, aad, aad_bytes,
           dest + plaintext_bytes);
    return true;
}

static bool open_chacha(struct cv_aead_key *key, uint8_t *dest, const uint8_t *ciphertext,
                        size_t plaintext_bytes, const uint8_t *nonce, const uint8_t *aad, size_t aad_bytes)
{
    uint8_t tag[CV_AEAD_TAG_BYTES];

    chacha(key, IMB_DIR_DECRYPT, dest, ciphertext, plaintext_bytes, nonce, aad, aad_bytes, tag);
    if (same_tag(tag, ciphertext + plaintext_bytes))
        return true;
    memset(dest, 0, plaintext_bytes);
    return false;
}

static void forget_chacha(struct cv_aead_key *key)
{
    (void)key;
}

/* ---- Headers ---- */

static bool masks_aes(struct cv_header_key *key, uint8_t *const masks[], const uint8_t *const samples[],
                      size_t count)
{
    const struct header_method *method = (const struct header_method *)key->method;

    method->encrypt(samples, key->schedule, (void *)masks, count);
    return true;
}

static void init_aes(struct cv_header_key *key, const uint8_t *secret)
{
    const struct header_method *method = (const struct header_method *)key->method;
    _Alignas(16) uint8_t for_decryption[sizeof(key->schedule)];

    method->expand(secret, key->schedule, for_decryption);
    explicit_bzero(for_decryption, sizeof(for_decryption));
}

static bool masks_chacha(struct cv_header_key *key, uint8_t *const masks[], const uint8_t *const samples[],
                         size_t count)
{
    const struct header_method *method = (const struct header_method *)key->method;

    imb_quic_hp_chacha20(method->engine->manager, key->schedule, (void **)masks, (const void *const *)samples,
                         count);
    return true;
}

static void init_chacha(struct cv_header_key *key, const uint8_t *secret)
{
    memcpy(key->schedule, secret, CV_SECRET_BYTES_MAX);
}

static void forget_header(struct cv_header_key *key)
{
    (void)key;
}

/* ---- The engine ---- */

/* A manager of our own to ask, or NULL and why not. */
static IMB_MGR *ask(char *error, size_t error_bytes)
{
    IMB_MGR *manager = alloc_mb_mgr(0);
    IMB_ARCH arch = IMB_ARCH_NONE;

    if (manager == NULL) {
        cv_refuse(error, error_bytes, -ENOMEM, "ipsec-mb found no memory to start with");
        return NULL;
    }
    init_mb_mgr_auto(manager, &arch);
    if (arch != IMB_ARCH_NONE && imb_get_errno(manager) == 0)
        return manager;
    cv_refuse(error, error_bytes, -ENOTSUP,
              "ipsec-mb can't run on this CPU: %s (it needs SSE4.2, AES-NI and PCLMULQDQ)",
              imb_get_strerror(imb_get_errno(manager)));
    free_mb_mgr(manager);
    return NULL;
}

static int check(char *error, size_t error_bytes)
{
    IMB_MGR *manager = ask(error, error_bytes);

    if (manager == NULL)
        return -ENOTSUP;
    free_mb_mgr(manager);
    return 0;
}

static void describe(char *text, size_t text_bytes)
{
    static const char *const archs[IMB_ARCH_NUM] = {"nothing", "SSE", "AVX2", "AVX-512"};
    IMB_MGR *manager = ask(text, text_bytes);

    if (manager == NULL)
        return;
    snprintf(text, text_bytes, "ipsec-mb %s, %s%s", imb_get_version_str(), archs[manager->used_arch],
             manager->features & IMB_FEATURE_VAES ? " with VAES" : "");
    free_mb_mgr(manager);
}

static size_t manager_offset(uint32_t schedules)
{
    return sizeof(struct ipsec_mb) + ((size_t)schedules + 1) * sizeof(struct schedule);
}

static size_t memory_bytes(uint32_t schedules)
{
    return manager_offset(schedules) + imb_get_mb_mgr_size();
}

static void set_methods(struct ipsec_mb *engine)
{
    IMB_MGR *manager = engine->manager;
    void *nowhere = &engine->schedules[engine->schedule_count];
    uint64_t *unopened_pkts = &engine->crypto.unopened_pkts;
    const struct cv_aead_method gcm = {seal_gcm, open_gcm, forget_gcm, nowhere, unopened_pkts};
    const struct cv_aead_method chacha20 = {seal_chacha, open_chacha, forget_chacha, NULL, unopened_pkts};
    const struct cv_header_method aes = {masks_aes, init_aes, forget_header, NULL};

    engine->aead[CV_SUITE_AES_128_GCM] =
        (struct aead_method){gcm, engine, manager->gcm128_enc, manager->gcm128_dec, manager->gcm128_pre};
    engine->aead[CV_SUITE_AES_256_GCM] =
        (struct aead_method){gcm, engine, manager->gcm256_enc, manager->gcm256_dec, manager->gcm256_pre};
    engine->aead[CV_SUITE_CHACHA20_POLY1305] = (struct aead_method){.base = chacha20, .engine = engine};
    engine->header[CV_SUITE_AES_128_GCM] =
        (struct header_method){aes, engine, manager->aes_ecb_128_quic, manager->keyexp_128};
    engine->header[CV_SUITE_AES_256_GCM] =
        (struct header_method){aes, engine, manager->aes_ecb_256_quic, manager->keyexp_256};
    engine->header[CV_SUITE_CHACHA20_POLY1305] =
        (struct header_method){.base = {masks_chacha, init_chacha, forget_header, NULL}, .engine = engine};
    for (int suite = 0; suite < CV_SUITE_COUNT; suite++) {
        engine->crypto.aead[suite] = &engine->aead[suite].base;
        engine->crypto.header[suite] = &engine->header[suite].base;
    }
}

static int create(void *memory, uint32_t schedules, char *error, size_t error_bytes)
{
    struct ipsec_mb *engine = memory;
    IMB_ARCH arch = IMB_ARCH_NONE;

    engine->manager = imb_set_pointers_mb_mgr((uint8_t *)memory + manager_offset(schedules), 0, 1);
    init_mb_mgr_auto(engine->manager, &arch);
    if (arch == IMB_ARCH_NONE || imb_get_errno(engine->manager) != 0)
        return cv_refuse(error, error_bytes, -ENOTSUP, "ipsec-mb did not start: %s",
                         imb_get_strerror(imb_get_errno(engine->manager)));
    engine->schedule_count = schedules;
    set_methods(engine);
    return 0;
}

static void destroy(struct cv_crypto *crypto)
{
    struct ipsec_mb *engine = (struct ipsec_mb *)crypto;

    explicit_bzero(engine, memory_bytes(engine->schedule_count));
}

const struct cv_crypto_engine cv_engine_ipsec_mb = {
    .name = "ipsec-mb",
    .check = check,
    .describe = describe,
    .bytes = memory_bytes,
    .create = create,
    .destroy = destroy,
};
