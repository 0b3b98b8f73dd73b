#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/netns/sessions.sh
. "$NETNS_DIR/sessions.sh"
proves "sessions that control refuses, ignores or closes end with a named error; idle ones end, and so do slow readers"

make_internet
add_peer alice open
start_sessions --decide refuse
session_peer alice --keep 5
expect "$(peer_field .closed.code)" -eq 3081 "the code for not_admitted, 0xc09"
expect "$(events '.event == "closed" and .end == "refused"')" -eq 1 "sessions refused"
stop_sessions

start_sessions --decide nothing -- "admit_within: 1s"
session_peer alice --keep 10
expect "$(peer_field .closed.code)" -eq 3080 "the code for too_late, 0xc08"
expect "$(events '.event == "closed" and .end == "not_admitted"')" -eq 1 "sessions that control left unanswered"
stop_sessions

start_sessions --close-after 0.3 -- "idle: 2s"
session_peer alice --echo 100 --keep 10
expect "$(peer_field .closed.code)" -eq 3085 "the code for operator, 0xc0d"
expect "$(events '.event == "closed" and .end == "control"')" -eq 1 "sessions that control closed"
stop_sessions

start_sessions -- "idle: 1s"
session_peer alice --echo 100 --keep 3
wait_until 5 eval '[ "$(events ".event == \"closed\" and .end == \"idle\"")" -eq 1 ]'
stop_sessions

start_sessions --flood 80000
session_peer alice --keep 3
expect "$(events '.event == "closed" and .end == "slow_peer"')" -eq 1 "peers that more was sent to than may wait"
stop_sessions
