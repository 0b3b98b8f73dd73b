# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The three ways Culvert is built. Needs env.sh.

# flavour_options FLAVOUR: meson's options, one a line.
flavour_options() {
    case $1 in
    release) printf '%s\n' -Dwerror=true -Dbuildtype=release -Ddebug=true -Dtests=false ;;
    asan) # -Og compiles in half the time of -O2, and so does a check that ends the program
        printf '%s\n' -Dwerror=true -Doptimization=g -Ddebug=true -Db_sanitize=address,undefined -Db_lundef=false \
            -Dc_args=-fno-sanitize-recover=all -Dbenchmarks=false
        ;;
    fuzz) # what another compiler warns of does not stop it
        printf '%s\n' -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
            -Dwerror=false -Dfuzzers=true -Dc_args=-fsanitize=fuzzer-no-link
        ;;
    esac
}

flavour_compiler() {
    if [ "$1" = fuzz ]; then echo clang; else echo gcc; fi
}

# What the demo needs, for build.
# shellcheck disable=SC2034
PROGRAMS=(dataplane/culvert-dataplane control/culvert-control control/cli/culvertctl)

# build FLAVOUR [TARGET...]: two at once in one checkout take turns.
build() (
    flavour=$1 dir=build/$1
    shift
    cd "$CHECKOUT" || exit
    mkdir -p build
    exec 8>"$dir.lock"
    flock -n 8 || { say "waiting for another build in $dir"; flock 8; }
    configure "$flavour" "$dir"
    say "building $dir"
    env_run meson compile -C "$dir" "$@" >&2 8>&- ||
        die "the build in $dir failed" "the compiler's messages are above"
)

# configure FLAVOUR DIR: once; meson itself sees later changes of its files.
configure() {
    local -a options
    [ ! -f "$2/build.ninja" ] || return 0
    mapfile -t options < <(flavour_options "$1")
    say "configuring $2"
    rm -rf "$2"
    env_run env CC="$(flavour_compiler "$1")" meson setup "${options[@]}" "$2" >&2 8>&- ||
        die "meson could not configure $2" "its log is $2/meson-logs/meson-log.txt"
}
