#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "two tunnel legs in one pair, of one worker or of two: payloads of up to 1,400 bytes pass unchanged"

make_internet
add_peer alice open
add_peer bob symmetric
make_key relay
for workers in 1 0,1; do
    start_relay certificate="$LEGS/relay" workers=$workers
    two_peers tunnel tunnel
    wait_room alice 1400
    wait_room bob 1400
    check_sizes alice bob --resends 3 --largest 1400
    check_sizes bob alice --smallest 1400 --resends 3 --largest 1400 --each 300
    exchange alice bob --count 3000 --size 1200 --window 32 --resend
    exchange_done alice bob
    stop_peer alice
    wait_peer bob pair_closed
    stop_peer bob
    stop_relay
    forget_relay
    make_key relay
done
