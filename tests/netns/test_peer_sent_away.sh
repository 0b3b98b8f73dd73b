#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "two peers that a relay sends away to another one go on there with their transfer, and stay where they are told to"

SECOND=192.0.2.2

# A second relay, on the segment of the first.
start_second() {
    ip netns add second
    inside second sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    link internet second second wan
    ip -n internet link set second master relay-net
    sed -e "s#^relay:#&\n  dataplane_socket: /run/culvert/second-dataplane.sock#" \
        -e "s#^control:#&\n  socket: /run/culvert/second.sock#" -e "s#$RELAY_ADDRESS/24#$SECOND/24#" \
        -e "s#$RELAY_ADDRESS6/64#2001:db8::2/64#" -e "s#/run/culvert/control.db#/run/culvert/second.db#" \
        -e "s#$LEGS/relay\.#$LEGS/second.#g" "$CONFIG" > /run/culvert/second.yaml
    start second-control second "$BUILD/control/culvert-control" -c /run/culvert/second.yaml
    start second-dataplane second "$BUILD/dataplane/culvert-dataplane" -c /run/culvert/second.yaml
    wait_log second-control "in line with the data plane" 30
}

second() {
    "$BUILD/control/cli/culvertctl" -s /run/culvert/second.sock -j "$@"
}

count() {
    jq -s "[.[] | select(.event == \"$2\")] | length" "$LOGS/$1-peer.out"
}

has() {
    [ "$(count "$1" "$2")" -ge "$3" ]
}

make_internet
add_peer alice symmetric
add_peer bob open
make_key relay
make_key second
start_relay certificate="$LEGS/relay"
start_second
two_peers udp tunnel
id=$(last_event alice made .id)
exchange alice bob --count 6000 --size 1000 --window 32 --rate 500 --resend
wait_log alice "received 600" 60
ctl session drain --after 60s --to "$SECOND:443" --relay "$(peer_id second)" > /dev/null
for name in alice bob; do
    wait_peer $name go_away ".address == \"$SECOND:443\" and .relay_id == \"$(peer_id second)\""
    wait_until 20 has $name registered 2 || fail "$name does not go where it was sent"
    wait_until 20 has $name made 2 || fail "$name has no pair at the second relay"
    expect "$(last_event $name registered .relay)" = "$SECOND:443" "the relay of $name"
    wait_peer $name ended '.by == "us" and .name == "none"'
done
expect "$(last_event alice made .id)" != "$id" "the pair, made anew"
exchange_done alice bob
expect "$(ctl session list | jq '.sessions | length')" -eq 0 "sessions at the first relay"
expect "$(second pair list | jq '.pairs | length')" -eq 1 "pairs at the second relay"

# Sent away without an address, and called back.
second session drain --after 1h > /dev/null
wait_until 10 has alice go_away 2 || fail "alice is not sent away a second time"
second session resume > /dev/null
wait_peer alice stay
wait_peer bob stay
exchange alice bob --count 300 --size 1000 --window 16 --resend
exchange_done alice bob
stop_peer alice
wait_peer bob pair_closed
stop_peer bob
stop second-control
stop second-dataplane
stop_relay
