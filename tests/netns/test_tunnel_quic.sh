#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "two QUIC programs that know nothing of relays send a file through two tunnel legs, and another one under loss"

# send_file BYTES: from alice's program to bob's, which listens behind a bridge that knows where it is.
send_file() {
    head -c "$1" /dev/urandom > "$LEGS/file"
    quic_peer bob alice listen --receive "$LEGS/received" --bind 127.0.0.1:4433
    wait_until 10 eval 'inside bob ss -Hlun "sport = :4433" | grep -q 4433' || fail "bob's program does not listen"
    quic_peer alice bob dial --send "$LEGS/file"
    quic_done alice bob
}

make_internet
add_peer alice symmetric
add_peer bob symmetric
make_key relay
for name in alice bob; do
    mkdir -p "$LEGS"
    python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
done
start_relay certificate="$LEGS/relay" workers=0,1
start_peer bob serve --leg tunnel --forward 127.0.0.1:4433
wait_peer bob registered
expect "$(last_event bob registered .peer)" = "$(cat "$LEGS/bob.id")" "bob's ID, as others work it out"
start_peer alice connect --leg tunnel "$(cat "$LEGS/bob.id")"
wait_peer alice made
wait_room alice 1200
wait_room bob 1200
send_file 4000000
set_loss 100
send_file 500000
set_loss
stop_peer alice
stop_peer bob
stop_relay
