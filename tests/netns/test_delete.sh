#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "pairs deleted and made again under traffic: a deleted one forwards nothing, and its neighbour loses nothing"

TURNS=50
make_internet
for name in alice bob carol dave; do
    add_peer "$name" open
done
start_relay driver=af_packet workers=0,1
add_pair carol dave
exchange carol dave --count 60000 --rate 2000 --window 0
bound carol dave
port=$RELAY_PORT
addresses=(--a-address "$(pair_field '.legs[0].address')" --b-address "$(pair_field '.legs[1].address')")
wait_log carol "received 6000"

# Carol and Dave go on sending while their pair comes and goes, beside one on the same relay port.
add_pair alice bob
expect "$RELAY_PORT" -eq "$port" "relay port of the neighbour"
exchange alice bob --count 6000 --rate 1000
bound alice bob
wait_log alice "received 600"
ctl pair del 1 > /dev/null
for ((i = 0; i < TURNS; i++)); do
    ctl pair add carol dave "${addresses[@]}" > "$LEGS/pair"
    expect "$(jq .relay_port "$LEGS/pair")" -eq "$port" "relay port of the pair made again"
    PAIR=$(jq .pair "$LEGS/pair")
    flows() { [ "$(pair_field '.legs | map(.pkts) | min')" -gt 0 ]; }
    [ $i -gt 0 ] || wait_until 5 flows || fail "nothing passes through a pair that was made again"
    ctl pair del "$PAIR" > /dev/null
done
running alice || fail "the transfer was over too early to prove anything"
before=$(dropped unknown_source)
more() { [ "$(dropped unknown_source)" -gt $((before + 500)) ]; }
wait_until 5 more || fail "packets of a deleted pair are not dropped as unknown_source"
{ running carol && running dave; } || fail "the pair's peers ended too early to prove anything"
kill_hard carol
kill_hard dave
exchange_done alice bob
expect "$(counter pairs)" -eq 1 "pairs"
expect "$(counter legs_bound)" -eq 2 "bound legs"
stop_relay
