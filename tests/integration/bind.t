#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines bind: mount directories and files of the host's in machines, and nowhere else.
# shellcheck disable=SC2016,SC2154
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
need_root
command -v busybox >/dev/null || skip_all "busybox isn't installed"
own_dev

start_three
for machine in plain one three; do
    mymachines register "$machine" --leader="${!machine}" 2>/dev/null
done
cleanup() {
    kill -9 "$plain" "$one" "$three" "${busy-}"
} 2>/dev/null
trap cleanup EXIT
cd "$TMPDIR" || exit

# there MACHINE COMMAND: print the output of a shell command in the machine
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
# Shared: mounts below it propagate to all copies, unless bind prevents that.
mount --make-rshared "$TMPDIR/data/sub"
mount --rbind data data
mount --make-rshared "$TMPDIR/data"
before=$(mounts)

for machine in plain one three; do
    fails "mymachines: $machine: /mnt/data: No such file or directory; --mkdir makes it" \
        "$machine: bind fails if the path in the machine doesn't exist, and names --mkdir" mymachines bind "$machine" data /mnt/data
    bind --mkdir "$machine" data /mnt/data
    is "$status|$out|$err" "0||" "$machine: bind --mkdir mounts a directory"
    is "$(there $machine 'stat -c "%a %u:%g" /mnt; cd /mnt/data; stat -c "%n %u:%g" root app dir; cat root sub/*')" \
        "755 0:0
root 0:0
app 1000:1000
dir $([ $machine = plain ] && echo 70000:70000 || echo 65534:65534)
root
above" "$machine: a bound directory has the mounts below it and the host's owners"
    is "$(there $machine 'echo written >/mnt/data/new; stat -c %u:%g /mnt/data/new')|$(stat -c %u:%g data/new)" \
        "0:0|0:0" "$machine: the machine's root is root in a bound directory"
    bind --mkdir --read-only "$machine" data/app /srv/sub/file
    is "$status|$err|$(there $machine 'cat /srv/sub/file; stat -c "%a %u:%g" /srv/sub')" "0||app
755 0:0" "$machine: bind --mkdir mounts a file, and makes directories on the way"
    like "$(there $machine 'echo x >/srv/sub/file')" "*: Read-only file system" "$machine: a file bound with --read-only can't be written"
    bind --read-only "$machine" "$TMPDIR/data" /mnt
    is "$status|$err" "0|" "$machine: bind mounts over an existing mount"
    like "$(there $machine 'echo x >/mnt/root')" "*: Read-only file system" "$machine: a directory bound with --read-only can't be written"
    like "$(there $machine 'echo x >/mnt/sub/above')" "*: Read-only file system" "$machine: --read-only includes the mounts below a directory"
    if [ $machine != plain ]; then
        there $machine 'mount -o remount,bind,rw /mnt; umount /mnt/sub; umount -l /mnt/sub; mount -o remount,bind,rw /mnt/sub' >/dev/null
        like "$(there $machine 'echo x >/mnt/root')" "*: Read-only file system" "$machine: the machine's root can't make a read-only mount writable"
        is "$(there $machine 'cat /mnt/sub/*')" "above" "$machine: the machine's root can't unmount the mounts below a bound directory"
    fi
# Later mounts, on either side.
    mount -t tmpfs tmpfs data/dir
    is "$(there $machine 'grep -c /dir /proc/mounts')" 0 "$machine: a later mount on the host doesn't appear in the machine"
    umount data/dir
    is "$(there $machine 'mount -t tmpfs tmpfs /mnt/dir')|$(mounts)" "|$before" \
        "$machine: a later mount in the machine doesn't appear on the host"
    is "$(there $machine 'umount /mnt/dir; umount -l /mnt; umount -l /mnt/data; umount /srv/sub/file
        grep -cE "/(mnt|srv)" /proc/mounts')" 0 "$machine: the machine's root can unmount what was bound"
    is "$(mounts)" "$before" "$machine: unmounting in the machine doesn't change the host's mounts"
    rm data/new
done

# Paths.
mkdir -p "plain/$TMPDIR/data"
bind plain "$TMPDIR/data"
is "$status|$(there plain "cat $TMPDIR/data/app")" "0|app" "bind without a second path uses the same path in the machine"
ln -s "$TMPDIR/data/app" link
bind --mkdir plain link /tmp/file
is "$status|$(there plain "cat /tmp/file; umount /tmp/file")" "0|app" "bind follows a link on the host"
fails "mymachines: nonesuch: cannot open it: No such file or directory" "bind fails if the path on the host doesn't exist" \
    mymachines bind plain nonesuch /mnt
fails "mymachines: plain: /etc: cannot mount there: Is a directory" "bind refuses to mount a file on a directory" \
    mymachines bind plain data/app /etc
fails "mymachines: plain: /etc/passwd: cannot mount there: Not a directory" "bind refuses to mount a directory on a file" \
    mymachines bind plain data /etc/passwd
fails "mymachines: plain: /etc/passwd/x: Not a directory" "bind --mkdir fails below a file" \
    mymachines bind --mkdir plain data /etc/passwd/x
