#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The examples of the manuals, run as they stand there, on a container as they speak of: web1, whose
# leader is 4711. What a page shows is what is printed; pids and times are the example's.
# shellcheck disable=SC2154
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
. "$SRCDIR/tests/support/bus.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
command -v busybox >/dev/null || skip_all "busybox isn't installed"

# A host of this test's own.
own_dev
mkdir -p "$TMPDIR"/{etc,share}/{upper,work} "$TMPDIR/bin" "$TMPDIR/work/site"
mount -t overlay -o "lowerdir=/etc,upperdir=$TMPDIR/etc/upper,workdir=$TMPDIR/etc/work" overlay /etc
mount -t overlay -o "lowerdir=/usr/share,upperdir=$TMPDIR/share/upper,workdir=$TMPDIR/share/work" overlay /usr/share
for directory in /srv /var/lib; do
    mount -t tmpfs -o mode=755 tmpfs "$directory"
done
# LXD isn't part of this host: its client without a daemon is a failure of setup.
client=$(command -v lxc) && {
    mkdir -p "$TMPDIR/client"/{upper,work}
    mount -t overlay -o "lowerdir=${client%/*},upperdir=$TMPDIR/client/upper,workdir=$TMPDIR/client/work" \
        overlay "${client%/*}"
    rm "$client"
}
use_module
# Files, not mounts, as setup replaces them.
umount /etc/nsswitch.conf
cp "$TMPDIR/nsswitch.conf" /etc/nsswitch.conf
ln -s "$BUILDDIR/mymachines" "$TMPDIR/bin/machinectl"
PATH=$TMPDIR/bin:$PATH
export LANG=C
mkdir -p /srv/media /srv/box /var/lib/lxc /var/lib/machines/debian /usr/share/lxc/config/common.conf.d
chmod 700 /var/lib/machines
rootfs /srv/box
echo index >"$TMPDIR/work/site/index.html"
ip link add vnet0 type veth peer name vnet1
sleep 100000 >/dev/null 2>&1 &
vm1=$!
web1=
trap '{ kill -9 "$web1" "$vm1"; } 2>/dev/null; end_watching' EXIT

# A system whose init can be told to power off.
root=/var/lib/lxc/web1/rootfs
rootfs "$root" 100000
ln -sf ../bin/busybox "$root/sbin/init"
# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' 'hostname web1' \
    'mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts /dev/pts && ln -sf pts/ptmx /dev/ptmx' \
    'echo $? >/ready' >"$root/etc/start"
chmod 755 "$root/etc/start"
echo '::sysinit:/etc/start' >"$root/etc/inittab"
echo web1 >"$root/etc/hostname"
mkdir -p "$root/var/www"
head -c 612 /dev/zero >"$root/var/www/index.html"
touch -d '2026-11-22 22:51' "$root/var/www/index.html"
chown -hR 100000:100000 "$root/sbin" "$root/etc" "$root/var"
chown 100033:100033 "$root/var/www/index.html"
# new_web1: a container of it that isn't registered
new_web1() {
    [ -z "$web1" ] || kill -9 "$web1" 2>/dev/null
    ip link del ve-web1 2>/dev/null
    forget
    rm -rf "$root/ready" "$root/srv"
    mkdir "$root/srv"
    chown 100000:100000 "$root/srv"
    start_rootfs web1 "$root" --map=0:100000:65536
    pair "$web1" ve-web1 10.0.3.0/24
    ip addr add 10.0.3.1/24 dev ve-web1
    inside "$web1" ip link set pair0 up
    inside "$web1" ip addr add 10.0.3.7/24 dev pair0
}
registered_web1() {
    [ -n "$web1" ] && [ "$(mymachines which "$web1" 2>/dev/null)" = web1 ] && return
    new_web1
    mymachines register web1 --leader="$web1" --service=lxc --alias=www --no-monitor
}
# as_shown TEXT: with the example's pids, and one blank for many
as_shown() {
    sed "s/\b$web1\b/4711/g; s/\b$vm1\b/4900/g" <<<"$1" | tr -s ' '
}
# lacks COMMAND: why it can't be run here, or nothing
lacks() {
    case $1 in
    systemctl*) [ -d /run/systemd/system ] || echo "systemd doesn't run here; debian.t boots one" ;;
    *"mymachines start"*) echo "there is no system in the image; tests/runtimes/images.t starts one" ;;
    *run-qemu*) echo "boots a disk of somebody's; runtimes/qemu.t runs it with one" ;;
    ps\ *machine*) ps -o machine -p 1 >/dev/null 2>&1 || echo "ps has no column for machines" ;;
    ping*) command -v ping >/dev/null || echo "ping isn't installed" ;;
    *podman*) command -v podman >/dev/null || echo "podman isn't installed" ;;
    *import-* | *export-* | *-transfers) [ -x "$BUILDDIR/mymachines-import" ] || echo "it was configured without libarchive" ;;
    *io.systemd.Import.Pull*) echo "fetches from a server; import-varlink.t has one" ;;
    *pull-*) echo "fetches from a server; pull.t has one" ;;
    *"setup bus"* | busctl*) [ -n "$bus" ] || echo "there is no bus, or it was configured without libsystemd" ;;
    userdbctl*) command -v userdbctl >/dev/null || echo "userdbctl isn't installed" ;;
    varlinkctl*) command -v varlinkctl >/dev/null || echo "varlinkctl isn't installed" ;;
    *"jq "*) command -v jq >/dev/null || echo "jq isn't installed" ;;
    esac
}

