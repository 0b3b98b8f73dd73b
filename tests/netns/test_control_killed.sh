#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "control killed and restarted under traffic: no datagram is lost, and it knows all pairs and legs again"

make_internet
add_peer alice symmetric
add_peer bob symmetric
start_relay driver=af_packet
mkdir -p "$LEGS"
ctl pair add carol dave > /dev/null
ctl pair add erin frank --a-address 192.0.2.77:5000 --b-prefix 198.51.100.0/24 --rate 10M --idle 10m > /dev/null
add_pair alice bob

# What must be the same before and after.
pairs() {
    ctl pair list | jq -c '[.pairs[]
        | {pair, relay_port, idle_s, rate_bps, legs: [.legs[] | {leg, peer, bind, address}]}]'
}

exchange alice bob --count 3000 --rate 500
bound alice bob
wait_log alice "received 300"
before=$(pairs)
expect "$(jq length <<< "$before")" -eq 3 "pairs before"
kill_hard control
end_any events
wait_log alice "received 900"
start_control
start_events
same_pairs() { [ "$(pairs)" = "$before" ]; }
wait_until 10 same_pairs || fail "pairs before: $before, after: $(pairs)"
running alice || fail "the transfer was over too early to prove anything"
add_pair alice bob
expect "$PAIR" -gt "$(jq 'map(.pair) | max' <<< "$before")" "the number of a new pair"
exchange_done alice bob
stop_relay
