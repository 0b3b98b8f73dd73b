# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What every script here shares: where the checkout is, and how to speak to the person who runs it.

set -euo pipefail

# shellcheck disable=SC2034
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
CULVERT_CACHE=${CULVERT_CACHE:-/var/cache/culvert}

say() {
    printf '==> %s\n' "$*" >&2
}

# die WHAT [WHAT TO DO]
die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '       %s\n' "$2" >&2
    exit 1
}

# Prints the comment block that follows the first two lines of a script: its --help.
usage() {
    sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
}

# usage_error WHAT
usage_error() {
    printf 'error: %s\n' "$1" >&2
    printf '       try %s --help\n' "$0" >&2
    exit 1
}
