#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "a peer's probes from any socket to any port tell it how each is seen"

# seen NAME PROBE: "address:port" under which that probe was seen
seen() {
    wait_session "$1" ".event == \"observed\" and .probe == $2"
    jq -r "select(.event == \"observed\" and .probe == $2) | \"\(.ip):\(.port)\"" "$LOGS/$1-session.out" | head -n 1
}

# targets FIRST LAST: relay ports
targets() {
    seq -f "$RELAY_ADDRESS:%.0f" -s , "$1" "$2"
}

make_internet
add_peer alice symmetric
add_peer bob restricted
make_peers alice bob relay
start_relay certificate="$LEGS/relay"
aioquic_session alice ""
aioquic_session bob ""
for name in alice bob; do
    own=$(seen $name 0)
    tell_session $name probe 1 "$RELAY_ADDRESS:443"
    tell_session $name probe 2 "$(targets 40000 40001)" new
    expect "$(seen $name 1)" = "$own" "the session's socket, as a probe shows it to $name"
    expect "$(last_of $name observed .relay_ip)" = "$RELAY_ADDRESS" "the relay's address that it came to"
done
expect "$(seen alice 2)" != "$(seen alice 3)" "the second mapping of a socket behind a symmetric NAT"
expect "$(seen bob 2)" = "$(seen bob 3)" "the second mapping of a socket behind a cone"
wait_session bob '.event == "observed" and .probe == 3 and .relay_port == 40001'
tell_session alice probe 16777215 "[$RELAY_ADDRESS6]:40015" new
wait_session alice ".event == \"observed\" and .probe == 16777215 and .relay_ip == \"$RELAY_ADDRESS6\""
expect "$(told_count alice '.event == "error"')" -eq 0 "errors"
stop alice-session $CLOSING_SECONDS
stop bob-session $CLOSING_SECONDS
stop_relay
