#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who holds the sockets that others ask at, where no systemd does: the monitor, from the first machine to
# the last. Whatever is killed, no socket is left that nobody answers.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
need_root

socket=/run/systemd/userdb/io.systemd.Machine
conf=$SYSCONFDIR/mymachines.conf
printf '%s\n' Monitor=yes Varlink=yes >"$conf"
own_dev
syslog_to "$TMPDIR/log"

for program in mymachines-userdb mymachines-resolve-hook mymachines-varlink mymachines-import-varlink; do
    [ -x "$BUILDDIR/$program" ] || continue
    run "$BUILDDIR/$program" --help
    like "$status|$out|$err" "0|Usage: $program \[--help*See mymachines-varlink(8).|" "$program --help"
    run "$BUILDDIR/$program" --nosuch
    is "$status|$out|$err" "1||$program: unknown argument; see mymachines-varlink(8)" "$program refuses other arguments"
done

# ask UID: the name that the socket answers
ask() {
    python3 - "$socket" "$1" <<'P'
import os, sys
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client
try:
    with Client(sys.argv[1]) as client:
        reply = client.call("io.systemd.UserDatabase.GetUserRecord",
                            {"service": "io.systemd.Machine", "uid": int(sys.argv[2])})
except OSError as error:
    sys.exit(str(error))
print(reply["parameters"]["record"]["userName"] if reply and "error" not in reply else reply)
P
}
# of this test's alone: others' may run on the host
pids() {
    ps -eo pid=,ppid=,comm= | awk -v name="$1" -v parent="${2-}" \
        '$3 == name && (parent == "" || $2 == parent) { print $1 }'
}
# Who has the lock of the monitor.
monitor() {
    python3 - "$REGISTRY_DIRECTORY/monitor.lock" <<'P'
import fcntl, os, struct, sys
try:
    with open(sys.argv[1], "r+b") as lock:
        data = fcntl.fcntl(lock, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
except FileNotFoundError:
    sys.exit()
kind, _, _, _, pid = struct.unpack("hhqqi4x", data)
if kind != fcntl.F_UNLCK:
    print(pid)
P
}
# What holds the sockets, and its parent, which starts it again.
holder() {
    local keeper
    keeper=$(keeper)
    [ -z "$keeper" ] || pids mymachines-sock "$keeper"
}
keeper() {
    pids mymachines-keep "$(monitor)"
}
server() {
    local holder
    holder=$(holder)
    [ -z "$holder" ] || pids mymachines-user "$holder"
}
gone() {
    [ ! -e "$socket" ] && [ ! -L "$socket" ]
}

start web1 --map=0:100000:65536
start db1 --map=0:200000:65536
run mymachines register web1 --leader="$web1"
is "$status" 0 "the first machine is registered"
wait_until listening "$socket"
ok $? "with the first machine there is the socket"
is "$(stat -c '%a %U' "$socket" /run/systemd/userdb | tr '\n' ' ')" "666 root 755 root " \
    "everybody may ask, and only root may change the directory"
is "$(server)" "" "nothing answers before somebody asks"
ok "$([ -S /run/systemd/resolve.hook/io.systemd.Machine ]; echo $?)" "and the socket of the resolver's hook"
is "$(ask 100033)" vu-web1-33 "the first question starts the service"
first=$(server)
like "$first" "[0-9]*" "the service is a child of the process that holds the socket"
is "$(ask 100007) $(server)" "vu-web1-7 $first" "the second question is answered by the same"
like "$(grep -E '^(Uid|NoNewPrivs)' "/proc/$first/status" | tr -s '\t\n' ' ')" \
    "Uid: 65534 65534 65534 65534 NoNewPrivs: 1 " "the service has no privileges"
is "$(ls /run/systemd/machines/web1)" /run/systemd/machines/web1 \
    "exports aren't taken for systemd-machined's because of the socket"

cat >"$TMPDIR/list" <<'P'
import os, sys
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client
with Client("/run/systemd/machine/io.systemd.Machine") as client:
    print(client.call("io.systemd.Machine.List", {"name": "web1"})["parameters"]["name"])
P
is "$(python3 "$TMPDIR/list")" web1 "io.systemd.Machine is answered, too, with what that needs of privileges"

# The same socket, whoever looks.
identity() {
    stat -c '%i %z' "$socket"
}
before=$(identity)
mymachines doctor >/dev/null 2>&1
mymachines setup --help >/dev/null
mymachines monitor >/dev/null 2>&1
mymachines register db1 --leader="$db1" 2>/dev/null
is "$(ask 200033)" vu-db1-33 "a machine that is registered later is found"
is "$(identity)" "$before" "a second monitor, doctor and others leave the socket as it is"

# The service is killed, and stopped.
kill -9 "$first"
wait_until has_ended "$first"
is "$(ask 100033)" vu-web1-33 "after the service was killed another one answers"
second=$(server)
ok "$([ "$second" != "$first" ]; echo $?)" "it is another process"
stop_process "$second"
begin=$(date +%s%3N)
is "$(ask 100033)" vu-web1-33 "a service that is stopped is replaced"
took=$(($(date +%s%3N) - begin))
echo "# after $took ms"
ok "$([ $took -lt 15000 ]; echo $?)" "that takes seconds"
wait_until has_ended "$second"
ok $? "the stopped one is gone"
is "$(identity)" "$before" "all that with the same socket"

# Clients don't wait because of programs that can't be used.
python3 - "$socket" "$(server)" <<'P'
import os, sys
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client
clients = [Client(sys.argv[1]) for _ in range(50)]
clients[0].call("io.systemd.service.Ping")
os.kill(int(sys.argv[2]), 9)
P
is "$(ask 100033)" vu-web1-33 "clients that were connected to a killed one don't stand in the way"

# systemd-machined takes the path, as it does when it starts. Ours goes, and comes back.
cat >"$TMPDIR/machined" <<'P'
import os, socket, sys, time
path = sys.argv[1]
if os.path.exists(path):
    os.unlink(path)
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(path)
time.sleep(0.1)  # as long as this it refuses
listener.listen(100)
print("listens", flush=True)
time.sleep(1000)
P
python3 "$TMPDIR/machined" "$socket" >"$TMPDIR/machined.out" &
other=$!
wait_until grep -q listens "$TMPDIR/machined.out"
theirs=$(identity)
without_server() {
    [ -z "$(server)" ]
}
wait_until without_server
ok $? "when another service takes the path, ours ends"
wait_until grep -q "leaving it to that" "$TMPDIR/log"
ok $? "the log tells who has it"
is "$(identity)" "$theirs" "its socket is left as it is"
mymachines refresh web1 >/dev/null 2>&1
is "$(identity)" "$theirs" "also when machines change"
kill -9 "$other"
wait "$other" 2>/dev/null
is_ours() {
    [ "$(ask 100033 2>/dev/null)" = vu-web1-33 ]
}
wait_until is_ours
ok $? "when that has ended, ours is back"

# Somebody removes it.
rm "$socket"
wait_until is_ours
ok $? "a socket that was removed comes back"
mv /run/systemd/userdb "$TMPDIR/was"
mymachines refresh web1 >/dev/null 2>&1
mymachines unregister db1
wait_until is_ours
ok $? "with its directory, too, at the next change of machines"
chmod 711 /run/systemd/userdb
mymachines register db1 --leader="$db1" 2>/dev/null
is "$(stat -c %a /run/systemd/userdb)" 711 "a directory that is there isn't changed"
chmod 755 /run/systemd/userdb

# Killed, all that may be killed together.
is "$(ask 100033)" vu-web1-33 "it answers"
holder=$(holder) server=$(server)
kill -9 "$(monitor)" "$server"
begin=$(date +%s%3N)
wait_until gone
ok $? "after monitor and service were killed no socket is left"
echo "# after $(($(date +%s%3N) - begin)) ms"
wait_until has_ended "$holder"
ok $? "nor a process"
mymachines refresh web1 >/dev/null 2>&1
mymachines monitor --background
wait_until is_ours
ok $? "the next monitor has it again"
server=$(server) holder=$(holder)
kill -9 "$holder"
wait_until has_ended "$server"
ok $? "after the process that holds it was killed the service ends"
wait_until is_ours
ok $? "another process has the socket again"
like "$(holder)" "[0-9]*" "it is a child of the former one's parent"
holder=$(holder) server=$(server)
kill -9 "$(keeper)" "$holder"
wait_until gone
ok $? "after both were killed no socket is left"
wait_until has_ended "$server"
ok $? "nor a service"
wait_until grep -q "restart the monitor" "$TMPDIR/log"
ok $? "the log says how to have it again"
kill "$(monitor)"
# Nor one who holds sockets, and removes them when the monitor has gone.
no_monitor() {
    [ -z "$(monitor)" ] && ! own_pgrep -x mymachines-sock
}
wait_until no_monitor

# A file without a listener, which makes each look-up of an unknown user an error, is replaced.
python3 -c "
import socket
socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind('$socket')"
tracer=()
can_trace && tracer=(strace -D -f -qq -o "$TMPDIR/order" -e 'trace=listen,/^rename')
"${tracer[@]}" mymachines monitor --background --exit-when-empty
wait_until is_ours
ok $? "a socket that nobody listens at is replaced"
# Who sees somebody listen there, and no list that says that it is us, takes it for systemd-machined.
if can_trace; then
    is "$(grep -oE 'listen\(|/sockets"' "$TMPDIR/order" | head -n 2)" $'/sockets"\nlisten(' \
        "it is listed as ours before it is listened at"
else
    skip "strace can't be used here" "it is listed as ours before it is listened at"
fi

if [ -e "$(ldconfig -p | sed -n 's/.*libnss_systemd.so.2.*=> //p' | head -n 1)" ]; then
    printf '%s\n' 'passwd: files systemd' 'group: files systemd' >"$TMPDIR/systemd.conf"
    mount_over "$TMPDIR/systemd.conf" /etc/nsswitch.conf
    run getent passwd vu-web1-33 nosuch
    is "$status|$out" "2|vu-web1-33:x:100033:65534:UID 33 of Container web1:/:/usr/sbin/nologin" \
        "nss-systemd finds users of machines, and knows that another one isn't there"
    for i in 1 2 3; do
        kill -9 "$(server)"
        getent passwd nosuch >/dev/null
        echo "$?"
    done | sort -u >"$TMPDIR/statuses"
    is "$(cat "$TMPDIR/statuses")" 2 "so it does while the service starts again"
    stop_process "$(server)"
    begin=$(date +%s%3N)
    seq 3000000000 3000000999 | xargs getent passwd
    took=$(($(date +%s%3N) - begin))
    echo "# after $took ms"
    ok "$([ $took -lt 20000 ]; echo $?)" "a thousand unknown owners take seconds while a service that is stopped is replaced"
    umount /etc/nsswitch.conf
else
    skip "libnss-systemd isn't installed" "nss-systemd while the service starts again"
fi

# The last machine.
server=$(server)
mymachines unregister web1
mymachines unregister db1
wait_until gone
ok $? "with the last machine the socket goes"
wait_until has_ended "$server"
ok $? "and the service"
is "$(ls /run/systemd/userdb /run/systemd/resolve.hook /run/systemd/machine | grep -c Machine)" 0 "no other socket is left"
wait_until no_monitor
ok $? "and the monitor"
is "$(ls "$REGISTRY_DIRECTORY" | grep -c '^sockets$')" 0 "no list of sockets is left"

# A program that doesn't start.
mkdir "$TMPDIR/bin"
cp "$BUILDDIR/mymachines" "$TMPDIR/bin/"
printf '#!/bin/sh\nexit 7\n' >"$TMPDIR/bin/mymachines-userdb"
chmod 755 "$TMPDIR/bin/mymachines-userdb"
"$TMPDIR/bin/mymachines" register web1 --leader="$web1" 2>/dev/null
wait_until listening "$socket"
timeout 20 python3 - "$socket" <<'P'
import os, sys
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client
try:
    Client(sys.argv[1]).call("io.systemd.service.Ping")
except OSError:
    pass
P
is "$?" 0 "a client of a service that can't start isn't kept waiting"
wait_until grep -q "mymachines-userdb can't be started" "$TMPDIR/log"
ok $? "the log tells why"
wait_until gone
ok $? "and the socket goes"
mymachines unregister web1
wait_until no_monitor

# A copy that takes long, as its source hangs, when the last machine goes.
[ -c /dev/fuse ] || mknod /dev/fuse c 10 229
mkdir "$TMPDIR/hung"
python3 "$SRCDIR/tests/support/silent_fuse.py" "$TMPDIR/hung" >"$TMPDIR/fuse" 2>&1 </dev/null &
fuse=$!
wait_until grep -q . "$TMPDIR/fuse"
if grep -qx ready "$TMPDIR/fuse"; then
    mymachines register web1 --leader="$web1" 2>/dev/null
    wait_until listening /run/systemd/machine/io.systemd.Machine
    python3 - /run/systemd/machine/io.systemd.Machine "$TMPDIR/hung/file" >"$TMPDIR/copied" <<'P' &
import os, sys
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client
with Client(sys.argv[1], timeout=60) as client:
    reply = client.call("io.systemd.Machine.CopyTo", {"name": "web1", "source": sys.argv[2], "destination": "/tmp/x"})
print((reply or {}).get("error"))
P
    client=$!
    copier() {
        copier=$(pids mymachines-varl "$(pids mymachines-varl "$(holder)")")
        [ -n "$copier" ]
    }
    wait_until copier
    holder=$(holder)
    mymachines unregister web1
    # The holder leaves its server, with the copy, to itself.
    wait_until has_ended "$holder"
    kill "$fuse"
    wait "$client"
    like "$(cat "$TMPDIR/copied")" "io.systemd.*" "a copy under way is answered when the sockets have gone"
    wait_until has_ended "$copier"
    no_server_is_left() {
        ! own_pgrep -x mymachines-varl
    }
    wait_until no_server_is_left
    ok $? "then the server ends"
else
    kill "$fuse" 2>/dev/null
    skip "FUSE can't be mounted here" "a copy under way is answered when the sockets have gone"
fi

# Off by default, and setup.
import_answers=
[ ! -x "$BUILDDIR/mymachines-import-varlink" ] || import_answers="
ok: mymachines-import-varlink answers at /run/systemd/io.systemd.Import"
printf '%s\n' Monitor=yes >"$conf"
findings() {
    mymachines doctor --json=short | jq -r '.[] | select(.check == "varlink") | "\(.status): \(.message)"'
}
[ ! -d /usr/share/polkit-1/actions ] || mount_directory /usr/share/polkit-1
actions=/usr/share/polkit-1/actions/mymachines-machine1.policy
import_actions=/usr/share/polkit-1/actions/mymachines-import1.policy
rm -f $actions $import_actions
run mymachines setup varlink --check
is "$status|$(head -n 1 <<<"$out")" "1|varlink: $conf: isn't set up" "setup varlink --check tells that it isn't set up"
like "$(findings)" "hint: systemd's user database doesn't know the users and groups of machines" \
    "doctor tells that nobody answers"
run mymachines setup varlink
like "$status|$out" "0|*+Varlink=yes*end it, and run mymachines monitor --background" "setup varlink writes the setting"
# Which this host's systemd hasn't, unless it is 261.
if [ -d /usr/share/polkit-1/actions ]; then
    is "$(cat /usr/share/polkit-1/actions/*machine1.policy | grep -c '"org.freedesktop.machine1.register-machine"')" 1 \
        "setup varlink writes the actions that polkit lacks"
    is "$(cat /usr/share/polkit-1/actions/*import1.policy | grep -c '"org.freedesktop.import1.pull"')" 1 \
        "and those about transfers"
fi
run mymachines setup varlink --check
is "$status|$out" "0|varlink: is set up" "setup varlink --check tells that it is"
mymachines register web1 --leader="$web1" 2>/dev/null
wait_until is_ours
ok $? "with the setting, the monitor holds the socket"
is "$(findings)" "ok: mymachines-userdb answers at $socket
ok: mymachines-resolve-hook answers at /run/systemd/resolve.hook/io.systemd.Machine
ok: mymachines-varlink answers at /run/systemd/machine/io.systemd.Machine$import_answers" "doctor tells that we answer"
stop_process "$(server)"
stop_process "$(holder)"
like "$(findings)" "warning: $socket: process * (mymachines-sock) doesn't answer there*" "doctor tells who doesn't answer"
holder=$(holder)
kill -CONT "$holder"
mymachines unregister web1
wait_until no_monitor
wait_until has_ended "$holder"
rm -f "$TMPDIR/machined.out"
python3 -c "
import socket
socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind('$socket')"
like "$(findings)" "warning: $socket: nobody listens there*" "doctor tells of a socket that nobody listens at"
python3 "$TMPDIR/machined" "$socket" >"$TMPDIR/machined.out" &
wait_until grep -q listens "$TMPDIR/machined.out"
like "$(findings)" "warning: $socket: process $! (python3) doesn't answer there*" "doctor tells of another one that doesn't"
kill "$!"
rm "$socket"
run mymachines setup varlink --remove
is "$status|$(cat "$conf")" "0|Monitor=yes" "setup varlink --remove takes the setting out"
ok "$([ ! -e $actions ] && [ ! -e $import_actions ]; echo $?)" "setup varlink --remove takes the actions out"
mymachines register web1 --leader="$web1" 2>/dev/null
wait_until test -n "$(monitor)"
is "$(keeper)" "" "without Varlink=yes the monitor holds no sockets"
gone
ok $? "and makes none"
mymachines unregister web1
wait_until no_monitor
done_testing
