#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/culvert_peer.sh
. "$NETNS_DIR/culvert_peer.sh"
proves "control killed while peers make pairs: each pair is made once, and tunnel legs that are up lose no datagram"

make_internet
for peer in alice bob carol dave; do
    add_peer "$peer" symmetric
done
make_key relay
make_key bob
make_key dave
start_relay certificate="$LEGS/relay"
two_peers tunnel tunnel
legs() { ctl pair show "$PAIR" | jq -c '[.relay_port] + [.legs[] | .kind, .session, .channel, .payload_bytes]'; }
payload_fits() { [ "$(pair_field '[.legs[].payload_bytes] | min')" -ge 1400 ]; }
wait_until 10 payload_fits || fail "a tunnel leg on a path of 1,500 bytes holds less than 1,400: $(legs)"
before=$(legs)
expect "$(jq -r .[0] <<< "$before")" = null "the relay port of two tunnel legs"
# So few at a time that the session's congestion window never keeps one back for long.
exchange alice bob --count 6000 --rate 300 --window 8 --size 1200
wait_log alice "received 600"

# carol asks for dave, over and over; control is killed a little later each time.
start_peer dave serve --leg tunnel
wait_peer dave registered
pairs() { ctl pair list | jq '.pairs | length'; }
one_pair() { [ "$(pairs)" -eq 1 ]; }
forwarded() { pair_field '[.legs[].pkts] | add'; }
made=0
for delay in 0 0.01 0.02 0.03 0.05 0.08; do
    start_peer carol connect --leg "$([ $((made % 2)) -eq 0 ] && echo udp || echo tunnel)" "$(peer_id dave)"
    wait_peer carol registered
    sleep "$delay"
    so_far=$(forwarded)
    kill_hard control
    end_any events
    start_control
    start_events
    wait_peer carol made
    made=$((made + 1))
    dave_made() { [ "$(jq -s '[.[] | select(.event == "made")] | length' "$LOGS/dave-peer.out")" -eq "$made" ]; }
    wait_until 10 dave_made || fail "dave has heard of other pairs than the $made that carol has"
    expect "$(last_event carol made .pair)" -eq "$(last_event dave made .pair)" "the pair's number at both ends"
    expect "$(pairs)" -eq 2 "pairs after the kill, $delay s after carol registered"
    expect "$(forwarded)" -gt "$so_far" "datagrams forwarded by then, by a transfer that must not be over yet"
    stop_peer carol
    wait_until 10 one_pair || fail "carol's pair is still there"
done

expect "$(legs)" = "$before" "legs of the pair that was up all the time"
exchange_done alice bob
stop_peer alice
wait_peer bob pair_closed '.name == "peer_gone" or .name == "peer_closed"'
stop_peer bob
stop_peer dave
stop_relay
