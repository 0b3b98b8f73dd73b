# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The files of the build environment: a private Debian 13 in layers, each over the one before and made when first
# needed. Needs common.sh.
#
#   demo     what a build and the demo need: packages/build.txt and packages/demo.txt
#   test     what the tests and scripts/lint add, and who works on Culvert
#   bench    what benchmarks and fuzzing add
#
#   prepare_layers LAYER    makes what is missing up to LAYER, and sets ENV_LAYERS to folders of the cache, top first
#
# A layer's folder is $CULVERT_CACHE/layer-NAME-HASH; the hash is of all that its files follow from. Beside it are .log,
# and .used, whose time is that of the last run and which every run locks. make_layer.sh fills one.

PLATFORM=trixie
LAYERS=(demo test bench)
declare -A LAYER_LISTS=([demo]="build demo" [test]=test [bench]=bench)

# Free space that the making takes at its height, in MB.
declare -A LAYER_ROOM=([demo]=1000 [test]=1000 [bench]=700)

# What nobody reads or links in there.
EXCLUDED=('/usr/share/man/*' '/usr/share/locale/*' '/usr/share/doc/*' '/usr/share/info/*' '/usr/lib/*/librte_*.a')

UNUSED_DAYS=30

# list_packages LIST...
list_packages() {
    local list
    for list in "$@"; do
        sed -E '/^(#|$)/d' "$CHECKOUT/scripts/lib/packages/$list.txt"
    done
}

# layer_packages LAYER: those that it adds.
layer_packages() {
    local -a lists
    read -ra lists <<< "${LAYER_LISTS[$1]}"
    list_packages "${lists[@]}"
}

# layer_folder LAYER
layer_folder() {
    local layer hash
    hash=$({
        printf '%s\n' "$PLATFORM" "${EXCLUDED[@]}"
        for layer in "${LAYERS[@]}"; do
            layer_packages "$layer"
            [ "$layer" != "$1" ] || break
        done
    } | sha256sum)
    printf 'layer-%s-%s' "$1" "${hash:0:12}"
}

prepare_layers() {
    local layer folder
    ENV_LAYERS=
    for layer in "${LAYERS[@]}"; do
        folder=$(layer_folder "$layer")
        [ -d "$CULVERT_CACHE/$folder" ] || make_layer "$layer" "$folder"
        : > "$CULVERT_CACHE/$folder.used"
        ENV_LAYERS=$folder${ENV_LAYERS:+:$ENV_LAYERS}
        [ "$layer" != "$1" ] || break
    done
}

# make_layer LAYER FOLDER: one run at a time. A half-made layer has another name, and goes with the run or with the next.
make_layer() {
    local status=0
    exec 9>"$CULVERT_CACHE/lock"
    flock -n 9 || { say "waiting for another run that makes the build environment"; flock 9; }
    if [ ! -d "$CULVERT_CACHE/$2" ]; then
        remove_half_made
        forget_unused_layers
        room_for_layer "$1"
        say "making the $1 layer of the build environment in $CULVERT_CACHE (only once)"
        setpriv --pdeathsig KILL "$BASH" "$CHECKOUT/scripts/lib/make_layer.sh" "$1" "$2" "$ENV_LAYERS" &
        MAKER=$!
        trap stop_making INT TERM HUP
        wait "$MAKER" || status=$?
        trap - INT TERM HUP
        [ "$status" = 0 ] || { remove_half_made; exit "$status"; }
    fi
    exec 9>&-
}

stop_making() {
    trap '' INT TERM HUP
    kill -KILL "$MAKER" 2>/dev/null || true
    wait "$MAKER" 2>/dev/null || true
    remove_half_made
    die "interrupted before the build environment was ready" "the next run makes it from the start"
}

# Processes that were killed in there may take a moment to end.
remove_half_made() {
    local turns=50
    until remove_tree "$CULVERT_CACHE/new-layer" "$CULVERT_CACHE/apt" 2>/dev/null; do
        [ $((turns -= 1)) -gt 0 ] || break
        sleep 0.1
    done
    [ -d "$CULVERT_CACHE/new-layer" ] || return 0
    die "cannot remove $CULVERT_CACHE/new-layer" "remove it by hand, then try again"
}

# Never into anything that is mounted inside.
remove_tree() {
    rm -rf --one-file-system "$@"
}

free_mb() {
    df -Pm "$CULVERT_CACHE" | awk 'NR == 2 { print $4 }'
}

room_for_layer() {
    local free
    free=$(free_mb)
    [ "$free" -ge "${LAYER_ROOM[$1]}" ] ||
        die "$CULVERT_CACHE has $free MB free; the $1 layer of the build environment needs ${LAYER_ROOM[$1]}" \
            "free some space, or name another folder: CULVERT_CACHE=/big/disk $0"
}

# Of other versions of the lists, whose checkouts may share this cache: what no run has used for long goes.
forget_unused_layers() {
    local used
    while IFS= read -r -d '' used; do
        forget_layer "${used%.used}" 8< "$used"
    done < <(find "$CULVERT_CACHE" -maxdepth 1 -name 'layer-*.used' -mtime "+$UNUSED_DAYS" -print0)
    for used in "$CULVERT_CACHE"/root-*/; do
        [ ! -d "$used" ] || say "$used is of an older Culvert, which had no layers: when no checkout needs it, remove it"
    done
}

# forget_layer DIR, unless somebody has locked file 8.
forget_layer() {
    flock -n 8 || return 0
    say "removing $1, which nobody has used for $UNUSED_DAYS days"
    remove_tree "$1" "$1.used" "$1.log"
}
