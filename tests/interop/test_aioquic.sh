#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
proves "aioquic peers behind symmetric NATs send a file each, and each once listens and once dials"

make_internet
add_peer alice symmetric
add_peer bob symmetric
start_relay driver=interface
add_pair alice bob
quic_start alice bob bob 4000000
quic_done alice bob

forget_pairs alice bob
add_pair alice bob
quic_start bob alice alice 4000000
quic_done bob alice
stop_relay
