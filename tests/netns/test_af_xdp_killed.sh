#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
has_af_xdp || skip "this kernel has no AF_XDP"
proves "AF_XDP: what a killed run leaves is taken over, what another program has is left alone"

xdp_on_wan() {
    ip -n relay link show wan | grep -o 'xdp id [0-9]* name [a-z_]*' | cut -d' ' -f5
}

make_internet
add_peer alice open
start_relay driver=af_xdp
expect "$(xdp_on_wan)" = xsk_def_prog "the program on the interface"

# Its program stays when it is killed, and its socket for a moment.
kill_hard dataplane
wait_event dataplane_lost
expect "$(xdp_on_wan)" = xsk_def_prog "the program on the interface of a killed data plane"
start_dataplane
wait_event dataplane_attached restarted=true
inside alice ping -n -c 3 -i 0.2 -W 2 "$RELAY_ADDRESS" > "$LOGS/ping" || fail "no echo after the restart"

# A second data plane on the same interface is refused, and does no harm.
sed 's,^relay:,relay:\n  dataplane_socket: /run/culvert/second.sock,' "$CONFIG" > /run/culvert/second.yaml
if ip netns exec relay "$BUILD/dataplane/culvert-dataplane" -c /run/culvert/second.yaml 2> "$LOGS/second"; then
    fail "a second data plane starts on the same interface"
fi
grep -q 'another program has an AF_XDP socket on it' "$LOGS/second" || fail "the second data plane does not say why"
inside alice ping -n -c 3 -i 0.2 -W 2 "$RELAY_ADDRESS" > "$LOGS/ping" || fail "no echo beside a second data plane"

stop_relay
expect "$(xdp_on_wan)" = "" "the program on the interface after the end"
