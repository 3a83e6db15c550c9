#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# org.freedesktop.machine1 where machines, their leaders and clients behave badly, on a stock dbus-daemon
# without systemd.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
. "$SRCDIR/tests/support/bus.sh"
need_root
need_bus
command -v busybox >/dev/null || skip_all "busybox isn't installed"
touch "$TMPDIR/fuse-device"
[ ! -c /dev/fuse ] || mount --bind /dev/fuse "$TMPDIR/fuse-device"
own_dev
[ ! -c "$TMPDIR/fuse-device" ] || { touch /dev/fuse; mount --bind "$TMPDIR/fuse-device" /dev/fuse; }
echo Monitor=no >>"$SYSCONFDIR/mymachines.conf"
start_bus
M=org.freedesktop.machine1
E=org.freedesktop.DBus.Error
dbus-monitor --system "type='signal',interface='$M.Manager'" >"$TMPDIR/signals" 2>/dev/null &
listener=$!
wait_until grep -q NameAcquired "$TMPDIR/signals"
# signals NAME: of this machine, as they came
signals() {
    awk '/member=Machine/ { sub(/.*member=Machine/, ""); member = $1; getline; gsub(/"/, ""); print member, $2 }' \
        "$TMPDIR/signals" | grep " $1\$" | cut -d' ' -f1 | xargs
}
has_signals() {
    [ "$(signals "$1")" = "$2" ]
}

# Started again and again: its leader is killed, it is terminated at once, and another one has its name.
failures=
for ((i = 0; i < 30; i++)); do
    start again
    result=$(bus_error CreateMachine 'sayssusa(sv)' again 0 test container "$again" '' 0)
    { kill -9 "$again"; } 2>/dev/null
    result+=" $(bus_error TerminateMachine s again)"
    [ "$result" = "success success" ] || failures+="$i: $result; "
done
is "$failures" "" "a machine whose leader was killed is terminated without an error, and its name is free at once"
wait_until has_signals again "$(yes New Removed | head -n 30 | xargs)"
is "$(signals again)" "$(yes New Removed | head -n 30 | xargs)" "each of them comes after the one before it has gone"

# Leaders that don't end when they are asked to.
unshare --pid --mount --fork --kill-child sleep 1000 >/dev/null 2>&1 &
has_child() {
    child=$(pgrep -P "$1")
}
wait_until has_child $!
init=$child
sh -c 'trap "" TERM; while :; do sleep 1000; done' >/dev/null 2>&1 &
deaf=$!
ignores_term() {
    grep -q '^SigIgn:.*[4-7c-f]...$' "/proc/$deaf/status"
}
wait_until ignores_term
machine1 RegisterMachine sayssus init 0 test container "$init" '' >/dev/null
machine1 RegisterMachine sayssus deaf 0 test vm "$deaf" '' >/dev/null
for name in init deaf; do
    run machine1 TerminateMachine s $name
    wait_until has_ended "${!name}"
    is "$status|$?|$(bus_error TerminateMachine s $name)" "0|0|$M.NoSuchMachine" \
        "TerminateMachine ends a leader that ignores SIGTERM: $name"
done

# What isn't UTF-8 has no place on the bus, and a leader may have any bytes in the path of its root.
odd=$TMPDIR/$(printf 'odd\377')
rootfs "$odd" 0
start_rootfs odd_leader "$odd" --share=user
machine1 RegisterMachine sayssus odd 0 test container "$odd_leader" '' >/dev/null
run busctl --json=short call $M /org/freedesktop/machine1/machine/odd org.freedesktop.DBus.Properties GetAll s $M.Machine
is "$status|$(jq -r '.data[0] | .Name.data, .RootDirectory.data' <<<"$out" 2>/dev/null | xargs -0 printf %s)" \
    "0|odd
$TMPDIR/odd\\xff" "a root directory that isn't UTF-8 is escaped, and all other properties are there"
is "$(busctl --json=short get-property $M /org/freedesktop/machine1/machine/odd $M.Machine RootDirectory | jq -r .data)" \
    "$TMPDIR/odd\\xff" "so it is when that property alone is asked for"
machine1 TerminateMachine s odd >/dev/null

# Each signal arrives as it was sent, whatever the leader is.
cat >"$TMPDIR/sink.py" <<'P'
import os, signal, sys
wanted = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
open(sys.argv[1] + ".ready", "w").close()
with open(sys.argv[1], "w") as file:
    for _ in sys.argv[2:]:
        print(int(signal.sigwait(wanted)), file=file, flush=True)
