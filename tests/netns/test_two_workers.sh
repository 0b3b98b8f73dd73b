#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
proves "two workers forward any pair: 40 pairs over two queues lose nothing, and both workers forward"

PAIRS=40
make_internet
add_peer alice open
add_peer bob open
start_relay driver=af_packet workers=0,1 ports=40000-40063
for ((i = 0; i < PAIRS; i++)); do
    add_pair alice bob
done
exchange alice bob --count 100 --window 4
exchange_done alice bob
expect "$(counter legs_bound)" -eq $((2 * PAIRS)) "legs bound"
workers=$(ctl worker show | jq -c '[.workers[].forwarded_pkts]')
expect "$(jq length <<< "$workers")" -eq 2 "workers"
expect "$(jq min <<< "$workers")" -ge $((10 * PAIRS)) "packets forwarded by the worker with fewer, of $workers"
stop_relay
