#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines run and run-qemu, with what has no hook: unshare, bubblewrap, nspawn, ip netns, qemu.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
use_module

# A root directory in which stock programs run.
root=$TMPDIR/root
mkdir -p "$root"/{usr,proc,dev,etc,run,tmp,sys,var}
mount --bind /usr "$root/usr"
for directory in bin sbin lib lib32 lib64; do
    [ ! -L "/$directory" ] || ln -s "usr/$directory" "$root/$directory"
done

# begin VERB ARGUMENT...: run it in the background, as pid
begin() {
    # Else a look before its start would find what a former one has written. They are new files, as a process
    # that the former one left behind may still write into its own.
    rm -f "$TMPDIR/out" "$TMPDIR/err"
    : >"$TMPDIR/out"
    : >"$TMPDIR/err"
    mymachines "$@" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null &
    pid=$!
}

registered() {
    mymachines show "$1" -p Leader
}

# child PID: its first one
child() {
    cut -d ' ' -f 1 "/proc/$1/task/$1/children"
}

# property NAME PROPERTY
property() {
    mymachines show "$1" -p "$2" --value
}

property_is() {
    [ "$(property "$1" "$2")" = "$3" ]
}

# ended PID: wait for the command and its supervisor, and set status
ended() {
    wait "$1" 2>/dev/null
    # shellcheck disable=SC2034
    status=$?
    wait_until has_no_supervisor
}

# supervisor_of COMMAND: the oldest process that still has the command line of run and this command
supervisor_of() {
    own_pgrep -o -f "mymachines (run|run-qemu) .*-- $1"
}

has_no_supervisor() {
    ! supervisor_of '' >/dev/null
}

# run_to_end COMMAND...: as run, with what the supervisor reports after the command's end
run_to_end() {
    run "$@"
    wait_until has_no_supervisor
    err=$(cat "$TMPDIR/stderr")
}

# stop NAME: kill its leader, and wait for pid. unshare(1) blocks SIGTERM while it waits, and an
# init that doesn't handle it is spared.
stop() {
    kill -9 "$(property "$1" Leader)"
    ended "$pid"
}

# Command lines.
fails "mymachines: run: a command is missing; it comes after '--'" "no --" mymachines run web1 unshare
fails "mymachines: run: a command is missing after '--'" "nothing after --" mymachines run web1 --
fails "mymachines: run: a name is missing" "no name" mymachines run -- true
fails "mymachines: run: takes one name only; the command comes after '--'" "run refuses two names" \
    mymachines run web1 web2 -- true
fails "mymachines: run: 'a b' can't be a machine's name: it has a byte *" "run refuses a bad name" \
    mymachines run "a b" -- touch "$TMPDIR/started"
fails "mymachines: web1: alias '127.1' would be taken *" "run refuses a bad alias" \
    mymachines run web1 --alias=127.1 -- touch "$TMPDIR/started"
fails "mymachines: unrecognized option '--leader=1'" "run refuses --leader" \
    mymachines run web1 --leader=1 -- touch "$TMPDIR/started"
run mymachines run --help
like "$status|$out|$err" "0|Usage: mymachines run NAME *--service=NAME*|" "run --help needs no command"
fails "mymachines: run-qemu: a name is missing; give one, or give qemu a -name*" "run-qemu refuses a VM without a name" \
    mymachines run-qemu -- touch "$TMPDIR/started"
other=
start other
mymachines register web1 --leader="$other" --alias=www 2>/dev/null
fails "mymachines: WEB1: already registered to pid $other; *" "run refuses a live machine's name" \
    mymachines run WEB1 -- touch "$TMPDIR/started"
fails "mymachines: web2: alias www is already a name of machine web1, *" "run refuses a live machine's alias" \
    mymachines run web2 --alias=www -- touch "$TMPDIR/started"
fails "mymachines: www: already a name of machine web1, *" "run --replace refuses a live machine's alias" \
    mymachines run www --replace -- touch "$TMPDIR/started"
ok "$([ ! -e "$TMPDIR/started" ]; echo $?)" "run doesn't start a command that it refuses"
kill "$other"
wait_until mymachines refresh
forget

# A registry that can't be written.
echo >"$REGISTRY_DIRECTORY"
run_to_end mymachines run web1 -- sh -c 'echo started; exit 7'
like "$status|$out|$err" "7|started|mymachines: web1: $REGISTRY_DIRECTORY: Not a directory*" \
    "run starts the command without a registry, and reports that"
rm "$REGISTRY_DIRECTORY"

# A name that nobody typed keeps nothing from starting: if the host has it, or other machines.
namespaced=(unshare --pid --fork --kill-child sleep 1000)
unshare --uts sh -c 'hostname db && exec "$0" "$@"' "$BUILDDIR/mymachines" \
    run --name-prefix=nspawn db.example.com -- "${namespaced[@]}" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null & pid=$!
