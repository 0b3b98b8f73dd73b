#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "qlog and key log of one chosen session: right, nobody else's, without a system call of the worker, refused where not configured"

TRACES=/run/culvert/traces

certificates() {
    local name
    mkdir -p "$LEGS"
    for name in alice bob relay; do
        python3 "$INTEROP_DIR/aioquic_peer.py" cert "$LEGS/$name" > "$LEGS/$name.id"
    done
}

session_start() {
    start "$1" "$1" python3 "$INTEROP_DIR/session_peer.py" --relay "$RELAY_ADDRESS:443" --cert "$LEGS/$1.crt" \
        --key "$LEGS/$1.key" --legs "$LEGS/$1" --secrets "$LEGS/$1.secrets" --key-update
    wait_log "$1" '"key_updated"' 20
}

# session_of PEER FILTER: of its newest session
session_of() {
    ctl session list | jq "[.sessions[] | select(.peer == \"$(cat "$LEGS/$1.id")\") | $2] | last"
}

files() {
    find "$TRACES" -type f | wc -l
}

# The leak check at exit cannot work beside a tracer.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0

strace_worker() {
    local comm thread=""
    for comm in /proc/"${PID[dataplane]}"/task/*/comm; do
        ! grep -q worker "$comm" || thread=$(basename "${comm%/comm}")
    done
    start strace relay strace -p "$thread" -o "$LOGS/calls"
    wait_until 10 grep -q attached "$LOGS/strace.log" || fail "strace does not attach"
}

refused() {
    if ctl "${@:2}" 2> "$LOGS/refused"; then
        fail "$* was not refused"
    fi
    grep -q "$1" "$LOGS/refused" || fail "refused otherwise: $(cat "$LOGS/refused")"
}

make_internet
add_peer alice open
add_peer bob open
certificates
start_relay certificate="$LEGS/relay"
refused not_allowed session trace "${PEER_PUBLIC[alice]}"
stop_relay
forget_relay

certificates
start_relay certificate="$LEGS/relay" sessions="trace: allow, trace_directory: $TRACES"
session_start alice
expect "$(files)" -eq 0 "files of a session that nobody chose"
stop alice $CLOSING_SECONDS
TRACE=$(ctl session trace "${PEER_PUBLIC[alice]}" --qlog --keylog --for 5m | jq .trace)
expect "$(ctl session traces | jq -r '.traces[0].state')" = armed "state of the trace"
session_start bob
expect "$(files)" -eq 0 "files of bob's session"
strace_worker
session_start alice
kill -INT "${PID[strace]}"
end_any strace
expect "$(grep -c '^sendto(' "$LOGS/calls")" -ge 1 "packets that the worker sent meanwhile"
# The nap in which strace found it shows as restart_syscall.
nap='clock_nanosleep\(|restart_syscall\(<... resuming interrupted clock_nanosleep'
expect "$(grep -Evc "^(sendto\(|$nap)|^(strace|---)" "$LOGS/calls" || true)" -eq 0 \
    "system calls of the worker that are neither the driver's nor its nap"
expect "$(files)" -eq 2 "files of alice's session"
expect "$(find "$TRACES" -type f -perm 600 | wc -l)" -eq 2 "files that only the owner may read"
session=$(session_of alice .session)
qlog=$(ctl session show "$session" | jq -r .trace.qlog)
keylog=$(ctl session show "$session" | jq -r .trace.keylog)
case $qlog in
    "$TRACES/session-$session-"*.sqlog) ;;
    *) fail "session show has the qlog in $qlog" ;;
esac
expect "$(ctl session show "$(session_of bob .session)" | jq .trace)" = null "bob's trace"
expect "$(ctl session traces | jq -r '.traces[0].state')" = recording "state of the trace"

# The same secrets as aioquic has.
for label in CLIENT_HANDSHAKE_TRAFFIC_SECRET SERVER_HANDSHAKE_TRAFFIC_SECRET CLIENT_TRAFFIC_SECRET_0 \
    SERVER_TRAFFIC_SECRET_0; do
    line=$(grep "^$label [0-9a-f]\{64\} [0-9a-f]*$" "$keylog") || fail "no $label in the key log"
    grep -qi "^$line$" "$LEGS/alice.secrets" || fail "$label is another than aioquic's"
done
expect "$(grep -cv '^[A-Z_0-9]* [0-9a-f]\{64\} [0-9a-f]*$' "$keylog")" -eq 0 "lines of another form in the key log"

stop alice $CLOSING_SECONDS
wait_until 10 eval '[ "$(ctl session traces | jq ".traces | length")" -eq 0 ]' || fail "the trace does not end"
"$NETNS_DIR/qlog.py" "$qlog" > "$LOGS/qlog" || fail "the qlog is not one"
for event in transport:packet_sent transport:packet_received recovery:metrics_updated; do
    expect "$(jq ".[\"$event\"] // 0" "$LOGS/qlog")" -ge 5 "$event in the qlog"
done
expect "$(jq '."culvert:lost" // 0' "$LOGS/qlog")" -eq 0 "events lost"
session_start alice
expect "$(files)" -eq 2 "files, after a session more"

# Bounded, and ended by command or time.
for i in 1 2 3 4 5 6 7 8; do
    ctl session trace "203.0.113.$i" > /dev/null || fail "trace $i of 8"
done
refused full session trace 203.0.113.9
ctl session untrace $((TRACE + 1)) > /dev/null || fail "untrace"
refused not_found session untrace "$TRACE"
ctl session trace 203.0.113.9 --for 2s > /dev/null || fail "a trace in place of the one that was ended"
expect "$(ctl session traces | jq '.traces | length')" -eq 8 "traces"
wait_until 5 eval '[ "$(ctl session traces | jq ".traces | length")" -eq 7 ]' || fail "a trace outlives its time"
stop alice $CLOSING_SECONDS
stop bob $CLOSING_SECONDS
stop_relay
