#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "legs on the session's port carry files, from the session's own socket as well, and a peer that reaches no other port finds it"

# pair_of OPTIONS-OF-ALICE OPTIONS-OF-BOB: alice asks
pair_of() {
    # shellcheck disable=SC2086
    aioquic_session bob $2 --bridge
    # shellcheck disable=SC2086
    aioquic_session alice $1 --bridge --ask "$(id bob)"
    wait_session alice '.event == "made"'
    wait_session bob '.event == "made"'
}

ready() {
    wait_session "$1" '.event == "made" and .kind == 4 and .relay_port == 443'
    wait_session "$1" '.event == "leg_token"'
}

end_pair() {
    stop alice-session $CLOSING_SECONDS
    wait_session bob '.event == "pair_closed"'
    stop bob-session $CLOSING_SECONDS
}

make_internet
add_peer alice symmetric
add_peer bob symmetric
make_peers alice bob relay
start_relay certificate="$LEGS/relay"

pair_of listen tunnel
ready alice
wait_fits bob 1400
send_through alice bob
send_through bob alice
end_pair

# The session's socket is the leg's, at both ends, and both are on the same port of the relay.
pair_of "listen --share" "listen --share"
ready alice
ready bob
send_through alice bob
send_through bob alice
expect "$(told_count alice '.event == "closed" or .event == "error"')" -eq 0 "sessions that suffered"
asks alice reachable nobody
wait_session alice ".event == \"done\" and .request == $ASKED"
end_pair

# A network that lets nothing out but to port 443: nothing comes by the leg, and the peer asks for another.
inside alice nft -f - <<NFT
table inet only443 {
    chain out {
        type filter hook output priority 0
        ip daddr $RELAY_ADDRESS udp dport != 443 drop
    }
}
NFT
pair_of udp+listen udp
wait_session alice '.event == "leg_made" and .kind == 4'
wait_session alice '.event == "leg_changed" and .kind == 4'
wait_session bob '.event == "other_leg" and .kind == 4'
send_through alice bob
end_pair
stop_relay
