# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Programs of Debian 13 whose libraries conflict with those of the build environment, for tests/interop only: unpacked
# in the cache, with all that they link to. Needs env.sh.
#
#   install_aside PACKAGE    into $CULVERT_CACHE/aside-PACKAGE, unless it is there

install_aside() {
    local dir=$CULVERT_CACHE/aside-$1
    local new=$dir.new.$$
    [ ! -d "$dir" ] || return 0
    say "unpacking the package $1 and its libraries into $dir"
    mkdir -p "$new"
    if ! env_run_online bash "$CHECKOUT/scripts/lib/unpack_aside.sh" "$PLATFORM" "$new" "$1"; then
        rm -rf "$new"
        die "could not fetch the package $1" \
            "check that this machine's package mirror can be reached; scripts/test --unit --netns does without"
    fi
    mv -T "$new" "$dir" 2>/dev/null || rm -rf "$new"
}
