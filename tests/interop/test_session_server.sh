#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "a server behind legs on the session's port negotiates versions and sends Retry; it has two such legs on one socket"

# with NAME: a pair that NAME's session asks for, and bob's token of it
with() {
    local made
    made=$(told_count bob '.event == "made"')
    aioquic_session "$1" listen --ask "$(id bob)"
    wait_session "$1" '.event == "made" and .kind == 4 and .relay_port == 443'
    wait_until 20 eval '[ "$(told_count bob ".event == \"made\"")" -gt '"$made"' ]' || fail "bob's session has no pair with $1"
}

# sends NAME [OPTION...]: a file to bob, from a socket that is not the session's
sends() {
    local name=$1
    shift
    program "$name" bob dial --send "$LEGS/file" "$@"
}

# got NAME FIELD: of what NAME's program said when it was through
got() {
    field "$LOGS/$1.out" "$2"
}

make_internet
add_peer alice symmetric
add_peer carol symmetric
add_peer bob port_restricted
make_peers alice bob carol relay
start_relay certificate="$LEGS/relay"
head -c "$FILE_BYTES" /dev/urandom > "$LEGS/file"
SHA=$(sha256sum < "$LEGS/file" | cut -d' ' -f1)

aioquic_session bob listen
with alice
cut -d' ' -f3 "$LEGS/alice" > "$LEGS/alice.token"
start bob bob python3 "$INTEROP_DIR/quic_server.py" --leg "$LEGS/bob" --bind "0.0.0.0:$PROGRAM_PORT" --cert "$LEGS/bob.crt" \
    --key "$LEGS/bob.key"
wait_session bob '.event == "leg_token"'

# QUIC version 2, which bob has not: it is his Version Negotiation that comes back, for the relay has it.
sends alice --first-version 0x6b3343cf
end alice 60
expect "$(got alice retries)" -eq 1 "Retry packets that alice has followed"
expect "$(got alice renegotiated)" = true "whether alice's version was negotiated"
expect "$(got alice sha256)" = "$SHA" "what alice has sent"

# Another pair, and bob's leg of it on the same socket: from here on his packets are told apart by connection ID.
with carol
cut -d' ' -f3 "$LEGS/carol" > "$LEGS/carol.token"
before=$(told_count bob '.event == "leg_token"')
kill -USR1 "${PID[bob]}"
wait_until 20 eval '[ "$(told_count bob ".event == \"leg_token\"")" -gt '"$before"' ]' || fail "bob's second leg is not bound"
sends alice
sends carol
end alice 60
end carol 60
for name in alice carol; do
    expect "$(got $name retries)" -eq 1 "Retry packets that $name has followed"
    expect "$(got $name sha256)" = "$SHA" "what $name has sent"
done
expect "$(jq -s "[.[] | select(.sha256 == \"$SHA\")] | length" "$LOGS/bob.out")" -eq 3 "files that bob has got whole"
address() { ctl pair show "$(last_of "$1" made .pair)" | jq -r '.legs[] | select(.peer == "'"$(id bob)"'").address'; }
expect "$(address alice)" = "$(address carol)" "the addresses of bob's two legs"
stop bob
for name in alice carol bob; do
    expect "$(told_count $name '.event == "closed" or .event == "error"')" -eq 0 "sessions that suffered: $name's"
    stop $name-session $CLOSING_SECONDS
done
stop_relay
