#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "a tunnel leg and a UDP leg in one pair: payloads of every size up to 1,400 bytes pass both ways unchanged, larger ones do not"

make_internet
add_peer alice symmetric
add_peer bob symmetric
make_key relay
start_relay certificate="$LEGS/relay"
two_peers tunnel udp
expect "$(last_event alice made .leg)" = tunnel "alice's leg"
expect "$(last_event bob made .leg)" = udp "bob's leg"
wait_room alice 1400
check_sizes alice bob --resends 3 --largest 1400
check_sizes alice bob --smallest 1400 --resends 3 --largest 1400 --each 300
exchange alice bob --count 3000 --size 1200 --window 32 --resend
exchange_done alice bob

# What does not fit is dropped by name, by the relay and by the peer, and never cut up.
exchange alice bob --count 20 --size 1472 --rate 200
exchange_ended alice bob
expect "$(field "$LOGS/alice.out" received)" -eq 0 "payloads of 1,472 bytes out of a tunnel leg"
expect "$(field "$LOGS/bob.out" received)" -eq 0 "payloads of 1,472 bytes into a tunnel leg"
expect "$(dropped tunnel_too_big)" -ge 20 "payloads counted as too big by the relay"
stop_peer alice
expect "$(last_event alice pair .too_large)" -ge 20 "payloads counted as too big by the peer"
wait_peer bob pair_closed
stop_peer bob
stop_relay
