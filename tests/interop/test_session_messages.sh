#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tests/interop/tunnels.sh
. "$INTEROP_DIR/tunnels.sh"
proves "messages reach the instance they are for, who may ask is the peer's to say, and what is wrong with a request ends it alone"

make_internet
add_peer alice open
add_peer bob open
make_peers alice bob relay
start_relay certificate="$LEGS/relay"
AS=bob aioquic_session chat "" --service chat
AS=bob aioquic_session files tunnel --service files
aioquic_session alice tunnel

# Messages.
done_with alice message "$(id bob)" "'are you there?'" SERVICE=chat
wait_session chat ".event == \"message_from\" and .message == \"are you there?\" and .service == \"chat\""
expect "$(last_of chat message_from .peer)" = "$(id alice)" "who sent it"
expect "$(last_of chat message_from .other.asked)" = "$(id bob)" "the ID that it was sent to"
refused_as alice message "$(id bob)" lost SERVICE=printer no_such_service
refused_as alice message "$(printf 'a%.0s' {1..52})" lost no_such_peer
expect "$(told_count files '.event == "message_from"')" -eq 0 "messages to the other instance"

# Who may ask.
done_with files reachable nobody
refused_as alice ask "$(id bob)" SERVICE=files not_wanted
refused_as alice message "$(id bob)" hello SERVICE=files not_wanted
done_with files reachable "$(id relay),$(id alice)"
asks alice ask "$(id bob)" SERVICE=files
wait_session alice ".event == \"made\" and .number == $ASKED"
# An instance that named no kind of leg gets no offers.
refused_as alice ask "$(id bob)" SERVICE=chat no_common_leg

# What is wrong with one request: a leg that was not in REGISTER, a parameter that must be understood, one that is too
# long, a request that is too short, and what this relay does not do yet.
refused_as alice ask "$(id bob)" udp no_common_leg
refused_as alice ask "$(id bob)" 0x2b=00 not_understood
expect "$(last_of alice refused .parameter)" -eq 43 "the parameter that was not understood"
refused_as alice message "$(id bob)" hello 0x7fff=00 not_understood
refused_as alice ask "$(id bob)" SERVICE=files 0x08="$(printf '61%.0s' {1..513})" bad_request
refused_as alice ask "$(id bob)" SERVICE=files 0x02=63 bad_request
refused_as alice ask "$(id bob)" 0x02=0a bad_request
refused_as alice ask "$(id bob)" 0x06=0102 bad_request
done_with alice message "$(id bob)" hello SERVICE=chat 0x04=00 # RESUME means nothing here
refused_as alice leg 4711 tunnel no_such_pair
refused_as alice "say NAME_CLAIM {\"name\": \"alice\", \"seconds\": 60}" not_offered
refused_as alice "say CODE_OPEN {\"seconds\": 60}" not_offered
refused_as alice "say ENROL {\"code\": \"7-otter\", \"certificate_request\": \"0\"}" not_offered
refused_as alice "say FILTER_TEST {\"probe\": 1, \"place\": 1}" not_offered
# PAIR_REQUEST 100 of 20 bytes; then an unknown capsule of 70,000 bytes, and what is there no longer.
tell_session alice raw 8029e1f3144064"$(printf '00%.0s' {1..18})"
wait_session alice '.event == "refused" and .number == 100 and .code == 3097' # bad_request
tell_session alice raw 8029e21280011170"$(printf '00%.0s' {1..70000})"
tell_session alice 'say PAIR_CLOSE {"pair": 4711}'
tell_session alice 'say PAIR_ACCEPT {"offer": 4711, "kinds": 2}'
tell_session alice "say MESSAGE {\"request\": 101, \"peer\": \"$(id bob)\", \"message\": \"still here\", \"parameters\": {\"SERVICE\": \"chat\"}}"
wait_session chat '.event == "message_from" and .message == "still here"'

# What makes the stream unreadable ends the session.
tell_session alice raw 8029e1f800 # REFUSED, from the wrong side
wait_session alice '.event == "closed" and .code == 3076'
end_any alice-session
tell_session files raw 8029e1f00100 # REGISTER, again
wait_session files '.event == "closed" and (.code == 3077 or .code == 3074)'
end_any files-session
stop chat-session $CLOSING_SECONDS
stop_relay
