# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make_layer.sh LAYER FOLDER BELOW: makes a layer (layers.sh), for a caller that holds the lock in file 9. BELOW are the
# layers under it. When the caller ends, so does all of this.

# shellcheck source=scripts/lib/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
# shellcheck source=scripts/lib/mirror.sh
. "$CHECKOUT/scripts/lib/mirror.sh"
# shellcheck source=scripts/lib/progress.sh
. "$CHECKOUT/scripts/lib/progress.sh"

LAYER=$1 FOLDER=$2 ENV_LAYERS=$3
NEW=$CULVERT_CACHE/new-layer
LOG=$CULVERT_CACHE/$FOLDER.log

# mmdebstrap mounts /proc, /sys and more inside, hence namespaces: however this ends, nothing stays mounted and nothing
# goes on running.
make_lowest() {
    local packages option
    local -a options=(--dpkgopt=force-unsafe-io)
    for option in "${EXCLUDED[@]}"; do
        options+=("--dpkgopt=path-exclude=$option")
    done
    packages=$(layer_packages "$LAYER" | paste -sd,)
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --propagation private --mount-proc \
        env LC_ALL=C "${MMDEBSTRAP[@]}" --verbose --mode=root --variant=minbase --format=directory \
        --aptopt="$CULVERT_CACHE/apt.conf" --aptopt='Apt::Install-Recommends "false"' "${options[@]}" \
        --include="$packages" "$PLATFORM" "$NEW/root" "$CULVERT_CACHE/sources.list" </dev/null 9>&-
}

# Its files are what apt writes into an overlay over the layers below.
make_upper() {
    local -a packages
    mapfile -t packages < <(layer_packages "$LAYER")
    mkdir "$NEW/root" "$NEW/work" "$NEW/apt"
    ENV_UPPER=new-layer env_run_online bash "$CHECKOUT/scripts/lib/install_layer.sh" "${packages[@]}" </dev/null 9>&-
}

log_and_show() {
    tee "$LOG" | package_progress
}

failed() {
    local free
    ! has_spoken || exit
    free=$(free_mb)
    tail -n 20 "$LOG" >&2 || true
    [ "$free" -ge 50 ] || die "$CULVERT_CACHE is full" "free some space, or name another folder: CULVERT_CACHE=/big/disk"
    die "could not make the $LAYER layer of the build environment; the whole output is in $LOG" \
        "check that this machine's package mirror can be reached and has $PLATFORM-backports, then try again"
}

mkdir "$NEW"
write_apt_settings "$PLATFORM"
if [ -z "$ENV_LAYERS" ]; then
    find_mmdebstrap
    make=make_lowest
else
    make=make_upper
fi
filtered log_and_show "$make" || failed
mv "$NEW/root" "$CULVERT_CACHE/$FOLDER"
remove_half_made
