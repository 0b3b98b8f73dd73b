#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a QUIC connection outlives a new NAT address of either side with no new token, by its connection IDs"

make_internet
add_peer alice symmetric
add_peer bob symmetric
start_relay driver=af_packet

# rebind SENDER LEG RECEIVER: in mid-transfer. The sender, because a receiver that hears nothing has nothing to say
# either, and would be found again only by its next keep-alive.
rebind() {
    local sender=$1 leg=$2 receiver=$3 address
    forget_pairs alice bob
    add_pair alice bob
    quic_start bob alice "$sender" 4000000
    wait_event leg_bound "pair=$PAIR" leg=a
    wait_log "$receiver" "received "
    nat_rebind "$sender"
    wait_event leg_moved "pair=$PAIR" "leg=$leg" cause=connection_id
    address=$(field "$LOGS/event" address)
    expect "${address%:*}" = "$(public_address "$sender")" "$sender's address after the rebinding"
    running "$sender" || fail "the transfer was over before the leg moved"
    quic_done bob alice
    no_event leg_moved cause=token
}

# At this pace the transfer cannot be over before the leg has moved.
for name in alice bob; do
    inside "$name" tc qdisc add dev lan root tbf rate 20mbit burst 32k latency 50ms
done
rebind alice a bob
rebind bob b alice
stop_relay
