#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "a peer with a chain of three is admitted, found and kept out by any of its IDs, and one that borrows a certificate is not"

# signed NAME SIGNER TYPE...: a new key of openssl's -newkey type, and its certificate by SIGNER, or by itself
signed() {
    local -a signer=(-CA "$LEGS/$2.crt" -CAkey "$LEGS/$2.key")
    [ "$1" != "$2" ] || signer=()
    openssl req -x509 -newkey "${@:3}" -nodes -days 30 -subj "/CN=$1" "${signer[@]}" \
        -keyout "$LEGS/$1.key" -out "$LEGS/$1.crt" 2> "$LOGS/openssl.log" || fail "no certificate for $1"
    id_of "$1" > "$LEGS/$1.id"
}

# id_of NAME: SHA-256 of the key's SubjectPublicKeyInfo, in base32
id_of() {
    openssl x509 -in "$LEGS/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER | openssl sha256 -binary |
        base32 -w0 | tr -d = | tr '[:upper:]' '[:lower:]'
}

# chain NAME CERTIFICATE...: the key stays NAME's
chain() {
    local name=$1 certificate
    shift
    for certificate; do
        cat "$LEGS/$certificate.crt"
    done > "$LEGS/$name.chain"
    mv "$LEGS/$name.chain" "$LEGS/$name.crt"
}

id() {
    cat "$LEGS/$1.id"
}

# refused NAME: its session ends as not_admitted
refused() {
    start "$1-session" "$1" python3 "$INTEROP_DIR/session_peer.py" --relay "$RELAY_ADDRESS:443" \
        --cert "$LEGS/$1.crt" --key "$LEGS/$1.key" --legs "$LEGS/$1"
    wait_session "$1" '.event == "closed" and .code == 3081'
    end_any "$1-session"
}

# with_policy POLICY: control comes back with another one
with_policy() {
    stop control
    end_any events
    write_config certificate="$LEGS/relay" policy="$1"
    start_control
    start_events
}

make_internet
add_peer alice open
add_peer bob open
add_peer mallory open
make_peers bob relay mallory
signed root root rsa:2048
signed middle root ec -pkeyopt ec_paramgen_curve:P-384
signed alice middle ed25519
chain alice alice middle root
# Others' certificates behind one's own prove nothing: whom they name has not signed it.
chain mallory mallory middle root

# The oldest key is the one that the operator knows, and the one that bob knows.
start_relay certificate="$LEGS/relay" policy="policy: allow, allow: [$(id root), $(id bob)]"
aioquic_session alice udp
expect "$(jq -r 'select(.event == "registered").id' "$LOGS/alice-session.out")" = "$(id alice)" "the ID of alice"
expect "$(ctl session list | jq -r '.sessions[0].chain | join(" ")')" = "$(id alice) $(id middle) $(id root)" \
    "the IDs of her chain"
aioquic_session bob udp --ask "$(id root)"
wait_session bob '.event == "made"'
wait_session alice ".event == \"offer\" and .peer == \"$(id bob)\""
refused mallory
stop bob-session $CLOSING_SECONDS
stop alice-session $CLOSING_SECONDS

# One ID of the chain on the deny list is enough, and more certificates than a chain may have.
with_policy "policy: open, deny: [$(id middle)]"
refused alice
chain bob bob bob bob bob bob bob bob bob bob
refused bob
aioquic_session mallory udp
expect "$(ctl session list | jq -r '.sessions[0].chain | join(" ")')" = "$(id mallory)" "the IDs of mallory's chain"
stop mallory-session $CLOSING_SECONDS
stop_relay
