#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
. "$(dirname "$0")/lib.sh"
proves "a QUIC connection outlives a new NAT address of either side without a token: its connection IDs name the pair"

make_internet
add_peer alice symmetric
add_peer bob symmetric
start_relay
add_pair alice bob
quic_start bob alice 12000000
wait_event leg_bound "pair=$PAIR" leg=a
wait_log bob "received "
nat_rebind alice
wait_event leg_moved "pair=$PAIR" leg=a cause=connection_id
expect "$(jq -r '.address | split(":")[0]' "$LOGS/event")" = "$(public_address alice)" "alice's address after the first rebinding"
nat_rebind bob
wait_event leg_moved "pair=$PAIR" leg=b cause=connection_id
expect "$(jq -r '.address | split(":")[0]' "$LOGS/event")" = "$(public_address bob)" "bob's address after the second rebinding"
running alice || fail "the transfer was over before both sides had moved"
quic_done alice bob
no_event leg_moved cause=token
stop_relay
