/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The peer's certificate and key: made once, for any number of sessions, on any threads. */
#include "protocol/peer_id.h"

#include <stddef.h>

struct cv_peer_tls;

struct cv_peer_tls_config {
    const char *certificate; /* PEM file: the leaf, and the chain behind it if there is one */
    const char *key;         /* PEM file: the leaf's */
    const char *suites;      /* as SSL_CTX_set_ciphersuites(3) wants them; NULL: OpenSSL's own choice */
};

/* 0, -EINVAL or -ENOMEM, with a sentence in `error` that names the file. */
int cv_peer_tls_create(struct cv_peer_tls **tls, const struct cv_peer_tls_config *config, char *error,
                       size_t error_bytes);

/* The same with a new Ed25519 key and a certificate for it that nobody else will have. 0 or -ENOMEM. */
int cv_peer_tls_generate(struct cv_peer_tls **tls);
void cv_peer_tls_destroy(struct cv_peer_tls *tls); /* after its sessions; NULL is allowed */

/* By what the relay will know the peer: the ID of the leaf. */
const struct cv_peer_id *cv_peer_tls_id(const struct cv_peer_tls *tls);
