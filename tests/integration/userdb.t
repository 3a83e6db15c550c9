#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The users of machines by systemd's user database: its own clients, without systemd, and others.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

socket=/run/systemd/userdb/io.systemd.Machine
start web1 --map=0:100000:65536
start db1 --map=0:200000:65536
mymachines register web1 --leader="$web1" 2>/dev/null
mymachines register db1 --leader="$db1" --alias=main 2>/dev/null
# Two users who have more than one id.
printf '%s\n' someone:300000:1000 other:310000:1000 someone:320000:1000 nonsense >"$TMPDIR/subuid"
mount_over "$TMPDIR/subuid" /etc/subuid
python3 "$SRCDIR/tests/support/activate" "$socket" -- "$BUILDDIR/mymachines-userdb" &
server=$!
wait_until listening "$socket"

python3 "$SRCDIR/tests/integration/userdb.py" "$socket" "$server" >"$TMPDIR/tap"
sed '/^1\.\./d' "$TMPDIR/tap"
n_tests=$(grep -cE '^(not )?ok ' "$TMPDIR/tap")
is "$(tail -n 1 "$TMPDIR/tap")" "1..$n_tests" "the client of the tests came to its end"
like "$(grep -E '^(Uid|NoNewPrivs)' "/proc/$server/status" | tr -s '\t\n' ' ')" \
    "Uid: 65534 65534 65534 65534 NoNewPrivs: 1 " "the server has no privileges"

if command -v userdbctl >/dev/null; then
    run userdbctl user vu-web1-33 --output=json
    is "$status|$(jq -r '.userName, .uid, .service, .disposition' <<<"$out" | tr '\n' ' ')" \
        "0|vu-web1-33 100033 io.systemd.Machine container " "userdbctl knows a user by name"
    run userdbctl user 200007
    like "$status|$out" "0|*User name: vu-db1-7*UID 7 of Container db1*" "userdbctl knows a user by number"
    run userdbctl group vg-db1-5
    like "$status|$out" "0|*Group name: vg-db1-5*" "userdbctl knows a group"
    run userdbctl users-in-group vg-db1-5
    is "$status" 0 "userdbctl takes it that a group has no members"
    run userdbctl user nosuch
    is "$status|$err" "1|User nosuch does not exist." "userdbctl says of an unknown user that there is none"
    run userdbctl services
    like "$status|$out" "0|*io.systemd.Machine yes*" "userdbctl sees the service"
else
    skip "userdbctl isn't installed" "userdbctl"
fi

# nsswitch.conf of distributions that have systemd and not mymachines.
if [ -e "$(ldconfig -p | sed -n 's/.*libnss_systemd.so.2.*=> //p' | head -n 1)" ]; then
    printf '%s\n' 'passwd: files systemd' 'group: files systemd' >"$TMPDIR/systemd.conf"
    mount_over "$TMPDIR/systemd.conf" /etc/nsswitch.conf
    run getent passwd vu-web1-33 200007
    is "$status|$out" "0|vu-web1-33:x:100033:65534:UID 33 of Container web1:/:/usr/sbin/nologin
vu-db1-7:x:200007:65534:UID 7 of Container db1:/:/usr/sbin/nologin" "nss-systemd has users by name and number"
    run getent group vg-web1-5 200009
    is "$status|$out" "0|vg-web1-5:x:100005:
vg-db1-9:x:200009:" "nss-systemd has groups"
    run getent passwd nosuch
    is "$status" 2 "an unknown name isn't found"
    run getent passwd 4000000000
    is "$status" 2 "an unknown number isn't found"
    touch "$TMPDIR/file"
    chown 100033:200007 "$TMPDIR/file"
    is "$(stat -c '%U %G' "$TMPDIR/file")" "vu-web1-33 vg-db1-7" "files have the names of their owners"
    is "$(id -un 200000)" "vu-db1-0" "id knows a machine's root"

    # A user at the bound of connections: what libc tells the user's programs, alone and beside another
    # service. The module of systemd 252 takes a connection that is closed for "no such user".
    cat >"$TMPDIR/at_bound" <<'P'
import ctypes, errno, os, sys, time
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client

os.setgroups([])
os.setgid(12345)
os.setuid(12345)
if len(sys.argv) > 1:
    clients = [Client(sys.argv[1]) for _ in range(1024)]
    for client in clients:
        client.call("io.systemd.service.Ping")
libc = ctypes.CDLL(None)
buffer, record, found = ctypes.create_string_buffer(4096), ctypes.create_string_buffer(256), ctypes.c_void_p()
begin = time.monotonic()
r = libc.getpwnam_r(b"nosuch", record, buffer, ctypes.c_size_t(4096), ctypes.byref(found))
took = time.monotonic() - begin
print(errno.errorcode.get(r, r), "found" if found.value else "none", "late" if took > 1.5 else "at once")
P
    is "$(python3 "$TMPDIR/at_bound")" "0 none at once" "below the bound there is no such user"
    is "$(python3 "$TMPDIR/at_bound" "$socket")" "0 none late" "at the bound, a user's programs hear so after two seconds"
    python3 "$SRCDIR/tests/support/activate" /run/systemd/userdb/org.example.Other -- "$BUILDDIR/mymachines-userdb" &
    other=$!
    wait_until listening /run/systemd/userdb/org.example.Other
    is "$(python3 "$TMPDIR/at_bound" "$socket")" "0 none late" "beside another service, too"
    kill "$other"
    wait "$other"
    rm /run/systemd/userdb/org.example.Other
    umount /etc/nsswitch.conf
else
    skip "libnss-systemd isn't installed" "nss-systemd"
fi

if command -v varlinkctl >/dev/null; then
    run varlinkctl info "$socket"
    like "$status|$out" "0|*mymachines*io.systemd.UserDatabase*" "varlinkctl knows what answers"
    for interface in io.systemd.UserDatabase io.systemd.service; do
        run varlinkctl introspect "$socket" "$interface"
        like "$status|$out" "0|*interface $interface*" "varlinkctl reads the description of $interface"
    done
else
    skip "varlinkctl comes with systemd 255" "varlinkctl"
fi

kill "$server"
wait "$server"
is "$?" 0 "SIGTERM ends the server in order"
done_testing
