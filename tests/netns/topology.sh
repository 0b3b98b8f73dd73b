# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# An internet in a few network namespaces: the relay's segment, and peers behind NATs of every kind. It is sourced
# by bash in namespaces of its own (lib.sh, scripts/demo); the caller has `set -euo pipefail`, a private /run/netns
# and may forget all of it: everything goes with the network namespace.
#
#      alice ---- alice-nat ----+
#                               internet ---- relay
#      bob ------ bob-nat ------+
#
#      namespace  interface  addresses; N counts the peers from 1
#      relay      wan        none of the kernel's: 192.0.2.1/24 and 2001:db8::1/64 are Culvert's
#      internet   relay-net  192.0.2.254/24, 2001:db8::fe/64 (a bridge, so that neighbours can join)
#      internet   NAME       198.18.N.254/24, 2001:db8:N::fe/64
#      NAME-nat   wan        198.18.N.1/24 (nat_rebind moves on to .2, .3 ...), 2001:db8:N::1/64
#      NAME-nat   lan        192.168.N.1/24, 2001:db8:N:1::1/64
#      NAME       lan        192.168.N.2/24, 2001:db8:N:1::2/64
#
#   make_internet                 the router, and the relay's namespace
#   add_peer NAME KIND            NAME has up to 15 letters; KIND is open, neighbour, firewall, full_cone,
#                                 restricted, port_restricted or symmetric
#   nat_rebind NAME               new public address and ports for everything behind NAME-nat, in mid-flow
#   set_loss [N]                  drop one UDP packet in N that the internet forwards; no N: none
#   lost_packets                  how many that were
#   peer_address NAME, peer_address6 NAME, public_address NAME
#   inside NAMESPACE CMD...       runs CMD there
#
# Behind every NAT, IPv6 is not translated but kept by a stateful firewall, as homes have it.

# shellcheck disable=SC2034  # for who sources this
RELAY_ADDRESS=192.0.2.1
# shellcheck disable=SC2034
RELAY_ADDRESS6=2001:db8::1
RELAY_GATEWAY=192.0.2.254
RELAY_GATEWAY6=2001:db8::fe

declare -A PEER_NUMBER=() PEER_KIND=() PEER_PUBLIC=()

inside() {
    ip netns exec "$@"
}

# namespace NAME: with its loopback up, forwarding, and IPv6 addresses that work at once.
namespace() {
    ip netns add "$1"
    ip -n "$1" link set lo up
    inside "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
        net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
}

# link NAMESPACE INTERFACE NAMESPACE INTERFACE
# Offloads are off at both ends: across a veth they would hand over packets with an unfinished UDP checksum, or larger
# than the MTU, which no wire would deliver.
link() {
    ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
    inside "$1" ethtool -K "$2" rx off tx off gso off tso off gro off >/dev/null
    inside "$3" ethtool -K "$4" rx off tx off gso off tso off gro off >/dev/null
    ip -n "$1" link set "$2" up
    ip -n "$3" link set "$4" up
}

# addresses NAMESPACE INTERFACE ADDRESS...
addresses() {
    local namespace=$1 interface=$2 address
    shift 2
    for address in "$@"; do
        ip -n "$namespace" addr add "$address" dev "$interface"
    done
}

# default_routes NAMESPACE GATEWAY GATEWAY6
default_routes() {
    ip -n "$1" route add default via "$2"
    ip -n "$1" -6 route add default via "$3"
}

# A kernel may be set to show bridged packets to netfilter, which loses malformed ones and puts fragments together.
make_internet() {
    namespace internet
    [ ! -d /proc/sys/net/bridge ] || inside internet sysctl -qw net.bridge.bridge-nf-call-iptables=0 \
        net.bridge.bridge-nf-call-ip6tables=0 net.bridge.bridge-nf-call-arptables=0
    ip netns add relay
    ip -n internet link add relay-net type bridge mcast_snooping 0
    ip -n internet link set relay-net up
    addresses internet relay-net "$RELAY_GATEWAY/24" "$RELAY_GATEWAY6/64"
    inside relay sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    link internet relay relay wan
    ip -n internet link set relay master relay-net
}

