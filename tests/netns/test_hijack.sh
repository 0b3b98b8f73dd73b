#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "who copies a connection ID gets the leg only while its peer is silent; then the leg goes back and stays"

CID=1122334455667788
# A long header (RFC 9000 section 17.2) to that connection ID, and a short one.
HANDSHAKE=c00000000108${CID}0400112233$(printf '%0100d' 0)
SHORT=40$CID$(printf '%0100d' 0)

make_internet
add_peer alice open
add_peer bob open
add_peer mallory open
start_relay driver=af_packet
add_pair alice bob
sed 's/[^ ]*$/-/' "$LEGS/alice" > "$LEGS/mallory"
start alice alice "$NETNS_DIR/send.py" "$LEGS/alice" "$HANDSHAKE"
start bob bob "$NETNS_DIR/send.py" "$LEGS/bob"
start mallory mallory "$NETNS_DIR/send.py" "$LEGS/mallory" "$SHORT" "$SHORT" "$SHORT"
bound alice bob
home=$(pair_field '.legs[0].address')
kill -USR1 "${PID[alice]}"
carried() { [ "$(counter forwarded_pkts)" -ge 1 ]; }
wait_until 5 carried || fail "alice's packet is not forwarded"

# Alice is silent.
taken() {
    kill -USR1 "${PID[mallory]}"
    "$NETNS_DIR/events.py" "$LOGS/events.out" 0.3 leg_moved "pair=$PAIR" leg=a cause=connection_id > "$LOGS/event"
}
wait_until 10 taken || fail "a connection ID did not move a silent leg"
moved=$(jq -r .address "$LOGS/event")
expect "${moved%:*}" = "$(public_address mallory)" "the leg's new address"

kill -USR1 "${PID[alice]}"
wait_event leg_moved "pair=$PAIR" leg=a cause=return "address=$home"

# Silent again: mallory's packets no longer move the leg.
for _ in 1 2 3 4 5; do
    before=$(counter cid_pkts)
    kill -USR1 "${PID[mallory]}"
    counted() { [ "$(counter cid_pkts)" -ge $((before + 3)) ]; }
    wait_until 5 counted || fail "mallory's packets do not arrive"
done
no_event leg_moved
expect "$(pair_field '.legs[0].address')" = "$home" "address of leg a"
stop_relay
