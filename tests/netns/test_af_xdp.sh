#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
has_af_xdp || skip "this kernel has no AF_XDP"
proves "on AF_XDP, over IPv4 and IPv6, a pair changes no byte and loses no datagram"

make_internet
add_peer alice symmetric
add_peer bob firewall
start_relay driver=af_xdp
expect "$(ctl port show | jq -r '.ports[0].driver')" = net_af_xdp "the port's driver"
FAMILY_A=4 FAMILY_B=6 add_pair alice bob
check_sizes alice bob --largest 1452
bound alice bob
exchange alice bob
exchange_done alice bob
stop_relay
