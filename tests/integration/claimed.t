#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The operating system and the machine id that a container claims: read once, by a child, and again when
# its leader has another root directory.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
busybox=$(command -v busybox) || skip_all "busybox isn't installed"
id=0123456789abcdef0123456789abcdef
trap end_watching EXIT

# tree DIRECTORY NAME: a root directory with only busybox, of an operating system of this name
tree() {
    mkdir -p "$1/bin" "$1/proc" "$1/etc" "$1/dev"
    cp "$busybox" "$1/bin/busybox"
    printf '%s\n' "ID=$2" VERSION_ID=1 >"$1/etc/os-release"
    chmod -R go+rX "$1"
}
# system NAME: the claimed system and id
system() {
    mymachines show "$1" --json=short | jq -r '.claimed | "\(.os) \(.id)"'
}
has_system() {
    [ "$(system "$1")" = "$2" ]
}
# late NAME: start a container that has the host's root directory until "$TMPDIR/NAME.go" is written to
late() {
    mkfifo "$TMPDIR/$1.go"
    start "$1" -- bash -c 'read -r <"$0"; exec chroot "$1" /bin/busybox sleep 100000' \
        "$TMPDIR/$1.go" "$TMPDIR/$1"
}
chmod 755 "$TMPDIR"

# Everybody sees them, and nobody looks into the machines for it.
tree "$TMPDIR/early" one
echo $id >"$TMPDIR/early/etc/machine-id"
start early --root="$TMPDIR/early" -- /bin/busybox sleep 100000
mymachines register early --leader="$early" 2>/dev/null
is "$(system early)" "one $id" "register records the system and the machine id"
cp "$BUILDDIR/mymachines" "$TMPDIR/mymachines"
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups "$TMPDIR/mymachines")
is "$("${nobody[@]}" list --no-legend)" "early container - one 1 -" "list shows an ordinary user the system of a machine"
is "$("${nobody[@]}" show early --value -p OS,ClaimedId)" "one
$id" "show shows an ordinary user the system and the machine id"
if can_trace; then
    for verb in list "list --json=short" "show early" "show --json=short"; do
        # shellcheck disable=SC2086
        strace -f -o "$TMPDIR/calls" "$BUILDDIR/mymachines" $verb >/dev/null
        is "$(grep -c 'clone\|fork(\|openat2\|/root"' "$TMPDIR/calls")" 0 "$verb opens no file of a machine"
    done
else
    skip "strace can't be used here" "no verb opens a file of a machine"
fi

# Without a monitor, refresh and registering again see that the root is another one.
tree "$TMPDIR/moved" two
late moved
mymachines register moved --leader="$moved" 2>/dev/null
is "$(system moved)" "$(host_os | cut -d' ' -f1) null" "a machine in the host's root claims the host's system, and no id"
echo >"$TMPDIR/moved.go"
wait_until test -e "/proc/$moved/root/bin/busybox" -a ! -e "/proc/$moved/root/usr"
mymachines register moved --leader="$moved"
is "$(system moved)" "two null" "registering a machine again reads the files of its new root"
# Its files stay as they were read until they are asked for.
echo ID=three >"$TMPDIR/moved/etc/os-release"
mymachines refresh moved
is "$(system moved)" "three null" "refresh reads the files of the same root again"

# With one, nothing has to be done.
echo 'Monitor=yes' >"$SYSCONFDIR/mymachines.conf"
tree "$TMPDIR/hooked" four
late hooked
mymachines register hooked --leader="$hooked" 2>/dev/null
echo >"$TMPDIR/hooked.go"
wait_until has_system hooked "four null"
ok $? "monitor sees that a machine has got its root directory after its registration"
# A minute after its registration, it isn't looked for any more.
tree "$TMPDIR/booted" five
start booted --root="$TMPDIR/booted" -- /bin/busybox sleep 100000
mymachines register booted --leader="$booted" 2>/dev/null
echo $id >"$TMPDIR/booted/etc/machine-id"
wait_until has_system booted "five $id"
ok $? "monitor reads a machine id that the machine's init has written after its registration"

# A file system that never answers keeps the monitor from nothing.
if [ -c /dev/fuse ]; then
    unshare --mount --net --pid --fork --kill-child --propagation private \
        python3 "$SRCDIR/tests/support/silent_fuse.py" /etc >"$TMPDIR/evil.out" 2>&1 </dev/null &
    wait_until grep -q . "$TMPDIR/evil.out"
    evil=$(pgrep -P $!)
fi
if [ -c /dev/fuse ] && grep -qx ready "$TMPDIR/evil.out"; then
    run mymachines register evil --leader="$evil"
    is "$status|$err" "0|mymachines: evil: cannot read its operating system: no answer within a second
$(in_no_unit evil)" "register reports that a machine's files don't come"
    is "$(system evil)" "null null" "a machine whose files don't come claims nothing"
    kill -9 "$early"
    is_gone() {
        ! mymachines show early >/dev/null 2>&1
    }
    wait_until is_gone
    ok $? "monitor goes on beside a machine whose files don't come"
    kill -9 "$evil"
else
    skip "FUSE can't be mounted here" "monitor goes on beside a machine whose files don't come"
fi
done_testing
