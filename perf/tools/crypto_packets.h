/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The packets on which packet protection is measured. */
#include "crypto/crypto.h"

#define CRYPTO_BURST 32

/* A short header: flags, a connection ID of 18 bytes, a packet number of 2. */
#define CRYPTO_HEADER_BYTES 21
#define CRYPTO_NUMBER_BYTES 2
#define CRYPTO_PAYLOAD_MAX  1536

/*
 * A burst of packets, each in a buffer of its own as in mbufs; sealed from `plain` to `sealed`, opened back
 * to `opened`.
 */
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
