#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines bind: mounts of the host's in machines, and nowhere else.
# shellcheck disable=SC2016,SC2154
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
need_root
command -v busybox >/dev/null || skip_all "busybox isn't installed"
own_dev

rootfs "$TMPDIR/plain" 0
rootfs "$TMPDIR/one" 200000
rootfs "$TMPDIR/three" 300000
start_rootfs plain "$TMPDIR/plain" --share=user
start_rootfs one "$TMPDIR/one" --map=0:200000:65536
start_rootfs three "$TMPDIR/three" --map=0:300000:1000 --map=1000:1000:1 --map=1001:301001:64535
for machine in plain one three; do
    mymachines register "$machine" --leader="${!machine}" 2>/dev/null
done
cleanup() {
    kill -9 "$plain" "$one" "$three" "${busy-}"
} 2>/dev/null
trap cleanup EXIT
cd "$TMPDIR" || exit

# there MACHINE COMMAND: what a shell in there prints
there() {
    mymachines shell "$1" sh -c "$2" </dev/null 2>&1
}
bind() {
    run timeout -k 5 20 mymachines bind "$@" </dev/null
}
mounts() {
    sort /proc/self/mountinfo
}

mkdir -p data/sub data/dir
echo root >data/root
echo app >data/app
echo below >data/sub/below
chown 1000:1000 data/app
chown 70000:70000 data/dir
mount -t tmpfs tmpfs data/sub
echo above >data/sub/above
# What is mounted here goes everywhere, unless that is prevented.
mount --make-rshared "$TMPDIR/data/sub"
mount --rbind data data
mount --make-rshared "$TMPDIR/data"
before=$(mounts)

for machine in plain one three; do
    fails "mymachines: $machine: /mnt/data: No such file or directory; --mkdir makes it" \
        "$machine: there is nothing to mount on" mymachines bind "$machine" data /mnt/data
    bind --mkdir "$machine" data /mnt/data
    is "$status|$out|$err" "0||" "$machine: a directory, with --mkdir"
    is "$(there $machine 'stat -c "%a %u:%g" /mnt; cd /mnt/data; stat -c "%n %u:%g" root app dir; cat root sub/*')" \
        "755 0:0
root 0:0
app 1000:1000
dir $([ $machine = plain ] && echo 70000:70000 || echo 65534:65534)
root
above" "$machine: is there, with what is mounted in it and the owners that it has"
    is "$(there $machine 'echo written >/mnt/data/new; stat -c %u:%g /mnt/data/new')|$(stat -c %u:%g data/new)" \
        "0:0|0:0" "$machine: its root is root there"
    bind --mkdir --read-only "$machine" data/app /srv/sub/file
    is "$status|$err|$(there $machine 'cat /srv/sub/file; stat -c "%a %u:%g" /srv/sub')" "0||app
755 0:0" "$machine: a file"
    like "$(there $machine 'echo x >/srv/sub/file')" "*: Read-only file system" "$machine: --read-only"
    bind --read-only "$machine" "$TMPDIR/data" /mnt
    is "$status|$err" "0|" "$machine: over one that is there"
    like "$(there $machine 'echo x >/mnt/root')" "*: Read-only file system" "$machine: read-only"
    like "$(there $machine 'echo x >/mnt/sub/above')" "*: Read-only file system" "$machine: also what is mounted in it"
    if [ $machine != plain ]; then
        there $machine 'mount -o remount,bind,rw /mnt; umount /mnt/sub; umount -l /mnt/sub; mount -o remount,bind,rw /mnt/sub' >/dev/null
        like "$(there $machine 'echo x >/mnt/root')" "*: Read-only file system" "$machine: its root can't undo that"
        is "$(there $machine 'cat /mnt/sub/*')" "above" "$machine: nor take away what covers something"
    fi
    # What comes later, on either side.
    mount -t tmpfs tmpfs data/dir
    is "$(there $machine 'grep -c /dir /proc/mounts')" 0 "$machine: what is mounted here later isn't mounted there"
    umount data/dir
    there $machine 'mount -t tmpfs tmpfs /mnt/dir'
    is "$(mounts)" "$before" "$machine: nor is anything mounted here"
    there $machine 'umount /mnt/dir; umount -l /mnt; umount -l /mnt/data; umount /srv/sub/file'
    is "$(there $machine 'grep -cE "/(mnt|srv)" /proc/mounts')" 0 "$machine: its root may take it all away again"
    is "$(mounts)" "$before" "$machine: but not what is here"
    rm data/new
done

# Paths.
mkdir -p "plain/$TMPDIR/data"
bind plain "$TMPDIR/data"
is "$status|$(there plain "cat $TMPDIR/data/app")" "0|app" "without a second path, it is the same"
ln -s "$TMPDIR/data/app" link
bind --mkdir plain link /tmp/file
is "$status|$(there plain "cat /tmp/file; umount /tmp/file")" "0|app" "a link here is followed"
fails "mymachines: nonesuch: cannot open it: No such file or directory" "no such path" \
    mymachines bind plain nonesuch /mnt
fails "mymachines: plain: /etc: cannot mount there: Is a directory" "a file on a directory" \
    mymachines bind plain data/app /etc
fails "mymachines: plain: /etc/passwd: cannot mount there: Not a directory" "a directory on a file" \
    mymachines bind plain data /etc/passwd
fails "mymachines: plain: /etc/passwd/x: Not a directory" "below a file" \
    mymachines bind --mkdir plain data /etc/passwd/x
