#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What users who aren't root may do over io.systemd.Machine: with machines that they have registered, and
# where polkit lets them. What polkit is told of the caller: real polkitd.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
. "$SRCDIR/tests/support/machine_socket.sh"
need_root
for program in dbus-daemon busctl setpriv; do
    command -v $program >/dev/null || skip_all "$program isn't installed"
done
ldd "$BUILDDIR/mymachines-varlink" | grep -q libsystemd || skip_all "it was configured without libsystemd"
[ -x /usr/lib/polkit-1/polkitd ] || skip_all "polkitd isn't installed"
own_dev

own_bus_files
mkdir -p /etc/polkit-1/rules.d
cat >/etc/polkit-1/rules.d/01-test.rules <<'R'
polkit.addRule(function(action, subject) {
    if (subject.user == "daemon" && action.id == "org.freedesktop.machine1.register-machine" &&
        action.lookup("name") != "forbidden")
        return polkit.Result.YES;
});
R
chmod 644 /etc/polkit-1/rules.d/01-test.rules
chmod 755 /etc/polkit-1/rules.d
mymachines setup bus --quiet
start_daemon
serve_machines

# start_own VARIABLE COMMAND...: processes of the user daemon's
start_own() {
    local variable=$1
    shift
    setpriv --reuid=daemon --regid=daemon --clear-groups "$@" >/dev/null 2>&1 &
    printf -v "$variable" %s $!
}
# The user is root in there: the namespace has a map.
is_mapped() {
    [ "$(readlink "/proc/$1/ns/user")" != "$(readlink /proc/self/ns/user)" ] && grep -q . "/proc/$1/uid_map" &&
        [ "$(cat "/proc/$1/comm")" = sleep ]
}
list() {
    mymachines list --no-legend | awk '{print $1}' | sort | xargs
}

start web1 --share=net
mymachines register web1 --leader="$web1" 2>/dev/null
start_own mine unshare --user --map-root-user --mount sleep 1000
wait_until is_mapped "$mine"
# of the user, but with namespaces of root's
unshare --uts setpriv --reuid=daemon --regid=daemon --clear-groups sleep 1000 >/dev/null 2>&1 &
plain=$!
is_sleep() {
    [ "$(cat "/proc/$plain/comm")" = sleep ]
}
wait_until is_sleep
start_own pids unshare --user --map-root-user --pid --fork --kill-child sleep 1000
first_of_pids() {
    init=$(pgrep -P "$pids") && is_mapped "$init"
}
wait_until first_of_pids
class='"class": "container"'
for name in mine plain; do
    is "$(as_user daemon Register "{\"name\": \"$name\", $class, \"leader\": ${!name}}")" "done" \
        "a user whom a rule lets registers a process of its own: $name"
done
is "$(as_user daemon Register "{\"name\": \"pids\", $class, \"leader\": $init}")" "done" "and the first process of a pid namespace"
# Whoever gets its owner's signals is the owner's, too.
start_own manager sleep 1000
is_of_daemon() {
    [ "$(stat -c %U "/proc/$manager")" = daemon ]
}
wait_until is_of_daemon
sleep 1000 >/dev/null 2>&1 &
foreign=$!
process="\"name\": \"mine\", $class, \"leader\": $mine"
is "$(as_user daemon Register "{$process, \"supervisor\": $foreign}")" PermissionDenied "a user makes no process of root's a supervisor"
is "$(as_user daemon Register "{$process, \"supervisor\": $manager}")" "done" "a user makes a process of its own a supervisor"
is "$(mymachines show mine -p Supervisor --value)" "$manager" "which is kept"
uid_of() {
    python3 - "$socket" "$1" <<'P'
import os, sys
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client
with Client(sys.argv[1]) as client:
    print(client.call("io.systemd.Machine.List", {"name": sys.argv[2]})["parameters"]["UID"])
P
}
is "$(uid_of mine) $(uid_of web1) $(uid_of .host)" "1 0 0" "List has who registered it"

# Where its machine is, and by what key it is entered, a user doesn't say.
start_own far unshare --user --map-root-user --mount sleep 1000
wait_until is_mapped "$far"
is "$(as_user daemon Register "{\"name\": \"far\", $class, \"leader\": $far, \"sshAddress\": \"evil.example.com\",
    \"sshPrivateKeyPath\": \"/tmp/key\", \"controlAddress\": \"/tmp/control\", \"vSockCid\": 9}")" "done" \
    "a user registers where its machine is"
is "$(mymachines show far --json=short | jq -c '[.sshAddress, .sshPrivateKeyPath, .controlAddress, .vSockCid]')" \
    "[null,null,null,null]" "none of that is kept"
is "$(as_user daemon Unregister '{"name": "far"}')" "done" "the user unregisters it"

ask=InteractiveAuthenticationRequired
while IFS='|' read -r expected user method parameters name; do
    is "$(as_user "$user" "$method" "$parameters")" "$expected" "$name"
