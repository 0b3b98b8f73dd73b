#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "the NATs of these tests map and filter as RFC 4787 says, also after nat_rebind gave a socket a new address"

# kind mapping filtering
KINDS='
open            endpoint_independent        endpoint_independent
firewall        endpoint_independent        address_and_port_dependent
full_cone       endpoint_independent        endpoint_independent
restricted      endpoint_independent        address_dependent
port_restricted endpoint_independent        address_and_port_dependent
symmetric       address_and_port_dependent  address_and_port_dependent
'
SERVER=(198.18.1.1 198.18.1.2)
SERVER6=(2001:db8:1::1 2001:db8:1::2)

# probe NAME LOG [--moves]
probe() {
    start "$2" "$1" "$NETNS_DIR/nat_probe.py" probe "${SERVER[@]}" "${@:3}"
}

# check_report LOG MAPPING FILTERING WHAT: the last report of a probe
check_report() {
    expect "$(field "$LOGS/$1.out" mapping)" = "$2" "$4: mapping"
    expect "$(field "$LOGS/$1.out" filtering)" = "$3" "$4: filtering"
}

# seen LOG: the public address and port of the last report
seen() {
    field "$LOGS/$1.out" 'public[0]'
}

check_rebinding() {
    local kind=$1 before before_address after after_address
    probe "$kind" "$kind-moves" --moves
    wait_log "$kind-moves" mapping
    before=$(seen "$kind-moves") before_address=$(public_address "$kind")
    expect "${before% *}" = "$before_address" "$kind: public address"
    nat_rebind "$kind"
    end "$kind-moves"
    check_report "$kind-moves" "$2" "$3" "$kind after nat_rebind"
    after=$(seen "$kind-moves") after_address=$(public_address "$kind")
    expect "${after% *}" = "$after_address" "$kind: public address after nat_rebind"
    expect "$after_address" != "$before_address" "$kind: nat_rebind's address"
    expect "${after#* }" != "${before#* }" "$kind: port after nat_rebind"
}

make_internet
add_peer server open
addresses server wan "${SERVER[1]}/24" "${SERVER6[1]}/64"
start server server "$NETNS_DIR/nat_probe.py" serve "${SERVER[@]}"
start server6 server "$NETNS_DIR/nat_probe.py" serve "${SERVER6[@]}"
wait_log server ready
wait_log server6 ready

while read -r kind mapping filtering; do
    [ -n "$kind" ] || continue
    add_peer "$kind" "$kind"
    case $kind in
    open | firewall)
        probe "$kind" "$kind"
        end "$kind"
        check_report "$kind" "$mapping" "$filtering" "$kind"
        ;;
    *) check_rebinding "$kind" "$mapping" "$filtering" ;;
    esac
done <<< "$KINDS"

start firewall-6 firewall "$NETNS_DIR/nat_probe.py" probe "${SERVER6[@]}"
end firewall-6
check_report firewall-6 endpoint_independent address_and_port_dependent "IPv6"
