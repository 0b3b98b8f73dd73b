#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "forwarded packets keep DSCP and ECN, get a fresh TTL and a right checksum, or none where IPv4 had none"

TOS=0xb9
make_internet
# On the relay's own network, where no router changes the TTL.
add_peer alice neighbour
add_peer bob neighbour
start_relay driver=af_packet

# check FAMILY-OF-ALICE FAMILY-OF-BOB CHECKSUM [OPTION-OF-SEND...]: from alice to bob
check() {
    local from=$1 to=$2 checksum=$3 what="IPv$1 to IPv$2"
    shift 3
    forget_pairs alice bob
    FAMILY_A=$from FAMILY_B=$to add_pair alice bob
    start capture bob "$NETNS_DIR/capture.py" wan "$RELAY_PORT"
    wait_log capture ready
    start alice alice "$NETNS_DIR/send.py" "$LEGS/alice" --tos $TOS "$@" =1001
    start bob bob "$NETNS_DIR/send.py" "$LEGS/bob"
    bound alice bob
    kill -USR1 "${PID[alice]}"
    wait_log capture checksum
    expect "$(field "$LOGS/capture.out" bytes)" -eq 1001 "$what: bytes"
    expect "$(field "$LOGS/capture.out" tos)" -eq $((TOS)) "$what: DSCP and ECN"
    expect "$(field "$LOGS/capture.out" ttl)" -eq 64 "$what: TTL"
    expect "$(field "$LOGS/capture.out" checksum)" = "$checksum" "$what $*: UDP checksum"
    kill_hard alice
    kill_hard bob
    kill_hard capture
}

check 4 4 right
check 4 4 none --no-checksum
check 4 6 right
check 4 6 right --no-checksum
check 6 4 right
check 6 6 right
stop_relay
