#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "a leg at another address than its session's gets all that is sent to it, for our peer gives challenges back"

make_internet
add_peer alice open
add_peer bob open
addresses alice wan 198.18.1.2/24
make_key relay
start_relay certificate="$LEGS/relay"
two_peers udp udp --from 198.18.1.2
exchange alice bob --count 2000 --size 1200 --window 32 --resend
exchange_done alice bob
stop_peer alice
expect "$(last_event alice pair .challenges)" -ge 1 "challenges that alice gave back"
stop_peer bob
expect "$(last_event bob pair .challenges)" -eq 0 "challenges to bob, whose leg is where his session is"
stop_relay
