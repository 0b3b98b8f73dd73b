#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "both processes stopped and started again: the store brings the pairs back, tokens and addresses included"

make_internet
add_peer alice open
add_peer bob symmetric
start_relay driver=af_packet
add_pair alice bob
ctl pair add carol dave > "$LOGS/carol.json"
ctl pair del "$(jq .pair "$LOGS/carol.json")" > /dev/null
exchange alice bob --count 200
bound alice bob
exchange_done alice bob
stop_relay
grep -q "$(cat "$LEGS/alice.token")" "$LOGS/control.log" "$LOGS/dataplane.log" && fail "a token is in the logs"

start_relay driver=af_packet
expect "$(ctl pair list | jq -c '[.pairs[].pair]')" = "[$PAIR]" "pairs after the restart"
expect "$(pair_field .relay_port)" -eq "$RELAY_PORT" "the pair's relay port after the restart"
exchange alice bob --count 200
exchange_done alice bob
stop_relay
