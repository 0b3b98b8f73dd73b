#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a person is told on a machine on which the build environment cannot be made or entered, and where it can.

# shellcheck disable=SC2016  # another shell expands it
# shellcheck source=tests/scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# namespaced CMD...: run CMD where its mounts are its own
namespaced() {
    run unshare --mount --propagation private "$@"
}

run setpriv --reuid 65534 --regid 65534 --clear-groups "$CHECKOUT/scripts/demo"
check "no root" said "error: this needs root"

run env CULVERT_CACHE=/proc/nowhere "$CHECKOUT/scripts/demo"
check "a cache that cannot be made" said "error: cannot write to the cache /proc/nowhere"

run env CULVERT_CACHE="$SCRATCH/a:b" "$CHECKOUT/scripts/demo"
check "a cache whose name no mount can take" said "error: the cache $SCRATCH/a:b has one of"

namespaced bash -c 'mount -t tmpfs -o size=50m full "$1" && CULVERT_CACHE=$1 "$2/scripts/demo"' bash "$SCRATCH" "$CHECKOUT"
check "a full disk" said "MB free; the demo layer of the build environment needs"

# A real cache with another name, which is relative and has a space.
mkdir -p "$SCRATCH/here/my cache"
namespaced bash -c 'cd "$2" && mount --bind "$1" "my cache" && CULVERT_CACHE="my cache" "$3/scripts/shell" -- \
    sh -c "echo \"cache \$CULVERT_CACHE\"; touch \"\$CULVERT_CACHE/.probe\" && rm \"\$CULVERT_CACHE/.probe\" && meson --version"' \
    bash "${CULVERT_CACHE:-/var/cache/culvert}" "$SCRATCH/here" "$CHECKOUT"
check "a relative cache with a space in its name" test "$STATUS" -eq 0
check "and it is the same inside" said "cache $SCRATCH/here/my cache"

run "$CHECKOUT/scripts/shell" -- sh -c 'exit 42'
check "a command's status is handed on, without a word" test "$STATUS:$SAID" = 42:

# Stand-ins for programs that fail as they do on a machine that lacks something.
mkdir "$SCRATCH/bin"

# lacking PROGRAM PATTERN: PROGRAM fails when PATTERN is among its arguments
lacking() {
    rm -f "$SCRATCH"/bin/*
    printf '#!/bin/bash\n[[ $* != *"%s"* ]] || { echo "%s: not supported" >&2; exit 32; }\nexec %s "$@"\n' \
        "$2" "$1" "$(command -v "$1")" > "$SCRATCH/bin/$1"
    chmod +x "$SCRATCH/bin/$1"
}

lacking unshare --net
run env PATH="$SCRATCH/bin:$PATH" "$CHECKOUT/scripts/shell" -- true
check "no namespaces" said "error: this machine allows no namespaces"

lacking ip "type veth"
namespaced --net bash -c 'mount -t tmpfs run /run && PATH=$1:$PATH exec bash "$2/scripts/lib/kernel.sh"' \
    bash "$SCRATCH/bin" "$CHECKOUT"
check "a kernel without veth" said "error: this kernel lacks what the networks are made of: veth interfaces"
check "and nothing else is said to be missing" test "${SAID/bridges/}" = "$SAID"

# A Debian 13 without meson, whose apt writes down what it is asked for.
rm -f "$SCRATCH"/bin/*
cat > "$SCRATCH/bin/dpkg-query" <<'END'
#!/bin/bash
[ "${!#}" = meson ] || printf 'ii '
END
cat > "$SCRATCH/bin/apt-get" <<'END'
#!/bin/bash
echo "asked for: $*"
[ "$1" != indextargets ] || echo "trixie-backports trixie-backports http://packages.invalid/"
END
chmod +x "$SCRATCH"/bin/*
chmod 755 "$SCRATCH"
if grep -q '^VERSION_CODENAME=trixie$' /etc/os-release; then
    run env PATH="$SCRATCH/bin:$PATH" bash -c '. "$1/scripts/lib/env.sh" && env_prepare_here && env_run echo "ran here"' \
        bash "$CHECKOUT"
    check "--here installs what is missing, and nothing else" said "asked for: install -qy --no-install-recommends meson"$'\n'
    check "--here runs on the machine itself" said "ran here"
    run env PATH="$SCRATCH/bin:$PATH" setpriv --reuid 65534 --regid 65534 --clear-groups "$CHECKOUT/scripts/build" --here
    check "--here without root" said "error: a build on this machine itself needs: meson"
fi

run "$CHECKOUT/scripts/shell" -- bash "$CHECKOUT/scripts/lib/kernel.sh"
check "this kernel" test "$STATUS:$SAID" = 0:

finish
