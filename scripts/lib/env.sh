# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The build environment: Debian 13 with backports, and namespaces of its own.
#
#   env_prepare          makes it ready: slow the first time, at once afterwards
#   env_run CMD...       runs CMD in it, with no network but the namespace's own loopback
#   env_run_online CMD...  the same with the machine's network
#
# On Debian 13 with backports the machine's own files are used. Anywhere else they come from a private
# root under $CULVERT_CACHE, which runs see through a throw-away overlay: nothing they write lasts, except
# in the checkout and in $CULVERT_CACHE. See enter.sh for what a run may rely on.

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/lib/root.sh
. "$CHECKOUT/scripts/lib/root.sh"
# shellcheck source=scripts/lib/npm.sh
. "$CHECKOUT/scripts/lib/npm.sh"
# shellcheck source=scripts/lib/aside.sh
. "$CHECKOUT/scripts/lib/aside.sh"

env_prepare() {
    [ -z "${CULVERT_INSIDE:-}" ] || return 0
    [ "$(id -u)" = 0 ] || die "this needs root, for network namespaces and AF_XDP" "run it with sudo"
    mkdir -p "$CULVERT_CACHE"
    if machine_is_platform; then
        ENV_ROOT=/
        install_missing_packages
    else
        ENV_ROOT=$CULVERT_CACHE/root-$(root_name)
        make_root "$ENV_ROOT"
    fi
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
    env -0 | grep -zE '^(TERM|COLORTERM|LANG|CI|V|CULVERT_[A-Z_]*|(ASAN|UBSAN|LSAN)_OPTIONS|DPDK_[A-Z_]*|MESON_[A-Z_]*|npm_config_[a-z_]*|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|NODE_EXTRA_CA_CERTS)='
}

# enter_env [--net] -- CMD...
# Whatever ends this shell, even SIGKILL, ends all that runs inside.
enter_env() {
    local -a namespaces=(--mount --pid --uts --ipc) variables
    [ "$1" = -- ] || { namespaces+=("$1"); shift; }
    shift
    if [ -n "${CULVERT_INSIDE:-}" ]; then
        "$@"
        return
    fi
    mapfile -d '' -t variables < <(kept_variables)
    setpriv --pdeathsig KILL \
        env -i "${variables[@]}" HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        CULVERT_CACHE="$CULVERT_CACHE" OUTER_HOME="${HOME:-/root}" NPM_FOLDER="$(npm_folder)" \
        unshare "${namespaces[@]}" --propagation private --fork --kill-child \
        "$BASH" "$CHECKOUT/scripts/lib/enter.sh" "$ENV_ROOT" "$CHECKOUT" "$PWD" "$@"
}
