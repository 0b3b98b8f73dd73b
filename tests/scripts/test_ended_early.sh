#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A script that ends early says where and why, once.

# shellcheck disable=SC2016  # another shell expands it
# shellcheck source=tests/scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# failing LINE...: a script that fails on purpose; its third line is the first LINE.
failing() {
    printf '%s\n' "#!/bin/bash" ". '$CHECKOUT/scripts/lib/common.sh'" "$@" > "$SCRATCH/failing"
    run bash "$SCRATCH/failing"
}

errors() {
    [ "$(grep -c '^error: ' <<< "$SAID")" -eq "$1" ]
}

failing 'say hello' 'grep -q needle /dev/null' 'say "not reached"'
check "its status is that of the command" test "$STATUS" -eq 1
check "it says file, line, status and command" said "error: $SCRATCH/failing line 4 ended with status 1: grep -q needle /dev/null"
check "it says what to do" said "bash -x"
check "it goes no further" test "${SAID/not reached/}" = "$SAID"

failing 'inner() { ( exit 7 ); }' 'outer() { inner; }' outer
check "in a function: status" test "$STATUS" -eq 7
check "in a function: its line" said "line 3 ended with status 7"
check "in a function: who called it" said "called from $SCRATCH/failing line 4"
check "in a function: once" errors 1

failing 'inner() { grep needle /dev/null; echo "not reached"; }' 'outer() { local x; x=$(inner); }' '( outer )'
check "in a command substitution, its status" test "$STATUS" -eq 1
check "in a command substitution, its line" said "failing line 3 ended with"
check "in a command substitution, once" errors 1
check "in a command substitution, no further" test "${SAID/not reached/}" = "$SAID"

failing 'false | cat'
check "in a pipe: the parts" said "whose parts ended with 1 0"

failing 'x=$(die "no bread" "buy some")' 'echo "$x"'
check "die in a subshell: status" test "$STATUS" -eq 1
check "die in a subshell: its words" said "error: no bread"
check "die in a subshell: no word more" test "$(wc -l <<< "$SAID")" -eq 2

failing 'x=$(die "no bread") || true' 'say "without bread"' 'false'
check "a failure after one that was borne is said" said "failing line 5 ended with status 1: false"

failing 'if grep -q needle /dev/null; then exit 9; fi' 'grep -q needle /dev/null || true' '( exit 5 ) || exit'
check "a status that is handed on is not spoken of" test "$STATUS:$SAID" = 5:

finish
