#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "sessions over IPv6, from an open address and through a firewall, and over either family on a tagged port"

make_internet
add_peer alice open
add_peer bob firewall

# opens PEER FAMILY: a session, moved about, from that peer's own address
opens() {
    local from
    from=$(peer_address "$1") SESSION_ADDRESS=$RELAY_ADDRESS
    [ "$2" = 4 ] || from="[$(peer_address6 "$1")]" SESSION_ADDRESS=$RELAY_ADDRESS6
    session_peer "$1" --echo 3000 --rebind 3
    no_error
    expect "$(events ".event == \"up\" and (.address | startswith(\"$from:\"))")" -eq 1 "sessions of $1 by IPv$2"
    wait_until 10 eval '[ "$(events ".event == \"address\" and (.address | startswith(\"$from:\"))")" -ge 3 ]' ||
        fail "not every move of $1 by IPv$2 was noticed"
}

# fits FAMILY: 1,400 bytes and a channel in a DATAGRAM, once the path has been probed
fits() {
    local SESSION_ADDRESS=$RELAY_ADDRESS
    [ "$1" = 4 ] || SESSION_ADDRESS=$RELAY_ADDRESS6
    session_peer alice --keep 1.5 &
    wait_until 10 probed || fail "no room for 1,400 bytes by IPv$1"
    wait $!
    no_error
}

probed() {
    echo dump > /run/culvert/commands.1
    [ "$(events '.event == "state" and .payload >= 1402')" -ge 1 ]
}

start_sessions
opens alice 6
opens bob 6
fits 6
stop_sessions

# From now on all packets to and from the relay are of VLAN 7.
link internet plain internet switch
inside internet sysctl -qw net.ipv6.conf.switch.disable_ipv6=1 net.ipv6.conf.relay.disable_ipv6=1
ip -n internet link set relay nomaster
ip -n internet link set plain master relay-net
start vlan internet "$NETNS_DIR/vlan_link.py" switch relay 7
SESSION_VLAN=7
start_sessions
opens alice 4
opens alice 6
fits 4
stop_sessions
wait_log vlan "tagged 50"
kill_hard vlan
