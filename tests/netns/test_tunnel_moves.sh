#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "a tunnel leg moves with its session, in mid-flow: to other ports, another address, behind a NAT that forgot it"

# received N: until alice's program has got so many datagrams.
received() {
    wait_log alice "received $1" 40
}

make_internet
add_peer alice symmetric
add_peer bob open
addresses bob wan 198.18.2.2/24
make_key relay
start_relay certificate="$LEGS/relay" workers=0,1
start_peer bob serve --leg tunnel --move-to 198.18.2.2
wait_peer bob observed
start_peer alice connect --leg tunnel "$(peer_id bob)"
wait_peer alice made
wait_room alice 1400
exchange alice bob --count 5000 --size 1000 --window 32 --rate 500 --resend
received 500
kill -USR1 "${PID[alice-peer]}"
wait_peer alice moved
received 1500
kill -USR1 "${PID[bob-peer]}"
wait_peer bob observed '.address | startswith("198.18.2.2:")'
received 2500
before=$(last_event alice observed .address)
nat_rebind alice
wait_peer alice observed ".address != \"$before\""

# Again and again, sooner than the move before has settled.
received 3500
kill -USR1 "${PID[alice-peer]}"
received 4000
kill -USR1 "${PID[alice-peer]}"
exchange_done alice bob
stop_peer alice
stop_peer bob
stop_relay