# try PAGE COMMAND OUTPUT
try() {
    local name="$1: ${2//$'\n'/ }" command=$2 expected=$3 reason
    reason=$(lacks "$command")
    if [ -n "$reason" ]; then
        skip "$reason" "$name"
        return
    fi
    # What a register registers, isn't yet; all else is about a machine that is.
    case $command in
    *"register web1"*) new_web1 ;;
    # The monitor has the sockets.
    userdbctl* | varlinkctl*)
        registered_web1
        mymachines monitor --background
        ;;
    *) registered_web1 ;;
    esac
    command=${command//4711/$web1}
    command=${command//4900/$vm1}
    case $command in
    *"watch "*)
        : >"$TMPDIR/out"
        bash -c "exec $command" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null &
        wait_until test -s "$TMPDIR/out"
        { kill $! && wait $!; } 2>/dev/null
        status=0
        ;;
    *)
        timeout 60 bash -c "$command" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null
        status=$?
        ;;
    esac
    if [ "$status" != 0 ]; then
        ok 1 "$name"
        { echo "status $status"; cat "$TMPDIR/out" "$TMPDIR/err"; } | head -n 40 | sed 's/^/# /'
    elif [ -n "$expected" ]; then
        is "$(as_shown "$(cat "$TMPDIR/out")")" "$(tr -s ' ' <<<"$expected")" "$name"
    else
        ok 0 "$name"
    fi
}

# A bus, where "setup bus" makes ours answer.
bus=
if command -v dbus-daemon >/dev/null && command -v busctl >/dev/null && [ -x "$BUILDDIR/mymachines-bus" ]; then
    for directory in /usr/local/share /usr/share/polkit-1; do
        [ ! -d "$directory" ] || mount_directory "$directory"
    done
    rm -f /etc/dbus-1/system.d/mymachines* /usr/local/share/dbus-1/system-services/org.freedesktop.*1.service
    start_daemon
    trap '{ kill -9 "$web1" "$vm1" "$bus"; } 2>/dev/null; end_watching' EXIT
fi
cd "$TMPDIR/work" || exit
n_examples=0
for page in "$SRCDIR"/man/*.in; do
    name=$(basename "$page" .in)
    # Each page begins with a machine that none has changed.
    mymachines unregister web1 2>/dev/null
    cp "$TMPDIR/nsswitch.conf" /etc/nsswitch.conf
    while read -r example; do
        command=$(jq -r '.command // empty' <<<"$example")
        [ -n "$command" ] || continue
        try "$name" "$command" "$(jq -r .output <<<"$example")"
        n_examples=$((n_examples + 1))
    done < <("$SRCDIR/tests/support/examples.py" "$page")
done
# text PAGE: the first example that is not a command
text() {
    "$SRCDIR/tests/support/examples.py" "$SRCDIR/man/$1.in" | jq -r 'select(.command == null).output' | head -n "${2-100}"
}
# A file of settings, and that one that isn't right would be noticed.
settings=$SYSCONFDIR/mymachines.conf
text mymachines.conf.5 >"$settings"
new_web1
run mymachines register web1.lxc.example.org --leader="$web1" --no-monitor
is "$status|$(grep mymachines.conf <<<"$err")" "0|" "mymachines.conf.5: the settings are valid"
echo Exports=perhaps >>"$settings"
mymachines register web1.lxc.example.org --leader="$web1" >/dev/null 2>err
like "$(cat err)" "*mymachines.conf:*: 'perhaps' is neither *" "mymachines.conf.5: a wrong one would be noticed"
echo Monitor=no >"$settings"

# A hook of LXC's.
mymachines setup lxc >/dev/null
line=$(text mymachines-hook.8)
like "$(cat /usr/share/lxc/config/common.conf.d/*mymachines* /etc/lxc/*.conf 2>/dev/null)" \
    "*${line%%sh -c*}/bin/sh -c '*${line#*sh -c ?}"$'\n*' "mymachines-hook.8: setup lxc writes such a line"

# A program.
{
    printf '#include <%s>\n' mymachines.h poll.h stdio.h
    echo 'int main(void) { setvbuf(stdout, NULL, _IOLBF, 0);'
    text libmymachines.3
    echo 'mymachines_watch_free(watch); return 0; }'
} >program.c
# shellcheck disable=SC2086
if $CC $SANITIZERS -Wall -I"$SRCDIR/library" -o program program.c -L"$BUILDDIR/.libs" -lmymachines 2>err; then
    is "$(cat err)" "" "libmymachines.3: the program compiles without a warning"
    registered_web1
    LD_LIBRARY_PATH=$BUILDDIR/.libs ./program >out 2>&1 </dev/null &
    program=$!
    wait_until sh -c "ls -l /proc/$program/fd | grep -q inotify"
    mymachines unregister web1
    wait_until grep -qx 'web1 has gone' out
    ok $? "libmymachines.3: the program tells that a machine has gone"
    { kill $program && wait $program; } 2>/dev/null
else
    ok 1 "libmymachines.3: the program compiles without a warning"
    sed 's/^/# /' err
fi
ok "$([ "$n_examples" -ge 40 ]; echo $?)" "all examples are found"
done_testing
