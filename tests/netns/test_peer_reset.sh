#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "a peer that only keeps its session alive is back soon after the data plane was killed: a reset tells it, not its idle time"

resumed() { [ "$(jq -s '[.[] | select(.event == "made" and .resumed)] | length' "$LOGS/alice-peer.out")" -ge "$1" ]; }

make_internet
add_peer alice symmetric
add_peer bob open
make_key relay
make_key bob
start_relay certificate="$LEGS/relay"
start_peer bob serve --legs tunnel --reconnect --idle 120 --keep-alive 2
wait_peer bob registered
start_peer alice connect --legs udp --reconnect --idle 120 --keep-alive 2 "$(peer_id bob)"
wait_peer alice made
for count in 1 2; do
    kill_hard dataplane
    start_dataplane
    wait_until 40 resumed $count || fail "alice is not back"
    expect "$(ctl stats show | jq '[.. | .resets_total? // empty] | add // 0')" -ge 1 "resets sent"
done
stop_peer alice
stop_peer bob
stop_relay
