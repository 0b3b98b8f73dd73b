#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a worker makes no system call: with no packet, with one packet at a time, and forwarding full bursts"

TRACE_SECONDS=3
# The leak check at exit cannot work beside a tracer.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0

worker_thread() {
    local comm
    for comm in /proc/"${PID[dataplane]}"/task/*/comm; do
        ! grep -q worker "$comm" || basename "${comm%/comm}"
    done
}

# trace: system calls of the worker thread, in $LOGS/calls
trace() {
    local thread status=0
    thread=$(worker_thread)
    expect "$(wc -w <<< "$thread")" -eq 1 "worker threads"
    timeout -s INT $TRACE_SECONDS strace -q -p "$thread" -o "$LOGS/calls" 2> "$LOGS/strace.log" || status=$?
    expect "$status" -eq 124 "exit status of strace, which should have been stopped"
}

# during COUNTER CMD...: how much it grew while CMD ran
during() {
    local name=$1 before
    shift
    before=$(counter "$name")
    "$@"
    GREW=$(($(counter "$name") - before))
}

no_calls() {
    expect "$(wc -l < "$LOGS/calls")" -eq 0 "system calls of the worker with $1, the first $(head -n 1 "$LOGS/calls")"
}

make_internet
# The gateway asks for whom it has heard of some seconds ago, and the worker's answer would be a call.
inside internet sysctl -qw net.ipv4.neigh.relay-net.delay_first_probe_time=600 \
    net.ipv6.neigh.relay-net.delay_first_probe_time=600
add_peer alice open
add_peer bob open

# No packet.
start_relay driver=null device= devargs=no-rx=1 loop=poll
during loops trace
expect "$GREW" -gt 1000 "turns of the loop while no packet arrived"
no_calls "no packet"
stop_relay
forget_relay

# Full bursts, forwarded. The port is read from memory, so the file must be there first.
LEG_A=198.51.100.1:5000 LEG_B=203.0.113.1:6000
"$NETNS_DIR/pcap.py" /run/frames.pcap 40000 $LEG_A $LEG_B "$RELAY_GATEWAY"
start_relay driver=pcap device=/run/frames.pcap devargs=infinite_rx=1 loop=poll ports=40000-40000
ctl pair add alice bob --a-address $LEG_A --b-address $LEG_B > "$LOGS/pair.json"
forwards() { [ "$(counter forwarded_pkts)" -gt 0 ]; }
wait_until 10 forwards || fail "nothing is forwarded"
bursts=$(counter busy_loops) packets=$(counter rx_pkts)
during forwarded_pkts trace
expect "$GREW" -gt 10000 "packets forwarded meanwhile"
bursts=$(($(counter busy_loops) - bursts)) packets=$(($(counter rx_pkts) - packets))
expect $((packets / bursts)) -ge 32 "packets in a burst"
no_calls "full bursts"
stop_relay
forget_relay

# One packet at a time. AF_PACKET's driver receives without a system call, and sends with one: dropped packets
# show that there is no other, forwarded ones that strace would have seen it.
start_relay driver=af_packet loop=poll
add_pair alice bob
sed 's/[^ ]*$/-/' "$LEGS/alice" > "$LEGS/stranger"
start stranger alice "$NETNS_DIR/udp.py" "$LEGS/stranger" --timeout 20
knocks() { [ "$(dropped unknown_source)" -gt 0 ]; }
wait_until 5 knocks || fail "the stranger's packets do not arrive"
before=$(dropped unknown_source)
during busy_loops trace
expect $(($(dropped unknown_source) - before)) -ge 10 "packets dropped meanwhile"
no_calls "single packets"
kill_hard stranger

exchange alice bob --count 4000 --rate 1000
bound alice bob
during forwarded_pkts trace
expect "$GREW" -gt 1000 "packets forwarded meanwhile"
others=$(grep -vc '^sendto(' "$LOGS/calls" || true)
expect "$(grep -c '^sendto(' "$LOGS/calls")" -gt 100 "system calls of the driver"
expect "$others" -eq 0 "system calls of the worker that are not the driver's"
exchange_done alice bob
stop_relay