wait_until registered db-example-com
ok $? "run --name-prefix starts a machine whose name would be taken for the host's"
stop db-example-com
others=()
for name in web1 nspawn-web1; do
    start other
    others+=("$other")
    mymachines register "$name" --leader="$other" 2>/dev/null
done
begin run --name-prefix=nspawn web1 -- "${namespaced[@]}"
wait_until registered nspawn-web1-2
ok $? "run --name-prefix adds a number if PREFIX-NAME is taken, too"
stop nspawn-web1-2
run_to_end mymachines run --name-prefix=nspawn free --alias=web1 -- sh -c 'echo started; exit 7'
is "$status|$out|$err" "7|started|mymachines: free: 'sh' has ended, and nothing was registered: no namespaces of its own were seen" \
    "run --name-prefix starts the command in any case"
begin run --name-prefix=nspawn free --alias=web1 -- "${namespaced[@]}"
wait_until grep -q . "$TMPDIR/err"
like "$(cat "$TMPDIR/err")" "mymachines: free: alias web1 is already a name of machine web1, *" "and reports once why it isn't registered"
kill -9 "$(child "$pid")"
ended "$pid"
kill -9 "${others[@]}"
wait_until mymachines refresh
forget

# Without a supervisor, nothing is registered, and the command runs.
if can_trace && [ -z "$SANITIZERS" ]; then
    for calls in signalfd4 pidfd_open clone,clone3,fork,vfork; do
        run strace -o /dev/null -e inject="$calls":error=EAGAIN "$BUILDDIR/mymachines" run broken -- sh -c 'echo started; exit 7'
        like "$status|$out|$err" "7|started|mymachines: broken: cannot *: Resource temporarily unavailable" \
            "run starts the command if $calls fails"
    done
    # What is reported before that has no reader: that ends no command.
    mkfifo "$TMPDIR/gone"
    bash -c ': <"$0" & exec 2>"$0"; wait; exec "$@"' "$TMPDIR/gone" strace -o /dev/null -e inject=signalfd4:error=EAGAIN \
        "$BUILDDIR/mymachines" run broken -- sh -c 'echo started' >"$TMPDIR/out"
    is "$(cat "$TMPDIR/out")" started "run starts the command if nobody reads its messages"
else
    skip "strace can't be used here" "run without a supervisor"
fi

# A launcher may start another leader when the first one has died.
begin run twice -- sh -c '"$@"; "$@"' sh "${namespaced[@]}"
wait_until registered twice
first=$(property twice Leader)
kill -9 "$first"
another_leads() {
    local leader
    leader=$(property twice Leader 2>/dev/null) && [ -n "$leader" ] && [ "$leader" != "$first" ]
}
wait_until another_leads
ok $? "run registers the next leader of a machine whose leader has died"
stop twice
is "$(mymachines list --no-legend)" "" "and unregisters it at the command's end"

# A build daemon makes namespaces for each of its jobs.
end_of_jobs="mymachines: jobs: one leader after another has ended early: the next one is registered with a delay"
# shellcheck disable=SC2016
begin run jobs --no-monitor -- sh -c 'while [ ! -e "$0" ]; do unshare --pid --fork sleep 0.1; done; "$@"' \
    "$TMPDIR/is_enough" "${namespaced[@]}"
wait_until grep -qx "$end_of_jobs" "$TMPDIR/err"
: >"$TMPDIR/is_enough"
is "$(grep -c 'there is no such process\|is a zombie' "$TMPDIR/err" | sed s/1/0/)|$(grep -cx "$end_of_jobs" "$TMPDIR/err")" "0|1" \
    "run reports once that leaders end too early"
jobs_leader_stays() {
    [ "$(cat "/proc/$(property jobs Leader 2>/dev/null)/comm" 2>/dev/null)" = sleep ] &&
        grep -qz 1000 "/proc/$(property jobs Leader)/cmdline"
}
wait_until jobs_leader_stays
ok $? "run registers a leader that comes after many that have ended"
stop jobs

