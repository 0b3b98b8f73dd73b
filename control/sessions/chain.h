/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A peer's certificate chain, as the data plane hands it over (SESSION_DATA): certificates in DER, leaf
 * first, each after its length in 3 bytes (RFC 8446 section 4.4.2, without extensions). What is taken from it
 * is the IDs of its keys. Names, dates and extensions are not looked at: an ID is trusted because an operator
 * or another peer names it, and the data plane has seen the proof that the peer has the leaf's key.
 *
 * No I/O. Parsing allocates within OpenSSL; a chain costs at most 8 signature checks, each of about a
 * millisecond at worst, because RSA keys above CHAIN_RSA_BITS end the chain.
 */
#include "store/store_sessions.h"

#include <stddef.h>
#include <stdint.h>

#define CHAIN_RSA_BITS 8192

/* X(enumerator, name, meaning) */
#define CHAIN_ERROR_LIST(X)                                                                  \
    X(GOOD, "good", "nothing is wrong")                                                      \
    X(MALFORMED, "malformed_chain", "a length or a certificate that cannot be parsed")       \
    X(TOO_LONG, "chain_too_long", "more certificates, or more bytes, than a chain may have") \
    X(NO_KEY, "no_key", "a leaf whose key has no ID")

enum chain_error {
#define CHAIN_ERROR_ENUM(id, name, meaning) CHAIN_##id,
    CHAIN_ERROR_LIST(CHAIN_ERROR_ENUM)
#undef CHAIN_ERROR_ENUM
};

const char *chain_error_name(enum chain_error error);

/*
 * The IDs of keys that count: the leaf's, then as far as each certificate is signed by the next. Every
 * certificate must parse, also those behind a signature that does not hold.
 */
enum chain_error chain_parse(const uint8_t *data, size_t bytes, struct chain *chain);
