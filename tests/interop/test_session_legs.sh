#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "legs change their kind and port in mid-transfer, and tokens bind once: the file arrives, and the other is told"

FILE_BYTES=20000000

# changes NAME KINDS KIND: asks for another leg, while the file is on its way, and waits until it is in use
changes() {
    local before
    running alice || fail "the file is through before all legs have changed"
    before=$(told_count "$1" '.event == "leg_changed"')
    asks "$1" leg "$(last_of "$1" made .pair)" "$2"
    wait_session "$1" ".event == \"leg_made\" and .request == $ASKED and .kind == $3"
    wait_until 10 changed_more "$1" "$before" || fail "the new leg of $1 is not in use"
}

changed_more() {
    [ "$(told_count "$1" '.event == "leg_changed"')" -gt "$2" ]
}

make_internet
add_peer alice symmetric
add_peer bob symmetric
make_peers alice bob relay
start_relay certificate="$LEGS/relay"
aioquic_session bob udp+tunnel+listen --bridge
aioquic_session alice udp+tunnel+listen --bridge --ask "$(id bob)"
wait_session alice '.event == "made" and .kind == 1'
wait_session bob '.event == "made"'
wait_session alice '.event == "leg_token"'
wait_session bob '.event == "leg_token"'
wait_session alice '.event == "limit" and .bytes >= 1400'
wait_session bob '.event == "limit" and .bytes >= 1400'

inside alice tc qdisc add dev lan root tbf rate 20mbit burst 32k limit 4m
begin_transfer alice bob
changes alice tunnel 2
wait_session bob '.event == "other_leg" and .kind == 2'
changes bob tunnel 2
changes alice udp 1
port=$(last_of alice leg_made .relay_port)
wait_session bob '.event == "other_leg" and .kind == 1'
changes alice udp 1
expect "$(last_of alice leg_made .relay_port)" -ne "$port" "the relay port of the leg that was to be on another"
changes bob listen 4
wait_session alice '.event == "other_leg" and .kind == 4'
changes bob udp 1
# Another socket, bound by the token that came after the one that is used.
tokens=$(told_count alice '.event == "leg_token"')
tell_session alice move "$(last_of alice made .pair)"
wait_until 10 eval '[ "$(told_count alice ".event == \"leg_token\"")" -gt '"$tokens"' ]' || fail "alice's token is not replaced"
quic_done alice bob
expect "$(told_count alice '.event == "pair_closed" or .event == "error"')" -eq 0 "alice's pair has ended, or an error"
stop alice-session $CLOSING_SECONDS
stop bob-session $CLOSING_SECONDS
stop_relay
