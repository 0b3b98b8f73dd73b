#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "legs change within a pair while a transfer goes on: other kinds, other ports, other sockets, on either side"

# received N: until alice's program has got so many datagrams.
received() {
    wait_log alice "received $1" 60
}

# change NAME KIND...: another leg, in use when the relay tells of its next token, or at once.
change() {
    local tokens
    tokens=$(count "$1" leg_token)
    ask "$1" leg "$NUMBER" "$2"
    wait_peer "$1" leg_made ".request == $REQUEST and .leg == \"$2\" and .pair == $NUMBER"
    [ "$2" = tunnel ] || wait_until 10 more "$1" leg_token "$tokens" || fail "the new leg of $1 is not bound"
}

count() {
    jq -s "[.[] | select(.event == \"$2\")] | length" "$LOGS/$1-peer.out"
}

more() {
    [ "$(count "$1" "$2")" -gt "$3" ]
}

make_internet
add_peer alice symmetric
add_peer bob open
make_key relay
start_relay certificate="$LEGS/relay" workers=0,1
two_peers udp udp
NUMBER=$(last_event alice made .pair)
first_port=$(last_event alice made .relay_port)
expect "$(last_event bob made .pair)" -gt 0 "bob's number of the pair"
wait_peer alice leg_token
wait_peer bob leg_token
exchange alice bob --count 6000 --size 1000 --window 32 --rate 500 --resend
received 500
change alice tunnel
wait_peer bob other_leg '.leg == "tunnel"'
received 1000
change alice listen
expect "$(last_event alice leg_made .relay_port)" -eq 443 "port of a leg on the session's own"
received 1500
NUMBER=$(last_event bob made .pair) change bob tunnel
received 2000
change alice udp
expect "$(last_event alice leg_made .relay_port)" -ge 40000 "a relay port"
received 2500
change alice udp
expect "$(last_event alice leg_made .relay_port)" -ne "$first_port" "the relay port after two changes"
received 3000

# The token that came last moves the leg to another socket.
tokens=$(count alice leg_token)
ask alice move "$NUMBER"
wait_until 10 more alice leg_token "$tokens" || fail "the leg did not move with its newest token"
received 3500
exchange_done alice bob
ask alice leg 99 udp
expect "$REQUEST" = "there is no such pair" "what is said of a pair that is not there"
stop_peer alice
stop_peer bob
expect "$(last_event bob pair .to_pair_pkts)" -ge 6000 "payloads from bob's program"
stop_relay
