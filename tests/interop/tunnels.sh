# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Pairs with tunnel legs of session_peer.py, and a file through them. Needs lib.sh and a relay with sessions.
#
#   make_peers NAME...               a key for each
#   aioquic_session NAME LEG [OPTION...]   session_peer.py in NAME's namespace, as NAME-session; LEG is udp or tunnel
#   wait_session NAME FILTER         until it has told of something for which the jq condition holds
#   wait_fits NAME BYTES             until the relay has told it that so much fits into its tunnel leg
#   aioquic_leg NAME                 once a pair is made: its leg is ready for a program
#   send_through FROM TO             a file of 4 MB, by QUIC end to end: FROM dials, TO listens, both at port 4433
PROGRAM_PORT=4433
FILE_BYTES=4000000

make_peers() {
    local name
    mkdir -p "$LEGS"
    for name; do
        python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
    done
}

aioquic_session() {
    local name=$1 leg=$2
    shift 2
    rm -f "$LEGS/$name"
    start "$name-session" "$name" python3 "$INTEROP_DIR/session_peer.py" --relay "$RELAY_ADDRESS:443" \
        --cert "$LEGS/$name.crt" --key "$LEGS/$name.key" --legs "$LEGS/$name" --leg "$leg" \
        --forward "127.0.0.1:$PROGRAM_PORT" "$@"
    wait_session "$name" '.event == "observed"'
}

session_told() {
    [ "$(jq -s "[.[] | select($2)] | length" "$LOGS/$1-session.out")" -gt 0 ]
}

wait_session() {
    wait_until 20 session_told "$@" || fail "$1's session did not tell of $2"
}

wait_fits() {
    wait_session "$1" "(.event == \"made\" or .event == \"limit\") and .bytes >= $2"
}

aioquic_leg() {
    wait_session "$1" '.event == "made"'
    cut -d' ' -f3 "$LEGS/$1" > "$LEGS/$1.token"
    grep -q -- ' -$' "$LEGS/$1" || return 0
    wait_fits "$1" 1400
}

listens() {
    inside "$1" ss -Hlun "sport = :$PROGRAM_PORT" | grep -q .
}

# program NAME OTHER MODE OPTION...: NAME's end; of a UDP leg it speaks to the relay itself
program() {
    local name=$1 other=$2 mode=$3 bind=127.0.0.1
    shift 3
    grep -q -- ' -$' "$LEGS/$name" || bind=0.0.0.0
    quic_peer "$name" "$other" "$mode" --bind "$bind:$PROGRAM_PORT" "$@"
}

send_through() {
    local from=$1 to=$2
    head -c $FILE_BYTES /dev/urandom > "$LEGS/file"
    program "$to" "$from" listen --receive "$LEGS/received"
    wait_until 20 listens "$to" || fail "$to's program does not listen"
    program "$from" "$to" dial --send "$LEGS/file"
    quic_done "$from" "$to"
}
