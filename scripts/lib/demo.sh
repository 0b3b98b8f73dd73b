# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# demo.sh MB: the demo itself, inside the build environment. All processes, namespaces and files it makes
# are gone with that environment.

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tests/netns/topology.sh
. "$CHECKOUT/tests/netns/topology.sh"

MEGABYTES=$1
WORK=$(mktemp -d)
PEER=$CHECKOUT/tests/interop/aioquic_peer.py
declare -A ID=() PID=()

ctl() {
    "$CULVERT_BUILD/control/cli/culvertctl" -j "$@"
}

# start NAME NAMESPACE CMD...: in the background, its messages in NAME.log, its output in NAME.out
start() {
    local name=$1
    shift
    inside "$@" >"$WORK/$name.out" 2>"$WORK/$name.log" </dev/null &
    PID[$name]=$!
}

# wait_for SECONDS WHAT CMD...: until CMD succeeds.
wait_for() {
    local deadline=$((SECONDS + $1)) what=$2 name
    shift 2
    until "$@" >/dev/null 2>&1; do
        for name in "${!PID[@]}"; do
            kill -0 "${PID[$name]}" 2>/dev/null || failed "$name ended"
        done
        [ $SECONDS -lt $deadline ] || failed "$what did not happen in time"
        sleep 0.05
    done
}

# failed WHAT
failed() {
    local log
    for log in "$WORK"/*.log; do
        printf -- '--- %s\n' "${log##*/}" >&2
        tail -n 20 "$log" >&2
    done
    die "$1" "the programs' last messages are above"
}

write_config() {
    cat > "$WORK/culvert.yaml" <<END
relay:
  relay_ports: 40000-40063
dataplane:
  workers: [$(($(nproc) > 1))]
  hugepages: "off"
  idle: sleep
  ports:
    - name: wan
      driver: interface
      device: wan
      addresses: [$RELAY_ADDRESS/24, "$RELAY_ADDRESS6/64"]
      gateways: [$RELAY_GATEWAY, "$RELAY_GATEWAY6"]
  limits:
    pairs: 1000
control:
  store: $WORK/control.db
END
}

# AF_XDP wants a file system to pin its map on, which a network namespace's fresh /sys lacks.
start_relay() {
    mkdir -p /run/culvert
    start control relay "$CULVERT_BUILD/control/culvert-control" -c "$WORK/culvert.yaml"
    wait_for 10 "culvert-control's start" ctl pair list
    start events relay "$CULVERT_BUILD/control/cli/culvertctl" -j events
    start dataplane relay sh -c 'mount -t bpf bpf /sys/fs/bpf && exec "$@"' sh \
        "$CULVERT_BUILD/dataplane/culvert-dataplane" -c "$WORK/culvert.yaml"
    wait_for 30 "the data plane's attaching to control" happened pairs_synced
}

# happened EVENT [MEMBER VALUE]
happened() {
    jq -es --arg event "$1" --arg member "${2:-event}" --arg value "${3:-$1}" \
        'any(.event == $event and .[$member] == $value)' "$WORK/events.out"
}

make_identities() {
    local name
    for name in alice bob; do
        ID[$name]=$(python3 "$PEER" cert "$WORK/$name")
    done
}

# Asks the relay for the pair; each leg's token goes to a file that its peer reads.
make_pair() {
    umask 077
    ctl pair add alice bob > "$WORK/pair"
    jq -j '.legs[] | select(.leg == "a").token' "$WORK/pair" > "$WORK/alice.token"
    jq -j '.legs[] | select(.leg == "b").token' "$WORK/pair" > "$WORK/bob.token"
    PAIR=$(jq -r .pair "$WORK/pair")
    RELAY=$RELAY_ADDRESS:$(jq -r .relay_port "$WORK/pair")
}

# peer_options NAME OTHER
peer_options() {
    printf '%s\n' --relay "$RELAY" --bind "$(peer_address "$1"):4433" --name "$1" --token "$WORK/$1.token" \
        --cert "$WORK/$1.crt" --key "$WORK/$1.key" --peer "${ID[$2]}" --timeout 170
}

send_file() {
    local -a alice bob
    mapfile -t alice < <(peer_options alice bob)
    mapfile -t bob < <(peer_options bob alice)
    head -c "${MEGABYTES}000000" /dev/urandom > "$WORK/sent"
    start bob bob python3 "$PEER" listen "${bob[@]}" --progress 0 --receive "$WORK/received"
    wait_for 20 "bob's token's arrival at the relay" happened leg_bound leg b
    inside alice python3 "$PEER" dial "${alice[@]}" --send "$WORK/sent" > "$WORK/alice.out" ||
        failed "alice could not send the file"
    wait "${PID[bob]}" || failed "bob could not receive the file"
}

trap 'echo >&2; say "stopped; nothing of it is left"; exit 130' INT TERM

say "1/4 laying out the network: two symmetric NATs, an internet, the relay"
make_internet
add_peer alice symmetric
add_peer bob symmetric

say "2/4 starting the relay"
write_config
start_relay

say "3/4 making the pair alice - bob"
make_identities
make_pair

say "4/4 alice sends bob $MEGABYTES MB through $RELAY"
send_file
ctl pair show "$PAIR" > "$WORK/pair.after"
ctl port show > "$WORK/port.after"
ctl drop show > "$WORK/drop.after"
python3 "$CHECKOUT/scripts/lib/demo_table.py" "$WORK"
