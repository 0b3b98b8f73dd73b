/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto.h"

#include "engine.h"
#include "evp.h"
#include "port/refuse.h"
#ifdef CV_WITH_IPSEC_MB
#include "ipsec_mb.h"
#endif

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In the order in which "auto" tries them. */
static const struct cv_crypto_engine *const engines[] = {
#ifdef CV_WITH_IPSEC_MB
    &cv_engine_ipsec_mb,
#endif
    &cv_engine_evp,
};

const struct cv_crypto_engine *cv_crypto_select(const char *name, char *error, size_t error_bytes)
{
    bool automatic = strcmp(name, "auto") == 0;

    cv_refuse(error, error_bytes, 0, "%s", "");
    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        if (!automatic && strcmp(name, engines[i]->name) != 0)
            continue;
        if (engines[i]->check(error, error_bytes) == 0)
            return engines[i];
        if (!automatic)
            return NULL;
    }
    if (!automatic)
        cv_refuse(error, error_bytes, -EINVAL,
                  "there is no crypto engine \"%s\" in this build: auto, ipsec-mb or evp", name);
    return NULL;
}

const char *cv_crypto_engine_name(const struct cv_crypto_engine *engine)
{
    return engine->name;
}

void cv_crypto_describe(const struct cv_crypto_engine *engine, char *text, size_t text_bytes)
{
    engine->describe(text, text_bytes);
}

size_t cv_crypto_bytes(const struct cv_crypto_engine *engine, uint32_t schedules)
{
    return engine->bytes(schedules);
}

struct cv_crypto *cv_crypto_create(const struct cv_crypto_engine *engine, void *memory, uint32_t schedules,
                                   char *error, size_t error_bytes)
{
    struct cv_crypto *crypto = memory;

    if (schedules == 0) {
        cv_refuse(error, error_bytes, -EINVAL, "%s needs room for at least one key schedule", engine->name);
        return NULL;
    }
    memset(memory, 0, engine->bytes(schedules));
    crypto->engine = engine;
    return engine->create(memory, schedules, error, error_bytes) == 0 ? crypto : NULL;
}

void cv_crypto_destroy(struct cv_crypto *crypto)
{
    crypto->engine->destroy(crypto);
}

uint64_t cv_crypto_unopened(const struct cv_crypto *crypto)
{
    return crypto->unopened_pkts;
}

void cv_aead_key_init(struct cv_crypto *crypto, struct cv_aead_key *key, enum cv_suite suite,
                      const uint8_t *secret)
{
    memset(key, 0, sizeof(*key));
    key->method = crypto->aead[suite];
    key->expansion = key->method->nowhere;
    memcpy(key->secret, secret, cv_suite_secret_bytes(suite));
}

void cv_aead_key_wipe(struct cv_aead_key *key)
{
    if (key->method != NULL)
        key->method->forget(key);
    explicit_bzero(key, sizeof(*key));
}

void cv_header_key_init(struct cv_crypto *crypto, struct cv_header_key *key, enum cv_suite suite,
                        const uint8_t *secret)
{
    memset(key, 0, sizeof(*key));
    key->method = crypto->header[suite];
    key->expansion = key->method->nowhere;
    key->method->init(key, secret);
}

void cv_header_key_wipe(struct cv_header_key *key)
{
    if (key->method != NULL)
        key->method->forget(key);
    explicit_bzero(key, sizeof(*key));
}

bool cv_header_masks(struct cv_header_key *const keys[], uint8_t *const masks[],
                     const uint8_t *const samples[], size_t count)
{
    bool all = true;

    for (size_t first = 0, next; first < count; first = next) {
        next = first + 1;
        while (next < count && next - first < CV_HEADER_MASKS_MAX && keys[next] == keys[first])
            next++;
        all &= keys[first]->method->masks(keys[first], masks + first, samples + first, next - first);
    }
    return all;
}
