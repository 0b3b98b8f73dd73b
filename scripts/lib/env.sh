# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The build environment: Debian 13 with backports, and namespaces of its own.
#
#   env_prepare [LAYER]    makes it ready up to a layer (layers.sh; test): slow the first time, at once afterwards
#   env_prepare_here       instead: the machine itself, for builds
#   env_run CMD...         runs CMD in it, with no network but the namespace's own loopback
#   env_run_online CMD...  the same with the machine's network
#
# Its files are a private Debian 13 in $CULVERT_CACHE, which runs see through a throw-away overlay: nothing they write
# lasts, except in the checkout and in $CULVERT_CACHE. See enter.sh for what a run may rely on.

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/lib/layers.sh
. "$CHECKOUT/scripts/lib/layers.sh"
# shellcheck source=scripts/lib/npm.sh
. "$CHECKOUT/scripts/lib/npm.sh"
# shellcheck source=scripts/lib/aside.sh
. "$CHECKOUT/scripts/lib/aside.sh"

umask 022

env_prepare() {
    [ -z "${CULVERT_INSIDE:-}" ] || return 0
    [ "$(id -u)" = 0 ] || die "this needs root, for network namespaces and AF_XDP" "run it with sudo"
    make_cache
    unshare --mount --pid --uts --ipc --net --fork --propagation private true ||
        die "this machine allows no namespaces of its own, not even to root" \
            "in a container: give it all capabilities (--privileged); else use a kernel with namespaces"
    prepare_layers "${1:-test}"
    enter_env --net -- true || exit
}

make_cache() {
    [[ $CULVERT_CACHE != *[:,\\]* ]] || die "the cache $CULVERT_CACHE has one of : , \\ in its name" \
        "name another folder: CULVERT_CACHE=/some/folder"
    { mkdir -p "$CULVERT_CACHE" && [ -w "$CULVERT_CACHE" ]; } 2>/dev/null ||
        die "cannot write to the cache $CULVERT_CACHE" "name another folder: CULVERT_CACHE=/some/folder"
}

# Only for who asks for it. What a build needs is installed, when it is missing.
env_prepare_here() {
    local entry
    local -a missing=()
    while read -r entry; do
        is_installed "${entry%/*}" || missing+=("$entry")
    done < <(list_packages build)
    ENV_HERE=1
    [ ${#missing[@]} -gt 0 ] || return 0
    # shellcheck source=scripts/lib/mirror.sh
    . "$CHECKOUT/scripts/lib/mirror.sh"
    [ "$(os_release VERSION_CODENAME)" = "$PLATFORM" ] ||
        die "a build on this machine itself needs: ${missing[*]}" "without --here it happens in a private Debian 13"
    [ "$(id -u)" = 0 ] || die "a build on this machine itself needs: ${missing[*]}" \
        "have root install them, or run this as root"
    say "installing ${#missing[@]} Debian packages on this machine"
    apt-get update -q >&2 || die "apt-get update failed" "repair this machine's package sources, then try again"
    [ -n "$(repository "$PLATFORM-backports")" ] || die "this machine's apt has no source of $PLATFORM-backports" \
        "add it, or do without --here: then it happens in a private Debian 13"
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" >&2 ||
        die "installing the build packages failed: ${missing[*]}" "see apt's message above"
}

is_installed() {
    local status
    # shellcheck disable=SC2016  # dpkg fills it in
    status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null) && [ "$status" = "ii " ]
}

env_run() {
    enter_env --net -- "$@"
}

env_run_online() {
    enter_env -- "$@"
}

# The variables that reach the inside. Everything else stays out: a compiler flag or a library path that
# was meant for the machine must not change what is built.
kept_variables() {
    env -0 | sed -znE '/^(TERM|COLORTERM|LANG|CI|V|CULVERT_[A-Z_]*|(ASAN|UBSAN|LSAN)_OPTIONS|DPDK_[A-Z_]*|MESON_[A-Z_]*|npm_config_[a-z_]*|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|NODE_EXTRA_CA_CERTS)=/p'
}

# enter_env [--net] -- CMD...
# Whatever ends this shell, even SIGKILL, ends all that runs inside. While it runs, its layers are locked.
enter_env() {
    local layers npm
    local -a namespaces=(--mount --pid --uts --ipc) variables
    [ "$1" = -- ] || { namespaces+=("$1"); shift; }
    shift
    if [ -n "${CULVERT_INSIDE:-}${ENV_HERE:-}" ]; then
        "$@"
        return
    fi
    mapfile -d '' -t variables < <(kept_variables)
    npm=$(npm_folder)
    read -ra layers <<< "${ENV_LAYERS//:/ }"
    (
        exec 7< "$CULVERT_CACHE/${layers[0]}.used"
        flock -s 7
        exec setpriv --pdeathsig KILL \
            env -i "${variables[@]}" HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            CULVERT_CACHE="$CULVERT_CACHE" OUTER_HOME="${HOME:-/root}" NPM_FOLDER="$npm" ENV_UPPER="${ENV_UPPER:-}" \
            unshare "${namespaces[@]}" --propagation private --fork --kill-child \
            "$BASH" "$CHECKOUT/scripts/lib/enter.sh" "$ENV_LAYERS" "$CHECKOUT" "$PWD" "$@"
    )
}
