#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "a tunnel leg loses nothing while the peer changes its packet keys every 100 packets, with each cipher suite"

make_internet
add_peer alice open
add_peer bob open
make_key relay
start_relay certificate="$LEGS/relay"
for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
    two_peers tunnel udp --key-update-every 100 --suites $suite
    exchange alice bob --count 4000 --size 800 --rate 1000
    exchange_done alice bob
    stop_peer alice
    stop_peer bob
    # QUIC waits for three probe time-outs between two updates, so it is less than one per 100 packets.
    expect "$(last_event alice statistics .tx_pkts)" -ge 4000 "packets of alice's session"
    expect "$(last_event alice statistics .key_updates)" -ge 10 "key updates with $suite"
done
stop_relay
