# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The three ways Culvert is built. Needs env.sh.

# flavour_options FLAVOUR: meson's options, one a line.
flavour_options() {
    case $1 in
    release) printf '%s\n' -Dwerror=true -Dbuildtype=release -Ddebug=true -Dtests=false ;;
    asan) printf '%s\n' -Dwerror=true -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false ;;
    fuzz) # what another compiler warns of does not stop it
        printf '%s\n' -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
            -Dwerror=false -Dfuzzers=true -Dc_args=-fsanitize=fuzzer-no-link
        ;;
    esac
}

flavour_compiler() {
    if [ "$1" = fuzz ]; then echo clang; else echo gcc; fi
}

# build FLAVOUR [TARGET...]
build() {
    local flavour=$1 dir=build/$1
    local -a options
    shift
    mapfile -t options < <(flavour_options "$flavour")
    cd "$CHECKOUT" || exit
    if [ ! -f "$dir/build.ninja" ]; then
        say "configuring $dir"
        rm -rf "$dir"
        env_run env CC="$(flavour_compiler "$flavour")" meson setup "${options[@]}" "$dir" >&2 ||
            die "meson could not configure $dir" "its log is $dir/meson-logs/meson-log.txt"
    fi
    say "building $dir"
    env_run meson compile -C "$dir" "$@" >&2 || die "the build in $dir failed" "the compiler's messages are above"
}
