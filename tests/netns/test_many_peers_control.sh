#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
COUNT=${CULVERT_SESSIONS:-1000}
proves "control is killed under $COUNT sessions: all stay, and all of them still get pairs"

sessions() {
    ctl session list --all | wc -l
}

make_internet
add_peer alice open
make_key relay
start_relay certificate="$LEGS/relay" workers=0,1 limits="sessions: $((COUNT + 100))" \
    sessions="handshakes: 1000, handshakes_per_prefix: 1000"
start many alice "$BUILD/tests/netns/many_peers" "$RELAY_ADDRESS:443" "$COUNT"
wait_log many '"up"' 60
kill_hard control
start_control
wait_until 20 eval '[ "$(sessions)" -eq "$COUNT" ]' || fail "control knows $(sessions) of $COUNT sessions again"
kill -USR1 "${PID[many]}"
wait_log many '"paired"' 60
expect "$(jq 'select(.event == "paired").other' "$LOGS/many.out")" -eq 0 "requests for a pair that were refused"
wait_log many '"talking"' 60

# And once more, in the middle of it all.
kill_hard control
start_control
wait_until 20 eval '[ "$(sessions)" -eq "$COUNT" ]' || fail "control knows $(sessions) of $COUNT sessions again"
expect "$(ctl pair list --all | wc -l)" -eq $((COUNT / 2)) "pairs"
kill "${PID[many]}"
end many 60
expect "$(jq 'select(.event == "closed").other' "$LOGS/many.out")" -eq 0 "sessions that ended before they were closed"
wait_until 120 eval '[ "$(sessions)" -eq 0 ]' || fail "$(sessions) sessions are left"
stop_relay
