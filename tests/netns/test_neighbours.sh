#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "the relay answers ARP, neighbour discovery and ping, and reaches peers on its own network and beyond"

make_internet
add_peer alice neighbour
add_peer bob open
start_relay driver=af_packet

mac=$(ip -n relay -j link show wan | jq -r '.[0].address')
for name in alice bob; do
    for address in "$RELAY_ADDRESS" "$RELAY_ADDRESS6"; do
        inside "$name" ping -n -c 3 -i 0.2 -W 2 "$address" > "$LOGS/ping" || fail "$name gets no echo from $address"
        inside "$name" ping -n -c 3 -i 0.2 -W 2 -s 1400 "$address" > "$LOGS/ping" ||
            fail "$name gets no echo of 1400 bytes from $address"
    done
done
for address in "$RELAY_ADDRESS" "$RELAY_ADDRESS6"; do
    entry=$(ip -n alice -j neigh show "$address" | jq -r '.[0].lladdr')
    expect "$entry" = "$mac" "alice's neighbour entry for $address"
done
expect "$(counter answered_pkts)" -ge 26 "requests answered"

for family in 4 6; do
    forget_pairs alice bob
    FAMILY_A=$family FAMILY_B=$family add_pair alice bob
    exchange alice bob --count 300
    bound alice bob
    exchange_done alice bob
done
stop_relay
