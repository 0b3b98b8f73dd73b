#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "Retry on demand, version negotiation and stateless reset; garbage is dropped by name"

make_internet
add_peer alice open
start_sessions -- "retry: always"
session_peer alice --echo 100 --sessions 5
no_error
expect "$(events '.event == "up"')" -eq 5 "sessions through a Retry"
inside alice "$NETNS_DIR/session_strangers.py" "$RELAY_ADDRESS" > "$LOGS/strangers.out" 2> "$LOGS/strangers.log" ||
    fail "strangers: $(tail -n 2 "$LOGS/strangers.log")"
stop_sessions
