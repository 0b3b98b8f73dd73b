#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "clients that never finish turn Retry on, and are limited for each network; others still get their sessions"

# initials PEER COUNT: so many clients that send one packet; what they got is in $LOGS/initials
initials() {
    inside "$1" "$NETNS_DIR/session_initials.py" "$RELAY_ADDRESS" "$2" > "$LOGS/initials" 2> "$LOGS/initials.log" ||
        fail "session_initials.py: $(tail -n 1 "$LOGS/initials.log")"
}

make_internet
add_peer alice open
add_peer bob open

# A Retry from the sixth on, and no state for those who got one: a client that answers it has room.
start_sessions -- "retry_over: 5" "handshakes: 50" "handshake: 3s"
session_peer bob --echo 100
no_error
expect "$(peer_field .retries)" -eq 0 "Retry packets before there was any load"
initials alice 40
expect "$(field "$LOGS/initials" handshake)" -eq 5 "clients that got an answer to their handshake"
expect "$(field "$LOGS/initials" retry)" -eq 35 "clients that got a Retry"
session_peer bob --echo 100
no_error
expect "$(peer_field .retries)" -eq 1 "Retry packets under load"
session_peer alice --echo 100
no_error
without_retry() {
    session_peer bob --echo 100
    [ "$(peer_field '"\(.error) \(.retries)"')" = "null 0" ]
}
wait_until 20 without_retry || fail "Retry is still on after all those handshakes have timed out"
stop_sessions

# Without Retry: not more from one network than its share, whatever others do.
start_sessions -- "retry_over: 60000" "handshakes: 50" "handshakes_per_prefix: 8" "handshake: 3s"
initials alice 30
expect "$(field "$LOGS/initials" handshake)" -eq 8 "clients of one network that got an answer"
expect "$(field "$LOGS/initials" nothing)" -eq 22 "clients beyond the share of their network"
session_peer bob --echo 100
no_error
again() {
    session_peer alice --echo 100
    [ "$(peer_field .error)" = null ]
}
wait_until 20 again || fail "no session for the network after its handshakes have timed out"
stop_sessions
