# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# install_npm.sh DIR: run by npm.sh in the build environment. Installs what DIR/package-lock.json names, as a user who
# may write to DIR only; no module runs a script of its own. Afterwards all is root's.

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

NOBODY=65534
HOME_FOLDER=/tmp/npm-home

# A folder that everybody reaches, wherever DIR is.
mkdir -m 700 /tmp/npm "$HOME_FOLDER"
mount --bind "$1" /tmp/npm
cp ~/.npmrc "$HOME_FOLDER/.npmrc" 2>/dev/null || true
chown -R $NOBODY:$NOBODY /tmp/npm "$HOME_FOLDER"
cd /tmp/npm
setpriv --reuid $NOBODY --regid $NOBODY --clear-groups --no-new-privs --inh-caps=-all env HOME="$HOME_FOLDER" \
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || exit
chown -R 0:0 /tmp/npm
