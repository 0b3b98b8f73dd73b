#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
SESSION_WORKERS=0,1
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "sessions on two workers go on from other addresses, whichever queue the packets come by then"

make_internet
add_peer alice open
add_peer bob symmetric
start_sessions
session_peer alice --echo 1000 --rebind 10
no_error
wait_until 10 eval '[ "$(events ".event == \"address\"")" -ge 10 ]'
session_peer alice --echo 1000 --rebind 1 --home
no_error
wait_until 10 eval '[ "$(events ".event == \"address\"")" -ge 12 ]'
expect "$(events '.event == "address" and (.local | endswith(":443") | not)')" -eq 0 "moves to what is not the relay's address"
session_peer bob --at-once 20 --echo 500
no_error
expect "$(events '.event == "up"')" -eq 22 "sessions up"
stop_sessions
