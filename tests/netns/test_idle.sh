#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a quiet pair is idle at half its idle time and removed at the end of it; one that carries packets stays"

make_internet
add_peer alice open
add_peer bob open
start_relay idle=2s
add_pair alice bob
ctl pair add carol dave --idle 0 > "$LOGS/carol.json"
expect "$(pair_field .idle_s)" -eq 2 "idle time from the configuration"
# A datagram every half second for 5 s.
exchange alice bob --count 10 --rate 2
bound alice bob
exchange_done alice bob
no_event pair_expired
wait_event pair_idle "pair=$PAIR"
wait_event pair_expired "pair=$PAIR"
status=0
ctl pair show "$PAIR" > "$LOGS/expired" 2>&1 || status=$?
expect "$status" -eq 2 "exit status of pair show for an expired pair"
PAIR=$(jq .pair "$LOGS/carol.json")
expect "$(pair_field .installed)" = true "a pair that never expires is still there"

# What nobody ever used goes too, and its relay port serves again.
add_pair alice bob
wait_event pair_expired "pair=$PAIR"
stop_relay
