#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# io.systemd.Machine: all methods, by a client of the tests; hostile clients; a server that is killed.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
. "$SRCDIR/tests/support/bus.sh"
. "$SRCDIR/tests/support/machine_socket.sh"
need_root
command -v busybox >/dev/null || skip_all "busybox isn't installed"
own_dev

rootfs "$TMPDIR/plain" 0
rootfs "$TMPDIR/shifted" 200000
mkdir -p "$TMPDIR/plain/etc"
printf '%s\n' 'NAME="Test OS"' ID=testos VERSION_ID=7 $'EVIL=\e[31m' >"$TMPDIR/plain/etc/os-release"
start_rootfs web1 "$TMPDIR/plain" --share=user
start_rootfs db1 "$TMPDIR/shifted" --map=0:200000:65536
sleep 600 >/dev/null 2>&1 &
vm1=$!
sleep 600 >/dev/null 2>&1 &
vm2=$!

python3 "$SRCDIR/tests/integration/machine.py" "$socket" "web1=$web1" "db1=$db1" "vm1=$vm1" "vm2=$vm2" >"$TMPDIR/tap"
sed '/^1\.\./d' "$TMPDIR/tap"
n_tests=$(grep -cE '^(not )?ok ' "$TMPDIR/tap")
is "$(tail -n 1 "$TMPDIR/tap")" "1..$n_tests" "the client of the tests came to its end"

# Others than root, with the real polkit on a bus of the test's own.
if [ -x /usr/lib/polkit-1/polkitd ] && command -v dbus-daemon >/dev/null &&
    ldd "$BUILDDIR/mymachines-varlink" | grep -q libsystemd; then
    polkit_rules <<'R'
polkit.addRule(function (action, subject) {
    if (subject.user != "daemon" || action.id.indexOf("org.freedesktop.machine1.") != 0)
        return polkit.Result.NOT_HANDLED;
    if (action.lookup("machine") == "web1" && action.id == "org.freedesktop.machine1.shell")
        return action.lookup("user") == "root" && action.lookup("command_line") == "sh -c exit"
            ? polkit.Result.YES : polkit.Result.NO;
    if (action.lookup("machine") == "web1" && action.lookup("verb") == "kill")
        return polkit.Result.YES;
    return polkit.Result.NO;
});
R
    start_bus
    mymachines register web1 --leader="$web1" --alias=test 2>/dev/null
    mymachines register db1 --leader="$db1" 2>/dev/null
    rm -f "$socket"
    serve_machines
    is "$(as_user daemon Kill '{"name": "web1", "signal": 18}')" "done" "polkit's rule lets a user send a signal"
    is "$(as_user daemon Kill '{"name": "test", "signal": 18}')" "done" "by an alias, too: polkit is told the first name"
    is "$(as_user daemon Kill '{"name": "db1", "signal": 18}')" PermissionDenied "to that machine alone"
    is "$(as_user daemon Terminate '{"name": "web1"}')" PermissionDenied "and nothing else"
    is "$(as_user bin Kill '{"name": "web1", "signal": 18}')" InteractiveAuthenticationRequired \
        "another user would have to be asked, and can't be"
    is "$(as_user daemon Open '{"name": "web1", "mode": "shell", "path": "/bin/sh", "args": ["sh", "-c", "exit"]}')" \
        "done" "a rule reads user and command line"
    is "$(as_user daemon Open '{"name": "web1", "mode": "shell", "path": "/bin/sh", "args": ["sh", "-c", "exit",
        "'"$(printf '%2000s' x)"'"]}')" PermissionDenied "all of the command line, however long it is"
    is "$(as_user daemon Open '{"name": "web1", "mode": "shell", "user": "other", "path": "/bin/sh",
        "args": ["sh", "-c", "exit"]}')" PermissionDenied "so that no other user is"
    kill "$server" "$bus"
    wait "$server"
    rm -f "$socket"
else
    skip "polkitd, dbus-daemon or libsystemd isn't installed" "polkit"
fi

# A machine that a call registers is followed, as one that the verb does.
. "$SRCDIR/tests/integration/events.sh"
mymachines unregister web1 db1 2>/dev/null
echo Monitor=yes >>"$SYSCONFDIR/mymachines.conf"
serve_machines
is "$(as_user root Register '{"name": "web1", "class": "container", "leader": '"$web1}")" "done" "Register"
wait_until monitor_pid
ok $? "starts the monitor"
kill "$server" "$vm1" "$vm2" 2>/dev/null
end_watching
done_testing
