#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
proves "aioquic peers, behind a symmetric NAT and on IPv6, get a pair by peer ID, send a file through it, and outlive control"

# session_start NAME ADDRESS [OPTION...]: ADDRESS is the relay's
session_start() {
    local name=$1 address=$2
    shift 2
    start "$name-session" "$name" python3 "$INTEROP_DIR/session_peer.py" --relay "[$address]:443" \
        --cert "$LEGS/$name.crt" --key "$LEGS/$name.key" --legs "$LEGS/$name" "$@"
}

two_sessions() {
    [ "$(ctl session list | jq '.sessions | length')" = 2 ]
}

make_internet
add_peer alice symmetric
add_peer bob symmetric
mkdir -p "$LEGS"
for name in alice bob relay; do
    python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
done
start_relay certificate="$LEGS/relay"

session_start bob "$RELAY_ADDRESS6"
wait_event session_up "peer=$(cat "$LEGS/bob.id")"
wait_log bob-session '"observed"' 20
session_start alice "$RELAY_ADDRESS" --ask "$(cat "$LEGS/bob.id")"
wait_log alice-session '"made"' 20
wait_log bob-session '"made"' 20
expect "$(cut -d' ' -f1 "$LEGS/alice")" = "$RELAY_ADDRESS" "the relay's address for alice"
expect "$(cut -d' ' -f1 "$LEGS/bob")" = "$RELAY_ADDRESS6" "the relay's address for bob"
PAIR=$(ctl pair list | jq '.pairs[0].pair')
for name in alice bob; do
    cut -d' ' -f3 "$LEGS/$name" > "$LEGS/$name.token"
done
head -c 4000000 /dev/urandom > "$LEGS/file"
quic_peer bob alice listen --receive "$LEGS/received"
wait_event leg_bound "pair=$PAIR" leg=b "peer=$(cat "$LEGS/bob.id")"
quic_peer alice bob dial --send "$LEGS/file"
quic_done bob alice

# An ID that nobody has.
start nobody alice python3 "$INTEROP_DIR/session_peer.py" --relay "$RELAY_ADDRESS:443" --cert "$LEGS/relay.crt" \
    --key "$LEGS/relay.key" --legs "$LEGS/nobody" --ask "${NOBODY:=$(printf 'a%.0s' {1..52})}"
wait_log nobody '"code": 3087' 20 # no_such_peer
stop nobody $CLOSING_SECONDS

# Control is killed, and goes on with the sessions that there are.
kill_hard control
start_control
wait_until 10 two_sessions || fail "control does not have its two sessions again"
session=$(ctl session list | jq ".sessions[] | select(.peer == \"$(cat "$LEGS/alice.id")\").session")
ctl session close "$session" > /dev/null || fail "session close"
wait_log alice-session '"code": 3085' 10 # operator
wait_log bob-session '"pair_closed"' 10
end_any alice-session
stop bob-session $CLOSING_SECONDS
stop_relay
