#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
. "$(dirname "$0")/lib.sh"
proves "with one packet in fifty lost on each side of the relay, a QUIC transfer completes and the file is the same"

make_internet
add_peer alice symmetric
add_peer bob restricted
start_relay
add_pair alice bob
set_loss 50
quic_start bob alice 2000000
quic_done alice bob
expect "$(inside internet nft -j list table inet loss | jq '[.nftables[].rule? // empty] | length')" -eq 1 "rules that lose packets"
stop_relay
