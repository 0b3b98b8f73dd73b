# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# unpack_aside.sh RELEASE DIR PACKAGE: run by aside.sh in the build environment. Unpacks RELEASE's PACKAGE into DIR,
# and everything that it depends on but libc, of which there is one. Nothing is installed, and the environment's apt
# keeps its state.

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

RELEASE=$1 DIR=$2 PACKAGE=$3
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# With no package installed, apt's answer does not depend on what is.
APT=(-q -t "$RELEASE" -o "Dir::State=$WORK/state" -o "Dir::Cache=$WORK/cache" -o "Dir::State::status=$WORK/status"
    -o APT::Sandbox::User=root -o Debug::NoLocking=true -o APT::Update::Error-Mode=any)
mkdir -p "$WORK/state/lists/partial" "$WORK/cache/archives/partial"
: > "$WORK/status"
if ! { apt-get "${APT[@]}" update &&
    apt-get "${APT[@]}" -y --no-install-recommends --download-only install "$PACKAGE"; } > "$WORK/log" 2>&1; then
    tail -n 20 "$WORK/log" >&2
    exit 1
fi
rm -f "$WORK"/cache/archives/libc6_*.deb
for package in "$WORK"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$DIR"
done
