# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Where the files of the build environment come from: this machine, or a private Debian 13 root.

PLATFORM=trixie
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

package_list() {
    grep -v '^\(#\|$\)' "$CHECKOUT/scripts/lib/packages.txt"
}

# A change of the package list gives another root.
root_name() {
    { echo "$PLATFORM"; package_list; } | sha256sum | cut -c1-12
}

os_release() {
    ( . /etc/os-release && printf '%s' "${!1:-}" )
}

# repository SUITE [APT OPTION...]: the URI from which apt takes SUITE; nothing when it has no list of it.
repository() {
    # shellcheck disable=SC2016  # apt fills these in
    apt-get "${@:2}" indextargets --format '$(RELEASE) $(CODENAME) $(REPO_URI)' 2>/dev/null |
        awk -v suite="$1" '$1 == suite || $2 == suite { print $3; exit }'
}

machine_is_platform() {
    [ "$(os_release VERSION_CODENAME)" = "$PLATFORM" ] && [ -n "$(repository $PLATFORM-backports)" ]
}

install_missing_packages() {
    local entry
    local -a missing=()
    while read -r entry; do
        dpkg-query -W -f '${db:Status-Abbrev}' "${entry%/*}" 2>/dev/null | grep -q '^ii' || missing+=("$entry")
    done < <(package_list)
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${#missing[@]} Debian packages"
    apt-get update -q >&2 || die "apt-get update failed" "repair this machine's package sources, then try again"
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" >&2 ||
        die "installing the build packages failed: ${missing[*]}" "see apt's message above"
}

# make_root DIR. Built under another name and renamed when whole, so a half-made one is never used.
make_root() (
    [ ! -d "$1" ] || return 0
    exec 9>"$CULVERT_CACHE/lock"
    flock -n 9 || { say "waiting for another run that makes the build environment"; flock 9; }
    [ ! -d "$1" ] || return 0
    remove_tree "$CULVERT_CACHE"/new-root.* "$CULVERT_CACHE/apt"
    root_fits
    trap 'remove_tree "$CULVERT_CACHE/new-root.$$"; die "interrupted before the build environment was ready"' INT TERM
    say "making a private Debian 13 root in $1 (some minutes, only once)"
    fill_root "$CULVERT_CACHE/new-root.$$" "$1.log"
    mv "$CULVERT_CACHE/new-root.$$" "$1"
    remove_tree "$CULVERT_CACHE/apt"
)

# Never into anything that is mounted inside.
remove_tree() {
    rm -rf --one-file-system "$@"
}

root_fits() {
    local free_mb
    free_mb=$(df -Pm "$CULVERT_CACHE" | awk 'NR == 2 { print $4 }')
    [ "$free_mb" -ge 5000 ] || die "$CULVERT_CACHE has $free_mb MB free; the build environment needs 5000" \
        "free some space, or name another folder: CULVERT_CACHE=/big/disk $0"
}

# fill_root DIR LOG. mmdebstrap mounts /proc, /sys and more inside DIR, hence namespaces: however this ends,
# nothing stays mounted and nothing goes on running.
fill_root() {
    local dir=$1 log=$2 packages
    packages=$(package_list | paste -sd,)
    find_mmdebstrap
    platform_sources > "$CULVERT_CACHE/sources.list"
    machine_apt_options > "$CULVERT_CACHE/apt.conf"
    if ! setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --propagation private --mount-proc \
        "${MMDEBSTRAP[@]}" --mode=root --variant=minbase --format=directory \
        --aptopt="$CULVERT_CACHE/apt.conf" --aptopt='Apt::Install-Recommends "false"' \
        --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --include="$packages" "$PLATFORM" "$dir" "$CULVERT_CACHE/sources.list" 2>&1 </dev/null 9>&- |
        tee "$log" | grep --line-buffered '^[IE]: ' >&2; then
        tail -n 20 "$log" >&2
        remove_tree "$dir"
        die "mmdebstrap could not make the Debian 13 root; its whole output is in $log" \
            "check that this machine's package mirror can be reached and has $PLATFORM-backports, then try again"
    fi
}

# Debian 13 from wherever this machine gets its own release.
platform_sources() {
    local archive=${CULVERT_MIRROR:-} security
    if [ -z "$archive" ]; then
        [ "$(os_release ID)" = debian ] ||
            die "this is not a Debian machine, so no Debian mirror is known" "set CULVERT_MIRROR to one"
        archive=$(own_repository "")
    fi
    [ -n "$archive" ] || die "this machine's apt has no source of $(os_release VERSION_CODENAME)" \
        "repair its package sources, or set CULVERT_MIRROR to a Debian mirror"
    [ -f "$KEYRING" ] || die "$KEYRING is missing" "install the package debian-archive-keyring"
    security=$(own_repository -security)
    printf "deb [signed-by=$KEYRING] %s %s main\n" "$archive" "$PLATFORM" "$archive" "$PLATFORM-backports"
    [ -z "$security" ] || printf "deb [signed-by=$KEYRING] %s %s main\n" "$security" "$PLATFORM-security"
}

# own_repository SUFFIX: where this machine gets its release's suite of that name, asking the package sources
# when apt was never updated.
own_repository() {
    local uri suite
    suite=$(os_release VERSION_CODENAME)$1
    uri=$(repository "$suite")
    if [ -z "$uri" ]; then
        update_private_apt
        uri=$(repository "$suite" "${PRIVATE_APT[@]}")
    fi
    printf '%s' "$uri"
}

# Proxies, retries, clock checks: what this machine's apt needs to reach its mirror.
machine_apt_options() {
    apt-config dump --no-empty | grep -E '^Acquire::(https?|Check|Retries|ForceIP|Queue|Max)' || true
}

# Sets MMDEBSTRAP to the command. Where it is not installed, apt fetches it, with what it needs, into the
# cache, with state of its own.
find_mmdebstrap() {
    local tool=$CULVERT_CACHE/mmdebstrap
    if command -v mmdebstrap >/dev/null; then
        MMDEBSTRAP=(mmdebstrap)
        return
    fi
    [ -d "$tool" ] || fetch_mmdebstrap "$tool"
    MMDEBSTRAP=(env "PATH=$tool/usr/bin:$tool/usr/sbin:$PATH"
        "PERL5LIB=$(folders "$tool"/usr/share/perl5 "$tool"/usr/share/perl/* "$tool"/usr/lib/*/perl/* "$tool"/usr/lib/*/perl5 \
            "$tool"/usr/lib/*/perl-base)"
        "LD_LIBRARY_PATH=$(folders "$tool"/usr/lib/* "$tool"/lib/*)"
        "$tool/usr/bin/mmdebstrap")
}

# folders PATH...: those that are folders, with colons between them. A glob that matched nothing is none.
folders() {
    local path
    for path in "$@"; do
        [ ! -d "$path" ] || printf '%s\n' "$path"
    done | paste -sd:
}

# fetch_mmdebstrap DIR
fetch_mmdebstrap() {
    local new=$1.new log=$CULVERT_CACHE/mmdebstrap.log package
    say "fetching mmdebstrap into $CULVERT_CACHE"
    update_private_apt
    apt-get "${PRIVATE_APT[@]}" -qy --no-install-recommends --download-only install mmdebstrap >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "could not fetch the package mmdebstrap" "install it with apt-get, then try again"
    }
    remove_tree "$new"
    mkdir "$new"
    for package in "$CULVERT_CACHE"/apt/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$new"
    done
    mv "$new" "$1"
}

# apt with the machine's sources and package status, and everything it writes in the cache.
PRIVATE_APT=(-o "Dir::State=$CULVERT_CACHE/apt/state" -o "Dir::Cache=$CULVERT_CACHE/apt/cache"
    -o Dir::State::status=/var/lib/dpkg/status -o Debug::NoLocking=true)

update_private_apt() {
    local apt=$CULVERT_CACHE/apt
    [ ! -e "$apt/updated" ] || return 0
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
    apt-get "${PRIVATE_APT[@]}" -q update >"$apt/log" 2>&1 || {
        tail -n 20 "$apt/log" >&2
        die "apt-get update failed on this machine's package sources" "repair them, or check the network, then try again"
    }
    : > "$apt/updated"
}
