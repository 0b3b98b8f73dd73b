#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a peer whose NAT gave it a new address in mid-transfer goes on once it sends its token again"

make_internet
add_peer alice symmetric
add_peer bob port_restricted
start_relay driver=af_packet
add_pair alice bob
# Long enough for both to move before it is over.
exchange alice bob --count 8000 --rate 1000 --resend
bound alice bob

# rebind LEG NAME AFTER
rebind() {
    local old address previous
    wait_log "$2" "received $3"
    old=$(public_address "$2")
    nat_rebind "$2"
    kill -USR1 "${PID[$2]}"
    wait_event leg_moved "pair=$PAIR" "leg=$1" cause=token
    address=$(field "$LOGS/event" address)
    previous=$(field "$LOGS/event" previous)
    expect "${previous%:*}" = "$old" "the address that leg $1 left"
    expect "${address%:*}" = "$(public_address "$2")" "the address of leg $1 now"
}

rebind a alice 800
rebind b bob 2400
exchange_done alice bob
expect "$(pair_field '.legs[0].moves')" -eq 1 "moves of leg a"
expect "$(pair_field '.legs[1].moves')" -eq 1 "moves of leg b"
stop_relay
