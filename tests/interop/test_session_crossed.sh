#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "two that ask for each other get one pair, offers are answered by hand or not at all, and a drain that is called off is over"

# rank NAME: its ID in digits that sort as its bytes do
rank() {
    id "$1" | tr 'a-z2-7' '0-9a-v'
}

make_internet
add_peer alice open
add_peer bob open
make_peers alice bob relay
start_relay certificate="$LEGS/relay"
aioquic_session alice tunnel --answer none
aioquic_session bob tunnel --answer none

# alice's request waits for bob's answer, and bob asks.
asks alice ask "$(id bob)" DATA=first
first=$ASKED
wait_session bob '.event == "offer"'
asks bob ask "$(id alice)" DATA=second
wait_session alice ".event == \"made\" and .origin == 1 and .number == $first and .data == \"second\""
wait_session bob ".event == \"made\" and .origin == 1 and .number == $ASKED and .data == \"first\""
wait_session bob '.event == "refused" and .origin == 2 and .code == 3104' # crossed
expect "$(told_count alice '.event == "offer"')" -eq 0 "offers to who asked first"
expect "$(ctl pair list | jq '.pairs | length')" -eq 1 "pairs"
expect "$(last_of alice made .pair_id)" = "$(last_of bob made .pair_id)" "the pair's ID at both ends"
lower=alice higher=bob
[[ $(rank alice) < $(rank bob) ]] || lower=bob higher=alice
expect "$(last_of $lower made .role)" -eq 1 "the role of the lower ID"
expect "$(last_of $higher made .role)" -eq 2 "the role of the higher ID"

# Requests for different services do not cross; each is answered by hand.
asks alice ask "$(id bob)"
wait_session bob '.event == "offer" and .offer == 2'
tell_session bob refuse 2 busy DATA=later
wait_session alice ".event == \"refused\" and .number == $ASKED and .code == 3091 and .data == \"later\"" # busy
asks alice ask "$(id bob)"
wait_session bob '.event == "offer" and .offer == 3'
tell_session bob accept 3 DATA=gladly
wait_session alice ".event == \"made\" and .number == $ASKED and .role == 1 and .data == \"gladly\""
tell_session alice close "$(last_of alice made .pair)"
wait_session alice '.event == "pair_closed" and .code == 3072' # none
wait_session bob '.event == "pair_closed" and .code == 3094'   # peer_closed

# What is wrong with an answer ends the offer, and the request that it was made for.
asks alice ask "$(id bob)"
wait_session bob '.event == "offer" and .offer == 4'
tell_session bob accept 4 0x2b=00
wait_session bob '.event == "refused" and .origin == 2 and .number == 4 and .code == 3098'
wait_session alice ".event == \"refused\" and .origin == 1 and .number == $ASKED"

# A drain, and no drain after all.
expect "$(ctl session drain --after 10m | jq .told)" -eq 2 "peers told to go"
wait_session alice '.event == "go_away"'
refused_as alice ask "$(id bob)" going_away
ctl session resume > /dev/null || fail "session resume"
wait_session alice '.event == "stay"'
wait_session bob '.event == "stay"'
asks alice ask "$(id bob)"
wait_session bob '.event == "offer" and .offer == 5'
tell_session bob accept 5
wait_session alice ".event == \"made\" and .number == $ASKED"
stop alice-session $CLOSING_SECONDS
stop bob-session $CLOSING_SECONDS
stop_relay
