#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What is shown of a slow step.

# shellcheck disable=SC2016  # another shell expands it
# shellcheck source=tests/scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# shows FILTER LINE...: what a person sees who waits so long that each line counts.
shows() {
    printf '%s\n' "${@:2}" > "$SCRATCH/lines"
    run bash -c '. "$1/scripts/lib/common.sh"; . "$1/scripts/lib/progress.sh"; PROGRESS_SECONDS=0; filtered "$2" cat "$3"' \
        bash "$CHECKOUT" "$1" "$SCRATCH/lines"
}

shows package_progress "0 upgraded, 2 newly installed, 0 to remove" "Get:1 http://x y [1 kB]" "Unpacking a (1)" \
    "Unpacking b (1)" "Setting up b (1)"
check "packages fetched" said "packages fetched: 1 of 2"
check "packages unpacked" said "packages unpacked: 2 of 2"
check "packages set up" said "packages set up: 1 of 2"
check "the rest is not" test "${SAID/Setting/}" = "$SAID"

shows build_progress "ninja: Entering directory" "[1/20] Compiling C object x.o" "FAILED: x.o" "x.c:1: error: y"
check "files built" said "files built: 1 of 20"
check "what failed is handed on" said $'FAILED: x.o\nx.c:1: error: y'
check "the rest is not" test "${SAID/Entering/}${SAID/Compiling/}" = "$SAID$SAID"

run bash -c '. "$1/scripts/lib/common.sh"; . "$1/scripts/lib/progress.sh"; fails() { echo one; return 3; }
    filtered cat fails || echo "status $?"' bash "$CHECKOUT"
check "a program's status comes through, after its words" test "$SAID" = $'one\nstatus 3'

finish
