#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# org.freedesktop.machine1 on a stock dbus-daemon without systemd: every method, and stock machinectl.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
. "$SRCDIR/tests/support/bus.sh"
need_root
need_bus
command -v busybox >/dev/null || skip_all "busybox isn't installed"
own_dev

start_bus
rootfs "$TMPDIR/plain" 0
rootfs "$TMPDIR/shifted" 200000
mkdir -p "$TMPDIR/plain/etc"
printf '%s\n' 'NAME="Test OS"' ID=testos VERSION_ID=7 $'EVIL=\e[31m' >"$TMPDIR/plain/etc/os-release"
start_rootfs web1 "$TMPDIR/plain" --share=user
start_rootfs db1 "$TMPDIR/shifted" --map=0:200000:65536

for program in mymachines-bus mymachines-import-bus; do
    [ -x "$BUILDDIR/$program" ] || continue
    run "$BUILDDIR/$program" --help
    like "$status|$out|$err" "0|Usage: $program \[--owner*See $program(8).|" "$program --help"
    run "$BUILDDIR/$program" --version
    like "$status|$out|$err" "0|$program [0-9]*|" "$program --version"
    run "$BUILDDIR/$program" --nosuch
    is "$status|$out|$err" "1||$program: unknown argument; see $program(8)" "$program refuses other arguments"
done

# Nobody answers yet: the bus starts it.
is "$(server_pid)" "" "nothing answers before somebody asks"
run machine1 ListMachines
is "$status|$out" '0|a(ssso) 1 ".host" "host" "" "/org/freedesktop/machine1/machine/_2ehost"' \
    "the bus starts it, and without machines there is the host"
server=$(server_pid)

# Signals, as they come.
busctl monitor --json=short --match "type='signal',interface='org.freedesktop.machine1.Manager'" \
    >"$TMPDIR/signals" 2>/dev/null &
monitor=$!
wait_until sh -c "busctl list | grep -q monitor || sleep 0.2"
signals() {
    jq -r 'select(.type == "signal") | .member + " " + .payload.data[0] + " " + .payload.data[1]' "$TMPDIR/signals"
}
has_signal() {
    signals | grep -qx "$1"
}

run machine1 RegisterMachineWithNetwork sayssusai web1 16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 test container "$web1" /srv/web1 0
is "$status|$out" '0|o "/org/freedesktop/machine1/machine/web1"' "RegisterMachineWithNetwork returns the path"
wait_until has_signal "MachineNew web1 /org/freedesktop/machine1/machine/web1"
ok $? "MachineNew tells of it"
is "$(mymachines show web1 -p Service,Leader,Id,RootDirectory --value 2>/dev/null | sort)" \
    "$(printf '%s\n' test "$web1" 0102030405060708090a0b0c0d0e0f10 /srv/web1 | sort)" "the registry has what was given"
run machine1 RegisterMachine sayssus db1 0 test container "$db1" ""
is "$status|$out" '0|o "/org/freedesktop/machine1/machine/db1"' "RegisterMachine"
run machine1 RegisterMachineEx 'sa(sv)' db-main 3 Service s other LeaderPID u "$db1" Class s container
is "$status|$out" '0|o "/org/freedesktop/machine1/machine/db1"' \
    "the same leader under a second name is the same machine"
is "$(mymachines show db-main -p Name --value)" db1 "the second name is an alias"
run machine1 UnregisterMachine s db-main
is "$status|$(mymachines list --no-legend | grep -c db1)|$(mymachines show db-main 2>&1)" \
    "0|1|mymachines: no machine 'db-main' is registered" "UnregisterMachine of an alias takes only the alias away"

start other
with_leader() {
    python3 "$SRCDIR/tests/integration/bus_leader.py" "$@"
}
is "$(with_leader RegisterMachineEx pinned "LeaderPIDFD=$other" "LeaderPIDFDID=@$other" "LeaderPID=$other")" success \
    "RegisterMachineEx with a pidfd, as systemd-nspawn 259 calls it"
