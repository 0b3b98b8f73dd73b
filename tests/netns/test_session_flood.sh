#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a flood of Initial packets and noise to the listening port costs a pair's traffic nothing, nor a session"

# flood NAME OPTION...: from mallory's network
flood() {
    local name=$1
    shift
    start "$name" mallory "$NETNS_DIR/session_initials.py" "$RELAY_ADDRESS" 0 --for 60 --rate 500 "$@"
}

# retries: that the relay has sent
retries() {
    ctl shard show | jq .retries_total
}

flooded() {
    [ "$(retries)" -ge 100 ]
}

# session_dropped: packets to the listening port that were refused, for whatever reason
session_dropped() {
    ctl drop show --all | jq '[.drops[] | select(.name | startswith("session_")).pkts] | add'
}

make_internet
add_peer alice symmetric
add_peer bob symmetric
add_peer carol open
add_peer mallory open
mkdir -p "$LEGS"
for name in carol relay; do
    python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
done
start_relay certificate="$LEGS/relay" sessions="handshakes: 100, handshakes_per_prefix: 50, retry_over: 20"

add_pair alice bob
flood initials
flood noise --garbage
wait_until 10 flooded || fail "no Retry for a flood of Initial packets"
exchange alice bob --count 3000 --size 1200 --rate 1000
inside carol "$NETNS_DIR/session_peer.py" "$RELAY_ADDRESS" "$LEGS/carol.crt" "$LEGS/carol.key" --keep 1 \
    > "$LOGS/carol.out" 2> "$LOGS/carol.log" || fail "carol: $(tail -n 2 "$LOGS/carol.log")"
exchange_done alice bob
kill_hard initials
kill_hard noise
expect "$(field "$LOGS/carol.out" error)" = null "the error of a peer's session during the flood"
expect "$(field "$LOGS/carol.out" retries)" -eq 1 "Retry packets that it got"
expect "$(session_dropped)" -ge 500 "packets of the flood that were dropped by name"
wait_event session_up "peer=$(cat "$LEGS/carol.id")"
stop_relay
