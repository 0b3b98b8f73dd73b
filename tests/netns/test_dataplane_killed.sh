#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "the data plane killed: control says so, puts the pairs back when it returns, and a transfer goes on"

make_internet
add_peer alice symmetric
add_peer bob symmetric
start_relay driver=interface
ctl pair add carol dave > "$LOGS/carol.json"
add_pair alice bob
exchange alice bob --count 3000 --rate 1000 --resend
bound alice bob
wait_log alice "received 900"
kill_hard dataplane
wait_event dataplane_lost
expect "$(ctl pair list | jq '.pairs | length')" -eq 2 "pairs listed without a data plane"
ctl pair add erin frank > "$LOGS/erin.json"
expect "$(jq .installed "$LOGS/erin.json")" = false "a pair added meanwhile is in the data plane"
running alice || fail "the transfer was over too early to prove anything"
start_dataplane
wait_event dataplane_attached restarted=true
wait_event pairs_synced put=3
exchange_done alice bob
expect "$(pair_field .installed)" = true "the pair is in the data plane"
stop_relay
