#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a pair joins a peer on IPv4 and one on IPv6; what IPv6's larger header leaves no room for is too_big"

make_internet
add_peer alice symmetric
add_peer bob firewall
start_relay driver=af_packet
FAMILY_A=4 FAMILY_B=6 add_pair alice bob
check_sizes alice bob --largest 1452
expect "$(dropped too_big)" -eq 0 "datagrams up to 1452 bytes dropped as too_big"

# 1453 bytes fit in an IPv4 packet of 1500 bytes, and not in IPv6.
start alice alice "$NETNS_DIR/send.py" "$LEGS/alice" =1452 =1453 =1472
wait_event leg_moved "pair=$PAIR" leg=a
kill -USR1 "${PID[alice]}"
too_big() { [ "$(dropped too_big)" -eq 2 ]; }
wait_until 5 too_big || fail "dropped as too_big: $(dropped too_big), expected 2"
kill_hard alice
exchange alice bob
exchange_done alice bob
stop_relay
