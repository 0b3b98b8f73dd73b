# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Other people's QUIC stacks from npm, for tests/interop only. They live in the cache, one folder for each
# version of the lock file; enter.sh shows them as tests/interop/node_modules. Needs env.sh.

# npm_folder: where the modules that tests/interop asks for are or will be; nothing when it asks for none.
npm_folder() {
    local interop=$CHECKOUT/tests/interop hash
    [ -f "$interop/package-lock.json" ] || return 0
    hash=$(cat "$interop/package.json" "$interop/package-lock.json" | sha256sum)
    printf '%s/npm-%s' "$CULVERT_CACHE" "${hash:0:12}"
}

install_npm_modules() {
    local dir new
    dir=$(npm_folder)
    new=$dir.new.$$
    [ -n "$dir" ] && [ ! -d "$dir" ] || return 0
    say "installing the npm modules of tests/interop into $dir"
    mkdir -p "$new"
    cp "$CHECKOUT/tests/interop/package.json" "$CHECKOUT/tests/interop/package-lock.json" "$new"
    if ! env_run_online bash "$CHECKOUT/scripts/lib/install_npm.sh" "$new" >&2; then
        rm -rf "$new"
        die "npm ci failed in a copy of tests/interop" \
            "check that this machine reaches its npm registry; scripts/test --unit --netns needs no npm"
    fi
    mv -T "$new" "$dir" 2>/dev/null || rm -rf "$new"
}
