#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a pair limited to 1 Mbit/s forwards about that in each direction, and counts the rest as over_rate"

make_internet
add_peer alice open
add_peer bob open
start_relay driver=af_packet
add_pair alice bob --rate 1M
# 3 Mbit/s each way for 4 s: a third may pass, which is 500 datagrams of 1000 bytes; more when the sender is slow.
exchange alice bob --count 1500 --size 1000 --rate 375 --window 0
bound alice bob
exchange_ended alice bob
lost=0
for name in alice bob; do
    expect "$(field "$LOGS/$name.out" received)" -ge 420 "datagrams that reached $name"
    expect "$(field "$LOGS/$name.out" received)" -le 1000 "datagrams that reached $name"
    lost=$((lost + $(field "$LOGS/$name.out" lost)))
done
expect "$(dropped over_rate)" -ge "$lost" "packets dropped as over_rate"

forget_pairs alice bob
before=$(dropped over_rate)
add_pair alice bob
exchange alice bob --count 1500 --size 1000 --rate 1500
exchange_done alice bob
expect "$(dropped over_rate)" -eq "$before" "over_rate after a transfer through a pair without a limit"
stop_relay
