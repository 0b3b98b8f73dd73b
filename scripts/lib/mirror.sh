# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Where Debian packages come from: wherever this machine gets its own. Nothing here needs more than a fresh Debian has,
# nor changes a file outside the cache. Needs common.sh.
#
#   os_release NAME             a line of the machine's os-release
#   write_apt_settings SUITE    $CULVERT_CACHE/sources.list with SUITE, and apt.conf with the machine's own settings
#   find_mmdebstrap             sets MMDEBSTRAP to the command

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# apt with the machine's sources and package status, and everything it writes in the cache.
PRIVATE_APT=(-o "Dir::State=$CULVERT_CACHE/apt/state" -o "Dir::Cache=$CULVERT_CACHE/apt/cache"
    -o Dir::State::status=/var/lib/dpkg/status -o Debug::NoLocking=true -o APT::Update::Error-Mode=any)

os_release() {
    ( . /etc/os-release && printf '%s' "${!1:-}" )
}

# repository SUITE [APT OPTION...]: the URI from which apt takes SUITE; nothing when it has no list of it.
repository() {
    # shellcheck disable=SC2016  # apt fills these in
    apt-get "${@:2}" indextargets --format '$(RELEASE) $(CODENAME) $(REPO_URI)' 2>/dev/null |
        awk -v suite="$1" '!uri && ($1 == suite || $2 == suite) { uri = $3 } END { print uri }'
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

update_private_apt() {
    local apt=$CULVERT_CACHE/apt
    [ ! -e "$apt/updated" ] || return 0
    say "asking this machine's package sources"
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
    apt-get "${PRIVATE_APT[@]}" -q update >"$apt/log" 2>&1 || {
        tail -n 20 "$apt/log" >&2
        die "apt-get update failed on this machine's package sources" "repair them, or check the network, then try again"
    }
    : > "$apt/updated"
}

write_apt_settings() {
    local sources
    sources=$(suite_sources "$1")
    printf '%s\n' "$sources" > "$CULVERT_CACHE/sources.list"
    machine_apt_options > "$CULVERT_CACHE/apt.conf"
}

# suite_sources SUITE: lines for apt. Debian 13 comes with its backports.
suite_sources() {
    local suite=$1 archive=${CULVERT_MIRROR:-} security=
    if [ -z "$archive" ]; then
        [ "$(os_release ID)" = debian ] ||
            die "this is not a Debian machine, so no Debian mirror is known" "set CULVERT_MIRROR to one"
        archive=$(own_repository "")
        security=$(own_repository -security)
    fi
    [ -n "$archive" ] || die "this machine's apt has no source of $(os_release VERSION_CODENAME)" \
        "repair its package sources, or set CULVERT_MIRROR to a Debian mirror"
    [ -f "$KEYRING" ] || die "$KEYRING is missing" "install the package debian-archive-keyring"
    printf "deb [signed-by=$KEYRING] %s %s main\n" "$archive" "$suite"
    [ "$suite" != "$PLATFORM" ] || printf "deb [signed-by=$KEYRING] %s %s main\n" "$archive" "$suite-backports"
    [ -z "$security" ] || printf "deb [signed-by=$KEYRING] %s %s main\n" "$security" "$suite-security"
}

# Proxies, retries, clock checks: what this machine's apt needs to reach its mirror.
machine_apt_options() {
    command -v apt-config >/dev/null || return 0
    apt-config dump --no-empty | sed -nE '/^Acquire::(https?|Check|Retries|ForceIP|Queue|Max)/p'
}

# Where it is not installed, apt fetches it, with what it needs, into the cache.
find_mmdebstrap() {
    local tool perl_folders library_folders
    if command -v mmdebstrap >/dev/null; then
        MMDEBSTRAP=(mmdebstrap)
        return
    fi
    tool=$CULVERT_CACHE/mmdebstrap-$(os_release VERSION_CODENAME)
    [ -d "$tool" ] || command -v apt-get >/dev/null ||
        die "mmdebstrap is missing, and without apt there is no way to fetch it" "install it, then try again"
    [ -d "$tool" ] || fetch_mmdebstrap "$tool"
    perl_folders=$(folders "$tool"/usr/share/perl5 "$tool"/usr/share/perl/* "$tool"/usr/lib/*/perl/* \
        "$tool"/usr/lib/*/perl5 "$tool"/usr/lib/*/perl-base)
    library_folders=$(folders "$tool"/usr/lib/* "$tool"/lib/*)
    # shellcheck disable=SC2034
    MMDEBSTRAP=(env "PATH=$tool/usr/bin:$tool/usr/sbin:$PATH" "PERL5LIB=$perl_folders"
        "LD_LIBRARY_PATH=$library_folders" "$tool/usr/bin/mmdebstrap")
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
    rm -rf "$new"
    mkdir "$new"
    for package in "$CULVERT_CACHE"/apt/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$new"
    done
    mv "$new" "$1"
}
