/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The ways to protect packets that are compared. */
#include "crypto_packets.h"

/* One way to protect packets. */
struct crypto_contender {
    const char *name;
    void *context;
    void (*set_suite)(void *context, enum cv_suite suite);
    /* The whole burst, each packet with its mask. */
    void (*seal)(void *context, struct crypto_packets *packets);
    void (*open)(void *context, struct crypto_packets *packets);
    /* Masks alone, packets->batch of them at a time. */
    void (*masks)(void *context, struct crypto_packets *packets);
};

/*
 * An engine behind cv_crypto, and libipsec-mb called as directly as can be. They end the program if they
 * can't be had.
 */
struct crypto_contender crypto_engine_contender(const char *engine);
struct crypto_contender crypto_raw_contender(void);
