#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "with one packet in fifty lost on each side of the relay, a QUIC transfer completes, byte for byte"

make_internet
add_peer alice symmetric
add_peer bob restricted
start_relay driver=af_packet
add_pair alice bob
set_loss 50
quic_start bob alice alice 1000000
quic_done alice bob
expect "$(lost_packets)" -gt 20 "packets that the internet lost"
stop_relay
