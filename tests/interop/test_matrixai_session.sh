#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
[ -d "$INTEROP_DIR/node_modules/@matrixai/quic" ] || skip "no npm modules: scripts/test installs them"
proves "stock @matrixai/quic peers, which answer no challenge, send at full speed on a pair that two sessions beside them made"

# stock NAME MODE OTHER: with the leg that NAME's session got, from a socket of its own
stock() {
    local name=$1 mode=$2 other=$3 address port token
    read -r address port token < "$LEGS/$name"
    echo "$token" > "$LEGS/$name.token"
    start "$name" "$name" node "$INTEROP_DIR/matrixai_peer.mjs" "$mode" --relay "$address" --port "$port" --token "$LEGS/$name.token" \
        --cert "$LEGS/$name.crt" --key "$LEGS/$name.key" --peer "$(id "$other")" --streams 2 --bytes 1000000
}

make_internet
add_peer alice symmetric
add_peer bob symmetric
make_peers alice bob relay
start_relay driver=interface certificate="$LEGS/relay"
aioquic_session alice udp
aioquic_session bob udp --ask "$(id alice)"
wait_session alice '.event == "made"'
wait_session bob '.event == "made"'
stock alice listen bob
wait_session alice '.event == "leg_token"'
stock bob dial alice
end bob 110
end alice
expect "$(field "$LOGS/bob.out" 'transfers | length')" -eq 3 "streams that were transferred"
expect "$(dropped unproven)" -eq 0 "packets that were held back for want of proof"
expect "$(ctl pair show "$(last_of alice made .pair)" -j | jq -c '[.legs[].proof]')" = '["proven","proven"]' \
    "how the legs' addresses stand"
expect "$(told_count alice '.event == "challenge"')" -eq 0 "challenges to alice's session"
stop bob-session $CLOSING_SECONDS
stop alice-session $CLOSING_SECONDS
stop_relay
