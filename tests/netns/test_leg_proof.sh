#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "a leg bound by a spoofed token, and a silent one, is sent 4 KB at most; its challenge, or its session's IP, proves it;
a token binds once; a leg changes its port under traffic and no packet is lost"

make_internet
for name in alice bob victim; do
    add_peer "$name" open
done
write_config
start_dataplane
wait_until 20 test -S /run/culvert/dataplane.sock || fail "the data plane does not start"
"$NETNS_DIR/leg_proof.py" /run/culvert/dataplane.sock "$RELAY_ADDRESS" "alice=$(public_address alice)" \
    "bob=$(public_address bob)" "victim=$(public_address victim)" || fail "see the last step"
stop dataplane
