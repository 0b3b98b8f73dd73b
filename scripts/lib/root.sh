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

# repository SUITE: the URI from which this machine's apt takes SUITE; nothing when it does not.
repository() {
	apt-get indextargets --format '$(RELEASE) $(CODENAME) $(REPO_URI)' 2>/dev/null |
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
	rm -rf "$CULVERT_CACHE"/new-root.*
	root_fits
	say "making a private Debian 13 root in $1 (some minutes, only once)"
	fill_root "$CULVERT_CACHE/new-root.$$" "$1.log"
	mv "$CULVERT_CACHE/new-root.$$" "$1"
)

root_fits() {
	local free_mb
	free_mb=$(df -Pm "$CULVERT_CACHE" | awk 'NR == 2 { print $4 }')
	[ "$free_mb" -ge 5000 ] || die "$CULVERT_CACHE has $free_mb MB free; the build environment needs 5000" \
		"free some space, or name another folder: CULVERT_CACHE=/big/disk $0"
}

# fill_root DIR LOG
fill_root() {
	local dir=$1 log=$2 packages
	packages=$(package_list | paste -sd,)
	find_mmdebstrap
	platform_sources > "$CULVERT_CACHE/sources.list"
	machine_apt_options > "$CULVERT_CACHE/apt.conf"
	if ! "${MMDEBSTRAP[@]}" --mode=root --variant=minbase --format=directory \
		--aptopt="$CULVERT_CACHE/apt.conf" --aptopt='Apt::Install-Recommends "false"' \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--include="$packages" "$PLATFORM" "$dir" "$CULVERT_CACHE/sources.list" 2>&1 </dev/null 9>&- |
		tee "$log" | grep --line-buffered '^[IE]: ' >&2; then
		tail -n 20 "$log" >&2
		rm -rf "$dir"
		die "mmdebstrap could not make the Debian 13 root; its whole output is in $log" \
			"check that this machine's package mirror can be reached and has $PLATFORM-backports, then try again"
	fi
}

# Debian 13 from wherever this machine gets its own release.
platform_sources() {
	local own archive security
	own=$(os_release VERSION_CODENAME)
	archive=${CULVERT_MIRROR:-$(repository "$own")}
	[ "$(os_release ID)" = debian ] || [ -n "${CULVERT_MIRROR:-}" ] ||
		die "this is not a Debian machine, so no Debian mirror is known" "set CULVERT_MIRROR to one"
	[ -n "$archive" ] || die "apt has no package list of $own" "run apt-get update, or set CULVERT_MIRROR to a Debian mirror"
	[ -f "$KEYRING" ] || die "$KEYRING is missing" "install debian-archive-keyring"
	security=$(repository "$own-security")
	printf "deb [signed-by=$KEYRING] %s %s main\n" "$archive" "$PLATFORM" "$archive" "$PLATFORM-backports"
	[ -z "$security" ] || printf "deb [signed-by=$KEYRING] %s %s main\n" "$security" "$PLATFORM-security"
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
		"PERL5LIB=$(find "$tool/usr/share/perl5" "$tool/usr/share/perl"/* "$tool"/usr/lib/*/perl/* "$tool"/usr/lib/*/perl-base \
			-maxdepth 0 -type d 2>/dev/null | paste -sd:)"
		"LD_LIBRARY_PATH=$(find "$tool"/usr/lib/* -maxdepth 0 -type d 2>/dev/null | paste -sd:)"
		"$tool/usr/bin/mmdebstrap")
}

# fetch_mmdebstrap DIR
fetch_mmdebstrap() {
	local apt=$CULVERT_CACHE/apt new=$1.new package
	local -a options=(-q -o "Dir::State=$apt/state" -o "Dir::Cache=$apt/cache" -o "Dir::State::status=/var/lib/dpkg/status")
	say "fetching mmdebstrap into $CULVERT_CACHE"
	rm -rf "$apt" "$new"
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$new"
	{
		apt-get "${options[@]}" update &&
		apt-get "${options[@]}" install -y --no-install-recommends --download-only \
			-o APT::Keep-Downloaded-Packages=true -o Debug::NoLocking=true mmdebstrap
	} >"$CULVERT_CACHE/mmdebstrap.log" 2>&1 || {
		tail -n 20 "$CULVERT_CACHE/mmdebstrap.log" >&2
		die "could not fetch the package mmdebstrap" "check this machine's package sources, or apt-get install mmdebstrap"
	}
	for package in "$apt"/cache/archives/*.deb; do
		dpkg-deb -x "$package" "$new"
	done
	mv "$new" "$1"
	rm -rf "$apt"
}
