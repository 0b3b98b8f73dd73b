#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "our own peer registers, gets a pair by peer ID, and programs beside two of them talk through UDP legs"

make_internet
add_peer alice symmetric
add_peer bob symmetric
make_key relay
start_relay certificate="$LEGS/relay"
two_peers udp udp
expect "$(last_event alice registered .peer)" = "$(peer_id alice)" "the ID by which the relay knows alice"
exchange alice bob --count 2000 --size 1200 --window 32 --resend
exchange_done alice bob

# An ID that nobody has: no pair.
stop_peer alice
wait_peer bob pair_closed '.name == "peer_gone" or .name == "peer_closed"'
start_peer alice connect "$(peer_id relay)"
end_any alice-peer
expect "$(last_event alice refused .name)" = no_such_peer "what the relay says of a peer that it does not know"

# A relay that is not the one that was meant.
start_peer alice serve --relay-id "$(peer_id bob)"
# 0x12a: CRYPTO_ERROR with the alert bad_certificate (RFC 9001 section 4.8).
wait_peer alice ended '.by == "us" and .code == 298 and (.sentence | startswith("the relay shows another key"))'
end_any alice-peer
stop_peer bob
stop_relay
