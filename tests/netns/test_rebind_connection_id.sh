#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a QUIC connection outlives a new NAT address of either side without a token: its connection IDs name the pair"

make_internet
add_peer alice symmetric
add_peer bob symmetric
start_relay driver=af_packet
add_pair alice bob

# moved LEG NAME: to NAME's new address
moved() {
    wait_event leg_moved "pair=$PAIR" "leg=$1" cause=connection_id
    expect "$(jq -r '.address | split(":")[0]' "$LOGS/event")" = "$(public_address "$2")" "$2's address"
}

quic_start bob alice 12000000
wait_event leg_bound "pair=$PAIR" leg=a
wait_log bob "received "
nat_rebind alice
moved a alice
nat_rebind bob
moved b bob
running alice || fail "the transfer was over before both sides had moved"
quic_done alice bob
no_event leg_moved cause=token
stop_relay
