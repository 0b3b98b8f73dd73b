# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What every namespace test starts with:
#
#   . "$(dirname "$0")/lib.sh"
#   proves "one line that says what this test shows"
#
# Sourcing it runs the test again in mount, pid and network namespaces of its own, so that all of it is gone at the
# end, however it ends. The first thing that fails ends the test, and the logs of all programs are shown.
#
# Tests run beside each other: each has a /run, a network and process IDs of its own, and nothing else. It writes to
# /run only, waits for events and not for time to pass, and names cores by `core`.
#
#   fail REASON                     ends the test
#   skip REASON                     ends it as skipped
#   start NAME NAMESPACE CMD...     runs CMD in the background; its output is in $LOGS/NAME.out and $LOGS/NAME.log
#   stop NAME [SECONDS]             SIGTERM; it has to end in 10 s with status 0
#   end NAME [SECONDS]              waits until it ends by itself, with status 0
#   end_any NAME                    the same with any status
#   kill_hard NAME                  SIGKILL, and waits
#   wait_until SECONDS CMD...       until CMD succeeds
#   wait_log NAME TEXT [SECONDS]    until its output has TEXT
#   expect ACTUAL OP WANTED WHAT    compares with [ ]: expect "$n" -ge 5 "datagrams received"
#   field FILE NAME                 a field of the JSON object in FILE's last line
#   core N                          the machine's core that is this test's Nth, from 0: each test begins at another one
#
# topology.sh has the networks, relay.sh Culvert itself, traffic.sh what peers send.

set -Eeuo pipefail

NETNS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
BUILD=${BUILD:-$NETNS_DIR/../../build/asan}

if [ -z "${CULVERT_TEST_INSIDE:-}" ]; then
    [ "$(id -u)" = 0 ] || { echo "skipped: needs root, for network namespaces"; exit 77; }
    export CULVERT_TEST_CORE=$(($$ % $(nproc)))
    CULVERT_TEST_INSIDE=1 exec unshare --mount --pid --net --fork --kill-child --mount-proc "$BASH" "$0" "$@"
fi
mount -t tmpfs -o mode=755 culvert-test /run
mkdir /run/netns /run/culvert /run/log
LOGS=/run/log
export PYTHONDONTWRITEBYTECODE=1

# shellcheck source=tests/netns/topology.sh
. "$NETNS_DIR/topology.sh"
# shellcheck source=tests/netns/relay.sh
. "$NETNS_DIR/relay.sh"
# shellcheck source=tests/netns/traffic.sh
. "$NETNS_DIR/traffic.sh"

declare -A PID=()
FAILED=

proves() {
    echo "proves: $*"
}

fail() {
    FAILED=$*
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 77
}

# As process 1 of the namespace: when this returns, whatever still runs is killed by the kernel.
finish() {
    local status=$? log
    [ $status -ne 0 ] && [ $status -ne 77 ] || return 0
    trap - ERR
    set +e
    show_losses
    for log in "$LOGS"/*; do
        [ -s "$log" ] || continue
        printf -- '--- %s\n' "${log##*/}" >&2
        tail -n "${CULVERT_LOG_LINES:-20}" "$log" >&2
    done
    echo "FAILED: ${FAILED:-status $status}" >&2
}
trap finish EXIT
trap 'FAILED=${FAILED:-"\"$BASH_COMMAND\" in ${BASH_SOURCE[0]##*/}, line $LINENO"}' ERR
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The files are emptied here, or who waits for a line could find that of a run before.
start() {
    local name=$1
    shift
    : > "$LOGS/$name.out"
    : > "$LOGS/$name.log"
    exec ip netns exec "$@" > "$LOGS/$name.out" 2> "$LOGS/$name.log" < /dev/null &
    PID[$name]=$!
}

running() {
    kill -0 "${PID[$1]}" 2>/dev/null
}

gone() {
    ! running "$1"
}

# A child that has ended answers kill -0 until it is waited for, hence its state.
ended() {
    local state
    state=$(ps -o stat= -p "${PID[$1]}") || return 0
    [[ $state = Z* ]]
}

# end NAME [SECONDS]
end() {
    local status=0
    wait_until "${2:-30}" ended "$1" || fail "$1 did not end in ${2:-30} s"
    wait "${PID[$1]}" || status=$?
    unset "PID[$1]"
    [ $status -eq 0 ] || fail "$1 ended with status $status"
}

stop() {
    kill "${PID[$1]}"
    end "$1" "${2:-10}"
}

# end_any NAME: waits, whatever its status will be
end_any() {
    wait_until 10 ended "$1" || fail "$1 did not end in 10 s"
    wait "${PID[$1]}" || true
    unset "PID[$1]"
}

kill_hard() {
    kill -KILL "${PID[$1]}" 2>/dev/null || true
    wait "${PID[$1]}" 2>/dev/null || true
    unset "PID[$1]"
}

# wait_until SECONDS CMD...: 1 when it never succeeded.
wait_until() {
    local deadline=$((SECONDS + $1 + 1))
    shift
    until "$@" > /dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.02
    done
}

wait_log() {
    wait_until "${3:-10}" grep -qF -- "$2" "$LOGS/$1.out" "$LOGS/$1.log" ||
        fail "$1 did not say \"$2\" in ${3:-10} s"
}

expect() {
    test "$1" "$2" "$3" || fail "$4: $1, expected $2 $3"
}

field() {
    tail -n 1 "$1" | jq -r ".$2"
}

core() {
    echo $(((CULVERT_TEST_CORE + $1) % $(nproc)))
}
