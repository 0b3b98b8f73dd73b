#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "pairs go on after a peer, control or the data plane was killed: the same numbers, IDs and ports"

# resumed NAME COUNT: until NAME has got its pair back so often, in this process.
resumed() {
    [ "$(jq -s '[.[] | select(.event == "made" and .resumed)] | length' "$LOGS/$1-peer.out")" -ge "$2" ]
}

# same_pair NAME: the pair that NAME has is still the one it had.
same_pair() {
    expect "$(last_event "$1" made '"\(.pair) \(.id) \(.leg)"')" = "${PAIRS[$1]}" "the pair of $1"
}

transfer() {
    exchange alice bob --count 500 --size 1000 --window 16 --resend
    exchange_done alice bob
}

start_alice() {
    start_peer alice connect --legs udp --state "$LEGS/alice.state" --reconnect --idle 4 --keep-alive 1 "$(peer_id bob)"
}

declare -A PAIRS=() TIMES=([alice]=2 [bob]=1)
make_internet
add_peer alice symmetric
add_peer bob open
make_key relay
make_key bob
start_relay certificate="$LEGS/relay"
start_peer bob serve --legs tunnel --reconnect --idle 4 --keep-alive 1
wait_peer bob registered
start_alice
wait_peer alice made
wait_peer bob made
for name in alice bob; do
    PAIRS[$name]=$(last_event $name made '"\(.pair) \(.id) \(.leg)"')
done
port=$(last_event alice made .relay_port)
transfer
expect "$(stat -c %a "$LEGS/alice.state")" = 600 "who may read the state file"

# A peer that is killed and comes back.
kill_hard alice-peer
start_alice
wait_until 20 resumed alice 1 || fail "alice's pair did not go on after she was killed"
expect "$(last_event alice registered .resumed)" -eq 1 "pairs that go on"
same_pair alice
expect "$(last_event alice made .relay_port)" -eq "$port" "alice's relay port"
transfer

# Control: nobody notices.
kill_hard control
start_control
transfer
expect "$(jq -s '[.[] | select(.event == "ended")] | length' "$LOGS/alice-peer.out")" -eq 0 "sessions that alice lost"

# The data plane, under both of them.
kill_hard dataplane
start_dataplane
for name in alice bob; do
    wait_until 40 resumed $name "${TIMES[$name]}" || fail "the data plane was killed, and $name did not get the pair back"
    same_pair $name
done
transfer

# Closed in order it is over: who comes back has none.
stop_peer alice
wait_peer bob pair_closed
expect "$(jq .pairs "$LEGS/alice.state" | tr -d ' \n')" = "[]" "pairs in the state file"
expect "$(jq 'has("resumption_token")' "$LEGS/alice.state")" = false "a token in the state file"
stop_peer bob
stop_relay
