#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "two programs of one identity live side by side, each gets what is for its service, and a newer session replaces its own instance only"

HOME_INSTANCE=$(printf '1%.0s' {1..32})
LAPTOP_INSTANCE=$(printf '2%.0s' {1..32})

# offers NAME: how many it has had
offers() {
    told_count "$1" '.event == "offer"'
}

make_internet
add_peer alice open
add_peer bob open
make_peers alice bob relay
start_relay certificate="$LEGS/relay" policy="policy: open, instances: 4"

AS=bob aioquic_session home tunnel --service files --service backup --instance "$HOME_INSTANCE"
AS=bob aioquic_session laptop tunnel --idle 5 --keep-alive 1 --service chat --instance "$LAPTOP_INSTANCE" --data "seat 3"
aioquic_session alice tunnel
expect "$(ctl session list | jq '.sessions | length')" -eq 3 "sessions"

# By its service, with what the application says either way.
asks alice ask "$(id bob)" SERVICE=chat "DATA='room 12'"
wait_session alice '.event == "made" and .service == "chat" and .data == "seat 3" and .role == 1'
wait_session laptop '.event == "offer" and .service == "chat" and .data == "room 12"'
wait_session laptop '.event == "made" and .role == 2'
expect "$(last_of alice made .other.instance)" = "$LAPTOP_INSTANCE" "the instance that alice got"
expect "$(last_of alice made .pair_id)" = "$(last_of laptop made .pair_id)" "the pair's ID at both ends"
expect "$(offers home)" -eq 0 "offers to the other instance"

asks alice ask "$(id bob)" SERVICE=backup
wait_session alice '.event == "made" and .service == "backup"'
expect "$(last_of alice made .other.instance)" = "$HOME_INSTANCE" "the instance that alice got"
refused_as alice ask "$(id bob)" SERVICE=printer no_such_service

# By its ID; and without either to the newest, for none has registered without services.
asks alice ask "$(id bob)" INSTANCE="$HOME_INSTANCE"
wait_session alice ".event == \"made\" and .number == $ASKED"
expect "$(last_of alice made .other.instance)" = "$HOME_INSTANCE" "the instance that alice asked for"
asks alice ask "$(id bob)"
wait_session alice ".event == \"made\" and .number == $ASKED"
expect "$(last_of alice made .other.instance)" = "$LAPTOP_INSTANCE" "the newest instance"
AS=bob aioquic_session plain tunnel
AS=bob aioquic_session newest tunnel --service chat
asks alice ask "$(id bob)"
wait_session alice ".event == \"made\" and .number == $ASKED"
expect "$(offers plain)" -eq 1 "offers to the one without services"
asks alice ask "$(id bob)" SERVICE=chat
wait_session alice ".event == \"made\" and .number == $ASKED"
expect "$(offers newest)" -eq 1 "offers to the newest that has named the service"

# Once more the same instance: the session before is replaced, and all others stay.
AS=bob aioquic_session again tunnel --service files --instance "$HOME_INSTANCE"
wait_session home '.event == "closed" and .code == 3082' # replaced
end_any home-session
for name in laptop plain newest; do
    expect "$(told_count "$name" '.event == "closed"')" -eq 0 "$name's session has been closed"
done
wait_session alice '.event == "pair_closed"'
asks alice ask "$(id bob)" SERVICE=files
wait_session alice ".event == \"made\" and .number == $ASKED"
expect "$(offers again)" -eq 1 "offers to the newer session of the instance"

# As many as may be; one more, when one of them is away.
AS=bob start_session many tunnel
wait_session many '.event == "closed" and .code == 3103' # too_many_instances
end_any many-session
kill_hard laptop-session
wait_event session_closed "peer=$(id bob)" reason=idle
AS=bob aioquic_session one-more tunnel
expect "$(last_of one-more registered .instances)" -eq 4 "instances that bob may have"
stop alice-session $CLOSING_SECONDS
stop_relay
