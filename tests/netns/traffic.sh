# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What peers send to each other through a pair that add_pair made. A and B are peers, and names for `start`.
#
#   exchange A B [OPTION...]        starts udp.py on both sides, OPTIONs are its own
#   exchange_done A B               both end, and everything arrived as it was sent, once
#   exchange_ended A B              both end, and nothing was changed on the way; losses are the caller's to judge
#   check_sizes A B [OPTION...]     sizes.py on both sides: every datagram arrives unchanged, in both directions
#   quic_start A B SENDER BYTES     aioquic: A listens, B dials, SENDER sends the other a file of so many bytes
#   quic_done A B                   both end, the file is the same
#   bound A B                       waits until both legs of $PAIR are bound

INTEROP_DIR=$NETNS_DIR/../interop

# In which an aioquic session ends that is told to: it stays for three probe time-outs, long ones if the machine is busy.
# shellcheck disable=SC2034  # for who sources this
CLOSING_SECONDS=60

bound() {
    wait_event leg_bound "pair=$PAIR" leg=a "peer=$1"
    wait_event leg_bound "pair=$PAIR" leg=b "peer=$2"
}

exchange() {
    local a=$1 b=$2
    shift 2
    start "$a" "$a" "$NETNS_DIR/udp.py" "$LEGS/$a" "$@"
    start "$b" "$b" "$NETNS_DIR/udp.py" "$LEGS/$b" "$@"
}

exchange_ended() {
    local a=$LOGS/$1.out b=$LOGS/$2.out
    end "$1" 60
    end "$2" 60
    expect "$(field "$a" changed)" -eq 0 "datagrams damaged on the way to $1"
    expect "$(field "$b" changed)" -eq 0 "datagrams damaged on the way to $2"
}

exchange_done() {
    local a=$LOGS/$1.out b=$LOGS/$2.out
    exchange_ended "$1" "$2"
    expect "$(field "$a" lost)" -eq 0 "datagrams lost on the way from $2 to $1"
    expect "$(field "$b" lost)" -eq 0 "datagrams lost on the way from $1 to $2"
    expect "$(field "$a" sha256_received)" = "$(field "$b" sha256_sent)" "hash of what $1 received from $2"
    expect "$(field "$b" sha256_received)" = "$(field "$a" sha256_sent)" "hash of what $2 received from $1"
}

check_sizes() {
    local a=$1 b=$2 side
    shift 2
    start "$a" "$a" "$NETNS_DIR/sizes.py" "$LEGS/$a" ask "$@"
    start "$b" "$b" "$NETNS_DIR/sizes.py" "$LEGS/$b" answer "$@"
    end "$a" 60
    end "$b" 60
    for side in "$a" "$b"; do
        expect "$(field "$LOGS/$side.out" changed)" -eq 0 "datagrams changed on the way to $side"
        expect "$(field "$LOGS/$side.out" missing)" -eq 0 "datagrams lost on the way to $side"
    done
}

# quic_peer NAME OTHER MODE OPTION...
quic_peer() {
    local name=$1 other=$2 mode=$3 address port token bind=0.0.0.0:0
    shift 3
    read -r address port token < "$LEGS/$name"
    if [[ $address = *:* ]]; then
        address="[$address]" bind="[::]:0"
    fi
    [ "$token" = - ] || set -- "$@" --token "$LEGS/$name.token"
    start "$name" "$name" python3 "$INTEROP_DIR/aioquic_peer.py" "$mode" --name "$name" \
        --relay "$address:$port" --bind "$bind" --cert "$LEGS/$name.crt" --key "$LEGS/$name.key" \
        --peer "$(cat "$LEGS/$other.id")" --timeout 60 --progress 0.2 "$@"
}

quic_start() {
    local name listener=$1 dialler=$2 sender=$3
    local -A options=(["$listener"]="--receive $LEGS/received" ["$dialler"]="--receive $LEGS/received")
    options[$sender]="--send $LEGS/file"
    for name in "$listener" "$dialler"; do
        [ -f "$LEGS/$name.id" ] || python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
    done
    head -c "$4" /dev/urandom > "$LEGS/file"
    # shellcheck disable=SC2086
    quic_peer "$listener" "$dialler" listen ${options[$listener]}
    wait_event leg_bound "pair=$PAIR" "peer=$listener"
    # shellcheck disable=SC2086
    quic_peer "$dialler" "$listener" dial ${options[$dialler]}
}

quic_done() {
    end "$1" 60
    end "$2" 60
    cmp "$LEGS/file" "$LEGS/received" || fail "the file that arrived is not the one that was sent"
}
