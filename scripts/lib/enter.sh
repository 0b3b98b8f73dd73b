# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# enter.sh LAYERS CHECKOUT DIR CMD...: process 1 of the build environment, started by env.sh in fresh namespaces.
#
# What CMD finds: LAYERS (folders of the cache, top first) as /, the checkout and $CULVERT_CACHE where they are outside,
# a private /run and /tmp, the namespace's own /proc and /sys, bpffs, /dev/net/tun, hugetlbfs, and its loopback up.
# pivot_root and not chroot: `ip netns exec` mounts a new /sys, which a chroot does not allow.

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

LAYERS=$1 CHECKOUT=$2 DIR=$3
shift 3
NEW=$CULVERT_CACHE/mnt/root

# Changes go to memory, or to root/ and work/ of the cache's folder ENV_UPPER. Names are relative: no folder's name
# stands in mount's way then.
mount_root() {
    cd "$CULVERT_CACHE"
    mkdir -p mnt
    mount -t tmpfs -o mode=755 culvert mnt || die "this machine does not let root mount a tmpfs" \
        "in a container: give it all capabilities (--privileged)"
    mkdir mnt/root mnt/changes mnt/work
    mount -t overlay -o "lowerdir=$LAYERS,upperdir=$(upper_folders)" culvert mnt/root || die \
        "this machine cannot mount an overlay with files of $CULVERT_CACHE" \
        "it takes a kernel with overlayfs, and a cache that is not on an overlay itself: name one by CULVERT_CACHE"
}

upper_folders() {
    if [ -n "$ENV_UPPER" ]; then
        printf '%s/root,workdir=%s/work,redirect_dir=off,metacopy=off,index=off' "$ENV_UPPER" "$ENV_UPPER"
    else
        printf 'mnt/changes,workdir=mnt/work'
    fi
}

mount_private() {
    mount -t proc proc "$NEW/proc"
    mount -t sysfs sysfs "$NEW/sys"
    mount -t bpf bpf "$NEW/sys/fs/bpf" || die "this kernel has no BPF, which AF_XDP needs" "use one with CONFIG_BPF_SYSCALL"
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

# What a package manager needs to reach its registry from inside.
copy_machine_settings() {
    local file
    printf '127.0.0.1 localhost\n::1 localhost\n' > "$NEW/etc/hosts"
    cp -L /etc/resolv.conf "$NEW/etc/resolv.conf" 2>/dev/null || true
    [ -z "$ENV_UPPER" ] || return 0
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
unset OUTER_HOME NPM_FOLDER ENV_UPPER
export CULVERT_INSIDE=1
exec chroot . /bin/bash "$CHECKOUT/scripts/lib/init.sh" "$DIR" "$CHECKOUT" "$@"
