#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "a leg at another address than its session's gets 4 KB until its peer has said the challenge back, and then all"

COUNT=100
SIZE=1000

# pour NAME: so many datagrams through NAME's bridge
pour() {
    inside "$1" python3 - <<PYTHON
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range($COUNT):
    s.sendto(bytes($SIZE), ("127.0.0.1", 5000))
    time.sleep(0.002)
PYTHON
}

received() {
    stat -c %s "$LEGS/copy"
}

all_received() {
    [ "$(received)" -eq $((COUNT * SIZE)) ]
}

# The session is on IPv4 and the leg on IPv6: nothing but a challenge proves it.
make_internet
add_peer alice open
add_peer bob open
make_peers alice bob relay
start_relay certificate="$LEGS/relay"
: > "$LEGS/copy"
start copy alice socat -u -b 65536 "UDP4-RECV:$PROGRAM_PORT" "OPEN:$LEGS/copy,append"
wait_until 10 listens alice || fail "socat does not listen"
aioquic_session alice udp --bridge --leg-family 6 --no-prove
aioquic_session bob tunnel --ask "$(id alice)"
wait_fits bob 1400
wait_session alice '.event == "leg_token"'
wait_session alice '.event == "challenge"'
pair=$(last_of alice made .pair)

pour bob
wait_session alice ".event == \"limited\" and .what == 5 and .pair == $pair"
expect "$(dropped unproven)" -ge $((COUNT / 2)) "datagrams that were dropped"
expect "$(received)" -le 4600 "bytes that an address got which nobody has proven"

tell_session alice prove "$pair"
wait_event leg_proven
: > "$LEGS/copy"
pour bob
wait_until 10 all_received || fail "$(received) of $((COUNT * SIZE)) bytes arrived at an address that is proven"
stop bob-session $CLOSING_SECONDS
stop alice-session $CLOSING_SECONDS
kill_hard copy

# One that answers at once: a file by QUIC.
aioquic_session alice udp --bridge --leg-family 6
aioquic_session bob udp --bridge --ask "$(id alice)"
wait_session alice '.event == "made"'
wait_session bob '.event == "made"'
wait_session alice '.event == "challenge" and .answered'
send_through bob alice
expect "$(told_count bob '.event == "challenge"')" -eq 0 "challenges to a leg at the address of its session"
stop bob-session $CLOSING_SECONDS
stop alice-session $CLOSING_SECONDS
stop_relay
