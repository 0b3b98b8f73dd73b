#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "a pair waits for its peer as long as REGISTERED says and no longer, and what was open ends when a session is lost"

start_alice() {
    aioquic_session alice tunnel --idle 3 --keep-alive 1 --state "$LEGS/alice.state" "$@"
}

make_internet
add_peer alice open
add_peer bob open
make_peers alice bob relay
start_relay certificate="$LEGS/relay" policy="policy: open, resume_within: 4s"
aioquic_session bob tunnel
start_alice --ask "$(id bob)"
wait_session alice '.event == "made"'
wait_session bob '.event == "made"'
expect "$(last_of alice registered .resumption_time)" -eq 4 "RESUMPTION_TIME"

kill_hard alice-session
wait_event session_closed "peer=$(id alice)" reason=idle
expect "$(told_count bob '.event == "pair_closed"')" -eq 0 "pairs that did not wait"
wait_session bob '.event == "pair_closed" and .code == 3093' # peer_gone
expect "$(ctl pair list | jq '.pairs | length')" -eq 0 "pairs"
start_alice --answer none
expect "$(last_of alice registered '.resumed')" = null "RESUMED"

# bob's request waits for alice, who is gone; then alice's for bob.
asks bob ask "$(id alice)"
wait_session alice '.event == "offer"'
kill_hard alice-session
wait_session bob ".event == \"refused\" and .origin == 1 and .number == $ASKED and .code == 3093"
stop bob-session $CLOSING_SECONDS
aioquic_session bob tunnel --answer none
start_alice
asks alice ask "$(id bob)"
wait_session bob '.event == "offer"'
kill_hard alice-session
wait_session bob ".event == \"refused\" and .origin == 2 and .number == $(last_of bob offer .offer) and .code == 3093"
stop bob-session $CLOSING_SECONDS
stop_relay
