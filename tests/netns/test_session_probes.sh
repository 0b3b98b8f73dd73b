#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "control hears of a peer's probes to any port as NATs show them, and round-trip times are fresh when it wants them"

SOCKETS=4
SESSION_WORKERS=0,1

# probe PEER HOST PORT...: from SOCKETS sockets, with the session's ticket
probe() {
    inside "$1" "$NETNS_DIR/session_probe.py" "$2" "$ticket" "$SOCKETS" "${@:3}" > "$LOGS/probe.out"
    expect "$(field "$LOGS/probe.out" answers)" -eq 0 "answers to probes of $1"
}

probes() {
    events ".event == \"probe\" and .session == $session and ($1)"
}

are_told() {
    [ "$(probes "$1")" -eq "$2" ]
}

# told CONDITION COUNT: control hears of so many probes, of the session
told() {
    wait_until 10 are_told "$1" "$2" || fail "probes with $1: $(probes "$1"), not $2"
}

# addresses_seen NUMBER PREFIX: how many addresses one socket was seen with
addresses_seen() {
    jq -s "[.[] | select(.event == \"probe\" and .number == $1 and (.address | startswith(\"$2\"))) | .address] |
        unique | length" "$LOGS/control.out"
}

state() {
    jq -s "[.[] | select(.event == \"state\")] | last | $1" "$LOGS/control.out"
}

# round_trip CONDITION: whether its age, asked for now, is so
round_trip() {
    ask_state
    state ".round_trip_ms_ago $1" | grep -q true
}

# ask_state: until control has been told the state once more
ask_state() {
    local before
    before=$(events '.event == "state"')
    echo dump > /run/culvert/commands.1
    wait_until 10 eval '[ "$(events ".event == \"state\"")" -gt '"$before"' ]' || fail "no state"
}

make_internet
add_peer alice open
add_peer bob symmetric
add_peer carol restricted
start_sessions
start alice alice "$NETNS_DIR/session_peer.py" "$RELAY_ADDRESS" /run/culvert/alice.crt /run/culvert/alice.key \
    --echo 100 --keep 60
wait_log control '"data"' 20
session=$(jq -r 'select(.event == "up") | .session' "$LOGS/control.out")
ticket=$(jq -r 'select(.event == "up") | .ticket' "$LOGS/control.out")

probe alice "$RELAY_ADDRESS" 443 40000
told ".address | startswith(\"$(public_address alice):\")" $((2 * SOCKETS))
told ".local == \"$RELAY_ADDRESS:443\"" "$SOCKETS"
told ".local == \"$RELAY_ADDRESS:40000\"" "$SOCKETS"
probe alice "$RELAY_ADDRESS6" 443 40000
told ".local == \"[$RELAY_ADDRESS6]:40000\"" "$SOCKETS"

probe bob "$RELAY_ADDRESS" 443 40000 40001
told ".address | startswith(\"$(public_address bob):\")" $((3 * SOCKETS))
probe carol "$RELAY_ADDRESS" 443 40000 40001
told ".address | startswith(\"$(public_address carol):\")" $((3 * SOCKETS))
for ((i = 1; i <= SOCKETS; i++)); do
    expect "$(addresses_seen "$i" "$(public_address bob):")" -eq 3 "mappings of a socket behind a symmetric NAT"
    expect "$(addresses_seen "$i" "$(public_address carol):")" -eq 1 "mappings of a socket behind a restricted cone"
done

ask_state
[ "$(state .ticket)" = "\"$ticket\"" ] || fail "the state has the ticket $(state .ticket), not $ticket"
wait_until 10 round_trip ">= 1000" || fail "the round-trip time does not age"
echo "ping $session" > /run/culvert/commands.1
wait_until 10 round_trip "< 1000" || fail "no new round-trip time"
expect "$(state .round_trip_us)" -gt 0 "round trip, us"

told "true" $((10 * SOCKETS))
ticket=000102030405060708090a0b0c0d0e0f
probe bob "$RELAY_ADDRESS" 443 40000
ask_state
told "true" $((10 * SOCKETS))
expect "$(events '.event == "closed"')" -eq 0 "sessions closed"
kill "${PID[alice]}"
end_any alice
stop_sessions