# Somebody may hold the lock for long.
hold_lock() {
    flock --no-fork "$REGISTRY_DIRECTORY/lock" sleep 1000 & holder=$!
    wait_until grep -qx sleep "/proc/$holder/comm"
}
# kill_worker WORD: the process that is about to register the machine of a command with this word
kill_worker() {
    local word=$1 worker
    has_worker() {
        worker=$(pgrep -P "$(supervisor_of ".*$word")") && readlink "/proc/$worker/fd"/* | grep -qx "$REGISTRY_DIRECTORY/lock"
    }
    wait_until has_worker
    kill -9 "$worker"
}
begin run first --no-monitor -- sh -c '"$@"; "$@"' sh unshare --pid --fork --kill-child sleep 3000
wait_until registered first
hold_lock
kill -9 "$(property first Leader)"
kill_worker 3000
wait_until grep -q . "$TMPDIR/err"
kill "$holder"
kill -9 "$pid"
ended "$pid"
is "$(mymachines list --no-legend --all)|$(grep -c 'nothing was registered' "$TMPDIR/err")" "|0" \
    "a machine whose next leader wasn't registered is unregistered at the command's end"
own_pkill -9 -fx 'sleep 3000'
hold_lock
begin run killed -- unshare --pid --fork --kill-child sleep 2000
killed=$pid
kill_worker 2000
wait_until grep -q . "$TMPDIR/err"
is "$(cat "$TMPDIR/err")" "mymachines: killed: not registered so far: the process that does it was killed" \
    "run reports that the process that registers its machine was killed"
begin run late -- "${namespaced[@]}"
wait_until grep -q . "$TMPDIR/err"
like "$(cat "$TMPDIR/err")" "mymachines: *another writer has held its lock*" "run reports that its machine can't be registered yet"
kill "$holder"
wait_until registered late
ok $? "and tries again"
wait_until registered killed
ok $? "also after that process was killed"
kill -9 "$(property killed Leader)"
stop late
wait "$killed" 2>/dev/null

# Exit statuses, and what has no namespaces.
run mymachines run web1 -- /nonexistent/command
is "$status|$out|$err" "127||mymachines: web1: cannot run '/nonexistent/command': No such file or directory" \
    "run exits with 127 if there is no such command"
run mymachines run web1 -- /etc/passwd
is "$status|$out|$err" "126||mymachines: web1: cannot run '/etc/passwd': Permission denied" \
    "run exits with 126 if the command can't be executed"
run_to_end mymachines run web1 -- sh -c 'cat; exit 7' <<<"from its input"
is "$status|$out|$err" \
"7|from its input|mymachines: web1: 'sh' has ended, and nothing was registered: no namespaces of its own were seen" \
    "input, output and exit status are the command's; that there is nothing to register is reported"
python3 -c '
import subprocess, sys
print(subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode)' \
    mymachines run web1 -- sh -c "kill -ABRT \$\$" >"$TMPDIR/died"
is "$(cat "$TMPDIR/died")" "-6" "run dies of the signal that the command died of"

# What the command is given.
cat >"$TMPDIR/report" <<'R'
grep -E '^(Umask|SigBlk|SigIgn)' /proc/self/status
# But for the directory itself, which is closed again.
for fd in /proc/$$/fd/*; do [ ! -L "$fd" ] || echo "${fd##*/} $(readlink "$fd")"; done | grep -v report
env | sort
# Process group, session and terminal.
cut -d" " -f5-7 /proc/$$/stat
R
cat >"$TMPDIR/compare.py" <<'P'
import os, signal, subprocess, sys
os.umask(0o27)
for number in signal.SIGUSR1, signal.SIGHUP:
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
fd = os.open("/", os.O_RDONLY)
os.set_inheritable(fd, True)
environment = dict(os.environ, NOTIFY_SOCKET="/nonexistent")
command = ["sh", sys.argv[1]]
def report(prefix):
    return subprocess.run(prefix + command, env=environment, close_fds=False, restore_signals=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
direct, through = (report(prefix) for prefix in ([], ["mymachines", "run", "web1", "--"]))
# Each has a pipe of its own as its output.
direct, through = ([line for line in text.splitlines() if not line.startswith("1 pipe:")]
                   for text in (direct, through))
if f"{fd} /" in direct and "Umask:\t0027" in direct:
    print("complete")
print("same" if direct == through else [set(direct) ^ set(through)])
P
is "$(python3 "$TMPDIR/compare.py" "$TMPDIR/report")" "complete
same" "the command inherits descriptors, environment, umask, signals and process group"
# A shell would change some of them for its children.
cat >"$TMPDIR/signals_of.py" <<'P'
import os, signal, sys
os.umask(0o27)
changeable = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
for number in changeable:
    signal.signal(number, signal.SIG_IGN if sys.argv[1] != "default" else signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK if sys.argv[1] == "blocked" else signal.SIG_UNBLOCK, changeable)
os.execvp(sys.argv[2], sys.argv[2:])
P
for state in default ignored blocked; do
    direct=$(python3 "$TMPDIR/signals_of.py" "$state" grep -E '^(Umask|Sig(Blk|Ign)):' /proc/self/status)
    is "$(python3 "$TMPDIR/signals_of.py" "$state" mymachines run web1 -- grep -E '^(Umask|Sig(Blk|Ign)):' /proc/self/status 2>&1)" \
        "$direct
mymachines: web1: 'grep' has ended, and nothing was registered: no namespaces of its own were seen" \
        "run passes on each signal that is $state"
done

# Who waits for the end of a pipe doesn't wait for us.
mkfifo "$TMPDIR/pipe"
cat "$TMPDIR/pipe" >"$TMPDIR/through" &
reader=$!
mymachines run web1 -- sh -c 'echo word >&7; exec 7>&- >&-; exec sleep 1000' 7>"$TMPDIR/pipe" \
    >"$TMPDIR/pipe" 2>/dev/null </dev/null &
pid=$!
wait "$reader"
is "$? $(cat "$TMPDIR/through")" "0 word" "run holds no pipe that the command has closed"
kill "$pid"
ended "$pid"
is "$status" 143 "run passes a signal on to the command"

# Signals.
cat >"$TMPDIR/signals.py" <<'P'
import signal, sys, time
got = []
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), lambda number, frame: got.append(number))
print("ready", flush=True)
end = time.time() + 15
while time.time() < end and signal.SIGTERM not in got and signal.SIGINT not in got:
    time.sleep(0.05)
