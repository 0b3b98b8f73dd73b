#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "a peer that loses the first probes of its path is probed again once it is heard, and not while it is silent"

make_internet
add_peer alice open
start_sessions
start capture alice "$NETNS_DIR/capture.py" wan 443
wait_log capture ready
start peer alice "$NETNS_DIR/session_peer.py" "$RELAY_ADDRESS" /run/culvert/alice.crt /run/culvert/alice.key \
    --at-once 1 --deaf 4 --echo 200 --keep 6

payload() {
    echo dump > /run/culvert/commands.1
    sleep 0.2
    jq -s '[.[] | select(.event == "state")] | last | .payload' "$LOGS/control.out"
}
wait_until 10 eval '[ "$(events ".event == \"up\"")" -eq 1 ]'
sleep 2
expect "$(payload)" -lt 1300 "bytes that fit, while the peer is silent"
large=$(jq -s '[.[] | select(.bytes > 1200)] | length' "$LOGS/capture.out")
expect "$large" -eq 1 "probes sent to the silent peer"
wait_log peer '"open": 1' 15
wide() { [ "$(payload)" -ge 1402 ]; }
wait_until 5 wide || fail "the peer is heard again, and still has $(payload) bytes"
end peer
stop_sessions
