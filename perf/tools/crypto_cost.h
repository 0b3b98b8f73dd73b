/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What measurements of packet protection share: the packets, and taking turns. */
#include "crypto/crypto.h"

#define CRYPTO_BURST 32
#define CRYPTO_HEADER_BYTES \
    21 /* a short header: flags, a connection ID of 18 bytes, a packet number of 2 \
        */
#define CRYPTO_NUMBER_BYTES 2
#define CRYPTO_PAYLOAD_MAX  1536

/* A burst of packets, each in a buffer of its own as in mbufs; sealed from `plain` to `sealed`, opened back
 * to `opened`. */
struct crypto_packets {
    struct {
        _Alignas(64) uint8_t header[CRYPTO_HEADER_BYTES];
        uint8_t nonce[CV_AEAD_NONCE_BYTES];
        _Alignas(64) uint8_t mask[CV_HEADER_MASK_BYTES];
        _Alignas(64) uint8_t plain[CRYPTO_PAYLOAD_MAX];
        _Alignas(64) uint8_t sealed[CRYPTO_PAYLOAD_MAX + CV_AEAD_TAG_BYTES];
        _Alignas(64) uint8_t opened[CRYPTO_PAYLOAD_MAX];
    } list[CRYPTO_BURST];
    size_t payload_bytes;
    size_t batch; /* masks at a time */
};

/* The sample for the header is four bytes behind where the packet number begins. */
#define CRYPTO_SAMPLE_OFFSET (4 - CRYPTO_NUMBER_BYTES)

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

/* An engine behind cv_crypto, and libipsec-mb called as directly as can be. They end the program if they
 * can't be had. */
struct crypto_contender crypto_engine_contender(const char *engine);
struct crypto_contender crypto_raw_contender(void);

/* One thing to measure: `run` does it to `packets` packets. */
struct crypto_turn {
    void (*run)(void *context, void *argument);
    void *context;
    void *argument;
    unsigned packets;
    double ns;    /* out: per packet, median of the rounds */
    double ratio; /* out: to the first thing in the same round, median */
};

/* Measures all of them in turns; another one is the first in each round. */
void crypto_measure(struct crypto_turn *turns, unsigned count, unsigned rounds);

/* Prints a line for each number of keys and size: see crypto_spread.c. */
void crypto_spread(unsigned rounds);

/* Zeroed memory in large pages if there are any. */
void *crypto_memory(size_t bytes);