time.sleep(0.3)
print([signal.Signals(number).name for number in got])
P
begin run web1 -- python3 "$TMPDIR/signals.py" SIGUSR1 SIGUSR2 SIGWINCH SIGHUP SIGQUIT SIGTERM
wait_until grep -q ready "$TMPDIR/out"
for number in USR1 USR2 WINCH HUP QUIT TERM; do
    kill "-$number" "$pid"
    sleep 0.05
done
ended "$pid"
is "$status|$(tail -n 1 "$TMPDIR/out")" \
    "0|['SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGHUP', 'SIGQUIT', 'SIGTERM']" "run passes each signal on once"
out=$("$SRCDIR/tests/support/terminal" "ready=>$(printf '\003')" -- mymachines run web1 -- \
    python3 "$TMPDIR/signals.py" SIGINT)
like "$?|$out" "0|*\['SIGINT'\]*" "^C on a terminal reaches the command once"
# shellcheck disable=SC2016
out=$("$SRCDIR/tests/support/terminal" "name?=>Lennart" -- mymachines run web1 -- \
    unshare --pid --fork sh -c 'printf "name? "; read -r name; echo "hello $name"; tty')
like "$?|$out" "0|*hello Lennart*/dev/pts/*" "the command reads from its terminal"

# unshare: no user namespace.
begin run web1 --alias=www --address=192.0.2.7 -- unshare --pid --net --uts --ipc --mount --fork \
    --kill-child sh -c "mount -t proc proc $root/proc; exec chroot $root sleep 1000"
wait_until property_is web1 RootDirectory "$root"
leader=$(property web1 Leader)
is "$(tr '\0' ' ' <"/proc/$leader/cmdline")|$(tr -s ' ' <"/proc/$leader/uid_map")" \
    "sleep 1000 | 0 0 4294967295" "unshare: the leader is the init of its pid namespace"
is "$(property web1 Supervisor)|$(cat "/proc/$(property web1 Supervisor)/comm")" \
    "$(awk '{print $4}' "/proc/$leader/stat")|unshare" "the command that has started it is its supervisor"
is "$(mymachines show web1 -p Service,Class,RootDirectory,UIDMap,Aliases)" \
"Service=unshare
Class=container
RootDirectory=$root
Aliases=www
UIDMap=" "unshare: the machine has given and found facts, and its new root"
is "$(getent hosts www | tr -s ' ')" "192.0.2.7 web1 www" "unshare: the host's programs see the machine"
is "$(mymachines which "$leader")" "web1" "unshare: the machine's processes are known"
is "$(cat "$TMPDIR/out" "$TMPDIR/err")" "" "run gives no hints"
run mymachines run web1 -- true
like "$status|$err" "1|mymachines: web1: already registered to pid $leader (unshare); *" \
    "run refuses a second machine of the same name"
stop web1
# unshare(1) can't die of SIGKILL itself.
is "$status|$(mymachines list --no-legend --all)" "1|" "run unregisters the machine when its leader is killed"

# unshare in user namespaces that were prepared for it.
# mapped MAP: a process, holder, that has a user namespace of this map
mapped() {
    unshare --user sleep 1000 >/dev/null 2>&1 </dev/null &
    holder=$!
    wait_until sh -c "[ \$(readlink /proc/$holder/ns/user) != \$(readlink /proc/self/ns/user) ]"
    # In one write(2), which the shell's own doesn't do.
    /usr/bin/printf '%s\n' "$1" >"/proc/$holder/uid_map"
    /usr/bin/printf '%s\n' "$1" >"/proc/$holder/gid_map"
}
mapped '0 100000 65536'
begin run one -- nsenter --user="/proc/$holder/ns/user" --setuid 0 --setgid 0 \
    unshare --pid --net --mount --fork --kill-child sleep 1000
