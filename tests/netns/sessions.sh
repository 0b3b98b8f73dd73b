# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The data plane with sessions, and a stand-in for control. Needs lib.sh and make_internet.
#
#   start_sessions [OPTION...] [-- KEY: VALUE...]    data plane, and session_control.py with those options; lines for
#                                    dataplane.session after --. Certificates are in /run/culvert/NAME.crt and .key
#   make_certificate NAME [TYPE...]  openssl's -newkey argument, and what else that type needs; P-256 by default
#   session_peer PEER OPTION...      session_peer.py as PEER; its JSON is in $LOGS/peer.json
#   peer_field FILTER                jq on that
#   events FILTER                    how many of control's events match a jq condition
#   stop_sessions
#
# Set before start_sessions: SESSION_WORKERS, SESSION_VLAN, SESSION_CRYPTO (dataplane.crypto), SESSION_RELAY (the name
# of the relay's certificate), SESSIONS_MAX (limits.sessions). Before session_peer: SESSION_PEER (of the peer's),
# SESSION_ADDRESS (the relay's).
SESSION_WORKERS=${SESSION_WORKERS:-1}

make_certificate() {
    local -a type=(-newkey ec -pkeyopt ec_paramgen_curve:P-256)
    [ $# -lt 2 ] || type=(-newkey "${@:2}")
    openssl req -x509 "${type[@]}" -nodes -days 30 -subj "/CN=$1" -keyout "/run/culvert/$1.key" \
        -out "/run/culvert/$1.crt" 2> "$LOGS/openssl.log"
}

# write_session_config [KEY: VALUE...]: the arguments are dataplane.session's
write_session_config() {
    local lines="" line
    for line; do
        lines+="${lines:+, }$line"
    done
    write_config workers="$SESSION_WORKERS" vlan="${SESSION_VLAN:-0}" crypto="${SESSION_CRYPTO:-auto}" \
        certificate="/run/culvert/${SESSION_RELAY:-relay}" sessions="$lines" limits="sessions: ${SESSIONS_MAX:-2000}"
}

start_session_control() {
    mkfifo -m 600 "/run/culvert/commands.$1" 2>/dev/null || true
    start control relay sh -c 'exec "$@" <> /run/culvert/commands.1' sh "$NETNS_DIR/session_control.py" \
        /run/culvert/dataplane.sock "${@:2}"
    wait_log control dump_end
}

start_sessions() {
    local -a options=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    [ -e /run/culvert/relay.crt ] || make_certificate relay
    [ -e /run/culvert/alice.crt ] || make_certificate alice
    write_session_config "${@:2}"
    start_dataplane
    wait_until 20 test -S /run/culvert/dataplane.sock || fail "the data plane does not start"
    start_session_control 1 ${options[@]+"${options[@]}"}
}

session_peer() {
    local certificate=/run/culvert/${SESSION_PEER:-alice}
    inside "$1" "$NETNS_DIR/session_peer.py" "${SESSION_ADDRESS:-$RELAY_ADDRESS}" "$certificate.crt" \
        "$certificate.key" "${@:2}" > "$LOGS/peer.json" 2> "$LOGS/peer.log" || fail "the peer: $(tail -n 3 "$LOGS/peer.log")"
}

peer_field() {
    tail -n 1 "$LOGS/peer.json" | jq -r "$1"
}

events() {
    jq -s "[.[] | select($1)] | length" "$LOGS/control.out"
}

no_error() {
    expect "$(peer_field .error)" = null "the peer's error"
}

stop_sessions() {
    end_control
    stop dataplane
    ! grep "not given back" "$LOGS/dataplane.log" || fail "memory of sessions was lost"
}

end_control() {
    kill "${PID[control]}"
    end_any control
}
