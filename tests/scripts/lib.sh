# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What every test of the scripts starts with. Each check is a line of TAP; when one fails, what was said is shown.
#
#   run CMD...             sets STATUS and SAID (both outputs); as outside of the build environment
#   check NAME TEST...     TEST is a command
#   said PATTERN           a part of SAID, as a pattern of bash
#   finish                 the last line
#
# $SCRATCH is an empty folder that goes with the test.

set -Eeuo pipefail

# shellcheck disable=SC2034
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
CHECKS=0

run() {
    STATUS=0
    SAID=$(timeout 60 env -u CULVERT_INSIDE "$@" 2>&1 < /dev/null) || STATUS=$?
}

check() {
    local result=ok
    "${@:2}" || result="not ok"
    printf '%s %s - %s\n' "$result" $((CHECKS += 1)) "$1"
    [ "$result" = ok ] || printf '# status %s: %s\n' "${STATUS:-}" "${SAID//$'\n'/$'\n# '}"
}

said() {
    # shellcheck disable=SC2053  # a pattern
    [[ $SAID == *$1* ]]
}

finish() {
    printf '1..%s\n' $CHECKS
}