wait_until registered one
is "$(property one UIDMap)" "0:100000:65536" "unshare: an id map of one extent is registered"
is "$(getent passwd vu-one-0)" "vu-one-0:!*:100000:65534:UID 0 of Container one:/:/usr/sbin/nologin" "unshare: the machine's root is a user of the host"
is "$(getent passwd 101000 | cut -d: -f1)" "vu-one-1000" "unshare: other users of the machine are found by id"
stop one
kill "$holder"
is "$(mymachines list --no-legend)" "" "no machine of one extent is left at the end"

mapped '0 100000 1000
1000 1000 1
1001 101001 64535'
begin run three -- nsenter --user="/proc/$holder/ns/user" --setuid 0 --setgid 0 \
    unshare --pid --net --uts --ipc --mount --propagation slave --fork --kill-child \
    sh -c "sleep 0.2; exec chroot $root sleep 1000"
wait_until property_is three RootDirectory "$root"
is "$(property three UIDMap)|$(property three Service)" \
    "0:100000:1000 1000:1000:1 1001:101001:64535|nsenter" "unshare: an id map of three extents is registered"
is "$(getent passwd vu-three-0 vu-three-1001 | cut -d: -f1,3)" "vu-three-0:100000
vu-three-1001:101001" "unshare: each extent has its users"
is "$(tr '\0' ' ' <"/proc/$(property three Leader)/cmdline")" "sleep 1000 " "unshare: the leader isn't a launcher"
stop three
kill "$holder"
is "$(mymachines list --no-legend)" "" "no machine of three extents is left at the end"

# A user namespace whose map comes late.
begin run late -- unshare --user --pid --fork --kill-child sleep 1000
# its_leader: unshare's child, when that runs its program
its_leader() {
    leader=$(child "$pid")
    [ -n "$leader" ] && [ "$(cat "/proc/$leader/comm")" = sleep ]
}
wait_until its_leader
sleep 0.3
is "$(mymachines list --no-legend)" "" "run waits for the map of a user namespace"
echo '0 200000 10' >"/proc/$leader/uid_map"
wait_until registered late
is "$(property late Leader) $(property late UIDMap)" "$leader 0:200000:10" "run registers the machine as soon as its user namespace has a map"
stop late

# No pid namespace.
ip netns add box
ip -n box link set lo up
ip link add box type veth peer name host0 netns box
ip -n box link set host0 addrgenmode none up
ip link set box addrgenmode none up
ip route add 192.0.2.9/32 dev box
ip -n box addr add 192.0.2.9/32 dev lo
begin run net1 -- ip netns exec box sleep 1000
wait_until registered net1
is "$(property net1 Leader)|$(property net1 Service)" "$pid|ip" \
    "ip netns exec: the command itself"
is "$(getent hosts net1 | tr -s ' ')" "192.0.2.9 net1" "ip netns exec: the machine has the addresses of its network"
kill "$pid"
ended "$pid"
begin run net2 -- sh -c 'sleep 0.3; unshare --net sleep 1000; exit 3'
wait_until registered net2
leader=$(property net2 Leader)
is "$(cat "/proc/$leader/comm")" "sleep" "run finds the network namespace of a child"
kill -9 "$leader"
ended "$pid"
is "$status|$(mymachines list --no-legend)" "3|" "run exits with the command's status after the machine's end"
ip netns del box

# Without any.
begin run plain -- sleep 1000
wait_until grep -q 'not registered so far: no namespaces of its own were seen' "$TMPDIR/err"
is "$(cat "$TMPDIR/err")|$(mymachines list --no-legend)" \
    "mymachines: plain: not registered so far: no namespaces of its own were seen|" \
    "run reports after ten seconds that no namespaces were seen"
supervisor=$(supervisor_of "sleep 1000")
before=$(awk '{ print $14 + $15 }' "/proc/$supervisor/stat")
sleep 1
after=$(awk '{ print $14 + $15 }' "/proc/$supervisor/stat")
ok "$([ $((after - before)) -le 5 ]; echo $?)" "a long search takes hardly any processor time"
kill "$pid"
ended "$pid"
is "$status" 143 "run without a machine ends as the command does"

