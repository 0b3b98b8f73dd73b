#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "sessions with keys of each type, a chain of two, every cipher suite, QUIC 1 and 2, with Retry or without"

# once NAME OPTION...: a session that registers under its own ID and ends in order.
once() {
    local name=$1
    shift
    start_peer "$name" serve "$@"
    wait_peer "$name" registered
    expect "$(last_event "$name" registered .peer)" = "$(peer_id "$name")" "the ID of $name ($*)"
    stop_peer "$name"
    expect "$(last_event "$name" ended .by)" = us "who ended the session"
}

make_internet
add_peer alice open
add_peer bob open
make_key relay ed25519
start_relay certificate="$LEGS/relay"
for type in rsa ed25519 ec; do
    make_key alice $type
    once alice
done
for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
    once alice --suites $suite
done
once alice --quic 2
expect "$(last_event alice statistics .quic_version)" -eq 2 "QUIC version"
expect "$(last_event alice statistics .retried)" = false "a Retry that nobody asked for"

# Who knows only the root's ID finds the peer by it.
make_chain bob
start_peer bob serve
wait_peer bob registered
start_peer alice connect "$(peer_id bob-root)"
wait_peer alice made
expect "$(last_event bob offer .peer)" = "$(peer_id alice)" "who asked"
stop_peer alice
stop_peer bob
stop_relay

forget_relay
make_key relay rsa
start_relay certificate="$LEGS/relay" sessions="retry: always"
for version in 1 2; do
    make_key alice
    once alice --quic $version
    expect "$(last_event alice statistics .retried)" = true "a Retry with QUIC $version"
    expect "$(last_event alice statistics .quic_version)" -eq $version "QUIC version after a Retry"
done
stop_relay
