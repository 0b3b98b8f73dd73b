/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
#include <stddef.h>
#include <stdint.h>

/*
 * The cipher suites of TLS 1.3 that QUIC is used with here. The limits are in packets (RFC 9001 section 6.6):
 * how many may be sealed with one key, and how many may fail to open on one connection, all its keys
 * together. X(enumerator, name, TLS code point, bytes of AEAD and header key, sealed, failed)
 */
#define CV_SUITE_LIST(X)                                                                       \
    X(AES_128_GCM, "TLS_AES_128_GCM_SHA256", 0x1301, 16, UINT64_C(1) << 23, UINT64_C(1) << 52) \
    X(AES_256_GCM, "TLS_AES_256_GCM_SHA384", 0x1302, 32, UINT64_C(1) << 23, UINT64_C(1) << 52) \
    X(CHACHA20_POLY1305, "TLS_CHACHA20_POLY1305_SHA256", 0x1303, 32, UINT64_C(1) << 62, UINT64_C(1) << 36)

enum cv_suite {
#define CV_SUITE_ENUM(id, name, code, secret_bytes, sealed, failed) CV_SUITE_##id,
    CV_SUITE_LIST(CV_SUITE_ENUM)
#undef CV_SUITE_ENUM
        CV_SUITE_COUNT
};

struct cv_aead_limits {
    uint64_t sealed_pkts; /* per key; 2^62 is more than a connection can send */
    uint64_t failed_pkts; /* per connection */
};

const char *cv_suite_name(enum cv_suite suite);
size_t cv_suite_secret_bytes(enum cv_suite suite);
struct cv_aead_limits cv_aead_limits(enum cv_suite suite);

/* The suite of a TLS code point, or CV_SUITE_COUNT. */
enum cv_suite cv_suite_of_tls(uint32_t code_point);
