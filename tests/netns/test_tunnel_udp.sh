#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "a tunnel leg and a UDP leg in one pair: payloads of every size up to 1,400 bytes pass both ways unchanged"

make_internet
add_peer alice symmetric
add_peer bob symmetric
make_key relay
start_relay certificate="$LEGS/relay"
two_peers tunnel udp
expect "$(last_event alice made .leg)" = tunnel "alice's leg"
expect "$(last_event bob made .leg)" = udp "bob's leg"
wait_room alice 1400
check_sizes alice bob --largest 1400
check_sizes alice bob --smallest 1400 --largest 1400 --each 300
exchange alice bob --count 3000 --size 1200 --window 32 --resend
exchange_done alice bob
stop_peer alice
wait_peer bob pair_closed
stop_peer bob
stop_relay