is "$(mymachines show pinned -p Leader --value)" "$other" "the process of the pidfd leads the machine"
machine1 UnregisterMachine s pinned
is "$(with_leader RegisterMachineEx pinned "LeaderPIDFD=$other")" success "a pidfd is enough"
machine1 UnregisterMachine s pinned
is "$(with_leader CreateMachineEx pinned "LeaderPID=$other" "LeaderPIDFDID=@$other")" success "a pid and the number of its pidfd"
machine1 UnregisterMachine s pinned
for words in "InvalidArgs RegisterMachineEx LeaderPIDFD=$db1 LeaderPID=$web1" \
    "InvalidArgs RegisterMachineEx LeaderPIDFD=$db1 LeaderPIDFDID=1" "InvalidArgs RegisterMachineEx LeaderPIDFDID=1" \
    "EBADF RegisterMachineEx LeaderPIDFD=/dev/null" "InvalidArgs RegisterMachineEx LeaderPIDFD=1" \
    "UnixProcessIdUnknown RegisterMachineEx LeaderPID=$other LeaderPIDFDID=1" \
    "UnixProcessIdUnknown CreateMachineEx LeaderPID=$other LeaderPIDFDID=1"; do
    read -r expected method keys <<<"$words"
    # shellcheck disable=SC2086
    like "$(with_leader "$method" pinned $keys)" "*.$expected" "$method refuses a leader of ${keys//[0-9]/}: $expected"
done

long=$(printf '%064d' 0 | tr 0 q)
run machine1 RegisterMachine sayssus "$long" 0 test container "$other" ""
is "$status|$out|$(mymachines show "$long" -p Leader --value)" "0|o \"/org/freedesktop/machine1/machine/$long\"|$other" \
    "a name of 64 bytes, to which libvirt cuts longer ones"
machine1 UnregisterMachine s "$long"

# Errors, by their names.
M=org.freedesktop.machine1
E=org.freedesktop.DBus.Error
while IFS='|' read -r expected name arguments; do
    eval "set -- $arguments"
    is "$(bus_error "$@")" "$expected" "$name"
done <<T
$M.NoSuchMachine|an unknown machine|GetMachine s nosuch
$M.NoSuchMachine|an empty name|GetMachine s ''
$M.NoSuchMachine|a silly name|TerminateMachine s a/b
$M.NoMachineForPID|a process of the host|GetMachineByPID u $$
$M.NoMachineForPID|process 1|GetMachineByPID u 1
$E.InvalidArgs|a pid that can't be one|GetMachineByPID u 4294967295
$E.InvalidArgs|an invalid name|RegisterMachine sayssus 'a b' 0 t container $web1 ''
$E.InvalidArgs|a name with a trailing dot|RegisterMachine sayssus 'a.' 0 t container $web1 ''
$E.InvalidArgs|the host's name|RegisterMachine sayssus .host 0 t container $web1 ''
$E.InvalidArgs|an id of three bytes|RegisterMachine sayssus x 3 1 2 3 t container $web1 ''
$E.InvalidArgs|an unknown class|RegisterMachine sayssus x 0 t host $web1 ''
$E.NotSupported|an empty class|RegisterMachine sayssus x 0 t '' $web1 ''
$E.InvalidArgs|process 1 as a leader|RegisterMachine sayssus x 0 t container 1 ''
$E.UnixProcessIdUnknown|a leader that isn't there|RegisterMachine sayssus x 0 t container 2147483646 ''
$E.InvalidArgs|a relative root|RegisterMachine sayssus x 0 t container $web1 etc
$E.InvalidArgs|interface 0|RegisterMachineWithNetwork sayssusai x 0 t container $web1 '' 1 0
$E.InvalidArgs|257 interfaces|RegisterMachineWithNetwork sayssusai x 0 t container $web1 '' 257 $(yes 1 | head -n 257 | xargs)
$E.InvalidArgs|257 interfaces under two keys|RegisterMachineEx 'sa(sv)' x 2 NetworkInterfaces ai 256 $(yes 1 | head -n 256 | xargs) NetworkInterfaces ai 1 1
$E.InvalidArgs|a key of another type|RegisterMachineEx 'sa(sv)' x 1 Class u 5
$E.InvalidArgs|another key of another type|RegisterMachineEx 'sa(sv)' x 1 NetworkInterfaces as 1 lo
$E.InvalidArgs|a name of 65 bytes|RegisterMachine sayssus $(printf '%065d' 0 | tr 0 a) 0 t container $web1 ''
$E.InvalidArgs|an unknown key|RegisterMachineEx 'sa(sv)' x 1 Nosuch s y
$M.MachineExists|a name that is there|RegisterMachine sayssus web1 0 t container $db1 ''
$E.InvalidArgs|whom to kill|KillMachine ssi web1 nobody 15
$E.InvalidArgs|signal 0|KillMachine ssi web1 all 0
$E.InvalidArgs|signal 99|KillMachine ssi web1 all 99
$E.NotSupported|the host can't be terminated|TerminateMachine s .host
$E.InvalidArgs|a relative source|CopyToMachine sss web1 etc /etc
$E.InvalidArgs|a source of a mount with ..|BindMountMachine sssbb web1 /etc/../etc /x false false
$E.InvalidArgs|an unknown flag|CopyToMachineWithFlags ssst web1 /etc/hostname /x 2
$E.InvalidArgs|a name that no user can have|OpenMachineShell sssasas web1 a:b /bin/sh 0 0
$E.InvalidArgs|a relative shell|OpenMachineShell sssasas web1 root sh 0 0
$E.LimitsExceeded|4097 arguments|OpenMachineShell sssasas web1 root /bin/sh 4097 $(yes x | head -n 4097 | xargs) 0
$E.LimitsExceeded|a long environment|OpenMachineShell sssasas web1 root /bin/sh 0 2 A=$(printf '%0100000d' 0) B=$(printf '%031100d' 0)
$E.InvalidArgs|an environment without =|OpenMachineShell sssasas web1 root /bin/sh 0 1 X
$M.NoSuchUserMapping|an id of the host's own range|MapToMachineUser u 33
$M.NoSuchUserMapping|a user of nobody|MapToMachineUser u 4000000
$M.NoSuchGroupMapping|a group of nobody|MapToMachineGroup u 4000000
$E.InvalidArgs|no id|MapToMachineUser u 4294967295
$M.NoSuchUserMapping|an id that isn't in the map|MapFromMachineUser su db1 70000
$M.NoSuchImage|an image|GetImage s x
$E.UnknownMethod|an unknown method|Nosuch s x
T
is "$(mymachines list --no-legend | awk '{print $1}' | sort | xargs)" "db1 web1" "no bad input has changed anything"

