#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
CLIENT=${CULVERT_CACHE:-/var/cache/culvert}/aside-ngtcp2-client
[ -d "$CLIENT" ] || skip "no ngtcp2-client: scripts/test unpacks it"
proves "Debian's ngtcp2-client opens a session: handshake, client certificate, registration, key update, another address"

LIBRARIES=$(dirname "$(find "$CLIENT" -name 'libngtcp2.so.*' | head -n 1)")

# client NAME [OPTION...]: its log is in $LOGS/NAME.log
client() {
    local name=$1
    shift
    start "$name" alice env LD_LIBRARY_PATH="$LIBRARIES" LD_PRELOAD="${APPLICATION:-}" "$CLIENT/usr/bin/gtlsclient" \
        --no-quic-dump --no-http-dump "$@" "$RELAY_ADDRESS" 443 "https://$RELAY_ADDRESS/"
}

as_alice=(--key "$LEGS/alice.key" --cert "$LEGS/alice.crt")

session_of_alice() {
    ctl session list | jq -r ".sessions[] | select(.peer == \"$ALICE\") | $1"
}

# said NAME PATTERN WHAT
said() {
    grep -qE -- "$2" "$LOGS/$1.log" || fail "$1: $3"
}

# registered NAME: REGISTERED with its own peer ID came back, and so many parameters that its length has two bytes
registered() {
    wait_until 20 grep -q "^control stream 0: 8029e1f1....00$ALICE_HEX" "$LOGS/$1.log" ||
        fail "$1 got no REGISTERED with its peer ID $ALICE_HEX"
}

# ends NAME: as ^C ends it, and so ends its session
ends() {
    kill -INT "${PID[$1]}"
    end_any "$1"
    wait_event session_closed "peer=$ALICE" reason=peer
}

make_internet
add_peer alice symmetric
mkdir -p "$LEGS"
for name in alice relay; do
    python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
done
ALICE=$(cat "$LEGS/alice.id")
ALICE_HEX=$(python3 -c 'import base64, sys; print(base64.b32decode(sys.argv[1].upper() + "====").hex())' "$ALICE")
start_relay certificate="$LEGS/relay"

# As it is, it speaks HTTP/3, which no session does: TLS alert 120, no_application_protocol (RFC 7301 section 3.2).
client http3 "${as_alice[@]}"
end_any http3
said http3 'error_code=.*\(?0x178\)?' "the relay did not refuse ALPN h3"
no_event session_up

APPLICATION=$BUILD/tests/interop/libngtcp2_application.so
client stranger
end_any stranger
said stranger 'error_code=.*\(?0x174\)?' "the relay did not ask for a certificate" # certificate_required
no_event session_up

client first "${as_alice[@]}" -v v1
wait_event session_up "peer=$ALICE"
registered first
said first 'Negotiated ALPN is culvert/1' "another ALPN"
said first 'QUIC handshake has completed' "handshake not completed"
said first 'QUIC handshake has been confirmed' "handshake not confirmed"
expect "$(session_of_alice .registered)" = true "whether the relay has it registered"
ends first

# Version 2, then new keys, then another address, and only then REGISTER.
client second "${as_alice[@]}" -v v2 --key-update=300ms --change-local-addr=600ms --delay-stream=1s
wait_event session_up "peer=$ALICE"
address=$(field "$LOGS/event" address)
registered second
said second 'version=0x6b3343cf type=Handshake' "another version than 2"
said second 'pkt rx .* type=1RTT k=1' "no packet under the updated keys"
moved() {
    [ "$(session_of_alice .address)" != "$address" ]
}
wait_until 10 moved || fail "the session is still at $address"
ends second
stop_relay
