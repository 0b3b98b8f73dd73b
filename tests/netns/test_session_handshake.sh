#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "a peer with a client certificate gets a session on port 443, and its control stream both ways"

make_internet
add_peer alice open
start_sessions
session_peer alice --echo 1000
no_error
expect "$(events '.event == "up"')" -eq 1 "sessions up"
wait_until 10 eval '[ "$(events ".event == \"closed\" and .end == \"peer\" and .code == 3072")" -eq 1 ]'
session_peer alice --echo 20000 --key-updates 3
no_error
session_peer alice --echo 500 --version 2
no_error
session_peer alice --no-certificate --keep 2
expect "$(events '.event == "ask"')" -eq 3 "sessions that control was asked about: none without a certificate"
session_peer alice --alpn h3 --keep 2
expect "$(events '.event == "ask"')" -eq 3 "sessions that control was asked about: none with another ALPN"
stop_sessions