# The leader dies, the command goes on, somebody else has the name.
begin run again -- sh -c "unshare --pid --fork sleep 1000; exec sleep 1000"
wait_until registered again
leader=$(property again Leader)
kill -9 "$leader"
wait_until mymachines refresh
start other
mymachines register again --leader="$other" 2>/dev/null
kill "$pid"
ended "$pid"
is "$(property again Leader)" "$other" "run keeps a record that is another machine's by now"
begin run again --replace -- unshare --pid --fork --kill-child sleep 1000
wait_until property_is again Service unshare
ok "$(property_is again Leader "$other"; [ $? = 1 ]; echo $?)" "run --replace replaces a live machine"
stop again
is "$(mymachines list --no-legend)" "" "run unregisters a machine that has replaced another one"
kill "$other"

# The command ends, the leader lives on, and the command is started again at once.
begin run again -- sh -c "unshare --pid --fork sleep 2000 & exec sleep 1000"
wait_until registered again
supervisor=$(supervisor_of sh)
stop_process "$supervisor"
kill "$pid"
wait "$pid" 2>/dev/null
begin run again -- sh -c "echo started; exec unshare --pid --fork --kill-child sleep 1000"
sleep 0.2
kill -CONT "$supervisor"
wait_until grep -q . "$TMPDIR/out" "$TMPDIR/err"
is "$(cat "$TMPDIR/out" "$TMPDIR/err")" started "run takes a name whose command has just ended"
wait_until registered again
stop again
# unshare(1) ends with its child.
own_pkill -9 -fx "sleep 2000"

# Registered meanwhile by somebody else.
start other
begin run taken -- sh -c "while [ ! -e $TMPDIR/go ]; do sleep 0.02; done
    exec unshare --pid --fork --kill-child sleep 1000"
wait_until grep -q . "/proc/$pid/task/$pid/children"
mymachines register taken --leader="$other" 2>/dev/null
touch "$TMPDIR/go"
wait_until grep -q . "$TMPDIR/err"
is "$(cat "$TMPDIR/err")" \
    "mymachines: taken: already registered to pid $other; stop it first, or register with --replace" \
    "run reports a conflict that comes after the start"
ok "$(kill -0 "$pid"; echo $?)" "the command continues after a conflict"
its_leader
kill -9 "$leader"
ended "$pid"
is "$status|$(property taken Leader)" "1|$other" "the other machine of a conflict stays"
kill "$other"
forget

# bubblewrap
if command -v bwrap >/dev/null; then
    mkfifo "$TMPDIR/info"
    jq '."child-pid"' <"$TMPDIR/info" >"$TMPDIR/child" &
    reader=$!
    begin run box1 -- bwrap --unshare-pid --unshare-net --unshare-uts --unshare-ipc --bind "$root" / \
        --ro-bind /usr /usr --proc /proc --dev /dev --as-pid-1 --die-with-parent --info-fd 6 \
        sleep 1000 6>"$TMPDIR/info"
    # begin's redirections are its own: descriptor 6 is passed by the shell.
    wait_until property_is box1 RootDirectory "$root"
    is "$(mymachines show box1 -p Service,RootDirectory)" "Service=bwrap
RootDirectory=$root" "bwrap: its root directory"
    wait "$reader"
    is "$(property box1 Leader)" "$(cat "$TMPDIR/child")" "bwrap: the leader is the child that --info-fd reports"
    stop box1
    is "$(mymachines list --no-legend)" "" "bwrap: no machine is left at the end"
    begin run box2 -- bwrap --unshare-user --uid 5 --unshare-pid --bind / / --die-with-parent sleep 1000
    wait_until property_is box2 UIDMap "5:0:1"
    ok $? "bwrap --unshare-user: its id map"
    stop box2
else
    skip "bubblewrap is not installed" "bwrap"
fi

# systemd-nspawn
if command -v systemd-nspawn >/dev/null; then
    leaves_cgroups payload supervisor
    python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + sys.argv[1]); s.settimeout(30)
print("ready", flush=True)
while True:
    text = s.recv(4096).decode()
    print(text, flush=True)
    if "STOPPING=1" in text: break' "mymachines-run-$$" >"$TMPDIR/notified" 2>&1 &
    manager=$!
    wait_until grep -q ready "$TMPDIR/notified"
    NOTIFY_SOCKET=@mymachines-run-$$ begin run spawned -- systemd-nspawn --quiet --register=no \
        --keep-unit --directory="$root" --machine=spawned --private-users=300000:65536 \
        --private-users-ownership=off --private-network --kill-signal=SIGTERM --console=pipe \
        /bin/bash -c 'trap "exit 0" TERM; while :; do read -rt 1000 <>/dev/tcp/0 || sleep 0.1; done'
    wait_until registered spawned
    wait_until grep -q X_NSPAWN_LEADER_PID "$TMPDIR/notified"
    leader=$(property spawned Leader)
    is "X_NSPAWN_LEADER_PID=$leader" "$(grep -o 'X_NSPAWN_LEADER_PID=.*' "$TMPDIR/notified")" \
        "nspawn: it reports its leader to the service manager"
    wait_until property_is spawned UIDMap "0:300000:65536"
    is "$(mymachines show spawned -p Service,UIDMap,RootDirectory)" "Service=systemd-nspawn