fails "mymachines: bind: the path in the machine must be absolute, 'data' isn't" "no path in there" \
    mymachines bind plain data
fails "mymachines: bind: takes the name of a machine and one path or two" "one word" mymachines bind plain
fails "mymachines: no machine 'nonesuch' is registered" "no machine" mymachines bind nonesuch /tmp
fails "mymachines: plain: to enter a machine needs root" "a user of the host" \
    setpriv --reuid=1000 --regid=1000 --clear-groups mymachines bind plain /tmp
fails "mymachines: plain: /x?x1b*: No such file or directory; --mkdir makes it" "an escape isn't printed" \
    mymachines bind plain data $'/x\e[31m'
start emulator --share=user --share=net --share=mnt
mymachines register vm1 --leader="$emulator" --class=vm --address=192.0.2.9
fails "mymachines: vm1: is a virtual machine, which has mounts of its own only" "a VM" mymachines bind vm1 /tmp
start shares --share=user --share=mnt
mymachines register shares --leader="$shares" 2>/dev/null
fails "mymachines: shares: its mounts are the host's own" "the host's own mounts" mymachines bind shares "$TMPDIR/data" /mnt

# A machine's mounts may be the host's, too.
mkdir shared
mount -t tmpfs tmpfs shared
mount --make-shared "$TMPDIR/shared"
mkdir shared/on
unshare --mount --propagation unchanged sh -c 'echo $$ >pid; exec sleep 100000' </dev/null >/dev/null 2>&1 &
wait_until grep -qx sleep "/proc/$!/comm"
mymachines register open --leader="$!" 2>/dev/null
before=$(mounts)
fails "mymachines: open: $TMPDIR/shared/on: what is mounted there would be on the host, too" \
    "a mount that the host shares" mymachines bind open "$TMPDIR/data" "$TMPDIR/shared/on"
is "$(mounts)" "$before" "nothing is mounted"
nsenter -t $! -m mount --make-private "$TMPDIR/shared"
bind open "$TMPDIR/data" "$TMPDIR/shared/on"
is "$status|$err|$(mounts)|$(nsenter -t $! -m cat "$TMPDIR/shared/on/app")" "0||$before|app" "unlike one that it doesn't"
kill $!
wait $! 2>/dev/null

# A user namespace that doesn't own its mounts.
start inner --map=0:500000:65536 --share=mnt
mymachines register inner --leader="$inner" 2>/dev/null
unshare --mount --propagation private unshare --user --map-root-user sleep 100000 </dev/null >/dev/null 2>&1 &
wait_until grep -qx sleep "/proc/$!/comm"
mymachines register foreign --leader="$!" 2>/dev/null
mkdir "$TMPDIR/on"
bind --mkdir foreign "$TMPDIR/data" "$TMPDIR/on/x"
is "$status|$err|$(nsenter -t $! -m cat "$TMPDIR/on/x/app")" "0||app" "mounts that are the host's user namespace's"
kill $!
wait $! 2>/dev/null

# File systems whose owners can't be mapped.
mkdir other
mount --bind /proc/tty other
bind --mkdir one "$TMPDIR/other" /tmp/tty
is "$status|$err|$(there one 'stat -c %u /tmp/tty/drivers; umount /tmp/tty')" \
    "0|mymachines: $TMPDIR/other: its owners can't be mapped, and will be nobody in the machine: Invalid argument|65534" \
    "where owners can't be mapped, that is said"
umount other

# Links, and links that come and go, lead to the machine's own.
before=$(mounts)
mkdir victim
for machine in plain one; do
    root=$TMPDIR/$machine
    for link in "$TMPDIR/victim" "../../../../../../../$TMPDIR/victim" "/proc/self/root/$TMPDIR/victim" \
        "/proc/1/cwd/$TMPDIR/victim"; do
        ln -sfn "$link" "$root/tmp/link"
        fails "mymachines: $machine: /tmp/link: *" "$machine: where a link to $link leads" \
            mymachines bind $machine data /tmp/link
        bind --mkdir $machine data /tmp/link
        like "$status|$err" "1|mymachines: $machine: /tmp/link: *" "$machine: nor is it made"
    done
    mkdir "$root/tmp/swap"
    chown --reference="$root" "$root/tmp/swap"
    mymachines shell "$machine" sh -c 'cd /tmp/swap
        mkdir real; ln -s '"$TMPDIR"'/victim evil
        echo ready >ready
        while :; do mv -T real now; mv -T now real; mv -T evil now; mv -T now evil; done' \
        </dev/null >/dev/null 2>&1 &
    busy=$!
    wait_until test -e "$root/tmp/swap/ready"
    done=0
    for ((i = 0; i < 200 && done < 10; i++)); do
        timeout 20 mymachines bind "$machine" data /tmp/swap/now 2>/dev/null && done=$((done + 1))
        timeout 20 mymachines bind --mkdir "$machine" data /tmp/swap/now/x 2>/dev/null
    done
    kill "$busy"
    wait "$busy" 2>/dev/null
    is "$(mounts)|$(ls -A victim)" "$before|" "$machine: links that come and go: nothing is mounted here, or made"
    ok "$([ "$done" -gt 0 ]; echo $?)" "$machine: while it is there"
done
is "$(awk '$5 ~ /victim/' "/proc/$plain/mountinfo" "/proc/$one/mountinfo")" "" "nor there"

kill -9 "$plain"
wait_until eval "! kill -0 $plain"
fails "mymachines: plain: cannot enter it: its leader has died" "a machine that has died" mymachines bind plain data /mnt
done_testing
