/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* An engine for one test of packet protection, and what the vectors are written in. */
#include "crypto/crypto.h"

struct crypto_rig {
    const char *name;
    struct cv_crypto *crypto; /* NULL where the CPU has not what the engine needs */
    void *memory;
    size_t memory_bytes;
    char why[160]; /* there is none */
};

/* The engine of that name with room for so many schedules. */
void crypto_rig_start(struct crypto_rig *rig, const char *engine, uint32_t schedules);
void crypto_rig_stop(struct crypto_rig *rig);

/* Ends the test as skipped, and says why, if the rig has no engine. */
void crypto_rig_need(const struct crypto_rig *rig);

/* Bytes of the hexadecimal `text`, which are written to `bytes`. */
size_t from_hex(uint8_t *bytes, size_t max, const char *text);

bool all_zeros(const void *memory, size_t bytes);
