#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "a peer that stops reading its control stream costs bounded memory, and is closed as not_reading when that is full"

make_internet
add_peer alice open
make_key alice
make_key relay
cp "$LEGS/relay.crt" /run/culvert/relay.crt
cp "$LEGS/relay.key" /run/culvert/relay.key

# 50,000 bytes are within what may wait for a peer, 120,000 are not.
start_sessions --flood 50000
start_peer alice serve --stop-reading
wait_until 10 eval '[ "$(events ".event == \"up\"")" -eq 1 ]'
sleep 1
running alice-peer || fail "a peer that reads nothing was closed before anything was lost"
stop_peer alice
stop_sessions

start_sessions --flood 120000 --no-echo
start_peer alice serve --stop-reading
wait_peer alice ended '.by == "relay"'
expect "$(last_event alice ended .name)" = not_reading "why the relay closed the session"
end_any alice-peer
stop_sessions
