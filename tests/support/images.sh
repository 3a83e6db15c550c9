# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A place for images of the test's own, on whatever file system; needs lib.sh.

pool=/var/lib/machines

# own_pool: /var/lib, /var/log and systemd's settings are this test's own, with an empty pool
own_pool() {
    local directory
    for directory in /var/lib /var/log; do
        mount -t tmpfs -o mode=755 tmpfs "$directory"
    done
    mkdir -m 700 "$pool"
    mkdir -p "$TMPDIR/systemd/upper/nspawn" "$TMPDIR/systemd/work"
    [ ! -d /etc/systemd ] || mount -t overlay overlay /etc/systemd -o \
        "lowerdir=/etc/systemd,upperdir=$TMPDIR/systemd/upper,workdir=$TMPDIR/systemd/work"
    settings=/etc/systemd/nspawn
}

# mount_pool TYPE: a new file system there. 1 if this host can't do that, with the reason in $why.
mount_pool() {
    local disk=$TMPDIR/$1.disk
    why=
    case $1 in
    tmpfs)
        mount -t tmpfs -o mode=700 tmpfs "$pool" 2>/dev/null || why="cannot mount tmpfs here"
        ;;
    *)
        command -v "mkfs.$1" >/dev/null || { why="mkfs.$1 isn't installed"; return 1; }
        truncate -s 320M "$disk"
        case $1 in
        ext4) mkfs.ext4 -q "$disk" ;;
        xfs) mkfs.xfs -q "$disk" ;;
        btrfs) mkfs.btrfs -q "$disk" ;;
        esac >/dev/null 2>&1 || { why="mkfs.$1 fails"; return 1; }
        mount -o loop "$disk" "$pool" 2>/dev/null || why="cannot mount $1 here"
        ;;
    esac
    [ -z "$why" ] || return 1
    chmod 700 "$pool"
    rmdir "$pool/lost+found" 2>/dev/null || :
}

unmount_pool() {
    umount "$pool" && rm -f "$TMPDIR"/*.disk
}

# make_tree DIRECTORY: files of all kinds, with all that can belong to them
make_tree() {
    local to=$1
    mkdir -p "$to/etc/deep/er" "$to/dev"
    chmod 755 "$to"
    echo one >"$to/etc/one"
    ln "$to/etc/one" "$to/etc/deep/er/same"
    ln -s /nowhere "$to/etc/link"
    ln -s ../etc/one "$to/dev/link"
    ln "$to/dev/link" "$to/dev/samelink"
    mkfifo "$to/dev/fifo"
    mknod "$to/dev/null" c 1 3
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$to/dev/socket"
    cp "$(type -P true)" "$to/etc/setuid"
    chown 100033:100044 "$to/etc/setuid" "$to/etc/link"
    chown -h 100033:100044 "$to/etc/link"
    chmod 6755 "$to/etc/setuid"
    echo ping >"$to/etc/ping"
    setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 "$to/etc/ping"
    setfattr -n trusted.note -v hello "$to/etc/deep"
    truncate -s 8M "$to/etc/holes"
    printf x | dd of="$to/etc/holes" bs=1M seek=4 conv=notrunc 2>/dev/null
    : >"$to/etc/$(printf 'F\305\221tan\303\272 \377\n"x')"
    chmod 1777 "$to/etc/deep/er"
    touch -h -d @1000000000.123456789 "$to/etc/link" "$to/etc/one"
    touch -d @1000000001.5 "$to/etc/deep"
    touch -d @1000000002 "$to"
}
