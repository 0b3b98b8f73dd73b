#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "peers get their pairs back after a kill of the peer, of control, of the data plane, and not without their token"

# resumed NAME COUNT: NAME has had its pair back that many times
resumed() {
    [ "$(told_count "$1" '.event == "made" and .origin == 3')" -ge "$2" ]
}

wait_resumed() {
    wait_until 30 resumed "$@" || fail "$1's pair is not resumed"
    expect "$(last_of "$1" made '[.pair, .pair_id, .role] | join(" ")')" = "${MADE[$1]}" "the pair that came back"
}

made() {
    last_of "$1" made '[.pair, .pair_id, .role] | join(" ")'
}

start_alice() {
    aioquic_session alice udp+tunnel --bridge --idle 8 --keep-alive 1 --return --state "$LEGS/alice.state" "$@"
}

declare -A MADE=()
make_internet
add_peer alice symmetric
add_peer bob symmetric
make_peers alice bob relay
start_relay certificate="$LEGS/relay"
aioquic_session bob tunnel --idle 8 --keep-alive 1 --return --state "$LEGS/bob.state"
start_alice --ask "$(id bob)"
wait_fits bob 1400
wait_session alice '.event == "made" and .kind == 1'
for name in alice bob; do
    MADE[$name]=$(made $name)
done
send_through alice bob

# Both sessions are forgotten without a close, and each comes back, to a relay that has it still.
cp "$LEGS/alice.state" "$LEGS/alice.before"
tell_session alice lose
wait_resumed alice 1
tell_session bob lose
wait_resumed bob 1
wait_session bob '.event == "limit" and .bytes >= 1400'
send_through bob alice

# The peer is killed, and starts anew: its socket is another one, and takes the leg by the token that it is told. That it
# has no more than the resumption token before the last does not matter.
kill_hard alice-session
cmp -s "$LEGS/alice.before" "$LEGS/alice.state" && fail "there was no new resumption token"
mv "$LEGS/alice.before" "$LEGS/alice.state"
start_alice
wait_resumed alice 1
wait_session alice '.event == "leg_token"'
send_through alice bob

# Control is killed: sessions and pairs are the data plane's.
kill_hard control
start_control
send_through bob alice

# The data plane is killed, and all sessions with it: peers notice by its silence, or by a stateless reset.
kill_hard dataplane
start_dataplane
wait_resumed alice 2
wait_resumed bob 2
wait_fits bob 1400
send_through alice bob

# Both programs are killed at once.
kill_hard dataplane
kill_hard control
start_dataplane
start_control
wait_resumed alice 3
wait_resumed bob 3
send_through bob alice

# Without the token the same instance is another session, and has no pair any more.
kill_hard alice-session
jq '.token = null' "$LEGS/alice.state" > "$LEGS/alice.new"
mv "$LEGS/alice.new" "$LEGS/alice.state"
start_alice
wait_session bob '.event == "pair_closed"'
expect "$(last_of alice registered '.resumed // 0')" -eq 0 "pairs that came back without a token"
expect "$(ctl pair list | jq '.pairs | length')" -eq 0 "pairs"

# What is closed is not resumed either.
asks alice ask "$(id bob)"
wait_session alice ".event == \"made\" and .number == $ASKED"
tell_session alice bye
end alice-session $CLOSING_SECONDS
start_alice
expect "$(last_of alice registered '.resumed // 0')" -eq 0 "pairs that came back after a close"
stop alice-session $CLOSING_SECONDS
stop bob-session $CLOSING_SECONDS
stop_relay
