#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "instances by service, data in requests and answers, messages, who may ask, and probes from any socket"

# refused NAME CODE WORD...: what NAME asks for so is refused with this code.
refused() {
    local name=$1 code=$2
    shift 2
    ask "$name" "$@"
    wait_peer "$name" refused ".request == $REQUEST and .name == \"$code\""
}

# done_by NAME WORD...: what NAME asks for so is done.
done_by() {
    local name=$1
    shift
    ask "$name" "$@"
    wait_peer "$name" "done" ".request == $REQUEST"
}

make_internet
add_peer alice symmetric
add_peer bob open
make_key relay
make_key bob
start_relay certificate="$LEGS/relay"

# Two instances of bob's, each for a service of its own; the second one replaces nobody.
start_peer bob serve --service files --data welcome
wait_peer bob registered
PEER_AT=bob PEER_KEY=bob BRIDGE_PORT=5001 start_peer chat serve --service chat --data "not now"
wait_peer chat registered
expect "$(last_event chat registered .peer)" = "$(peer_id bob)" "who the second instance is"

start_peer alice connect --to-service files --data "hello bob" "$(peer_id bob)"
wait_peer alice made
wait_peer bob made
expect "$(last_event bob offer .data)" = "hello bob" "data of the request"
expect "$(last_event bob offer .service)" = files "service of the request"
expect "$(last_event alice made .data)" = welcome "data of the answer"
expect "$(last_event alice made .role) $(last_event bob made .role)" = "dials listens" "roles"
expect "$(last_event alice made .id)" = "$(last_event bob made .id)" "the ID that both know the pair by"
expect "$(last_event alice made .instance)" != "$(last_event bob made .instance)" "instances"
wait_peer alice other_leg '.leg == "udp"'
exchange alice bob --count 300 --size 1000 --window 16 --resend
exchange_done alice bob

# Messages find their instance, and what cannot be delivered is told.
done_by alice message "$(peer_id bob)" are you there?
wait_peer bob message '.text == "are you there?" and .service == "files"'
expect "$(last_event bob message .peer)" = "$(peer_id alice)" "who sent the message"
refused alice no_such_peer message "$(peer_id relay)" anybody?

# Who may ask, changed in the middle of it. The instance of the other service is no way round.
done_by bob reachable nobody
refused alice not_wanted message "$(peer_id bob)" and now?
refused alice not_wanted request "$(peer_id bob)"
done_by bob reachable "$(peer_id relay),$(peer_id alice)"
done_by alice message "$(peer_id bob)" and now?

# A probe tells the mapping of each socket; behind a symmetric NAT they differ for each port of the relay.
ask alice probe 42
wait_peer alice observed .probe==42
expect "$(last_event alice observed .address)" = "$(jq -sr '[.[] | select(.event == "observed" and .probe == null)] |
    last | .address' "$LOGS/alice-peer.out")" "where the session's socket is seen"
ask alice probe 43 "$(last_event alice made .pair)" "$RELAY_ADDRESS:40015"
wait_peer alice observed .probe==43
expect "$(last_event alice observed .relay)" = "$RELAY_ADDRESS:40015" "where the probe came to"
ask alice probe 0
expect "$REQUEST" = "cannot be read; see --help" "a probe without a number"

stop_peer chat
stop_peer alice
wait_peer bob pair_closed
stop_peer bob
stop_relay
