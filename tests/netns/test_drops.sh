#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "frames that cannot be forwarded are each counted under the right name, and none is forwarded"

make_internet
add_peer mallory neighbour
add_peer alice open

# What each drop counter grew by since $LOGS/before, as frames.py prints what it sent.
grown() {
    ctl drop show --all | jq -S --slurpfile before "$LOGS/before" '
        ($before[0].drops | map({(.name): .pkts}) | add) as $old
        | [.drops[] | {(.name): (.pkts - $old[.name])} | select(.[] > 0)] | add | del(.consumed)'
}

# Hosts on the network also send multicast of their own, now and then: more of not_for_us is right too.
as_wanted() {
    grown | jq -e --argjson wanted "$WANTED" '
        .not_for_us = ([.not_for_us, $wanted.not_for_us] | min) | . == $wanted'
}

check() {
    local driver=$1 mac forwarded
    start_relay driver="$driver"
    add_pair alice bob
    inside alice ping -n -c 1 -W 2 "$RELAY_ADDRESS" > "$LOGS/ping" || fail "$driver: the relay does not answer"
    ctl drop show --all > "$LOGS/before"
    forwarded=$(counter forwarded_pkts)
    mac=$(ip -n relay -j link show wan | jq -r '.[0].address')
    WANTED=$(inside mallory "$NETNS_DIR/frames.py" wan "$mac" "$RELAY_PORT" "$driver" --each 5 | jq -S .)
    wait_until 5 as_wanted ||
        fail "$driver: drop counters grew by $(grown | jq -c), expected $(jq -c <<< "$WANTED")"
    expect "$(counter forwarded_pkts)" -eq "$forwarded" "$driver: packets forwarded"
}

check af_packet
# A bound leg whose other leg has no address.
start alice alice "$NETNS_DIR/udp.py" "$LEGS/alice" --timeout 10
wait_event leg_bound "pair=$PAIR" leg=a
unbound() { [ "$(dropped unbound_leg)" -ge 5 ]; }
wait_until 5 unbound || fail "no datagrams dropped as unbound_leg"
kill_hard alice
stop_relay

has_af_xdp || exit 0
forget_relay
check af_xdp
stop_relay
