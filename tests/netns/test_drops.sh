#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "frames that cannot be forwarded are each counted under the right name, and none is answered or forwarded"

EACH=5
make_internet
add_peer mallory neighbour
add_peer alice open
start_relay driver=af_packet
add_pair alice bob
inside alice ping -n -c 1 -W 2 "$RELAY_ADDRESS" > "$LOGS/ping" || fail "the relay does not answer"

# A bound leg whose other leg has no address.
start alice alice "$NETNS_DIR/udp.py" "$LEGS/alice" --timeout 2
end_any alice
expect "$(dropped unbound_leg)" -ge 5 "datagrams to an unbound leg"

mac=$(ip -n relay -j link show wan | jq -r '.[0].address')
ctl drop show --all > "$LOGS/before"
forwarded=$(counter forwarded_pkts)
inside mallory "$NETNS_DIR/frames.py" wan "$mac" "$RELAY_PORT" --each "$EACH" > "$LOGS/frames.json"

# grown: what each counter grew by, as frames.py prints what it sent
grown() {
    ctl drop show --all | jq -S --slurpfile before "$LOGS/before" '
        ($before[0].drops | map({(.name): .pkts}) | add) as $old
        | [.drops[] | {(.name): (.pkts - $old[.name])} | select(.[] > 0)] | add | del(.consumed)'
}
wanted=$(jq -S . "$LOGS/frames.json")
as_wanted() { [ "$(grown)" = "$wanted" ]; }
wait_until 5 as_wanted || fail "drop counters grew by $(grown | jq -c), expected $(jq -c <<< "$wanted")"
expect "$(counter forwarded_pkts)" -eq "$forwarded" "packets forwarded"
stop_relay
