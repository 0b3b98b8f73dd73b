# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The three ways Culvert is built. Needs env.sh.

# shellcheck source=scripts/lib/progress.sh
. "$CHECKOUT/scripts/lib/progress.sh"

# The layer of the environment that a flavour needs, for env_prepare.
# shellcheck disable=SC2034
declare -A FLAVOUR_LAYER=([release]=demo [asan]=test [fuzz]=bench)

# What the demo needs, for build.
# shellcheck disable=SC2034
PROGRAMS=(dataplane/culvert-dataplane control/culvert-control control/cli/culvertctl)

# flavour_options FLAVOUR: sets OPTIONS for meson, and COMPILER.
flavour_options() {
    local -a sanitized=("-Db_sanitize=address,undefined" -Db_lundef=false)
    COMPILER=gcc
    case $1 in
    release) OPTIONS=(-Dwerror=true -Dbuildtype=release -Ddebug=true -Dtests=false) ;;
    asan) # -Og compiles in half the time of -O2, and so does a check that ends the program
        OPTIONS=(-Dwerror=true "${sanitized[@]}" -Doptimization=g -Ddebug=true -Dbenchmarks=false
            -Dc_args=-fno-sanitize-recover=all)
        ;;
    fuzz) # what another compiler warns of does not stop it
        COMPILER=clang
        OPTIONS=("${sanitized[@]}" -Dbuildtype=debugoptimized -Dwerror=false -Dfuzzers=true -Dc_args=-fsanitize=fuzzer-no-link)
        ;;
    esac
}

# build FLAVOUR [TARGET...]: two at once in one checkout take turns.
build() {
    local flavour=$1 dir=build/$1 lock here=$PWD
    shift
    cd "$CHECKOUT" || exit
    { mkdir -p build && exec {lock}>"$dir.lock"; } 2>/dev/null ||
        die "cannot write to $CHECKOUT/build" "free some space if the disk is full; if another user made it, remove it"
    flock -n "$lock" || { say "waiting for another build in $dir"; flock "$lock"; }
    configure "$flavour" "$dir"
    say "building $dir"
    filtered build_progress env_run meson compile -C "$dir" "$@" {lock}>&- ||
        die "the build in $dir failed" "the compiler's messages are above"
    exec {lock}>&-
    cd "$here" || exit
}

# configure FLAVOUR DIR: once; meson itself sees later changes of its files.
configure() {
    local COMPILER
    local -a OPTIONS
    [ ! -f "$2/build.ninja" ] || return 0
    flavour_options "$1"
    say "configuring $2"
    rm -rf "$2"
    env_run env CC="$COMPILER" meson setup "${OPTIONS[@]}" "$2" >&2 ||
        die "meson could not configure $2" "its log is $2/meson-logs/meson-log.txt"
}
