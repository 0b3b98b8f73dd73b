#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a pair carries datagrams both ways, whatever NATs its peers are behind, and sees their public addresses"

declare -A SHORT=([full_cone]=cone [restricted]=restr [port_restricted]=port [symmetric]=symm [open]=open)

make_internet
for kind in "${!SHORT[@]}"; do
    add_peer "a-${SHORT[$kind]}" "$kind"
    add_peer "b-${SHORT[$kind]}" "$kind"
done
start_relay driver=interface

# over KIND_A KIND_B
over() {
    local a=a-${SHORT[$1]} b=b-${SHORT[$2]} leg name address
    forget_pairs "$a" "$b"
    add_pair "$a" "$b"
    exchange "$a" "$b" --count 500
    bound "$a" "$b"
    exchange_done "$a" "$b"
    for leg in a b; do
        name=${!leg}
        address=$(pair_field ".legs[] | select(.leg == \"$leg\") | .address")
        expect "${address%:*}" = "$(public_address "$name")" "$1 to $2: address of leg $leg"
    done
}

over full_cone restricted
over restricted port_restricted
over port_restricted symmetric
over symmetric symmetric
over symmetric open
over open full_cone
stop_relay
