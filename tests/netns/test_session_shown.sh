#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "shard show, crypto show and stats show tell of sessions as they come, update keys and go"

# of_shard SHARD FILTER
of_shard() {
    ctl shard show "$1" | jq "$2"
}

owns() {
    [ "$(of_shard "$1" .sessions)" = "$2" ]
}

in_crypto() {
    [ "$(ctl crypto show | jq "$1")" = true ]
}

make_internet
add_peer alice open
mkdir -p "$LEGS"
for name in alice relay; do
    python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
done
start_relay certificate="$LEGS/relay"
wait_until 5 eval '[ "$(of_shard 0 ".packets_max > 0 and .told_max > 0 and .returned_max > 0")" = true ]' ||
    fail "rings without room"
expect "$(of_shard 0 .pages_used)" -eq 0 "pages in use before the first session"
expect "$(ctl shard show | jq -c '[.shards[].shard]')" = '[0,"handshake"]' "shards"
expect "$(ctl shard show | jq .retry_now)" -eq 0 "Retry without load"

start alice alice python3 "$INTEROP_DIR/session_peer.py" --relay "$RELAY_ADDRESS:443" --cert "$LEGS/alice.crt" \
    --key "$LEGS/alice.key" --legs "$LEGS/alice" --key-update
wait_log alice '"key_updated"' 20
wait_until 5 owns 0 1 || fail "worker 0 owns $(of_shard 0 .sessions) sessions"
wait_until 5 owns handshake 0 || fail "the handshake thread still owns a session"
expect "$(of_shard 0 .timers)" -eq 1 "timers"
expect "$(of_shard 0 '[.suites[].sessions] | add')" -eq 1 "sessions by suite"
expect "$(of_shard handshake .pages)" -gt 1 "pages of the handshake thread"
expect "$(ctl shard show | jq .handshakes_total)" -eq 1 "handshakes begun"
expect "$(ctl stats show | jq .sessions.sessions)" -eq 1 "sessions in stats show"
wait_until 5 in_crypto '.key_updates == 1' || fail "no key update in crypto show"
in_crypto '.engine == "ipsec-mb" or .engine == "evp"' || fail "crypto engine $(ctl crypto show | jq .engine)"
in_crypto '[.suites[] | select(.sessions == 1) | .sealed_max >= 8388608] == [true]' ||
    fail "no limits of the suite in use"
for noun in shard crypto; do
    "$BUILD/control/cli/culvertctl" -s "$CONTROL_SOCKET" "$noun" show | tee "$LOGS/$noun"
done
grep -q '^handshake ' "$LOGS/shard" || fail "shard show for people"
grep -q '^engine  *[io]' -i "$LOGS/crypto" || fail "crypto show for people"

stop alice $CLOSING_SECONDS
wait_until 5 owns 0 0 || fail "the session is gone, but its shard has it"
wait_until 5 in_crypto '[.suites[].sessions] == [0, 0, 0]' || fail "a suite still has a session"
wait_until 5 eval '[ "$(of_shard handshake .pages_used)" -eq 0 ]' || fail "pages were not given back"
stop_relay
