#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
[ -d "$INTEROP_DIR/node_modules/@matrixai/quic" ] || skip "no npm modules: scripts/test installs them"
proves "two stock @matrixai/quic peers, each on one socket, move megabytes both ways and verify each other by key"

make_internet
add_peer alice symmetric
add_peer bob symmetric
start_relay driver=interface
mkdir -p "$LEGS"
for name in alice bob eve; do
    python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
done

# peer NAME MODE OTHER [OPTION...]: OTHER is who the other side must be.
peer() {
    local name=$1 mode=$2 other=$3 address port token
    shift 3
    read -r address port token < "$LEGS/$name"
    start "$name" "$name" node "$INTEROP_DIR/matrixai_peer.mjs" "$mode" --relay "$address" --port "$port" \
        --token "$LEGS/$name.token" --cert "$LEGS/$name.crt" --key "$LEGS/$name.key" \
        --peer "$(cat "$LEGS/$other.id")" "$@"
}

# connect WHOM-ALICE-WANTS WHOM-BOB-WANTS [OPTION...]: alice listens, bob dials, on a pair of their own.
connect() {
    local alice_wants=$1 bob_wants=$2
    shift 2
    forget_pairs alice bob
    add_pair alice bob
    peer alice listen "$alice_wants" "$@"
    wait_event leg_bound "pair=$PAIR" peer=alice
    peer bob dial "$bob_wants" "$@"
}

# streams NAME MEMBER: the hashes of what NAME sent or received on each stream
streams() {
    jq -c "[.transfers[] | {stream, hash: .$2}]" "$LOGS/$1.out"
}

connect bob alice --streams 2 --bytes 500000
end bob 110
end alice
expect "$(field "$LOGS/alice.out" peer)" = "$(cat "$LEGS/bob.id")" "whom alice verified"
expect "$(field "$LOGS/bob.out" peer)" = "$(cat "$LEGS/alice.id")" "whom bob verified"
expect "$(field "$LOGS/bob.out" 'transfers | length')" -eq 3 "streams: two that bob opened, one that alice opened"
expect "$(streams alice received)" = "$(streams bob sent)" "hashes of what alice received"
expect "$(streams bob received)" = "$(streams alice sent)" "hashes of what bob received"

# refused NAME: ended, and not well
refused() {
    local status=0
    wait_until 30 ended "$1" || fail "$1 still runs although the other side is not whom it wants"
    wait "${PID[$1]}" || status=$?
    unset "PID[$1]"
    expect "$status" -ne 0 "exit status of $1, which wants somebody else"
}

connect bob eve --bytes 1000
refused bob
kill_hard alice
connect eve alice --bytes 1000
refused bob
kill_hard alice
stop_relay
