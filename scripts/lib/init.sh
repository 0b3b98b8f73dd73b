# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# init.sh DIR CHECKOUT CMD...: process 1 after pivot_root. When it ends, everything inside ends.

# shellcheck source=scripts/lib/common.sh
. "$2/scripts/lib/common.sh"

umount -l /run/outer
rmdir /run/outer
ip link set lo up
cd "$1" 2>/dev/null || cd "$2"
shift 2
# As process 1 only a handler makes a signal count.
trap 'exit 130' INT
trap 'exit 143' TERM HUP
"$@" || exit
