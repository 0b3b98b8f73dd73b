#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
COUNT=${CULVERT_SESSIONS:-10000}
proves "$COUNT sessions are up at once; when they have closed, nothing of them is left"

sessions() {
    ctl session list --all | wc -l
}

make_internet
add_peer alice open
make_key relay
start_relay certificate="$LEGS/relay" limits="sessions: $((COUNT + 100))" \
    sessions="handshakes: 1000, handshakes_per_prefix: 1000"
start many alice "$BUILD/tests/netns/many_peers" "$RELAY_ADDRESS:443" "$COUNT"
wait_log many '"up"' 300
expect "$(sessions)" -eq "$COUNT" "sessions that control has"
expect "$(field "$LOGS/many.out" other)" -eq 0 "sessions that ended meanwhile"

# What a session at rest needs was taken at start-up: pages are for the handshake and for traffic.
pages_used() {
    ctl shard show | jq '[.shards[].pages_used] | add'
}
wait_until 30 eval '[ "$(pages_used)" -le $((COUNT / 100)) ]' || fail "$(pages_used) pages for $COUNT sessions at rest"
kill "${PID[many]}"
end many 60
expect "$(jq 'select(.event == "closed").other' "$LOGS/many.out")" -eq 0 "sessions that ended before they were closed"
wait_until 120 eval '[ "$(sessions)" -eq 0 ]' || fail "$(sessions) sessions are left"

# There is room for all of them again.
start many alice "$BUILD/tests/netns/many_peers" "$RELAY_ADDRESS:443" 200
wait_log many '"up"' 60
kill "${PID[many]}"
end many 60
stop_relay
! grep "not given back" "$LOGS/dataplane.log" || fail "memory of sessions was lost"