done <<T
PermissionDenied|daemon|Register|{"name": "other", $class, "leader": $web1}|a user registers no process of root's
MachineExists|daemon|Register|{"name": "web1", $class, "leader": $mine}|a user takes no name of root's
$ask|daemon|Register|{"name": "forbidden", $class, "leader": $mine}|polkit is told the name that is asked for
$ask|daemon|Register|{"name": "unit", $class, "leader": $mine, "allocateUnit": true}|a unit takes another permission
done|daemon|Kill|{"name": "mine", "signal": 18}|a user signals a machine of its own without being asked
done|daemon|Kill|{"name": "plain", "whom": "leader", "signal": 18}|also one with the host's users
done|daemon|Kill|{"name": "pids", "signal": 18}|also one with pids of its own
done|daemon|Open|{"name": "mine", "mode": "tty"}|a terminal in a machine of its own
done|daemon|Open|{"name": "mine", "mode": "shell", "path": "/bin/sh", "args": ["sh", "-c", "exit"]}|a shell in it
$ask|daemon|Open|{"name": "plain", "mode": "tty"}|no terminal in one that shares the host's users
$ask|daemon|Open|{"name": "plain", "mode": "shell"}|and no shell
$ask|daemon|OpenRootDirectory|{"name": "mine"}|the root directory of its own takes permission
$ask|daemon|BindMount|{"name": "mine", "source": "/etc"}|so does a mount
$ask|daemon|CopyTo|{"name": "mine", "source": "/etc/passwd", "destination": "/tmp/x"}|so does a copy into it
$ask|daemon|CopyFrom|{"name": "mine", "source": "/etc/passwd", "destination": "/tmp/x"}|so does a copy out of it
done|daemon|Kill|{"name": "mine", "whom": "supervisor", "signal": 18}|the supervisor of a machine of its own
$ask|bin|Kill|{"name": "mine", "whom": "supervisor", "signal": 18}|another user is asked about the supervisor
$ask|bin|Kill|{"name": "mine", "signal": 18}|another user is asked
$ask|bin|Terminate|{"name": "mine"}|another user doesn't end it
$ask|bin|Unregister|{"name": "mine"}|another user doesn't unregister it
$ask|bin|Open|{"name": "mine", "mode": "tty"}|another user gets no terminal in it
$ask|daemon|Kill|{"name": "web1", "signal": 9}|a user is asked about a machine of root's
$ask|daemon|Terminate|{"name": "web1"}|and doesn't end it
$ask|daemon|Unregister|{"name": "web1"}|and doesn't unregister it
T
is "$(list)" "mine pids plain web1" "no refused call has changed anything"

# A process of root's in the user's machine: it is no longer the user's alone.
nsenter -t "$init" -p sleep 1000 >/dev/null 2>&1 &
has_guest() {
    guest=$(pgrep -P $!)
}
wait_until has_guest
is "$(as_user daemon Kill '{"name": "pids", "signal": 9}')" "$ask" "a user doesn't kill a process of root's in its machine"
is "$(as_user daemon Terminate '{"name": "pids"}')" "$ask" "nor by ending it"
has_ended "$guest"
is "$?" 1 "that lives"
kill "$guest"
wait_until has_ended "$guest"
is "$(as_user daemon Terminate '{"name": "pids"}')" "done" "without it the user ends the machine"
wait_until has_ended "$init"
ok $? "its processes have ended"

# A supervisor of the user's becomes a process of root's.
cp "$(command -v sleep)" "$TMPDIR/setuid"
chmod 4755 "$TMPDIR/setuid"
chmod 755 "$TMPDIR"
start_own climber sh -c "kill -STOP \$\$; exec '$TMPDIR/setuid' 1000"
is_stopped() {
    [ "$(awk '{print $3}' "/proc/$climber/stat")" = T ] && [ "$(stat -c %U "/proc/$climber")" = daemon ]
}
wait_until is_stopped
is "$(as_user daemon Register "{$process, \"supervisor\": $climber}")" "done" "a user gives its machine another supervisor"
kill -CONT "$climber"
climbs() {
    [ "$(cat "/proc/$climber/comm")" = setuid ]
}
wait_until climbs
is "$(as_user daemon Kill '{"name": "mine", "whom": "supervisor", "signal": 9}')" "$ask" "a user is asked about one that isn't its own any more"
has_ended "$climber"
is "$?" 1 "that lives"
kill "$climber"

# Root has the last word.
mymachines register plain --leader="$plain" 2>/dev/null
is "$(as_user daemon Unregister '{"name": "plain"}')" "$ask" "what root has taken over isn't the user's any more"
is "$(as_user daemon Unregister '{"name": "mine"}')" "done" "a user unregisters a machine of its own"
is "$(list)" "plain web1" "it is unregistered"

# What polkit is told of the caller, and of one that isn't any more who has connected.
busctl monitor --json=short org.freedesktop.PolicyKit1 >"$TMPDIR/questions" 2>/dev/null &
monitor=$!
cat >"$TMPDIR/callers" <<'P'
"""Connect as the user bin, become another process, and have a second one, which has the connection too, call."""
import json, os, pwd, signal, subprocess, sys, time
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client

