# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# enter.sh ROOT CHECKOUT DIR CMD...: process 1 of the build environment, started by env.sh in fresh namespaces.
#
# What CMD finds: ROOT as /, the checkout and $CULVERT_CACHE where they are outside, a private /run and /tmp,
# the namespace's own /proc and /sys, bpffs, /dev/net/tun, hugetlbfs, and its loopback up. pivot_root and
# not chroot: `ip netns exec` mounts a new /sys, which a chroot does not allow.

set -euo pipefail

ROOT=$1 CHECKOUT=$2 DIR=$3
shift 3
NEW=$CULVERT_CACHE/mnt

# Changes to a private root go to memory; on the platform itself the machine's files are used as they are.
mount_root() {
    mkdir -p "$NEW"
    if [ "$ROOT" = / ]; then
        mount --rbind / "$NEW"
        return
    fi
    mount -t tmpfs -o mode=755 culvert "$NEW"
    mkdir "$NEW/changes" "$NEW/work" "$NEW/root"
    mount -t overlay -o "lowerdir=$ROOT,upperdir=$NEW/changes,workdir=$NEW/work" culvert "$NEW/root"
    NEW=$NEW/root
}

mount_private() {
    mount -t proc proc "$NEW/proc"
    mount -t sysfs sysfs "$NEW/sys"
    mount -t bpf bpf "$NEW/sys/fs/bpf"
    mount -t tmpfs -o mode=755 culvert "$NEW/run"
    mount -t tmpfs -o mode=1777 culvert "$NEW/tmp"
    mkdir -p "$NEW/run/netns" "$NEW/run/lock"
}

mount_dev() {
    local node
    mount -t tmpfs -o mode=755 culvert "$NEW/dev"
    mkdir "$NEW/dev/net" "$NEW/dev/pts" "$NEW/dev/shm" "$NEW/dev/hugepages"
    for node in null zero full random urandom tty vfio; do
        [ -e "/dev/$node" ] || continue
        if [ -d "/dev/$node" ]; then mkdir "$NEW/dev/$node"; else : > "$NEW/dev/$node"; fi
        mount --rbind "/dev/$node" "$NEW/dev/$node"
    done
    mknod -m 666 "$NEW/dev/net/tun" c 10 200
    mount --bind /dev/pts "$NEW/dev/pts"
    ln -s pts/ptmx "$NEW/dev/ptmx"
    ln -s /proc/self/fd "$NEW/dev/fd"
    ln -s fd/0 "$NEW/dev/stdin"
    ln -s fd/1 "$NEW/dev/stdout"
    ln -s fd/2 "$NEW/dev/stderr"
    mount -t tmpfs -o mode=1777 culvert "$NEW/dev/shm"
    mount -t hugetlbfs hugetlbfs "$NEW/dev/hugepages" 2>/dev/null || true
}

mount_shared() {
    local dir
    for dir in "$CHECKOUT" "$CULVERT_CACHE"; do
        mkdir -p "$NEW$dir"
        mount --bind "$dir" "$NEW$dir"
    done
    if [ -d "$NPM_FOLDER/node_modules" ]; then
        mkdir -p "$CHECKOUT/tests/interop/node_modules"
        mount --bind "$NPM_FOLDER/node_modules" "$NEW$CHECKOUT/tests/interop/node_modules"
    fi
}

# On the machine itself /etc/resolv.conf may point into the /run that is hidden now.
keep_resolver_settings() {
    local file
    file=$(readlink -f /etc/resolv.conf) || return 0
    if [ -f "$file" ] && [ ! -e "$NEW$file" ]; then
        mkdir -p "$NEW${file%/*}"
        cp "$file" "$NEW$file"
    fi
}

# What a package manager needs to reach its registry from inside.
copy_machine_settings() {
    local file
    if [ "$ROOT" = / ]; then
        keep_resolver_settings
        return
    fi
    printf '127.0.0.1 localhost\n::1 localhost\n' > "$NEW/etc/hosts"
    cp -L /etc/resolv.conf "$NEW/etc/resolv.conf" 2>/dev/null || true
    cp "$OUTER_HOME/.npmrc" "$NEW/root/.npmrc" 2>/dev/null || true
    file=${NODE_EXTRA_CA_CERTS:-}
    if [ -f "$file" ]; then
        mkdir -p "$NEW${file%/*}"
        cp -L "$file" "$NEW$file"
    fi
}

mount_root
mount_private
mount_dev
mount_shared
copy_machine_settings
hostname culvert
ulimit -l unlimited 2>/dev/null || true

mkdir -p "$NEW/run/outer"
cd "$NEW"
pivot_root . run/outer
unset OUTER_HOME NPM_FOLDER
export CULVERT_INSIDE=1
exec chroot . /bin/bash "$CHECKOUT/scripts/lib/init.sh" "$DIR" "$CHECKOUT" "$@"