# What lookups say.
machine1 RegisterMachineEx 'sa(sv)' db1 4 LeaderPID u "$db1" Class s container SSHAddress s root@db1 SSHPrivateKeyPath s /root/key >/dev/null
is "$(machine1 GetMachineSSHInfo s db1)" 'ss "root@db1" "/root/key"' "GetMachineSSHInfo"
start net1 --share=net
machine1 RegisterMachine sayssus net1 0 test container "$net1" "" >/dev/null
is "$(bus_error GetMachineAddresses s net1)" $M.NoPrivateNetworking "addresses of a machine on the host's network"
is "$(machine1 GetMachineAddresses s web1)" "a(iay) 0" "a network of its own without an address"
# Busctl has registered it, and has ended since.
is "$(busctl get-property org.freedesktop.machine1 /org/freedesktop/machine1/machine/net1 org.freedesktop.machine1.Machine Supervisor SupervisorPIDFDId)|$(
    bus_error KillMachine ssi net1 supervisor 15)" \
    $'u 0\nt 0'"|$E.UnixProcessIdUnknown" "a supervisor that has died isn't reported, and can't be signalled"
sleep 60 & manager=$!
mymachines register net1 --leader="$net1" --supervisor="$manager" 2>/dev/null
machine1 RegisterMachine sayssus net1 0 test container "$net1" "" >/dev/null
is "$(busctl get-property org.freedesktop.machine1 /org/freedesktop/machine1/machine/net1 org.freedesktop.machine1.Machine Supervisor SupervisorPIDFDId)" \
    "u $manager"$'\n'"t $(mymachines show net1 --json=short | jq '.supervisorProcessId.pidfdId // 0')" \
    "whoever registers a machine again isn't its supervisor while another one lives"
machine1 KillMachine ssi net1 supervisor 10
wait "$manager"
is "$(kill -l $?)" USR1 "KillMachine signals the supervisor"
# A process that registers another one, and stays.
python3 - "$net1" >"$TMPDIR/registrar" <<'P' &
import ctypes, sys, time
lib, bus = ctypes.CDLL("libsystemd.so.0"), ctypes.c_void_p()
assert lib.sd_bus_open_system(ctypes.byref(bus)) >= 0
r = lib.sd_bus_call_method(bus, b"org.freedesktop.machine1", b"/org/freedesktop/machine1", b"org.freedesktop.machine1.Manager",
                           b"RegisterMachine", None, None, b"sayssus", b"net1", 0, b"test", b"container",
                           ctypes.c_uint32(int(sys.argv[1])), b"")
