#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "a session goes on from another port, another address, and behind a NAT that forgot it"

# move_to NAME ADDRESS: tells NAME to move, and waits until the relay sees it at ADDRESS (a regular expression).
move_to() {
    local seen
    seen=$(jq -s '[.[] | select(.event == "observed")] | length' "$LOGS/$1-peer.out")
    kill -USR1 "${PID[$1-peer]}"
    wait_until 10 moved "$1" "$seen" "$2" || fail "the relay does not see $1 at $2: $(last_event "$1" observed .)"
}

moved() {
    [ "$(jq -s --arg at "$3" "[.[] | select(.event == \"observed\")] | .[$2:] | map(select(.address | test(\$at))) | length" \
        "$LOGS/$1-peer.out")" -gt 0 ]
}

make_internet
add_peer alice open
add_peer bob symmetric
make_key relay
start_relay certificate="$LEGS/relay" workers=0,1

# Another port, a few times; then another address, which is then a given one.
start_peer alice serve
wait_peer alice observed
for _ in 1 2 3; do
    move_to alice '^198\.18\.1\.1:'
done
stop_peer alice
addresses alice wan 198.18.1.2/24
start_peer alice serve --move-to 198.18.1.2
wait_peer alice observed '.address | startswith("198.18.1.1:")'
move_to alice '^198\.18\.1\.2:'

# The session is still good for a pair, and so is one whose NAT gave it another address without its knowing.
start_peer bob connect --keep-alive 1 "$(peer_id alice)"
wait_peer bob made
wait_peer bob observed
before=$(last_event bob observed .address)
nat_rebind bob
wait_peer bob observed ".address != \"$before\""
exchange alice bob --count 500 --size 1000 --window 16 --resend
exchange_done alice bob
stop_peer bob
stop_peer alice
stop_relay
