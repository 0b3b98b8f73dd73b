#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "with one packet in ten lost, sessions open, move, and their control streams lose nothing"

make_internet
add_peer alice open
start_sessions -- "retry: always"
set_loss 10
session_peer alice --sessions 5 --echo 10000 --rebind 1 --key-updates 1
no_error
expect "$(events '.event == "up"')" -eq 5 "sessions up"
expect "$(lost_packets)" -ge 20 "packets that the internet lost"
expect "$(events '.event == "gap"')" -eq 0 "gaps in what control was told"
stop_sessions