print(r, flush=True)
time.sleep(1000)
P
registrar=$!
wait_until [ -s "$TMPDIR/registrar" ]
is "$(mymachines show net1 -p Supervisor --value)" "$registrar" "who registers a machine is its supervisor"
kill "$registrar"
machine1 UnregisterMachine s net1
like "$(bus_error GetMachineAddresses s .host; machine1 GetMachineUIDShift s .host)" "success*u 0" "what the host has of a machine"
is "$(machine1 GetMachineOSRelease s .host | grep -o '"ID" "[^"]*"')" "\"ID\" \"$(. /etc/os-release; echo "$ID")\"" \
    "GetMachineOSRelease of the host"
run machine1 GetMachineByPID u "$web1"
is "$status|$out" '0|o "/org/freedesktop/machine1/machine/web1"' "GetMachineByPID"
run machine1 GetMachineOSRelease s web1
is "$status|$out" '0|a{ss} 3 "NAME" "Test OS" "ID" "testos" "VERSION_ID" "7"' \
    "GetMachineOSRelease leaves out what a terminal wouldn't survive"
is "$(machine1 GetMachineUIDShift s db1)|$(machine1 GetMachineUIDShift s web1)" "u 200000|u 0" "GetMachineUIDShift"
is "$(machine1 MapFromMachineUser su db1 33)|$(machine1 MapFromMachineGroup su db1 7)" "u 200033|u 200007" \
    "MapFromMachineUser and Group"
is "$(machine1 MapToMachineUser u 200033)" 'sou "db1" "/org/freedesktop/machine1/machine/db1" 33' "MapToMachineUser"
property() {
    busctl get-property org.freedesktop.machine1 "/org/freedesktop/machine1/machine/$1" \
        org.freedesktop.machine1.Machine "$2" 2>&1
}
is "$(property web1 Name)|$(property web1 Class)|$(property web1 State)|$(property web1 Leader)" \
    "s \"web1\"|s \"container\"|s \"running\"|u $web1" "properties of a machine"
is "$(property _2ehost Class)|$(property _2ehost Leader)" 's "host"|u 1' "properties of the host"
like "$(property _2ehost LeaderPIDFDId)" "t $([ "$(property web1 LeaderPIDFDId)" = "t 0" ] || echo '[1-9]')*" "the host's init has the number of a pidfd"
like "$(property nosuch Name)" "*Unknown object*" "a machine that isn't there has no object"
is "$(busctl tree --list org.freedesktop.machine1 | grep -c /machine/)" 3 "busctl tree lists the objects"

# Into a machine and back.
echo hello >"$TMPDIR/hello"
run machine1 CopyToMachine sss db1 "$TMPDIR/hello" /tmp/hello
is "$status|$(stat -c %u "$TMPDIR/shifted/tmp/hello")" "0|200000" "CopyToMachine gives the file to the machine's root"
is "$(bus_error CopyToMachine sss db1 "$TMPDIR/hello" /tmp/hello)" "$E.FileExists" "CopyToMachine replaces nothing"
run machine1 CopyToMachineWithFlags ssst db1 "$TMPDIR/hello" /tmp/hello 1
is "$status" 0 "CopyToMachineWithFlags replaces it"
run machine1 CopyFromMachine sss db1 /tmp/hello "$TMPDIR/back"
is "$status|$(cat "$TMPDIR/back")" "0|hello" "CopyFromMachine"
run machine1 BindMountMachine sssbb web1 "$TMPDIR/hello" /tmp/bound false true
is "$status|$(nsenter -t "$web1" -m -r cat /tmp/bound)" "0|hello" "BindMountMachine"
like "$(machine1 OpenMachinePTY s web1)" 'hs * "/dev/pts/*"' "OpenMachinePTY"
like "$(machine1 OpenMachineRootDirectory s db1)" 'h *' "OpenMachineRootDirectory"
run python3 "$SRCDIR/tests/integration/bus_shell.py" db1 root /bin/sh sh -c 'echo "$X $(id -u) $(tty)"; exit'
like "$out" "works 0 /dev/pts/*" "OpenMachineShell runs a program on a terminal of the machine's"
is "$(bus_error OpenMachineShell sssasas db1 nosuch /bin/sh 0 0)" "$E.Failed" "OpenMachineShell needs a user that is there"

# Nobody but root: without polkit AccessDenied, with it InteractiveAuthorizationRequired.
run as_daemon busctl call $MACHINE1 GetMachine s web1
is "$status" 0 "an ordinary user may look up"
for call in "TerminateMachine s web1" "UnregisterMachine s web1" "KillMachine ssi web1 all 9" \
    "OpenMachineShell sssasas web1 root /bin/sh 0 0" "RegisterMachine sayssus mine 0 t container 0 /" \
    "CopyFromMachine sss web1 /etc/passwd /tmp/x" "OpenMachineRootDirectory s web1"; do
    # shellcheck disable=SC2086
    like "$(as_daemon python3 "$SRCDIR/tests/integration/bus_error.py" $call)" "$E.[AI]*ed" "an ordinary user may not call ${call%% *}"
done

# Stock machinectl, which wants a directory of systemd's.
if command -v machinectl >/dev/null; then
    mkdir -p /run/systemd/system
    like "$(machinectl list --no-legend | sort | xargs)" "db1 container other * web1 container test testos 7 *" "machinectl list"
    like "$(machinectl status web1 --no-pager 2>/dev/null)" "web1(0102030405060708090a0b0c0d0e0f10)*Leader: $web1*Service: test; class container*" "machinectl status"
    is "$(machinectl show web1 -p Name -p State)" "Name=web1
State=running" "machinectl show"
    run machinectl copy-to db1 "$TMPDIR/hello" /tmp/stock
    is "$status|$(cat "$TMPDIR/shifted/tmp/stock")" "0|hello" "machinectl copy-to"
    run machinectl copy-from db1 /tmp/stock "$TMPDIR/stock"
    is "$status|$(cat "$TMPDIR/stock")" "0|hello" "machinectl copy-from"
    run machinectl bind web1 "$TMPDIR/hello" /tmp/stock-bound --mkdir
    is "$status|$(nsenter -t "$web1" -m -r cat /tmp/stock-bound)" "0|hello" "machinectl bind"
    like "$(script -qec 'machinectl shell db1 /bin/echo it works' /dev/null < <(sleep 2))" "*it works*" "machinectl shell"
    run machinectl kill db1 --kill-whom=leader --signal=CONT
    is "$status" 0 "machinectl kill"
    run machinectl terminate db1
    is "$status|$(has_ended "$db1"; echo $?)" "0|0" "machinectl terminate"
else
    run machine1 TerminateMachine s db1
    is "$status" 0 "TerminateMachine"
    skip "machinectl isn't installed" "stock machinectl"
fi
wait_until has_signal "MachineRemoved db1 /org/freedesktop/machine1/machine/db1"
ok $? "MachineRemoved tells of the end"

# Killed, it is started again, and knows all that the registry knows.
kill -9 "$server"
wait_until has_ended "$server"
run machine1 GetMachine s web1
is "$status|$out" '0|o "/org/freedesktop/machine1/machine/web1"' "killed and started again, it knows the machines"
kill -9 "$web1"
wait_until has_ended "$web1"
is "$(bus_error GetMachineAddresses s web1)" $E.FileNotFound "addresses of a machine that has died"
mymachines refresh 2>/dev/null
wait_until has_signal "MachineRemoved web1 /org/freedesktop/machine1/machine/web1"
ok $? "a machine that died is told of"

# Log control.
control() {
    busctl "$1" org.freedesktop.machine1 /org/freedesktop/LogControl1 org.freedesktop.LogControl1 "${@:2}" 2>&1
}
is "$(control get-property LogLevel)" 's "info"' "LogLevel"
control set-property LogLevel s debug
is "$(control get-property LogLevel)" 's "debug"' "LogLevel can be set"
like "$(control set-property LogLevel s loud)" "*Invalid log level 'loud'*" "to nothing but a level"

# It goes with the bus.
server=$(server_pid)
kill "$monitor" "$bus"
wait_until has_ended "$server"
ok $? "it ends when the bus ends"
done_testing
