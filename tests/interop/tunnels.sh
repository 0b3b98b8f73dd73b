# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Pairs with tunnel legs of session_peer.py, and a file through them. Needs lib.sh and a relay with sessions.
#
#   make_peers NAME...               a key for each
#   aioquic_session NAME LEG [OPTION...]   session_peer.py in NAME's namespace, as NAME-session; LEG is udp, tunnel, listen,
#                                    or several with + between. With AS=OTHER it has OTHER's namespace and key
#   tell_session NAME COMMAND        a line for it: see session_peer.py
#   wait_session NAME FILTER         until it has told of something for which the jq condition holds
#   asks NAME COMMAND                the same, for one that makes a request: its number is in $ASKED
#   refused_as NAME COMMAND CODE     a request that is REFUSED; CODE by name
#   done_with NAME COMMAND           a request that ends with DONE
#   id NAME                          its peer ID
#   last_of NAME EVENT FILTER        jq FILTER on the last such thing that it told
#   wait_fits NAME BYTES             until the relay has told it that so much fits into its tunnel leg
#   aioquic_leg NAME                 once a pair is made: its leg is ready for a program
#   send_through FROM TO             a file of 4 MB, by QUIC end to end: FROM dials, TO listens, both at port 4433
#   begin_transfer FROM TO           the same, which quic_done FROM TO then waits for
PROGRAM_PORT=4433
FILE_BYTES=4000000

make_peers() {
    local name
    mkdir -p "$LEGS"
    for name; do
        python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
    done
}

start_session() {
    local name=$1 leg=$2 key=${AS:-$1}
    shift 2
    rm -f "$LEGS/$name"
    [ -p "$LEGS/$name.commands" ] || mkfifo "$LEGS/$name.commands"
    start "$name-session" "$key" python3 "$INTEROP_DIR/session_peer.py" --relay "$RELAY_ADDRESS:443" \
        --relay-id "$(cat "$LEGS/relay.id")" --cert "$LEGS/$key.crt" --key "$LEGS/$key.key" --legs "$LEGS/$name" \
        --leg "$leg" --forward "127.0.0.1:$PROGRAM_PORT" --commands "$LEGS/$name.commands" "$@"
}

aioquic_session() {
    start_session "$@"
    wait_session "$1" '.event == "observed"'
}

# Opened for reading as well: a FIFO that nobody reads any more would hold this up.
tell_session() {
    echo "${*:2}" 1<> "$LEGS/$1.commands"
}

last_of() {
    jq -sr "[.[] | select(.event == \"$2\")] | last | $3" "$LOGS/$1-session.out"
}

id() {
    cat "$LEGS/$1.id"
}

# The events that follow the last request belong to it: one is open at a time in these tests.
asks() {
    local before
    before=$(told_count "$1" '.event == "asked"')
    tell_session "$@"
    wait_until 10 told_more "$1" "$before" || fail "$1 did not ask: ${*:2}"
    ASKED=$(last_of "$1" asked .request)
}

told_count() {
    jq -s "[.[] | select($2)] | length" "$LOGS/$1-session.out"
}

told_more() {
    [ "$(told_count "$1" '.event == "asked"')" -gt "$2" ]
}

# refused_as NAME COMMAND... CODE
refused_as() {
    local name=$1 code=${*: -1}
    asks "$name" "${@:2:$#-2}"
    wait_session "$name" ".event == \"refused\" and .origin == 1 and .number == $ASKED"
    expect "$(error_name "$(last_of "$name" refused .code)")" = "$code" "why $name's ${*:2:$#-2} was refused"
}

done_with() {
    asks "$@"
    wait_session "$1" ".event == \"done\" and .request == $ASKED"
}

error_name() {
    python3 -c "import sys; sys.path.insert(0, '$INTEROP_DIR'); import culvert_wire; print(culvert_wire.ERROR_NAMES.get($1))"
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

begin_transfer() {
    local from=$1 to=$2
    head -c "$FILE_BYTES" /dev/urandom > "$LEGS/file"
    program "$to" "$from" listen --receive "$LEGS/received"
    wait_until 20 listens "$to" || fail "$to's program does not listen"
    program "$from" "$to" dial --send "$LEGS/file"
}

send_through() {
    begin_transfer "$@"
    quic_done "$@"
}
