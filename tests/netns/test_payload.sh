#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a pair changes no byte: datagrams of every size from 1 to 1472, and 32-byte ones that are no token"

make_internet
add_peer alice open
add_peer bob symmetric
start_relay driver=af_packet
add_pair alice bob
check_sizes alice bob
bound alice bob
check_sizes alice bob --smallest 32 --largest 32 --each 500
expect "$(pair_field '[.legs[].moves] | add')" -le 2 "moves of the legs: one for each side's second socket"
stop_relay
