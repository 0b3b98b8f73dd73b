#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "aioquic peers, written from the protocol's page, send files through tunnel and UDP leg, and through two tunnel legs"

# pair_of LEG LEG: bob's session and alice's, which asks
pair_of() {
    aioquic_session bob "$2"
    aioquic_session alice "$1" --ask "$(cat "$LEGS/bob.id")"
    aioquic_leg alice
    aioquic_leg bob
}

end_pair() {
    stop alice-session $CLOSING_SECONDS
    wait_session bob '.event == "pair_closed"'
    stop bob-session $CLOSING_SECONDS
}

# passed NAME: datagrams that went into NAME's tunnel leg and came out of it
passed() {
    jq -s '[.[] | select(.event == "closed").tunnel | .in + .out] | add' "$LOGS/$1-session.out"
}

make_internet
add_peer alice symmetric
add_peer bob symmetric
make_peers alice bob relay
start_relay certificate="$LEGS/relay"

pair_of tunnel udp
send_through alice bob
send_through bob alice
end_pair
expect "$(passed alice)" -ge $((2 * FILE_BYTES / 1400)) "datagrams through alice's tunnel leg"

pair_of tunnel tunnel
send_through bob alice
end_pair
expect "$(passed alice)" -ge $((FILE_BYTES / 1400)) "datagrams through alice's tunnel leg"
expect "$(passed bob)" -ge $((FILE_BYTES / 1400)) "datagrams through bob's tunnel leg"
stop_relay
