# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers with a root directory, /proc, /dev and terminals of their own, all of busybox.
# Needs containers.sh.

# rootfs DIRECTORY [OWNER]: the files, which belong to this id of the host's
rootfs() {
    local root=$1 applet node
    mkdir -p "$root"/{bin,sbin,etc,proc,dev/pts,tmp,root,home/app}
    cp "$(command -v busybox)" "$root/bin/busybox"
    for applet in $(busybox --list); do
        case $applet in
        busybox | login | getty | init) ;;
        *) ln -s busybox "$root/bin/$applet" ;;
        esac
    done
    printf '%s\n' root:x:0:0:root:/root:/bin/sh app:x:1000:1000::/home/app:/bin/sh >"$root/etc/passwd"
    printf '%s\n' root:x:0: audio:x:29:app wheel:x:10:root,app app:x:1000: >"$root/etc/group"
    cat >"$root/sbin/init" <<'I'
#!/bin/sh
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts /dev/pts && ln -sf pts/ptmx /dev/ptmx
echo $? >/ready
exec sleep 100000
I
    chmod 755 "$root/sbin/init"
    chown -hR "${2-0}:${2-0}" "$root"
    mount --bind "$root" "$root"
    for node in null zero tty; do
        : >"$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
}

# start_rootfs VARIABLE DIRECTORY [OPTION...]: a container in there; its leader's pid
start_rootfs() {
    local root=$2
    start "$1" --root="$root" "${@:3}" -- /sbin/init
    wait_until grep -qx 0 "$root/ready"
}

# start_three: one that has the host's ids, one with an extent, and one with three, in $TMPDIR/plain,
# one and three; variables of these names get their leaders' pids
start_three() {
    rootfs "$TMPDIR/plain" 0
    rootfs "$TMPDIR/one" 200000
    rootfs "$TMPDIR/three" 300000
    start_rootfs plain "$TMPDIR/plain" --share=user
    start_rootfs one "$TMPDIR/one" --map=0:200000:65536
    start_rootfs three "$TMPDIR/three" --map=0:300000:1000 --map=1000:1000:1 --map=1001:301001:64535
}
