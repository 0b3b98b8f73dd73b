# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# culvert-peer, and programs that speak through its pairs. Needs lib.sh and a relay with sessions.
#
#   make_key NAME [TYPE]             $LEGS/NAME.crt and .key: ec (the default), rsa or ed25519
#   make_chain NAME                  the same, with a second certificate that signs the first
#   peer_id NAME                     by which the relay knows NAME
#   start_peer NAME COMMAND...       culvert-peer with NAME's key, in NAME's namespace, as NAME-peer; between it and
#                                    a program there, 127.0.0.1:$BRIDGE_PORT. $LEGS/NAME is the leg for udp.py and others.
#                                    PEER_AT: another namespace; PEER_KEY: another's key
#   ask NAME WORD...                 gives it a command, and waits until it has followed it; $REQUEST is the number of
#                                    the request that it led to
#   wait_peer NAME EVENT [FILTER]    until it has told such an event, for which the jq condition holds
#   last_event NAME EVENT FILTER     jq FILTER on the last such event
#   stop_peer NAME                   SIGTERM, status 0
#   two_peers LEG-A LEG-B [OPTION...]   bob serves and alice connects with legs of those kinds; OPTIONs are alice's.
#                                    $PAIR is the pair
#   wait_room NAME BYTES             until the relay has told NAME that so much fits into its tunnel legs
BRIDGE_PORT=5000
PEER_AT=
PEER_KEY=
REQUEST=

# OpenSSL's -newkey arguments for a type of key
key_arguments() {
    case $1 in
    ec) echo -newkey ec -pkeyopt ec_paramgen_curve:P-256 ;;
    rsa) echo -newkey rsa:2048 ;;
    ed25519) echo -newkey ed25519 ;;
    *) fail "there is no type of key $1" ;;
    esac
}

make_key() {
    mkdir -p "$LEGS"
    # shellcheck disable=SC2046
    openssl req -x509 $(key_arguments "${2:-ec}") -nodes -days 30 -subj "/CN=$1" -keyout "$LEGS/$1.key" \
        -out "$LEGS/$1.crt" 2> "$LOGS/openssl.log" || fail "no key for $1"
}

make_chain() {
    make_key "$1-root"
    # shellcheck disable=SC2046
    openssl req -x509 $(key_arguments ec) -nodes -days 30 -subj "/CN=$1" -CA "$LEGS/$1-root.crt" \
        -CAkey "$LEGS/$1-root.key" -keyout "$LEGS/$1.key" -out "$LEGS/$1.crt" 2> "$LOGS/openssl.log" ||
        fail "no chain for $1"
    cat "$LEGS/$1-root.crt" >> "$LEGS/$1.crt"
}

peer_id() {
    "$BUILD/peer/culvert-peer" id -c "$LEGS/$1.crt" -k "$LEGS/$1.key"
}

start_peer() {
    local name=$1 key=$LEGS/${PEER_KEY:-$1}
    shift
    [ -e "$key.key" ] || make_key "${PEER_KEY:-$name}"
    echo "127.0.0.1 $BRIDGE_PORT -" > "$LEGS/$name"
    [ -p "$LEGS/$name.orders" ] || mkfifo "$LEGS/$name.orders"
    start "$name-peer" "${PEER_AT:-$name}" "$BUILD/peer/culvert-peer" -j -c "$key.crt" -k "$key.key" \
        -r "$RELAY_ADDRESS:443" --relay-id "$(peer_id relay)" --local "127.0.0.1:$BRIDGE_PORT" \
        --commands "$LEGS/$name.orders" "$@"
}

# Each command is answered by one of the two.
asked() {
    jq -s '[.[] | select(.event == "asked" or .event == "not_asked")] | length' "$LOGS/$1-peer.out"
}

has_asked() {
    [ "$(asked "$1")" -gt "$2" ]
}

ask() {
    local name=$1 before
    shift
    before=$(asked "$name")
    echo "$*" > "$LEGS/$name.orders"
    wait_until 10 has_asked "$name" "$before" || fail "$name does not follow: $*"
    # shellcheck disable=SC2034  # for who calls this
    REQUEST=$(jq -sr '[.[] | select(.event == "asked" or .event == "not_asked")] | last | .request // .why // 0' \
        "$LOGS/$name-peer.out")
}

told() {
    [ "$(jq -s "[.[] | select(.event == \"$2\" and (${3:-true}))] | length" "$LOGS/$1-peer.out")" -gt 0 ]
}

wait_peer() {
    wait_until "${PEER_SECONDS:-15}" told "$@" || fail "$1 did not tell of $2 ${3:-}"
}

last_event() {
    jq -sr "[.[] | select(.event == \"$2\")] | last | $3" "$LOGS/$1-peer.out"
}

stop_peer() {
    stop "$1-peer"
}

two_peers() {
    local leg_a=$1 leg_b=$2
    shift 2
    start_peer bob serve --leg "$leg_b"
    wait_peer bob registered
    start_peer alice connect --leg "$leg_a" "$@" "$(peer_id bob)"
    wait_peer alice made
    wait_peer bob made
    # shellcheck disable=SC2034  # relay.sh's, for pair_field
    PAIR=$(ctl pair list | jq '[.pairs[].pair] | max')
}

wait_room() {
    wait_until 10 has_room "$1" "$2" || fail "the relay does not tell $1 of room for $2 bytes"
}

has_room() {
    [ "$(last_event "$1" tunnel_limit '.payload_bytes // 0')" -ge "$2" ]
}