P
numbers=(1 2 3 12 15 34 37 38 64)
python3 "$TMPDIR/sink.py" "$TMPDIR/sink" "${numbers[@]}" &
sink=$!
wait_until test -e "$TMPDIR/sink.ready"
machine1 RegisterMachine sayssus sink 0 test vm "$sink" '' >/dev/null
for ((i = 0; i < ${#numbers[@]}; i++)); do
    machine1 KillMachine ssi sink leader "${numbers[i]}"
    has_lines() {
        [ "$(wc -l <"$TMPDIR/sink")" = $((i + 1)) ]
    }
    wait_until has_lines
done
is "$(xargs <"$TMPDIR/sink")" "${numbers[*]}" "KillMachine sends the signal that was asked for"
wait "$sink"
mymachines refresh 2>/dev/null

# A client whose machine was refused unregisters its name at its end. It is another machine's.
start first
start second
machine1 RegisterMachine sayssus web1 0 test container "$first" '' >/dev/null
client() {
    python3 "$SRCDIR/tests/integration/bus_client.py" "$@" | xargs
}
is "$(client "register web1 $second" "unregister WEB1.")" "$M.MachineExists $E.AccessDenied" \
    "a client that was refused a name doesn't unregister who has it"
is "$(mymachines show web1 -p Leader --value)" "$first" "the machine that has the name keeps it"
is "$(client "register web1 $second" "register web2 $second" "unregister web2" "unregister web1" "unregister web1")" \
    "$M.MachineExists success success $E.AccessDenied success" "a client unregisters its own, and with a second call any"
machine1 RegisterMachine sayssus web1 0 test container "$first" '' >/dev/null
is "$(client "register web1 $second" "register web1 $second" "unregister web1" "unregister web1")" \
    "$M.MachineExists $M.MachineExists $E.AccessDenied success" "after two refusals, the second call unregisters any"
machine1 RegisterMachine sayssus web1 0 test container "$first" '' >/dev/null
is "$(client "register web1 1" "unregister web1" "unregister web1")" "$E.InvalidArgs $E.AccessDenied success" \
    "a client whose registration was invalid doesn't unregister another's machine either"
is "$(client "register web1 $second" "unregister web1")" "success success" "a client that was refused before may have the name when it is free"
machine1 RegisterMachine sayssus web1 0 test container "$first" '' >/dev/null
is "$(client "register web1 $second")|$(bus_error UnregisterMachine s web1)" "$M.MachineExists|success" "another client of root's may unregister the machine"

# Terminals. Two machines, of which one is root of the host's users.
rootfs "$TMPDIR/plain" 0
rootfs "$TMPDIR/shifted" 200000
printf '%s\n' '#!/bin/sh' 'echo name:; read -r name' >"$TMPDIR/plain/bin/login"
chmod 755 "$TMPDIR/plain/bin/login"
start_rootfs plain "$TMPDIR/plain" --share=user
start_rootfs shifted "$TMPDIR/shifted" --map=0:200000:65536
for name in plain shifted; do
    machine1 RegisterMachine sayssus $name 0 test container "${!name}" '' >/dev/null
done
shell() {
    timeout 60 python3 "$SRCDIR/tests/integration/bus_shell.py" "$@"
}
is "$(shell plain root /bin/sh sh -c 'trap "" HUP; sleep 4321 </dev/null >/dev/null 2>&1 & echo bye')" bye \
    "a shell ends while a command of it goes on in the background"
server=$(server_pid)
has_no_child() {
    ! pgrep -P "$server" >/dev/null
}
wait_until has_no_child
is "$?|$(pgrep -cfx 'sleep 4321')" "0|1" "no process of ours is left, and the command goes on"
pkill -fx 'sleep 4321'

# Terminals that are left as soon as they are there: nothing of them stays.
cat >"$TMPDIR/logins.py" <<'P'
import ctypes, os
lib = ctypes.CDLL("libsystemd.so.0")
bus = ctypes.c_void_p()
assert lib.sd_bus_open_system(ctypes.byref(bus)) >= 0
opened = 0
for i in range(60):
    reply, error, fd = ctypes.c_void_p(), (ctypes.c_char * 64)(), ctypes.c_int()
    r = lib.sd_bus_call_method(bus, b"org.freedesktop.machine1", b"/org/freedesktop/machine1",
                               b"org.freedesktop.machine1.Manager", b"OpenMachineLogin",
                               ctypes.byref(error), ctypes.byref(reply), b"s", b"plain")
    if r >= 0 and lib.sd_bus_message_read(reply, b"h", ctypes.byref(fd)) >= 0:
        opened += 1
    lib.sd_bus_message_unref(reply)
print(opened)
P
is "$(timeout 60 python3 "$TMPDIR/logins.py")" 60 "a login is opened again and again"
is_left_alone() {
    has_no_child && [ "$(nsenter -t "$plain" -m -r ls /dev/pts)" = ptmx ] && ! pgrep -f /bin/login >/dev/null
}
wait_until is_left_alone
ok $? "each login ends with its terminal, and is not started again"

# What is piped in arrives from its first byte on: nothing flushes the terminal behind the reply.
if command -v machinectl >/dev/null; then
    mkdir -p /run/systemd/system
    has_all() {
        cmp -s <(seq 10000) "$TMPDIR/plain/tmp/numbers"
    }
    # It hangs up at the end of its input, whether that has been read or not.
    { seq 10000; wait_until has_all; } | timeout 90 machinectl shell plain /bin/sh -c 'stty -echo; exec cat >/tmp/numbers' \
        >"$TMPDIR/said" 2>&1
    has_all
    ok $? "stock machinectl shell passes on all that is piped in"
    is "$(grep -c 'Connection to machine plain terminated' "$TMPDIR/said")" 1 "the end of the input ends it"
else
    skip "machinectl isn't installed" "stock machinectl shell passes on all that is piped in"
fi

# Root of a machine of its own users looks into whatever comes along.
cat >"$TMPDIR/spy.py" <<'P'
import os, sys
known = set()
def look(pid):
    process = "/proc/" + pid + "/"
    name = open(process + "comm").read().strip()
    if name.startswith("mymachines"):
        try:
            fds = [os.readlink(process + "fd/" + fd) for fd in os.listdir(process + "fd")]
            # It may have become another program since its name was read.
            words = ["looked into"] if fds and "mymachines" in os.readlink(process + "exe") else []
        except PermissionError:
            words = ["denied"]
        known.update(name + ": " + word for word in words)
while True:
    before = len(known)
    for pid in os.listdir("/proc"):
        try:
            if pid.isdigit():
                look(pid)
        except OSError:
            pass
    if len(known) > before:
        with open(sys.argv[1] + ".new", "w") as file:
            print(*sorted(known), sep="\n", file=file)
        os.rename(sys.argv[1] + ".new", sys.argv[1])
P
mkdir -m 777 "$TMPDIR/spy"
start spied --map=0:400000:65536 -- python3 "$TMPDIR/spy.py" "$TMPDIR/spy/seen"
machine1 RegisterMachine sayssus spied 0 test container "$spied" '' >/dev/null
# One that it may look into, so that it is known to look.
cp "$(command -v sleep)" "$TMPDIR/mymachines-own"
nsenter -t "$spied" -U -p -S 0 -G 0 "$TMPDIR/mymachines-own" 4322 </dev/null >/dev/null 2>&1 &
wait_until grep -qsx 'mymachines-own: looked into' "$TMPDIR/spy/seen"
ok $? "root of a machine looks into processes"
pkill -fx "$TMPDIR/mymachines-own 4322"
is_seen() {
    shell spied root /bin/true >/dev/null
    machine1 CopyToMachineWithFlags ssst spied /etc/hostname "$TMPDIR/spy/hostname" 1
    machine1 CopyFromMachineWithFlags ssst spied "$TMPDIR/spy/hostname" "$TMPDIR/hostname" 1
    machine1 OpenMachinePTY s spied >/dev/null
    grep -qs 'mymachines-bus: denied' "$TMPDIR/spy/seen"
}
wait_until is_seen
for ((i = 0; i < 20; i++)); do
    is_seen
done
is "$(grep -v mymachines-own "$TMPDIR/spy/seen")" "mymachines-bus: denied" "root of a machine sees those who enter it, and can't look into them"

# A machine whose terminals, or whose files, never answer.
evil=()
for directory in /dev/pts /etc; do
    [ -c /dev/fuse ] || break
    unshare --mount --net --pid --fork --kill-child --propagation private \
        python3 "$SRCDIR/tests/support/silent_fuse.py" $directory >"$TMPDIR/fuse${#evil[@]}" 2>&1 </dev/null &
    wait_until grep -qs . "$TMPDIR/fuse${#evil[@]}"
    grep -qx ready "$TMPDIR/fuse${#evil[@]}" || break
    evil+=("$(pgrep -P $!)")
    machine1 RegisterMachine sayssus "evil${#evil[@]}" 0 test container "${evil[-1]}" '' >/dev/null
done
if [ "${#evil[@]}" = 2 ]; then
    # is_answered_meanwhile: a call of another machine's, while this one waits. A busy host may be too slow for it once.
    is_answered_meanwhile() {
        # shellcheck disable=SC2086
        machine1 $call >"$TMPDIR/reply" 2>&1 &
        caller=$!
        has_child_of_ours() {
            pgrep -P "$server" >/dev/null
        }
        wait_until has_child_of_ours
        others="$(shell plain root /bin/echo echo works) $(machine1 ListMachines | cut -c 1-8)"
        kill -0 $caller
        others+=" $?"
        ! wait $caller && [ "$others" = "works a(ssso)  0" ]
    }
    for call in "OpenMachinePTY s evil1" "OpenMachineShell sssasas evil2 root /bin/true 0 0" "GetMachineOSRelease s evil2" \
        "CopyFromMachine sss evil2 /etc/passwd $TMPDIR/none"; do
        wait_until is_answered_meanwhile
        like "$?|$(cat "$TMPDIR/reply")" "0|Call failed: *answer*" \
            "${call%% *} fails and says why, and other calls are answered meanwhile"
    done
else
    skip "FUSE can't be mounted here" "calls of a machine that doesn't answer"
fi

# What can't be read: the name is taken, calls fail and say why, and what was mended is read by the next call.
cp -p "$REGISTRY_DIRECTORY/registry.mdb" "$TMPDIR/kept"
has_no_server() {
    ! busctl list --acquired --no-legend | grep -q "^$M "
}
has_no_importer() {
    ! busctl list --acquired --no-legend | grep -q "^org.freedesktop.import1 "
}
put_file() {
    rm -r "$REGISTRY_DIRECTORY"
    touch "$REGISTRY_DIRECTORY"
}
# As who publishes does it: another file gets the name.
put_registry() {
    cp -p "$1" "$REGISTRY_DIRECTORY/new"
    chown "$2" "$REGISTRY_DIRECTORY/new"
    mv "$REGISTRY_DIRECTORY/new" "$REGISTRY_DIRECTORY/registry.mdb"
}
put_garbage() {
    put_registry "$0" root
}
give_away() {
    put_registry "$TMPDIR/kept" daemon
}
mend() {
    [ -d "$REGISTRY_DIRECTORY" ] || rm "$REGISTRY_DIRECTORY"
    mkdir -p "$REGISTRY_DIRECTORY"
    put_registry "$TMPDIR/kept" root
}
# hears_why BREAK WORDS WHAT: ListMachines, by a process that begins now
hears_why() {
    own_pkill -x mymachines-bus
    wait_until has_no_server
    $1
    run machine1 ListMachines
    like "$status|$err" "1|Call failed: $2" "$3: the call fails and says why"
    busctl list --acquired --no-legend | grep -q "^$M "
    ok $? "$3: the name has an owner"
    mend
    like "$(machine1 ListMachines 2>&1)" '* "plain" *' "$3: it is mended, and the next call is answered"
}
hears_why put_file "*: Not a directory" "a file in the place of the registry's directory"
hears_why put_garbage "*it is damaged*" "a damaged registry"
hears_why give_away "*it isn't root's alone to write" "a registry that somebody else can write"
if [ -x "$BUILDDIR/mymachines-import-bus" ]; then
    own_pkill -x mymachines-bus
    own_pkill -x mymachines-impo
    wait_until has_no_server
    wait_until has_no_importer
    put_file
    pull=(busctl call org.freedesktop.import1 /org/freedesktop/import1 org.freedesktop.import1.Manager
        PullTar sssb http://127.0.0.1:1/x.tar x no false)
    run "${pull[@]}"
    like "$status|$err" "1|Call failed: *: Not a directory" "import1 fails and says why, too"
    mend
    like "$("${pull[@]}")" 'uo *' "import1 answers when it is mended"
else
    skip "it was configured without libarchive" "import1 fails and says why, too" "import1 answers when it is mended"
fi

# A bus that refuses to tell when a caller goes: it allows each client so many matches, here none.
machine1 ListMachines >/dev/null
server=$(server_pid)
echo '<busconfig><limit name="max_match_rules_per_connection">0</limit></busconfig>' >/etc/dbus-1/system-local.conf
busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig
like "$(machine1 OpenMachinePTY s plain)|$(server_pid)" "hs * \"/dev/pts/*\"|$server" \
    "a bus that allows no more matches costs no caller its answer, and doesn't end the service"
{ [ "${#evil[@]}" = 0 ] || kill -9 "${evil[@]}"; } 2>/dev/null
{ kill -9 "$first" "$second" "$plain" "$shifted" "$spied"; kill "$listener" "$bus"; } 2>/dev/null
done_testing
