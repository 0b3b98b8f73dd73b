#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# How layers of the build environment are made and forgotten, with a stand-in for mmdebstrap.

# shellcheck disable=SC2016  # another shell expands it
# shellcheck source=tests/scripts/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir "$SCRATCH/bin" "$SCRATCH/cache"

# mmdebstrap_is LINE...: what mmdebstrap does; the last but one of its arguments is the folder.
mmdebstrap_is() {
    printf '%s\n' '#!/bin/bash' 'folder=${@: -2:1}' "$@" > "$SCRATCH/bin/mmdebstrap"
    chmod +x "$SCRATCH/bin/mmdebstrap"
}

# prepare CMD...: CMD with a bash that has the environment's functions, a cache of its own and no need of a network
prepare() {
    env -u CULVERT_INSIDE PATH="$SCRATCH/bin:$PATH" CULVERT_CACHE="$SCRATCH/cache" CULVERT_MIRROR=http://packages.invalid/ \
        bash -c '. "$1/scripts/lib/env.sh"; eval "$2"' bash "$CHECKOUT" "$1"
}

run_prepare() {
    STATUS=0
    SAID=$(prepare "$1" 2>&1 < /dev/null) || STATUS=$?
}

# at_most SECONDS CMD...: until CMD succeeds
at_most() {
    local deadline=$((SECONDS + $1))
    until "${@:2}"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.05
    done
}

nothing_half_made() {
    [ -z "$(find "$SCRATCH/cache" -maxdepth 1 -name 'new-*')" ]
}

LAYER=$(prepare 'echo "$CULVERT_CACHE/$(layer_folder demo)"')
TEST_LAYER=$(prepare 'echo "$CULVERT_CACHE/$(layer_folder test)"')
check "each layer has a name of its own" test "$LAYER" != "$TEST_LAYER"

# A cache that nothing reaches: the machine's apt knows no mirror there.
run unshare --net env CULVERT_CACHE="$SCRATCH/cache" PATH=/usr/sbin:/usr/bin:/sbin:/bin "$CHECKOUT/scripts/demo"
check "no network: status" test "$STATUS" -eq 1
check "no network: words" said "check t"
check "no network: once" test "$(grep -c ^error: <<< "$SAID")" -eq 1
check "no network: nothing half-made" nothing_half_made

mmdebstrap_is 'echo "E: the mirror is on fire"; mkdir "$folder"; exit 25'
run_prepare 'prepare_layers demo'
check "a failure: status" test "$STATUS" -eq 1
check "a failure: what mmdebstrap said" said "E: the mirror is on fire"
check "a failure: what to do" said "error: could not make the demo layer"
check "a failure: once" test "$(grep -c ^error: <<< "$SAID")" -eq 1
check "a failure: nothing half-made" nothing_half_made
check "a failure: no layer" test ! -e "$LAYER"

mmdebstrap_is 'mkdir "$folder"; touch "$folder/file" "${0%/*}/../begun"; exec sleep 60'
for signal in INT TERM HUP; do
    rm -f "$SCRATCH/begun"
    prepare 'prepare_layers demo' > "$SCRATCH/said" 2>&1 < /dev/null &
    RUN=$!
    at_most 30 test -e "$SCRATCH/begun"
    kill -$signal "$(pgrep -P $RUN)"
    STATUS=0
    wait $RUN || STATUS=$?
    SAID=$(cat "$SCRATCH/said")
    check "interrupted by $signal: words" said "error: interrupted before the build environment was ready"
    check "interrupted by $signal: nothing half-made" nothing_half_made
done

rm -f "$SCRATCH/begun"
prepare 'prepare_layers demo' > "$SCRATCH/said" 2>&1 < /dev/null &
RUN=$!
at_most 30 test -e "$SCRATCH/begun"
kill -KILL $RUN "$(pgrep -P $RUN)"
wait $RUN 2>/dev/null || true

gone() {
    ! pgrep -f "$SCRATCH/cache/new-layer" > /dev/null
}
check "killed: all that it had started ends" at_most 30 gone

mmdebstrap_is 'mkdir "$folder"; echo once >> "${0%/*}/../made"; sleep 1'
prepare 'prepare_layers demo' > "$SCRATCH/first" 2>&1 < /dev/null &
RUN=$!
at_most 30 test -e "$SCRATCH/made"
run_prepare 'prepare_layers demo; echo "layers $ENV_LAYERS"'
wait $RUN
check "two at once: the second waits" said "==> waiting for another run"
check "two at once: both have the layer" said "layers ${LAYER##*/}"
check "two at once: it was made once" test "$(cat "$SCRATCH/made")" = once
check "after a kill: nothing half-made" nothing_half_made

# Layers of other versions: unused for long, unused for long but locked by a run, used of late.
OLD=$SCRATCH/cache/layer-test-old LOCKED=$SCRATCH/cache/layer-test-locked LATE=$SCRATCH/cache/layer-test-late
mkdir "$OLD" "$LOCKED" "$LATE"
touch -d '40 days ago' "$OLD.used" "$LOCKED.used"
touch "$LATE.used"
exec 5< "$LOCKED.used"
flock -s 5
run_prepare forget_unused_layers
check "what nobody has used for long goes" test ! -e "$OLD"
check "and that is said" said "==> removing $OLD"
check "what a run uses stays" test -d "$LOCKED"
check "what was used of late stays" test -d "$LATE"

finish