# add_peer NAME KIND
add_peer() {
    local name=$1 kind=$2 number=$((${#PEER_NUMBER[@]} + 1))
    PEER_NUMBER[$name]=$number
    PEER_KIND[$name]=$kind
    namespace "$name"
    case $kind in
    neighbour) add_neighbour "$name" "$number" ;;
    open) attach_to_internet "$name" "$name" "$number" ;;
    *) add_peer_behind "$name" "$kind" "$number" ;;
    esac
}

# On the relay's own segment: no router in between.
add_neighbour() {
    link internet "$1" "$1" wan
    ip -n internet link set "$1" master relay-net
    addresses "$1" wan "192.0.2.$((100 + $2))/24" "2001:db8::$((100 + $2))/64"
    default_routes "$1" "$RELAY_GATEWAY" "$RELAY_GATEWAY6"
    PEER_PUBLIC[$1]=192.0.2.$((100 + $2))
}

# attach_to_internet PEER NAMESPACE NUMBER: NAMESPACE has the peer's public addresses.
attach_to_internet() {
    link internet "$1" "$2" wan
    addresses internet "$1" "198.18.$3.254/24" "2001:db8:$3::fe/64"
    addresses "$2" wan "198.18.$3.1/24" "2001:db8:$3::1/64"
    default_routes "$2" "198.18.$3.254" "2001:db8:$3::fe"
    PEER_PUBLIC[$1]=198.18.$3.1
}

add_peer_behind() {
    local name=$1 kind=$2 number=$3
    namespace "$name-nat"
    attach_to_internet "$name" "$name-nat" "$number"
    link "$name-nat" lan "$name" lan
    addresses "$name-nat" lan "192.168.$number.1/24" "2001:db8:$number:1::1/64"
    addresses "$name" lan "192.168.$number.2/24" "2001:db8:$number:1::2/64"
    default_routes "$name" "192.168.$number.1" "2001:db8:$number:1::1"
    ip -n internet -6 route add "2001:db8:$number:1::/64" via "2001:db8:$number::1"
    firewall6_rules | inside "$name-nat" nft -f -
    if [ "$kind" = firewall ]; then
        ip -n internet route add "192.168.$number.0/24" via "198.18.$number.1"
        firewall_rules | inside "$name-nat" nft -f -
        PEER_PUBLIC[$name]=192.168.$number.2
    else
        "nat_$kind" "198.18.$number.1" "" "" | inside "$name-nat" nft -f -
    fi
}

peer_address() {
    case ${PEER_KIND[$1]} in
    open | neighbour) echo "${PEER_PUBLIC[$1]}" ;;
    *) echo "192.168.${PEER_NUMBER[$1]}.2" ;;
    esac
}

peer_address6() {
    case ${PEER_KIND[$1]} in
    neighbour) echo "2001:db8::$((100 + PEER_NUMBER[$1]))" ;;
    open) echo "2001:db8:${PEER_NUMBER[$1]}::1" ;;
    *) echo "2001:db8:${PEER_NUMBER[$1]}:1::2" ;;
    esac
}

public_address() {
    echo "${PEER_PUBLIC[$1]}"
}

# Not accepted at the gateway itself, and so never in its connection table: an inbound packet that the kernel answered
# there would take the tuple that the peer's own packet to that address needs, and change its mapping.
input_rules() {
    cat <<'END'
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iifname { "lan", "lo" } accept
        meta l4proto { icmp, ipv6-icmp } accept
    }
END
}

# forward_rules [RULE]: what a stateful filter lets through, and RULE.
forward_rules() {
    cat <<END
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "lan" accept
        ${1:-}
    }
END
}

firewall6_rules() {
    printf 'table ip6 firewall {\n%s\n%s\n}\n' "$(input_rules)" "$(forward_rules)"
}

firewall_rules() {
    printf 'table ip nat {\n%s\n%s\n}\n' "$(input_rules)" "$(forward_rules)"
}

# nat_KIND PUBLIC PORTS IN: prints a gateway's rules, replacing those it has. Mapping and filtering are RFC 4787's.
# PORTS and IN are what nat_rebind knows of the sockets inside: "inside port : new public port" and
# "public port : inside address . inside port", each list with commas.

# Endpoint-independent mapping, endpoint-independent filtering.
nat_full_cone() {
    nat_endpoint_independent "$@" "$(dnat_rules "$1")" 'iifname "wan" ct status dnat accept'
}