path, setuid = sys.argv[1:]


def connect(then):
    """A caller's pid, and the connection, which it has left behind."""
    import socket
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        user = pwd.getpwnam("bin")
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        with Client(path) as client:
            client.call("io.systemd.service.Ping")
            socket.send_fds(theirs, [b"x"], [client.socket.fileno()])
            theirs.close()
            then()
        os._exit(0)
    theirs.close()
    _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
    client = Client(path)
    client.socket.close()
    client.socket = socket.socket(fileno=descriptors[0])
    client.socket.settimeout(60)
    return pid, client


def kill_web1(client):
    return client.call("io.systemd.Machine.Kill", {"name": "web1", "signal": 18}).get("error", "done").rpartition(".")[2]


def euid(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("Uid:")).split()[2])


pid, client = connect(lambda: os.execv(setuid, ["sleep", "100"]))
for _ in range(600):
    if euid(pid) == 0:
        break
    time.sleep(0.1)
print("setuid", euid(pid), kill_web1(client))
os.kill(pid, 9)
os.waitpid(pid, 0)

pid, client = connect(lambda: None)
os.waitpid(pid, 0)
print("ended", kill_web1(client))

pid, client = connect(lambda: None)
time.sleep(0.05)  # start times are counted in ticks of 10 ms
os.waitpid(pid, 0)
for _ in range(5000):
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(pid - 1))
    other = subprocess.Popen(["sleep", "100"])
    if other.pid == pid:
        break
    other.kill()
    other.wait()
print("reused" if other.pid == pid else "not reused", euid(other.pid), kill_web1(client))
other.kill()
other.wait()
P
# The monitor says nothing of when it begins.
has_question() {
    as_user bin Kill '{"name": "web1", "signal": 18}'
    grep -q CheckAuthorization "$TMPDIR/questions"
}
wait_until has_question
subject=$(grep -m 1 '"member":"CheckAuthorization"' "$TMPDIR/questions" | jq -c '.payload.data[0]')
is "$(jq -r '.[0], .[1].pid.type, .[1]["start-time"].type, .[1].uid.type, .[1].uid.data' <<<"$subject" | xargs)" \
    "unix-process u t i 2" "polkit is told pid, start time and user, in the types that it reads"
case $(uname -r) in
[1-5].* | 6.[0-4].*) skip "Linux has no SO_PEERPIDFD before 6.5" "and a pidfd" ;;
*) is "$(jq -r '.[1].pidfd.type' <<<"$subject")" h "and a pidfd" ;;
esac
python3 "$TMPDIR/callers" "$socket" "$TMPDIR/setuid" >"$TMPDIR/answers"
is "$(sed -n 1p "$TMPDIR/answers")" "setuid 0 $ask" "a caller that runs a setuid program since is asked as who has connected"
like "$(sed -n 2p "$TMPDIR/answers")" "ended PermissionDenied" "a caller that has ended may do nothing"
is "$(sed -n 3p "$TMPDIR/answers")" "reused 0 PermissionDenied" "nor may a process of root's that has its pid lend it that"

# As where the caller has ended, and its pid may be another's: SO_PEERPIDFD fails with this errno for all.
cat >"$TMPDIR/without-pidfd" <<'P'
import ctypes, errno, os, platform, struct, sys
# Of struct seccomp_data: the call's number at 0, and its third argument at 32.
program = b"".join(struct.pack("=HBBI", *i) for i in (
    (0x20, 0, 0, 0), (0x15, 0, 3, {"x86_64": 55, "aarch64": 209}[platform.machine()]), (0x20, 0, 0, 32),
    (0x15, 0, 1, 77), (0x06, 0, 0, 0x50000 | getattr(errno, sys.argv[1])), (0x06, 0, 0, 0x7fff0000)))
text = ctypes.create_string_buffer(program)
pointer = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(text)))
assert ctypes.CDLL(None).prctl(22, 2, pointer, 0, 0) == 0
os.execvp(sys.argv[2], sys.argv[2:])
P
mymachines unregister plain 2>/dev/null
for expected in "ESRCH PermissionDenied" "ENOPROTOOPT done"; do
    case $(uname -m) in
    x86_64 | aarch64) ;;
    *)
        skip "the filter of this test is for other processors" "SO_PEERPIDFD: $expected"
        continue
        ;;
    esac
    kill "$server"
    wait "$server"
    rm -f "$socket"
    python3 "$TMPDIR/without-pidfd" "${expected% *}" python3 "$SRCDIR/tests/support/activate" "$socket" -- \
        "$BUILDDIR/mymachines-varlink" &
    server=$!
    wait_until listening "$socket"
    is "$(as_user daemon Register "{\"name\": \"plain\", $class, \"leader\": $plain}")" "${expected#* }" \
        "the start time does for a pidfd only where the kernel has none: $expected"
done
{ kill "$monitor" "$server"; wait "$server"; kill -9 "$mine" "$plain" "$web1" "$manager" "$foreign"; kill "$bus"; } 2>/dev/null
done_testing
