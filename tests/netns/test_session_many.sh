#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
SESSION_WORKERS=0,1
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "1,000 sessions open and close, and nothing of them is left; another control learns of those that are up"

make_internet
add_peer alice open
start_sessions
session_peer alice --sessions "${CULVERT_SESSIONS:-1000}" --echo 300
no_error
wait_until 10 eval '[ "$(events ".event == \"closed\" and .end == \"peer\"")" -eq "${CULVERT_SESSIONS:-1000}" ]'
start peer alice "$NETNS_DIR/session_peer.py" "$RELAY_ADDRESS" /run/culvert/alice.crt /run/culvert/alice.key \
    --at-once 50 --echo 200 --keep 6
wait_log peer '"open": 50' 30
end_control
start_session_control 2
expect "$(events '.event == "state"')" -eq 50 "sessions that the next control was told of"
expect "$(events '.event == "state" and .tag[0:8] == "00010203"')" -eq 50 "with the tag of their admission"

# Path MTU discovery takes a few round trips, so control asks until it is done.
all_fit() {
    echo dump > /run/culvert/commands.1
    [ "$(jq -s '[.[] | select(.event == "state" and .payload >= 1402) | .session] | unique | length' \
        "$LOGS/control.out")" -eq 50 ]
}
wait_until 10 all_fit || fail "not all sessions have room for 1,400 bytes and a channel in a DATAGRAM"
end peer
cp "$LOGS/peer.out" "$LOGS/peer.json"
no_error
stop_sessions