# Endpoint-independent mapping, address-dependent filtering.
nat_restricted() {
    nat_endpoint_independent "$@" "$(dnat_rules "$1")" 'iifname "wan" udp dport . ip saddr @sent accept'
}

# Endpoint-independent mapping, address- and port-dependent filtering.
nat_port_restricted() {
    nat_endpoint_independent "$@" "" ""
}

# Address- and port-dependent mapping and filtering.
nat_symmetric() {
    cat <<END
table ip nat
delete table ip nat
table ip nat {
    chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "wan" meta l4proto udp snat to $1:1024-65535 random,fully-random
        oifname "wan" snat to $1
    }
$(input_rules)
$(forward_rules)
}
END
}

# A port is kept where it can be, and given by @ports after a rebinding. The kernel alone would keep it only
# as long as no other flow needs it, hence the maps: they are filled by a flow's first packet.
nat_endpoint_independent() {
    cat <<END
table ip nat
delete table ip nat
table ip nat {
    map ports {
        type inet_service : inet_service
        $(elements "$2")
    }
    map in {
        type inet_service : ipv4_addr . inet_service
        flags dynamic
        size 65535
        $(elements "$3")
    }
    set sent {
        type inet_service . ipv4_addr
        flags dynamic
        size 65535
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "wan" meta l4proto udp add @sent { udp sport . ip daddr }
        oifname "wan" meta l4proto udp snat to $1 : udp sport map @ports
        oifname "wan" meta l4proto udp add @in { udp sport : ip saddr . udp sport }
        oifname "wan" snat to $1
    }
$4
$(input_rules)
$(forward_rules "$5")
}
END
}

# elements LIST
elements() {
    [ -z "$1" ] || echo "elements = { $1 }"
}

dnat_rules() {
    cat <<END
    chain prerouting {
        type nat hook prerouting priority dstnat;
        iifname "wan" ip daddr $1 meta l4proto udp dnat to udp dport map @in
    }
END
}

# nat_rebind NAME: what a NAT does that was restarted or whose address the provider changed. Outside, the old
# address stays silent.
nat_rebind() {
    local name=$1 gateway=$1-nat old=${PEER_PUBLIC[$1]} address port public new_port ports="" in=""
    public=${old%.*}.$((${old##*.} + 1))
    addresses "$gateway" wan "$public/24"
    if [ "${PEER_KIND[$name]}" != symmetric ]; then
        while read -r address port; do
            new_port=$((20000 + RANDOM))
            ports+="${ports:+, }$port : $new_port"
            in+="${in:+, }$new_port : $address . $port"
        done < <(known_sockets "$gateway")
    fi
    "nat_${PEER_KIND[$name]}" "$public" "$ports" "$in" | inside "$gateway" nft -f -
    forget_flows "$gateway"
    PEER_PUBLIC[$name]=$public
}

# "address port" of each socket inside that has sent something.
known_sockets() {
    inside "$1" nft -j list map ip nat in |
        jq -r '[.nftables[].map? | .elem? // [] | .[] | .[1].concat | map(tostring) | join(" ")] | unique | .[]'
}

# Empties a namespace's connection table (ctnetlink: delete, with no tuple).
forget_flows() {
    inside "$1" python3 -c '
import socket, struct
NETFILTER, CT_DELETE, REQUEST_ACK = 12, 1 << 8 | 2, 5
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
netlink.bind((0, 0))
netlink.send(struct.pack("=IHHIIBBH", 20, CT_DELETE, REQUEST_ACK, 1, 0, 0, 0, 0))
error = struct.unpack_from("=i", netlink.recv(4096), 16)[0]
raise SystemExit(f"flushing the connection table: error {error}" if error else 0)'
}

# lost_packets: how many set_loss has dropped so far
lost_packets() {
    inside internet nft -j list table inet loss | jq '[.nftables[].rule?.expr[]?.counter?.packets // 0] | add'
}

# Both directions, each time that a packet crosses the internet's router.
set_loss() {
    inside internet nft -f - <<END
table inet loss
delete table inet loss
table inet loss {
    chain forward {
        type filter hook forward priority filter;
        ${1:+meta l4proto udp numgen random mod $1 == 0 counter drop}
    }
}
END
}
