#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
SESSIONS_MAX=40
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "sessions that together need more memory than there is: those that find none end as no_room, the others go on"

make_internet
add_peer alice open
# 60,000 bytes wait for each peer while it is deaf: about five pages, of 58.
start_sessions --flood 60000 --no-echo
session_peer alice --at-once 30 --deaf 2 --hear 60000 --hear-sessions 8
no_error
heard=$(peer_field .heard)
expect "$heard" -ge 8 "sessions that had room for it, and whose peers got all of it"
expect "$(events '.event == "up"')" -eq 30 "sessions"
no_room=$(events '.event == "closed" and .end == "no_room" and .code == 3083')
expect "$no_room" -ge 10 "sessions without room, closed as relay_full"
expect "$((no_room + heard))" -le 30 "sessions that had room or were closed"
wait_until 20 eval '[ "$(events ".event == \"closed\" and .end == \"peer\"")" -eq $((30 - no_room)) ]' ||
    fail "sessions have ended in another way"

# All of it is there again for others.
session_peer alice --at-once 8 --deaf 1 --hear 60000 --hear-sessions 8
no_error
expect "$(peer_field .heard)" -eq 8 "peers that got all of it afterwards"
stop_sessions
