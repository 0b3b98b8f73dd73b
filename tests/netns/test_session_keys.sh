#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "P-256, P-384, Ed25519 and RSA keys, the relay's and the peer's; each suite by each crypto engine, with key updates"

make_internet
add_peer alice open
make_certificate p256
make_certificate p384 ec -pkeyopt ec_paramgen_curve:P-384
make_certificate ed25519 ed25519
make_certificate rsa rsa:2048

for SESSION_RELAY in p256 p384 ed25519 rsa; do
    start_sessions
    for SESSION_PEER in p256 p384 ed25519 rsa; do
        session_peer alice --echo 500
        no_error
    done
    expect "$(events '.event == "up"')" -eq 4 "sessions with a relay whose key is $SESSION_RELAY"
    stop_sessions
done


for SESSION_CRYPTO in auto evp; do
    start_sessions
    wait_log dataplane "crypto by $([ $SESSION_CRYPTO = evp ] && echo evp)"
    for suite in AES_128_GCM_SHA256 AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256; do
        session_peer alice --suite $suite --echo 20000 --key-updates 3
        no_error
    done
    stop_sessions
done
