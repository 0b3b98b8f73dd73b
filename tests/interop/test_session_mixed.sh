#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "an aioquic peer and our own send each other files, each kind of leg against each"

# As alice our own peer asks, or serves; as bob the other one. Its bridge is where session_peer.py has its own.
own_session() {
    start_peer alice "$@" --forward "127.0.0.1:$PROGRAM_PORT"
    wait_peer alice observed
}

# own_leg LEG: ours is ready for a program, which speaks to the bridge whatever kind of leg it is
own_leg() {
    wait_peer alice made
    [ "$1" = udp ] || wait_room alice 1400
}

# kinds: of the pair's legs, that of who asked first
kinds() {
    ctl pair list | jq -r '.pairs[0].legs | map(.kind) | join(" ")'
}

make_internet
add_peer alice symmetric
add_peer bob symmetric
make_peers alice bob relay
start_relay certificate="$LEGS/relay"

for legs in "tunnel tunnel" "tunnel udp" "udp tunnel"; do
    read -r own other <<< "$legs"
    # bob asks and his program dials; then alice.
    own_session serve --leg "$own"
    aioquic_session bob "$other" --ask "$(cat "$LEGS/alice.id")"
    aioquic_leg bob
    own_leg "$own"
    expect "$(kinds)" = "$other $own" "the legs of a pair that aioquic asked for"
    send_through bob alice
    stop bob-session $CLOSING_SECONDS
    wait_peer alice pair_closed
    stop_peer alice

    aioquic_session bob "$other"
    own_session connect --leg "$own" "$(cat "$LEGS/bob.id")"
    own_leg "$own"
    aioquic_leg bob
    expect "$(kinds)" = "$own $other" "the legs of a pair that our peer asked for"
    send_through alice bob
    stop_peer alice
    wait_session bob '.event == "pair_closed"'
    stop bob-session $CLOSING_SECONDS
done
stop_relay
