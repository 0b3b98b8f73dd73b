#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "a tunnel leg loses nothing while the peer, or the relay, or both change packet keys every 100 packets, with each cipher suite"

make_internet
add_peer alice open
add_peer bob open
make_key relay
suites=(TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256)

relay_updates() {
    ctl shard show | jq '[.shards[].key_updates] | add'
}

# transfer SUITE OPTION...
transfer() {
    two_peers tunnel udp --suites "$@"
    exchange alice bob --count 4000 --size 800 --rate 1000
    exchange_done alice bob
    stop_peer alice
    stop_peer bob
    expect "$(last_event alice statistics .tx_pkts)" -ge 4000 "packets of alice's session"
}

# QUIC waits for three probe time-outs between two updates, so it is less than one per 100 packets.
start_relay certificate="$LEGS/relay"
for suite in "${suites[@]}"; do
    transfer "$suite" --key-update-every 100
    expect "$(last_event alice statistics .key_updates)" -ge 10 "key updates by alice with $suite"
done
stop_relay

start_relay certificate="$LEGS/relay" sessions="key_update_packets: 100"
before=0
for suite in "${suites[@]}"; do
    transfer "$suite"
    expect "$(last_event alice statistics .key_updates)" -eq 0 "key updates by alice, who makes none"
    after=$(relay_updates)
    expect $((after - before)) -ge 10 "key updates by the relay with $suite"
    before=$after
done
transfer "${suites[0]}" --key-update-every 100
stop_relay