RootDirectory=$root
UIDMap=0:300000:65536" "nspawn: the machine's facts are found"
    is "$(find "$REGISTRY_DIRECTORY" -name 'notify.*')" "" "nspawn: its notifications go to its manager's socket"
    # An init without a handler isn't reached by it.
    wait_until grep -q '^SigCgt:.*[4-7c-f]...$' "/proc/$leader/status"
    kill "$pid"
    ended "$pid"
    wait "$manager"
    is "$status|$(mymachines list --no-legend)|$(grep -o STOPPING=1 "$TMPDIR/notified")" "0||STOPPING=1" \
        "nspawn: SIGTERM ends it, and its last notification reaches the manager"
    begin run spawned -- systemd-nspawn --quiet --register=no --keep-unit --directory="$root" --machine=spawned \
        --console=pipe /bin/sleep 1000
    wait_until registered spawned
    is "$(tr '\0' ' ' <"/proc/$(property spawned Leader)/cmdline")" "/bin/sleep 1000 " \
        "nspawn: without a manager, the leader that it reports is registered"
    is "$(find "$REGISTRY_DIRECTORY" -name 'notify.*' -printf '%m %y\n')" "700 d" \
        "nspawn: the socket for notifications is in a private directory"
    stop spawned
    is "$(find "$REGISTRY_DIRECTORY" -name 'notify.*')" "" "nspawn: no socket is left at the end"
else
    skip "systemd-container is not installed" "nspawn"
fi

# qemu
qemu=(qemu-system-x86_64 -accel tcg -cpu qemu64 -M q35 -m 64 -nodefaults -display none -S)
uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8
if command -v qemu-system-x86_64 >/dev/null; then
    # A sanitizer that is preloaded there may hang where qemu forks beside its threads.
    preloaded=${LD_PRELOAD-}
    unset LD_PRELOAD
    begin run-qemu --alias=www -- "${qemu[@]}" -name guest=vm1,debug-threads=on -uuid "$uuid" \
        -netdev tap,id=n0,ifname=tap-run,script=no,downscript=no \
        -device virtio-net-pci,netdev=n0,mac=52:54:00:00:00:01
    wait_until ip link show tap-run
    wait_until property_is vm1 NetworkInterfaces "$(ip -o link show tap-run | cut -d: -f1)"
    is "$(mymachines show vm1 -p Id,Service,Leader,Class,NetworkInterfaces,Aliases)" \
"Id=${uuid//-/}
Service=qemu
Leader=$pid
Class=vm
NetworkInterfaces=$(ip -o link show tap-run | cut -d: -f1)
Aliases=www" "qemu: what its command line says, and the tap that it has open"
    kill "$pid"
    ended "$pid"
    # It has its tap before it has a handler for the signal, of which it dies then.
    [ "$status" != 143 ] || status=0
    is "$status|$(mymachines list --no-legend)" "0|" "qemu: SIGTERM ends it, and no machine is left"
    run mymachines run-qemu vm2 --id=00112233445566778899aabbccddeeff --service=mine --vsock-cid=9 -- \
        "${qemu[@]}" -name web -uuid "$uuid" --daemonize -pidfile "$TMPDIR/pid" \
        -netdev tap,id=n0,ifname=tap-run,script=no,downscript=no -device virtio-net-pci,netdev=n0
    # Sanitizers have their doubts about its coroutines.
    is "$status|$out|$(grep ^mymachines <<<"$err")" "0||" "qemu -daemonize: run-qemu exits when the VM runs"
    # qemu removes its file when it ends.
    vm=$(cat "$TMPDIR/pid")
    is "$(mymachines show vm2 -p Id,Service,VSockCID,Leader,NetworkInterfaces)" \
"Id=00112233445566778899aabbccddeeff
Service=mine
Leader=$vm
NetworkInterfaces=$(ip -o link show tap-run | cut -d: -f1)
VSockCID=9" "qemu -daemonize: the VM is registered, and options of ours take precedence"
    kill "$vm"
    wait_until has_ended "$vm"
    mymachines refresh 2>/dev/null
    is "$(mymachines list --no-legend)" "" "qemu -daemonize: refresh unregisters the VM after its end"
    run mymachines run-qemu vm3 -- "${qemu[@]}" -daemonize -nonsense
    is "$status|$(mymachines list --no-legend)" "1|" "qemu: a VM that doesn't start isn't registered"
    [ -z "$preloaded" ] || export LD_PRELOAD=$preloaded
