# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# kernel.sh: run in the build environment before the demo or a namespace test. Says what this kernel lacks for their
# networks, if it lacks anything.

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tests/netns/topology.sh
. "$CHECKOUT/tests/netns/topology.sh"

LACKS=()

# needs WHAT CMD...
needs() {
    local said
    said=$("${@:2}" 2>&1) || LACKS+=("$1 (${said%%$'\n'*})")
}

nat_rules_work() {
    { firewall6_rules; nat_symmetric 192.0.2.1 "" ""; } | nft -f -
}

needs "named network namespaces" ip netns add probe
needs "veth interfaces, CONFIG_VETH" ip link add probe1 type veth peer name probe2
needs "bridges, CONFIG_BRIDGE" ip link add probe3 type bridge
needs "IPv6, CONFIG_IPV6" test -d /proc/sys/net/ipv6
needs "nftables with NAT and connection tracking, CONFIG_NFT_NAT and CONFIG_NFT_CT" nat_rules_work
[ ${#LACKS[@]} -eq 0 ] ||
    die "this kernel lacks what the networks are made of: $(printf '%s; ' "${LACKS[@]}")" \
        "load the modules, or use a kernel that has them"
