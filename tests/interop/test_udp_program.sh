#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
proves "a program that knows nothing of the relay (socat) copies a file over UDP, once its port's leg is bound"

BYTES=2000000
make_internet
add_peer alice symmetric
add_peer bob port_restricted
start_relay driver=interface
add_pair alice bob

# bind_leg NAME PORT: the token, from the port that another program will use
bind_leg() {
    local address port
    read -r address port _ < "$LEGS/$1"
    python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' < "$LEGS/$1.token" |
        inside "$1" socat -u STDIN "UDP4:$address:$port,sourceport=$2,reuseaddr"
    wait_event leg_bound "pair=$PAIR" "peer=$1"
}

# UDP has no flow control: the sender's link gives it a pace. Nor has it an order: a sender that moves to another core
# would overtake itself.
inside alice tc qdisc add dev lan root tbf rate 40mbit burst 32k limit 4m
head -c $BYTES /dev/urandom > "$LEGS/file"
: > "$LEGS/copy"
bind_leg bob 6000
bind_leg alice 5000
start bob bob socat -u -b 65536 UDP4-RECV:6000,rcvbuf-late=4000000 "OPEN:$LEGS/copy,append"
receiver_listens() { inside bob ss -Huln sport = :6000 | grep -q .; }
wait_until 5 receiver_listens || fail "socat does not listen"
start alice alice taskset -c "$(core 0)" \
    socat -u -b 1400 "FILE:$LEGS/file" "UDP4:$RELAY_ADDRESS:$RELAY_PORT,sourceport=5000,reuseaddr"
end alice
whole() { [ "$(stat -c %s "$LEGS/copy")" -eq $BYTES ]; }
wait_until 10 whole || fail "$(stat -c %s "$LEGS/copy") of $BYTES bytes arrived"
cmp "$LEGS/file" "$LEGS/copy" || fail "the copy is not the file"
expect "$(pair_field '.legs[0].bytes')" -eq $BYTES "bytes that the relay counted from leg a"
kill_hard bob
stop_relay
