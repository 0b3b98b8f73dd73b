#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "REGISTERED says how often a peer may ask and send messages; who does more is refused, told so, and keeps its session"

# told_of NAME WHAT: by LIMITED
told_of() {
    wait_session "$1" ".event == \"limited\" and .what == $2 and .ms > 0"
}

limit() {
    last_of alice registered ".$1"
}

# repeat COUNT COMMAND...: alice is told so at once
repeat() {
    local i
    for ((i = 0; i < $1; i++)); do
        echo "${*:2}"
    done 1<> "$LEGS/alice.commands"
}

# refused CODE: how many requests were
refused() {
    told_count alice ".event == \"refused\" and .code == $1"
}

all_ended() {
    [ "$(told_count alice '.event == "refused" or .event == "done" or .event == "made"')" -eq "$1" ]
}

make_internet
add_peer alice open
add_peer bob open
make_peers alice bob relay
start_relay certificate="$LEGS/relay"
aioquic_session bob tunnel
aioquic_session alice tunnel

# More than comes back meanwhile, even on a slow machine.
messages=$(limit messages)
repeat $((messages + 50)) message "$(id bob)" hello
wait_until 20 all_ended $((messages + 50)) || fail "not all messages have ended"
told_of alice 2 # messages
expect "$(refused 3102)" -ge 20 "messages refused as too_many"
expect "$(told_count bob '.event == "message_from"')" -le $((messages + 30)) "messages that bob got"
requests=$(limit requests)
repeat $((requests + 200)) ask "$(printf 'a%.0s' {1..52})"
wait_until 40 all_ended $((messages + 50 + requests + 200)) || fail "not all requests have ended"
told_of alice 1 # requests
expect "$(told_count alice '.event == "closed"')" -eq 0 "sessions closed for it"
stop alice-session $CLOSING_SECONDS
stop bob-session $CLOSING_SECONDS
stop_relay
