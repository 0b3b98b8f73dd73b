#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a pair over IPv6, between peers behind stateful firewalls, changes no datagram of 1 to 1452 bytes"

make_internet
add_peer alice firewall
add_peer bob firewall
start_relay driver=af_packet
FAMILY_A=6 FAMILY_B=6 add_pair alice bob
check_sizes alice bob --largest 1452
bound alice bob
address=$(pair_field '.legs[0].address')
expect "${address%:*}" = "[$(peer_address6 alice)]" "the address of leg a"
exchange alice bob
exchange_done alice bob
stop_relay
