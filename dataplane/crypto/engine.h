/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What an engine gives to crypto.c. One is a file of its own: evp.h, ipsec_mb.h. */
#include "key.h"
#include "suite.h"

struct cv_crypto;

struct cv_crypto_engine {
    const char *name;
    /* 0 if it runs on this CPU, else a negative errno and why not. */
    int (*check)(char *error, size_t error_bytes);
    void (*describe)(char *text, size_t text_bytes);
    /* As cv_crypto_bytes, cv_crypto_create and cv_crypto_destroy of crypto.h. The struct cv_crypto is at the beginning
     * of the memory. */
    size_t (*bytes)(uint32_t schedules);
    int (*create)(void *memory, uint32_t schedules, char *error, size_t error_bytes);
    void (*destroy)(struct cv_crypto *crypto);
};

/* What all engines have at the beginning of theirs. The methods are pointed to by keys. */
struct cv_crypto {
    const struct cv_crypto_engine *engine;
    const struct cv_aead_method *aead[CV_SUITE_COUNT];
    const struct cv_header_method *header[CV_SUITE_COUNT];
    uint64_t unopened_pkts;
};
