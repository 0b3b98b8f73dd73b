# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The relay in its namespace: configuration, both processes, pairs, events and counters. Needs lib.sh, topology.sh
# and make_internet.
#
#   start_relay KEY=VALUE...        both processes, and the stream of events; returns when pairs can be made.
#                                   Keys: driver, device, devargs, workers (this test's cores: lib.sh), ports, rate,
#                                   idle (of pairs), pairs (how many at most), loop (poll or sleep), vlan, crypto,
#                                   certificate (FILE without .crt and .key: with sessions),
#                                   policy (what control.sessions has: "policy: open" by default),
#                                   sessions, limits (more for dataplane.session and .limits, as "KEY: VALUE, ...")
#   stop_relay                      both must end with status 0
#   forget_relay                    then start_relay starts afresh: no pairs, no events
#   has_af_xdp                      whether this kernel does
#   start_dataplane, start_control, start_events     one by one, after write_config [KEY=VALUE...]
#   ctl NOUN VERB ARG...            culvertctl -j
#   add_pair A B [OPTION...]        sets PAIR and RELAY_PORT, adds a line for legs.py to $LEGS/A and $LEGS/B, and
#                                   writes $LEGS/A.token; with FAMILY_A=6, A is told the relay's IPv6 address
#   forget_pairs NAME...            empties $LEGS/NAME
#   wait_event NAME [FIELD=VALUE...]   the next such event, in EVENT_SECONDS; each event is waited for once
#   no_event NAME [FIELD=VALUE...]  there has been none, but for those waited for
#   counter NAME, dropped NAME      of all workers together, from `stats show` and `drop show`
#   pair_field FILTER               jq FILTER on `pair show $PAIR`

CONTROL_SOCKET=/run/culvert/control.sock
CONFIG=/run/culvert/culvert.yaml
LEGS=/run/legs
PAIR=
RELAY_PORT=
EVENT_SECONDS=20

# cores N,N...: the machine's numbers of this test's cores
cores() {
    local number list=""
    for number in ${1//,/ }; do
        list+="${list:+, }$(core "$number")"
    done
    echo "$list"
}

write_config() {
    local driver=af_packet device=wan devargs="" workers=1 loop=sleep
    local ports=40000-40015 idle=120s rate=0 pairs=1000 vlan=0 crypto=auto
    local certificate="" session="" sessions="" limits="" policy="policy: open" setting
    for setting; do
        local "$setting"
    done
    if [ -n "$certificate" ]; then
        session="session: {certificate: $certificate.crt, key: $certificate.key${sessions:+, $sessions}}"
        policy="sessions: {$policy}"
    else
        policy=""
    fi
    cat > "$CONFIG" <<END
relay:
  relay_ports: $ports
dataplane:
  main_core: $(core 0)
  workers: [$(cores "$workers")]
  hugepages: off
  idle: $loop
  ports:
    - name: wan
      driver: $driver
      device: "$device"
      addresses: [$RELAY_ADDRESS/24, "$RELAY_ADDRESS6/64"]
      gateways: [$RELAY_GATEWAY, "$RELAY_GATEWAY6"]
      devargs: "$devargs"
      vlan: $vlan
  crypto: $crypto
  $session
  limits: {pairs: $pairs, mbufs: 8192${limits:+, $limits}}
control:
  store: /run/culvert/control.db
  pairs:
    idle: $idle
    rate: $rate
  $policy
END
}

# AF_XDP wants a file system to pin its map on, which a network namespace's fresh /sys lacks.
start_dataplane() {
    start dataplane relay sh -c 'mount -t bpf bpf /sys/fs/bpf && exec "$@"' sh \
        "$BUILD/dataplane/culvert-dataplane" -c "$CONFIG"
}

start_control() {
    start control relay "$BUILD/control/culvert-control" -c "$CONFIG"
    wait_until 10 ctl pair list || fail "control does not answer on $CONTROL_SOCKET"
}

# The lines of a stream that was cut are kept.
start_events() {
    # shellcheck disable=SC2153  # LOGS is lib.sh's
    "$BUILD/control/cli/culvertctl" -s "$CONTROL_SOCKET" -j events >> "$LOGS/events.out" 2>> "$LOGS/events.log" &
    # shellcheck disable=SC2034,SC2154  # the array is lib.sh's, and associative
    PID[events]=$!
}

start_relay() {
    write_config "$@"
    start_control
    start_events
    start_dataplane
    wait_event dataplane_attached
    wait_event pairs_synced
}

stop_relay() {
    stop control
    end_any events
    stop dataplane
}

# What the relay and the kernel dropped, for a test that has failed.
show_losses() {
    [ -n "${PID[control]:-}" ] || return 0
    printf -- '--- losses\n' >&2
    timeout 5 "$BUILD/control/cli/culvertctl" -s "$CONTROL_SOCKET" drop show >&2 2>/dev/null
    timeout 5 "$BUILD/control/cli/culvertctl" -s "$CONTROL_SOCKET" port show >&2 2>/dev/null
    ip netns exec relay sh -c 'ip -s link show; cat /proc/net/packet /proc/net/softnet_stat' 2>/dev/null | tail -n 20 >&2
}

forget_relay() {
    rm -rf /run/culvert/control.db* "$LOGS"/events.out* "$LEGS"
}

has_af_xdp() {
    python3 -c 'import socket; socket.socket(44, socket.SOCK_RAW)' 2>/dev/null
}

ctl() {
    "$BUILD/control/cli/culvertctl" -s "$CONTROL_SOCKET" -j "$@"
}

# write_leg PAIR-FILE LEG NAME FAMILY
write_leg() {
    local address=$RELAY_ADDRESS token
    [ "$4" != 6 ] || address=$RELAY_ADDRESS6
    token=$(jq -r ".legs[] | select(.leg == \"$2\") | .token // \"-\"" "$1")
    echo "$address $RELAY_PORT $token" >> "$LEGS/$3"
    echo "$token" > "$LEGS/$3.token"
}

add_pair() {
    mkdir -p "$LEGS"
    ctl pair add "$@" > "$LEGS/pair" || fail "pair add $*"
    PAIR=$(jq .pair "$LEGS/pair")
    RELAY_PORT=$(jq .relay_port "$LEGS/pair")
    write_leg "$LEGS/pair" a "$1" "${FAMILY_A:-4}"
    write_leg "$LEGS/pair" b "$2" "${FAMILY_B:-4}"
}

forget_pairs() {
    local name
    for name; do
        rm -f "$LEGS/$name"
    done
}

wait_event() {
    "$NETNS_DIR/events.py" "$LOGS/events.out" "$EVENT_SECONDS" "$@" > "$LOGS/event" ||
        fail "no event $* in $EVENT_SECONDS s"
}

no_event() {
    ! "$NETNS_DIR/events.py" "$LOGS/events.out" 0 "$@" > "$LOGS/event" ||
        fail "there was an event $*: $(cat "$LOGS/event")"
}

pair_field() {
    ctl pair show "$PAIR" | jq -r "$1"
}

counter() {
    ctl stats show | jq ".counters.$1 // .keeper.$1 // 0"
}

dropped() {
    ctl drop show --all | jq ".drops[] | select(.name == \"$1\") | .pkts"
}
