#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a pair carries datagrams both ways, whatever NATs its peers are behind, and sees their public addresses"

make_internet
for kind in full_cone restricted port_restricted symmetric open; do
    add_peer "a-$kind" "$kind"
    add_peer "b-$kind" "$kind"
done
start_relay driver=interface

# over KIND_A KIND_B
over() {
    local a=a-$1 b=b-$2 leg
    forget_pairs "$a" "$b"
    add_pair "$a" "$b"
    exchange "$a" "$b" --count 500
    bound "$a" "$b"
    exchange_done "$a" "$b"
    for leg in a b; do
        local name=${!leg}
        expect "$(pair_field ".legs[] | select(.leg == \"$leg\") | .address | split(\":\")[0]")" = \
            "$(public_address "$name")" "$1 to $2: address of leg $leg"
    done
}

over full_cone restricted
over restricted port_restricted
over port_restricted symmetric
over symmetric symmetric
over symmetric open
over open full_cone
stop_relay