else
    skip "qemu-system-x86 is not installed" "qemu"
fi
# What reads its command line, of a qemu that isn't one.
cat >"$TMPDIR/qemu-fake" <<'Q'
#!/bin/sh
exec sleep 1000
Q
chmod +x "$TMPDIR/qemu-fake"
begin run-qemu -- "$TMPDIR/qemu-fake" -append '-name no' --name debug-threads=on,guest=vm4 \
    -device virtio-rng -device vhost-vsock-pci,id=a,guest-cid=0x2a
wait_until registered vm4
is "$(mymachines show vm4 -p Id,VSockCID,Class)" "Id=
Class=vm
VSockCID=42" "qemu: the vsock context id is registered"
kill "$pid"
ended "$pid"
is "$(mymachines list --no-legend)" "" "no machine of a command is left at the end"
# What is found in it and can't be used doesn't keep the VM from starting.
vm_with() {
    local name=$1 expected=$2 what=$3
    shift 3
    begin run-qemu -- "$TMPDIR/qemu-fake" "$@"
    wait_until registered "$name"
    is "$(mymachines show "$name" -p Id,VSockCID,Control | tr '\n' ' ')" "$expected" "$what"
    kill "$pid"
    ended "$pid"
}
vm_with Windows10 "Id= VSockCID= Control= " "qemu: a name that a machine can't have" -name 'Windows 10'
vm_with qemu-101 "Id= VSockCID= Control= " "qemu: a name that is a number" -name 101
vm_with vm5 "Id= VSockCID= Control= " "qemu: a socket whose path has a blank, and an id of zeros" -name vm5 \
    -qmp 'unix:/home/u/My VMs/q.sock,server=on' -uuid 00000000-0000-0000-0000-000000000000
vm_with vm5 "Id= VSockCID= Control= " "qemu: an invalid vsock context id" -name vm5 -device vhost-vsock-pci,guest-cid=1
vm_with vm5 "Id=${uuid//-/} VSockCID=7 Control=/run/v.qmp " "qemu: JSON, character devices and SMBIOS, as libvirt and Proxmox have them" \
    -name vm5 -smbios "type=1,uuid=$uuid" -device '{"driver":"vhost-vsock-pci","guest-cid":7}' \
    -chardev socket,id=c,path=/run/v.qmp,server=on,wait=off -mon chardev=c,mode=control
# Two processes are left behind, one of which has the command's arguments; the last two of these are empty.
cat >"$TMPDIR/qemu-daemon" <<'Q'
import os, sys, time
null = os.open("/dev/null", os.O_RDWR)
for fd in range(3):
    os.dup2(null, fd)
# Until it executes another program, it has the command's arguments, too.
executed, executes = os.pipe()
other = os.fork()
if other == 0:
    os.execlp("sleep", "sleep", "1000")
os.close(executes)
os.read(executed, 1)
vm = os.fork()
if vm == 0:
    time.sleep(1000)
with open(sys.argv[1], "w") as file:
    print(vm, other, file=file)
Q
run mymachines run-qemu -- python3 "$TMPDIR/qemu-daemon" "$TMPDIR/pid" -name vm6 -daemonize '' ''
read -r vm other <"$TMPDIR/pid"
is "$status|$(property vm6 Leader)" "0|$vm" "qemu -daemonize: the process that has the command's arguments is the VM"
kill "$vm" "$other"
wait_until has_ended "$vm"
mymachines refresh 2>/dev/null
start other
mymachines register vm5 --leader="$other" 2>/dev/null
vm_with qemu-vm5 "Id= VSockCID= Control= " "qemu: a name that another machine has" -name vm5
mymachines unregister vm5
kill "$other"

# With the monitor.
. "$SRCDIR/tests/integration/events.sh"
: >"$SYSCONFDIR/mymachines.conf"
begin run web1 -- sh -c 'unshare --pid --fork sleep 1000; exec sleep 1000'
wait_until registered web1
wait_until monitor_pid
parent=$(cut -d ' ' -f 4 "/proc/$(monitor_pid)/stat")
ok "$([ "$parent" != "$pid" ]; echo $?)" "run starts the monitor, not as its child"
kill -9 "$(property web1 Leader)"
nothing_is_left() {
    [ -z "$(mymachines list --no-legend --all)" ]
}
wait_until nothing_is_left
ok $? "monitor unregisters a machine whose command still runs"
kill "$pid"
ended "$pid"
is "$status|$(grep ^mymachines "$TMPDIR/err")" "143|" "run reports nothing after the monitor has unregistered its machine"
done_testing
