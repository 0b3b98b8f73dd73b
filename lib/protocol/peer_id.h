/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * By what a peer is known: SHA-256 of its certificate's SubjectPublicKeyInfo in DER (RFC 5280
 * section 4.1.2.7), so that a new certificate for the same key is the same peer. Shown as base32 (RFC 4648
 * section 6) in lower case without padding, 52 characters: each ID has one text, which fits a DNS label. No
 * I/O, any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CV_PEER_ID_BYTES 32
#define CV_PEER_ID_TEXT  53 /* with the final NUL */

struct cv_peer_id {
    uint8_t bytes[CV_PEER_ID_BYTES];
};

static inline bool cv_peer_id_equal(const struct cv_peer_id *a, const struct cv_peer_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* The ID of a key. 0, or -EIO when libcrypto has no SHA-256 to offer. OpenSSL allocates in here. */
int cv_peer_id_from_spki(const uint8_t *der, size_t bytes, struct cv_peer_id *id);

/* 0, or -EINVAL with `id` untouched: not 52 characters of a-z and 2-7, or bits set that no ID has. */
int cv_peer_id_parse(const char *text, struct cv_peer_id *id);

const char *cv_peer_id_print(const struct cv_peer_id *id, char text[CV_PEER_ID_TEXT]); /* returns `text` */
