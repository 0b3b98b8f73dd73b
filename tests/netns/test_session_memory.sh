#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "a session at rest has what is stated for it at start, and no page of the reserve"

make_internet
add_peer alice open
make_certificate relay
make_certificate alice
start_relay certificate=/run/culvert/relay "limits=sessions: 100"
start peer alice "$NETNS_DIR/session_peer.py" "$RELAY_ADDRESS" /run/culvert/alice.crt /run/culvert/alice.key \
    --at-once 20 --deaf 0.1 --hear 1 --hear-sessions 20

# pages_used is what all of them have together, in the handshake thread and the worker.
at_rest() {
    [ "$(ctl shard show | jq '[.. | objects | select(has("pages_used"))] |
        [(map(.sessions) | add), (map(.pages_used) | add)] == [20, 0]')" = true ]
}
wait_until 9 at_rest || fail "pages in use: $(ctl shard show)"
expect "$(grep -c "100 sessions of 3[0-2][0-9]\{3\} bytes at rest" "$LOGS/dataplane.log")" -eq 1 "start-up messages"
end peer
stop_relay
