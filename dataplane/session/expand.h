/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * HKDF-Expand-Label (RFC 8446 section 7.1) for outputs of up to one hash, as QUIC's keys are: a single
 * HMAC, on the stack. Workers use it for key updates, where OpenSSL's own would allocate. Any thread.
 */
#include "crypto/crypto.h"

#define CV_TRAFFIC_SECRET_BYTES_MAX 48

/* The QUIC version says which labels (RFC 9001 section 5.1, RFC 9369 section 3.3.2). */
enum cv_label {
    CV_LABEL_KEY,
    CV_LABEL_IV,
    CV_LABEL_HEADER_KEY,
    CV_LABEL_KEY_UPDATE,
    CV_LABEL_CLIENT_INITIAL
};

/* Bytes of a traffic secret of the suite: 32 or 48. */
size_t cv_traffic_secret_bytes(enum cv_suite suite);

/* Fills `bytes` of `out`, at most cv_traffic_secret_bytes(suite), from a secret that is this long. */
void cv_expand_label(enum cv_suite suite, uint32_t quic_version, const uint8_t *secret, enum cv_label label,
                     uint8_t *out, size_t bytes);

/*
 * The secret of a client's first Initial packets, from the destination connection ID that it chose, of at
 * most 20 bytes (RFC 9001 section 5.2, RFC 9369 section 3.3.1): the hash is SHA-256, so `secret` gets 32
 * bytes.
 */
void cv_expand_initial(uint32_t quic_version, const uint8_t *dcid, size_t bytes, uint8_t *secret);
