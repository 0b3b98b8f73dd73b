#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "peers that are sent away go where they are sent, come in when the drain is over, and make their pair anew"

made_anew() {
    [ "$(told_count alice '.event == "made" and .origin == 1')" -eq 2 ]
}

no_session() {
    [ "$(ctl session list | jq '.sessions | length')" -eq 0 ]
}

# The relay's other address is the other relay.
make_internet
add_peer alice open
add_peer bob open
make_peers alice bob relay
start_relay certificate="$LEGS/relay"
aioquic_session bob tunnel --return
aioquic_session alice tunnel --return --ask "$(id bob)"
wait_session alice '.event == "made"'
expect "$(ctl session drain --after 3s --to "[$RELAY_ADDRESS6]:443" --relay "$(id relay)" | jq .told)" -eq 2 "peers told to go"
wait_session alice ".event == \"go_away\" and .port == 443 and .addresses == [\"$RELAY_ADDRESS6\"] and .relay_id == \"$(id relay)\""
wait_session alice '.event == "closed" and .code == 3084' # going_away: a drain takes nobody in
wait_until 20 no_session || fail "sessions outlive the drain"
ctl session resume > /dev/null || fail "session resume"
wait_session bob ".event == \"observed\" and .relay_ip == \"$RELAY_ADDRESS6\""
wait_session alice ".event == \"observed\" and .relay_ip == \"$RELAY_ADDRESS6\""
wait_until 20 made_anew || fail "the pair is not made anew"
expect "$(ctl pair list | jq '.pairs | length')" -eq 1 "pairs"
stop alice-session $CLOSING_SECONDS
stop bob-session $CLOSING_SECONDS
stop_relay