fails "mymachines: bind: the path in the machine must be absolute, 'data' isn't" "bind refuses a relative path in the machine" \
    mymachines bind plain data
fails "mymachines: bind: takes the name of a machine and one path or two" "bind with one argument is refused" mymachines bind plain
fails "mymachines: no machine 'nonesuch' is registered" "bind refuses a name that isn't registered" mymachines bind nonesuch /tmp
fails "mymachines: plain: entering a machine needs root" "bind needs root" \
    setpriv --reuid=1000 --regid=1000 --clear-groups mymachines bind plain /tmp
fails "mymachines: plain: /x?x1b*: No such file or directory; --mkdir makes it" "control bytes in a path are escaped" \
    mymachines bind plain data $'/x\e[31m'
start emulator --share=user --share=net --share=mnt
mymachines register vm1 --leader="$emulator" --class=vm --address=192.0.2.9
fails "mymachines: vm1: is a virtual machine, which has mounts of its own only" "bind refuses a VM" mymachines bind vm1 /tmp
start shares --share=user --share=mnt
mymachines register shares --leader="$shares" 2>/dev/null
fails "mymachines: shares: its mounts are the host's own" "bind refuses a machine with the host's mounts" mymachines bind shares "$TMPDIR/data" /mnt

# Mounts of a machine may be in a peer group with those of the host.
mkdir shared
mount -t tmpfs tmpfs shared
mount --make-shared "$TMPDIR/shared"
mkdir shared/on
unshare --mount --propagation unchanged sh -c 'echo $$ >pid; exec sleep 100000' </dev/null >/dev/null 2>&1 &
wait_until grep -qx sleep "/proc/$!/comm"
mymachines register open --leader="$!" 2>/dev/null
before=$(mounts)
fails "mymachines: open: $TMPDIR/shared/on: the mount would appear on the host, too" \
    "bind refuses a target whose mounts would appear on the host" mymachines bind open "$TMPDIR/data" "$TMPDIR/shared/on"
is "$(mounts)" "$before" "a refused bind mounts nothing"
nsenter -t $! -m mount --make-private "$TMPDIR/shared"
bind open "$TMPDIR/data" "$TMPDIR/shared/on"
is "$status|$err|$(mounts)|$(nsenter -t $! -m cat "$TMPDIR/shared/on/app")" "0||$before|app" "bind mounts on a target that isn't shared with the host"
kill $!
wait $! 2>/dev/null

# A machine whose user namespace doesn't own its mount namespace.
start inner --map=0:500000:65536 --share=mnt
mymachines register inner --leader="$inner" 2>/dev/null
unshare --mount --propagation private unshare --user --map-root-user sleep 100000 </dev/null >/dev/null 2>&1 &
wait_until grep -qx sleep "/proc/$!/comm"
mymachines register foreign --leader="$!" 2>/dev/null
mkdir "$TMPDIR/on"
bind --mkdir foreign "$TMPDIR/data" "$TMPDIR/on/x"
is "$status|$err|$(nsenter -t $! -m cat "$TMPDIR/on/x/app")" "0||app" "bind works in a machine whose mounts the host's user namespace owns"
kill $!
wait $! 2>/dev/null

# A file system that can't map owners.
mkdir other
mount --bind /proc/tty other
bind --mkdir one "$TMPDIR/other" /tmp/tty
is "$status|$err|$(there one 'stat -c %u /tmp/tty/drivers; umount /tmp/tty')" \
    "0|mymachines: $TMPDIR/other: this file system can't map owners, so all files belong to nobody in the machine|65534" \
    "bind warns if the file system can't map owners"
umount other

# Links, also those that are exchanged during a bind, never lead out of the machine.
before=$(mounts)
mkdir victim
for machine in plain one; do
    root=$TMPDIR/$machine
    for link in "$TMPDIR/victim" "../../../../../../../$TMPDIR/victim" "/proc/self/root/$TMPDIR/victim" \
        "/proc/1/cwd/$TMPDIR/victim"; do
        ln -sfn "$link" "$root/tmp/link"
        fails "mymachines: $machine: /tmp/link: *" "$machine: bind doesn't follow a link to $link" \
            mymachines bind $machine data /tmp/link
        bind --mkdir $machine data /tmp/link
        like "$status|$err" "1|mymachines: $machine: /tmp/link: *" "$machine: bind --mkdir makes nothing where a link to $link leads"
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
    is "$(mounts)|$(ls -A victim)" "$before|" "$machine: bind mounts and makes nothing on the host while links are exchanged"
    ok "$([ "$done" -gt 0 ]; echo $?)" "$machine: bind succeeds while links are exchanged"
done
is "$(awk '$5 ~ /victim/' "/proc/$plain/mountinfo" "/proc/$one/mountinfo")" "" "nothing was mounted at the end of those links in a machine"

kill -9 "$plain"
wait_until has_ended "$plain"
fails "mymachines: plain: cannot enter it: its leader has died" "bind refuses a machine whose leader has died" mymachines bind plain data /mnt
done_testing
