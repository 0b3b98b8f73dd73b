# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# install_layer.sh PACKAGE...: run by make_layer.sh in the build environment, whose changes are kept as a layer. What apt
# needs only meanwhile goes beside the layer.

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SCRATCH=$CULVERT_CACHE/new-layer/apt
export DEBIAN_FRONTEND=noninteractive LC_ALL=C APT_CONFIG=$CULVERT_CACHE/apt.conf
APT=(apt-get -q -y -o "Dir::Etc::sourcelist=$CULVERT_CACHE/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$SCRATCH/lists" -o "Dir::Cache=$SCRATCH/cache" -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any)

mkdir -p "$SCRATCH/lists/partial" "$SCRATCH/cache/archives/partial"
"${APT[@]}" update || exit
"${APT[@]}" install --no-install-recommends "$@" || exit
rm -f /etc/hosts /etc/resolv.conf
