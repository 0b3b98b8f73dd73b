#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "who sends faster than a pair's rate, or more probes than are told, hears of it by LIMITED, and keeps its session"

# told_of NAME WHAT: by LIMITED
told_of() {
    wait_session "$1" ".event == \"limited\" and .what == $2 and .ms > 0"
}

# targets FIRST LAST: relay ports
targets() {
    seq -f "$RELAY_ADDRESS:%.0f" -s , "$1" "$2"
}

make_internet
add_peer alice open
add_peer bob open
make_peers alice bob relay
start_relay certificate="$LEGS/relay" rate=1M
aioquic_session bob tunnel
aioquic_session alice udp --bridge --ask "$(id bob)"
wait_session alice '.event == "made"'
wait_session alice ".event == \"leg_token\""
wait_fits bob 1000
expect "$(last_of alice registered .rate_bytes)" -eq 125000 "RATE_BYTES"

# 600 datagrams of 1,000 bytes in less than a second
inside alice python3 - <<'PYTHON'
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(600):
    s.sendto(bytes(1000), ("127.0.0.1", 5000))
    time.sleep(0.001)
PYTHON
expect "$(dropped over_rate)" -ge 100 "datagrams over the rate"
told_of alice 4 # rate
expect "$(last_of alice limited .pair)" -eq "$(last_of alice made .pair)" "the pair that LIMITED is about"

for ((i = 0; i < 20; i++)); do
    tell_session alice probe $((1000 + 16 * i)) "$(targets 40000 40015)"
done
told_of alice 3 # probes
expect "$(told_count alice '.event == "observed" and .probe >= 1000')" -ge 64 "probes that were told"
expect "$(told_count alice '.event == "closed"')" -eq 0 "sessions closed for it"
stop alice-session $CLOSING_SECONDS
stop bob-session $CLOSING_SECONDS
stop_relay
