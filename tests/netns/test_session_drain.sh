#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "session drain sends peers away, takes no others and closes the rest in time; session resume takes them again"

GOING_AWAY=3084 # 0xc0c

session_start() {
    start "$1" "$1" python3 "$INTEROP_DIR/session_peer.py" --relay "$RELAY_ADDRESS:443" --cert "$LEGS/$1.crt" \
        --key "$LEGS/$1.key" --legs "$LEGS/$1"
}

make_internet
add_peer alice open
add_peer bob open
mkdir -p "$LEGS"
for name in alice bob relay; do
    python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
done
start_relay certificate="$LEGS/relay"
session_start alice
wait_log alice '"observed"' 20
expect "$(ctl session drain --after 4s | jq .told)" -eq 1 "peers told"
expect "$(ctl stats show | jq .control.draining)" -eq 1 "draining in stats show"
wait_log alice '"go_away", "seconds": 4' 10
session_start bob
wait_event session_refused reason=draining
wait_log bob "\"closed\", \"code\": $GOING_AWAY" 10
wait_log alice "\"closed\", \"code\": $GOING_AWAY" 10
wait_until 10 eval '[ "$(ctl session list | jq ".sessions | length")" -eq 0 ]' || fail "sessions outlive the drain"
end_any alice
kill_hard bob # waits for an answer that will not come, or is gone
ctl session resume > /dev/null || fail "session resume"
session_start alice
wait_log alice '"observed"' 20
stop alice $CLOSING_SECONDS
stop_relay
