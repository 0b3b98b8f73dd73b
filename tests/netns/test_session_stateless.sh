#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "Retry on demand, version negotiation and stateless reset; a flood of anything does no harm"

make_internet
add_peer alice open
start_sessions -- "retry: always"
session_peer alice --echo 100 --sessions 5
no_error
expect "$(events '.event == "up"')" -eq 5 "sessions through a Retry"
inside alice "$NETNS_DIR/session_strangers.py" "$RELAY_ADDRESS" > "$LOGS/strangers.out" 2> "$LOGS/strangers.log" ||
    fail "strangers: $(tail -n 2 "$LOGS/strangers.log")"
session_peer alice --echo 100 --sessions 5
no_error
stop_sessions

# A session of which the relay keeps nothing: the peer that has missed its end is told by a reset when it says something.
start_sessions --close-after 0.5
session_peer alice --deaf 1.5 --reset
no_error
expect "$(events '.event == "closed" and .end == "control"')" -eq 1 "sessions that control closed"
expect "$(peer_field .reset)" = true "whether the peer is told that its session is gone"
stop_sessions

# The same strangers where no Retry keeps them off.
start_sessions -- "retry_over: 60000" "handshakes: 50" "handshakes_per_prefix: 20" "handshake: 2s"
inside alice "$NETNS_DIR/session_strangers.py" "$RELAY_ADDRESS" > "$LOGS/strangers.out" 2> "$LOGS/strangers.log" ||
    fail "strangers: $(tail -n 2 "$LOGS/strangers.log")"
again() {
    session_peer alice --echo 100
    [ "$(peer_field .error)" = null ]
}
wait_until 20 again || fail "no session after the strangers' handshakes have timed out"
stop_sessions
