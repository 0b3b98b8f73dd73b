#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "who copies a session's connection ID can neither turn away what is sent to its peer nor keep the peer from moving"

make_internet
add_peer alice open
start_sessions
start forge internet "$NETNS_DIR/forge.py" relay 12
session_peer alice --echo 3000 --rebind 5
no_error
end forge 20
expect "$(field "$LOGS/forge.out" sent)" -ge 1000 "forged packets"
expect "$(events '.event == "address"')" -ge 5 "moves that control hears of"
stop_sessions
