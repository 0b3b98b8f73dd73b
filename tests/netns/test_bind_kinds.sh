#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a leg with a fixed address and a leg bound from a prefix need no token; a stranger binds neither"

make_internet
add_peer alice open
add_peer bob open
add_peer stranger open
start_relay driver=af_packet
add_pair alice bob --a-address "$(public_address alice):5000" --b-prefix "$(public_address bob)/32"
expect "$(pair_field '[.legs[].bind] | join(" ")')" = "fixed prefix" "how the legs are bound"
cp "$LEGS/alice" "$LEGS/stranger"
start stranger stranger "$NETNS_DIR/udp.py" "$LEGS/stranger" --timeout 1
end_any stranger
expect "$(dropped unknown_source)" -gt 0 "the stranger's datagrams dropped as unknown_source"
start bob bob "$NETNS_DIR/udp.py" "$LEGS/bob" --port 6000
wait_event leg_bound "pair=$PAIR" leg=b "address=$(public_address bob):6000"
start alice alice "$NETNS_DIR/udp.py" "$LEGS/alice" --port 5000
exchange_done alice bob
expect "$(pair_field '.legs[0].address')" = "$(public_address alice):5000" "address of the fixed leg"
stop_relay
