# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What every script here shares: where the checkout is, how to speak to the person who runs it, and that no script
# ends early without a word. It is bash that needs nothing but what every Debian has.

set -Eeuo pipefail
shopt -s inherit_errexit

# shellcheck disable=SC2034
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
CULVERT_CACHE=$(realpath -m -- "${CULVERT_CACHE:-/var/cache/culvert}")

say() {
    forget_spoken
    printf '==> %s\n' "$*" >&2
}

# die WHAT [WHAT TO DO]
die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '       %s\n' "$2" >&2
    mark_spoken
    exit 1
}

# Prints the comment block that follows the first two lines of a script: its --help.
usage() {
    sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
}

# usage_error WHAT
usage_error() {
    die "$1" "try $0 --help"
}

# When a subshell has said why it ends, the shells around it end without another word. What they share is a pipe:
# while it holds something, the reason has been given.
exec {SPOKEN}<> <(:)

mark_spoken() {
    printf . >&"$SPOKEN"
}

has_spoken() {
    read -rt 0 -u "$SPOKEN"
}

forget_spoken() {
    while has_spoken; do
        read -rN 1 -u "$SPOKEN"
    done
}

# ended_early STATUS COMMAND STATUSES: what ERR runs; STATUSES are those of a pipe, whose last part COMMAND is.
# A status that is meant to be handed on is, by `CMD || exit`.
ended_early() {
    local frame pipe=
    trap - ERR
    has_spoken && exit "$1"
    [[ $3 != *" "* ]] || pipe=" (the end of a pipe, whose parts ended with $3)"
    printf 'error: %s line %s ended with status %s: %s%s\n' "${BASH_SOURCE[1]}" "${BASH_LINENO[0]}" "$1" "$2" "$pipe"
    for ((frame = 2; frame < ${#BASH_SOURCE[@]}; frame++)); do
        printf '       called from %s line %s\n' "${BASH_SOURCE[frame]}" "${BASH_LINENO[frame - 1]}"
    done
    printf '       What the command itself said is above. If it is no fault of this machine, it is one of the script:\n'
    printf '       "bash -x %s" shows each step, for a report.\n' "$0"
    mark_spoken
    exit "$1"
} >&2
trap 'ended_early $? "$BASH_COMMAND" "${PIPESTATUS[*]}"' ERR
