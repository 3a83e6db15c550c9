#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# kill, terminate, poweroff, reboot, pause, resume and wait work without a bus, and reach only the machine.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/booted.sh"
need_root

quietly() {
    mymachines "$@" 2>/dev/null
}
# wait_gone PID NAME: test that the process ends
wait_gone() {
    wait_until has_ended "$1"
    ok $? "$2"
}
lives() {
    ok "$(has_ended "$1" && echo 1 || echo 0)" "$2"
}

# Mistakes that machinectl refuses, too.
fails "mymachines: kill: a name is missing" "kill without a name is refused" mymachines kill
fails "mymachines: no machine 'nobody' is registered" "kill refuses a name that isn't registered" mymachines kill nobody
fails "mymachines: kill: --signal=SIGNONSENSE: there is no such signal" "kill refuses an unknown signal" mymachines kill -s SIGNONSENSE x
fails "mymachines: kill: --signal=65: there is no such signal" "kill refuses the signal 65" mymachines kill --signal=65 x
fails "mymachines: kill: --signal=0: there is no such signal" "kill refuses the signal 0" mymachines kill --signal=0 x
fails "mymachines: kill: --signal=RTMIN+31: there is no such signal" "kill refuses RTMIN+31" mymachines kill --signal=RTMIN+31 x
fails "mymachines: kill: --kill-whom=some: is neither leader, supervisor nor all" "kill refuses an unknown value of --kill-whom" mymachines kill --kill-whom=some x
for verb in terminate poweroff reboot pause resume wait; do
    fails "mymachines: $verb: a name is missing" "$verb without a name is refused" mymachines "$verb"
    fails "mymachines: no machine 'nobody' is registered" "$verb refuses a name that isn't registered" mymachines "$verb" nobody
done
like "$(mymachines kill -s list)" "*15 SIGTERM*34 SIGRTMIN*SIGRTMIN+4*" "kill -s list prints the signals"

# Signals.
# catcher VARIABLE NAME [OPTION...]: start a container whose leader and its child write each signal
# that they get to $TMPDIR/NAME.log
cat >"$TMPDIR/catcher" <<'C'
#!/bin/bash
catch() {
    for s in HUP USR1 USR2 TERM PWR INT RTMIN+4; do trap "echo $1-$s >>$2" "$s"; done
    echo "$1-ready" >>"$2"
    while :; do read -t 1000 -u 8; done
}
exec 8<>"$2.fifo"
catch child "$1" 3>&- &
catch leader "$1"
C
chmod 755 "$TMPDIR/catcher" "$TMPDIR"
catcher() {
    local name=$2
    mkfifo -m 666 "$TMPDIR/$name.log.fifo"
    : >"$TMPDIR/$name.log"
    chmod 666 "$TMPDIR/$name.log"
    start "$1" "${@:3}" -- "$TMPDIR/catcher" "$TMPDIR/$name.log" "$TMPDIR/$name.log"
    wait_until has_log "$name" child-ready
    wait_until has_log "$name" leader-ready
    quietly register "$name" --leader="${!1}"
}
has_log() {
    grep -qx "$2" "$TMPDIR/$1.log"
}
catcher one one --map=0:200000:1000 --map=1000:1000:1 --map=1001:201001:64535
catcher two two --share=pid
catcher other other
for name in one two; do
    run mymachines kill "$name" -s USR1
    is "$status|$out|$err" "0||" "$name: kill -s sends a signal"
    wait_until has_log "$name" leader-USR1 && wait_until has_log "$name" child-USR1
    ok $? "$name: kill -s reaches all processes of the machine"
    mymachines kill "$name" --signal=SIGUSR2 --kill-whom=leader
    wait_until has_log "$name" leader-USR2
    ok $? "$name: kill --kill-whom=leader reaches the leader"
    mymachines kill "$name" --signal=1 --kill-who=all
    wait_until has_log "$name" child-HUP
    is "$(grep -c child-USR2 "$TMPDIR/$name.log")" 0 "$name: kill --kill-whom=leader reaches no child"
    mymachines kill "$name"
    wait_until has_log "$name" leader-TERM && wait_until has_log "$name" child-TERM
    ok $? "$name: kill sends SIGTERM to all processes by default"
done
is "$(grep -vc ready "$TMPDIR/other.log")" 0 "kill sends no signal to another machine"
run mymachines kill one nobody two -s SIGRTMIN+4
is "$status|$err" "1|mymachines: no machine 'nobody' is registered" "kill of several machines reports the one that isn't registered"
wait_until has_log one leader-RTMIN+4 && wait_until has_log two leader-RTMIN+4
ok $? "kill of several machines signals those that are registered"

# The supervisor is a process of the host.
sleep 60 & manager=$!
fails "mymachines: other: has no supervisor" "kill --kill-whom=supervisor of a machine that has none" \
    mymachines kill other --kill-whom=supervisor
mymachines register other --leader="$other" --supervisor="$manager"
is "$(mymachines show other -p Supervisor --value)" "$manager" "show knows the supervisor"
like "$(mymachines status other)" "* Supervisor: $manager (sleep)*" "status knows it"
before=$(cat "$TMPDIR/other.log")
mymachines kill other -s USR1 --kill-whom=supervisor
wait "$manager"
is "$(kill -l $?)|$(cat "$TMPDIR/other.log")" "USR1|$before" "kill --kill-whom=supervisor reaches it, and no process of the machine"
fails "mymachines: other: cannot send the signal: its supervisor has died" "a supervisor that has died gets no signal" \
    mymachines kill other --kill-whom=supervisor
is "$(mymachines show other -p Supervisor)|$(mymachines list --json=short | jq -c '.[] | select(.name == "other") | [.supervisor, .supervisorProcessId]')" \
    "Supervisor=|[null,null]" "show and list don't have one that has died"
like "$(mymachines status other)" "* Supervisor: $manager (dead)*" "status says that it has died"
sleep 60 & manager=$!
mymachines register other --leader="$other" --supervisor="$manager"
mymachines register other --leader="$other" --description="Another"
is "$(mymachines show other -p Supervisor --value)" "$manager" "another registration keeps the supervisor"
mymachines refresh other
is "$(mymachines show other -p Supervisor --value)" "$manager" "refresh keeps it"
reuse_pid "$manager" sleep 1000
ok $? "the test makes the supervisor's pid be reused"
fails "mymachines: other: cannot send the signal: its supervisor has died" "kill --kill-whom=supervisor doesn't signal a reused pid" \
    mymachines kill other -s KILL --kill-whom=supervisor
is "$(mymachines show other -p Supervisor)" "Supervisor=" "show doesn't take the process with its pid for it"
lives "$manager" "that process lives"
mymachines register other --leader="$other" --supervisor=
fails "mymachines: other: has no supervisor" "an empty --supervisor takes it back" mymachines kill other --kill-whom=supervisor
fails "mymachines: other: supervisor 1: is the host's own init" "process 1 is refused as a supervisor" \
    mymachines register other --leader="$other" --supervisor=1
fails "mymachines: other: supervisor 2147483647: there is no such process" "a supervisor that isn't there is refused" \
    mymachines register other --leader="$other" --supervisor=2147483647
fails "mymachines: other: supervisor 'x' is not a process id" "a supervisor is a number" \
    mymachines register other --leader="$other" --supervisor=x
kill -9 "$manager"

# wait
mymachines wait one two >/dev/null 2>&1 &
waiter=$!
fails "mymachines: one: is still there" "wait --timeout fails while the machine lives" mymachines wait one --timeout=0
run mymachines terminate one
is "$status|$out|$err|$(mymachines list --all --no-legend | awk '$1 == "one"')" "0|||" "terminate kills a machine and unregisters it"
wait_gone "$one" "terminate ends the leader"
lives "$waiter" "wait waits for all machines given"
mymachines unregister two
wait "$waiter"
is $? 0 "wait ends when the last machine is unregistered"
lives "$two" "unregister doesn't end the leader"
quietly register two --leader="$two"
children=$(pgrep -P "$two")
mymachines terminate two
wait_gone "$two" "terminate ends a leader without a pid namespace"
wait_gone "$children" "terminate ends the children of a leader without a pid namespace"
lives "$other" "terminate doesn't end another machine"

# A process that has a dead leader's pid, and by chance its start time, is not the leader if its
# pidfd has another inode: that of the record is changed.
has_other_inode() {
    python3 - "$REGISTRY_DIRECTORY/registry.mdb" "$(mymachines show "$1" --json=short | jq .leaderProcessId.pidfdId)" <<'P'
import os, sys
path, inode = sys.argv[1], int(sys.argv[2])
bytes_of = lambda number: number.to_bytes(8, sys.byteorder)
with open(path, "r+b") as file:
    times = os.stat(path)
    records = file.read()
    file.seek(0)
    file.write(records.replace(bytes_of(inode), bytes_of(inode + 1000000)))
os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
P
}
start stranger --share=user
mymachines register stranger --leader="$stranger" --no-monitor 2>/dev/null
if [ -n "$(mymachines show stranger --json=short | jq '.leaderProcessId.pidfdId // empty')" ]; then
    has_other_inode stranger
    for verb in "kill -s KILL" "kill -s KILL --kill-whom=leader" poweroff reboot pause; do
        # shellcheck disable=SC2086
        fails "mymachines: stranger: cannot *: its leader has died" "$verb spares a stranger with the leader's pid and start time" \
            mymachines $verb stranger
    done
    run mymachines terminate stranger
    is "$status|$out|$err|$(mymachines list --all --no-legend | awk '$1 == "stranger"')" "0|||" "terminate unregisters the dead machine"
    lives "$stranger" "terminate spares a stranger with the leader's pid and start time"
    quietly register stranger --leader="$stranger" --scope
    has_other_inode stranger
    mymachines terminate stranger
    lives "$stranger" "also one in the machine's scope"
else
    skip "pidfds have no inodes here" "a stranger with the leader's pid and start time is spared"
fi
kill -9 "$stranger"

# A pid that is reused.
sleep 1000 & late=$!
quietly register late --leader="$late" --force
reuse_pid "$late" sleep 1000
ok $? "the test makes a pid be reused"
for whom in all leader; do
    fails "mymachines: late: cannot send the signal: its leader has died" "kill --kill-whom=$whom doesn't signal a reused pid" \
        mymachines kill late -s KILL --kill-whom="$whom"
done
fails "mymachines: late: cannot power it off: its leader has died" "poweroff doesn't signal a reused pid" mymachines poweroff late
fails "mymachines: late: cannot pause it: its leader has died" "pause doesn't freeze a reused pid" mymachines pause late
run mymachines wait late
is "$status|$err" "0|" "wait doesn't wait for a reused pid"
run mymachines terminate late
is "$status|$err|$(mymachines list -a --no-legend | grep -c late)" "0||0" "terminate unregisters a machine that has died"
lives "$late" "terminate doesn't kill a reused pid"
kill -9 "$late"

# Fork bombs: killing one process after another doesn't end them.
cat >"$TMPDIR/bomb.c" <<'C'
#include <signal.h>
#include <unistd.h>
int main(void)
{
	signal(SIGCHLD, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (;;)
		if (fork() < 0)
			usleep(1000);
}
C
gcc -O1 -static -o "$TMPDIR/bomb" "$TMPDIR/bomb.c" 2>/dev/null || cc -O1 -o "$TMPDIR/bomb" "$TMPDIR/bomb.c"
chmod 755 "$TMPDIR/bomb"
pids=/sys/fs/cgroup/pids/operate$$ v2=/sys/fs/cgroup/unified/operate$$ freezer=/sys/fs/cgroup/freezer/operate$$
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || v2=/sys/fs/cgroup/operate$$
end() {
    local directory
    for directory in "$v2" "$freezer"; do
        echo 0 >"$directory/cgroup.freeze"
        echo THAWED >"$directory/freezer.state"
    done
    pkill -9 -x -f "$TMPDIR/bomb"
    for directory in "$v2/inner" "$v2" "$freezer" "$pids"; do
        [ ! -d "$directory" ] || wait_until rmdir "$directory"
    done
} >/dev/null 2>&1
trap end EXIT
in_cgroup() {
    local directory=$1
    shift
    bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$directory" "$@"
}
bombs() {
    pgrep -c -x -f "$TMPDIR/bomb"
}
has_bombs() {
    [ "$(bombs)" -ge 80 ]
}
no_bombs() {
    [ "$(bombs)" = 0 ]
}
if mkdir "$pids" 2>/dev/null && echo 100 >"$pids/pids.max"; then
    for share in user pid; do
        exec {stdin}> >(in_cgroup "$pids" container --share="$share" -- "$TMPDIR/bomb" >"$TMPDIR/bomb.pid" 2>/dev/null)
        wait_until test -s "$TMPDIR/bomb.pid"
        bomb=$(cat "$TMPDIR/bomb.pid")
        : >"$TMPDIR/bomb.pid"
        wait_until has_bombs
        quietly register bomb --leader="$bomb"
        run timeout 60 "$BUILDDIR/mymachines" terminate bomb
        is "$status|$err" "0|" "terminate ends a fork bomb, with --share=$share"
        wait_until no_bombs
        ok $? "terminate leaves no process of a fork bomb, with --share=$share"
        exec {stdin}>&-
    done
else
    skip "no cgroup that limits processes can be made here" "terminate ends a fork bomb"
fi
lives "$other" "terminate of a fork bomb doesn't end another machine"

# pause and resume
state() {
    mymachines show "$1" -p State --value
}
counter() {
    cat "$TMPDIR/counter.$1"
}
cat >"$TMPDIR/count" <<'C'
#!/bin/bash
exec 8<>"$1.fifo"
while :; do echo $((++n)) >"$1"; read -t 0.01 -u 8; done
C
chmod 755 "$TMPDIR/count"
# split_still: put the machine still into a cgroup of its own, below that of its other process; sets inner to that
# process, and other to its parent
split_still() {
    nsenter --pid="/proc/$still/ns/pid" sleep 1000 >/dev/null 2>&1 &
    other=$!
    wait_until pgrep -P "$other"
    inner=$(pgrep -P "$other")
    mkdir "$directory/part"
    echo "$inner" >"$directory/cgroup.procs"
    echo "$still" >"$directory/part/cgroup.procs"
}
# join_still: take the leader back
join_still() {
    echo "$still" >"$directory/cgroup.procs"
    wait_until rmdir "$directory/part"
}
for kind in v2 freezer; do
    directory=${!kind}
    if ! mkdir "$directory" 2>/dev/null || { [ "$kind" = v2 ] && [ ! -e "$directory/cgroup.freeze" ]; }; then
        skip "such a cgroup can't be made here" "pause and resume by $kind"
        continue
    fi
    mkfifo -m 666 "$TMPDIR/counter.$kind.fifo"
    : >"$TMPDIR/counter.$kind"
    chmod 666 "$TMPDIR/counter.$kind"
    start still -- "$TMPDIR/count" "$TMPDIR/counter.$kind"
    quietly register still --leader="$still"
    fails "mymachines: still: cannot pause it: it has no cgroup to itself that can be frozen; see register --scope" \
        "$kind: pause refuses a machine in the root cgroup" mymachines pause still
    echo "$still" >"$directory/cgroup.procs"
    sleep 1000 & stranger=$!
    echo "$stranger" >"$directory/cgroup.procs"
    fails "mymachines: still: cannot pause it: it has no cgroup *" "$kind: pause refuses a machine in a cgroup with a stranger" \
        mymachines pause still
# A part of the machine has a cgroup of its own, the rest shares one with a stranger.
    split_still
    fails "mymachines: still: cannot pause it: it has no cgroup *" "$kind: pause refuses if a part of the machine is in a cgroup with a stranger" mymachines pause still
    kill -9 "$inner"
    wait "$other" 2>/dev/null
    join_still
    kill -9 "$stranger"
    wait "$stranger" 2>/dev/null
    is "$(state still)" running "$kind: show reports a running machine"
    run mymachines pause still
    is "$status|$err|$(state still)" "0||paused" "$kind: pause freezes the machine, and show reports it"
    before=$(counter "$kind")
# A running machine would count to ten or more in that time.
    sleep 0.15
    is "$(counter "$kind")" "$before" "$kind: a paused machine doesn't run"
    fails "mymachines: still: is paused; resume it first" "$kind: shell refuses a paused machine" \
        timeout 20 "$BUILDDIR/mymachines" shell still true
    run mymachines resume still
    is "$status|$err|$(state still)" "0||running" "$kind: resume thaws the machine, and show reports it"
    goes_on() {
        [ "$(counter "$kind")" != "$before" ]
    }
    wait_until goes_on
    ok $? "$kind: a resumed machine runs"
# A cgroup above, with a stranger in it, isn't thawed.
    mkdir "$directory/part"
    echo "$still" >"$directory/part/cgroup.procs"
    sleep 1000 & stranger=$!
    echo "$stranger" >"$directory/cgroup.procs"
    freezer_file=$directory/cgroup.freeze on=1 off=0
    [ "$kind" = v2 ] || freezer_file=$directory/freezer.state on=FROZEN off=THAWED
    echo $on >"$freezer_file"
    is_paused() {
        [ "$(state still)" = paused ]
    }
    wait_until is_paused
    fails "mymachines: still: is still paused: another program has frozen a cgroup that it is in" \
        "$kind: resume doesn't thaw a stranger" mymachines resume still
    is "$(cat "$freezer_file")" $on "$kind: which stays frozen"
    echo $off >"$freezer_file"
    join_still
    kill -9 "$stranger"
    wait "$stranger" 2>/dev/null
# The lowest cgroup with all of its processes is another one when some have died.
    if [ "$kind" = v2 ]; then
        split_still
        mymachines pause still
        kill -9 "$inner"
        wait "$other" 2>/dev/null
        before=$(counter "$kind")
        run mymachines resume still
        is "$status|$err|$(state still)" "0||running" "resume thaws a machine of which a process has died meanwhile"
        wait_until goes_on
        ok $? "and it runs"
        join_still
    fi
    mymachines pause still
    run timeout 20 "$BUILDDIR/mymachines" terminate still
    is "$status|$err" "0|" "$kind: terminate ends a paused machine"
    wait_gone "$still" "$kind: terminate ends the leader of a paused machine"
done

# Signals that the init understands.
root=$TMPDIR/root
if busybox=$(command -v busybox); then
    mkdir -p "$root/bin" "$root/proc" "$root/etc" "$root/dev"
    cp "$busybox" "$root/bin/busybox"
    for applet in init sh sleep echo poweroff; do ln -s busybox "$root/bin/$applet"; done
    printf '%s\n' '::sysinit:/bin/echo up >/up' '::respawn:/bin/sleep 1000' \
        '::shutdown:/bin/sh -c "/bin/echo down >/down"' >"$root/etc/inittab"
    chmod 777 "$root"
    start init --root="$root" -- /bin/init
    quietly register init1 --leader="$init"
    wait_until test -e "$root/up"
    wait_until pgrep -P "$init" sleep
# An upgrade replaces the file of a running init.
    cp "$root/bin/busybox" "$root/bin/busybox.new"
    mv "$root/bin/busybox.new" "$root/bin/busybox"
    mymachines poweroff init1
    is $? 0 "poweroff of busybox's init succeeds after an upgrade of its file"
    wait_until test -e "$root/down"
    ok $? "poweroff makes busybox's init shut down"
    wait_gone "$init" "busybox's init ends after poweroff"
    start plain --root="$root" -- /bin/busybox sleep 100000
    quietly register plain --leader="$plain"
    fails "mymachines: plain: cannot power it off: its first process ignores the signal for that; 'mymachines terminate' ends it" \
        "poweroff fails for an init that ignores SIGTERM" mymachines poweroff plain
    fails "mymachines: plain: cannot reboot it: its first process is not an init system that mymachines knows" \
        "reboot fails for an unknown init" mymachines reboot plain
else
    skip "there is no busybox" "poweroff makes busybox's init shut down"
fi
start idle
quietly register idle --leader="$idle"
fails "mymachines: idle: cannot reboot it: *" "restart is an alias of reboot" mymachines restart idle
run mymachines stop idle
is "$status|$err" "0|" "stop is an alias of poweroff"
wait_gone "$idle" "poweroff sends SIGTERM to a leader that is not an init"

# A machine may have made cgroups of its own, as deep as it likes.
hierarchy=/sys/fs/cgroup
[ -e "$hierarchy/cgroup.procs" ] || hierarchy+=/unified
name="status and kill of a machine with thousands of cgroups, one in another"
if [ "$(ulimit -Hn)" != unlimited ] && [ "$(ulimit -Hn)" -lt 4096 ]; then
    skip "there are too few descriptors" "$name"
elif mkdir -p "$hierarchy/machine.slice/deep1.scope" 2>/dev/null; then
    start deep1
    echo "$deep1" >"$hierarchy/machine.slice/deep1.scope/cgroup.procs"
    quietly register deep1 --leader="$deep1"
    python3 "$SRCDIR/tests/support/deep_cgroups.py" make "$hierarchy/machine.slice/deep1.scope" 2600
    run bash -c 'ulimit -n 4096; "$1" status deep1 && "$1" kill deep1' bash "$BUILDDIR/mymachines"
    like "$status|$out|$err" "0|*Unit: deep1.scope*$deep1 *|" "$name"
    wait_gone "$deep1" "kill reaches its leader"
    python3 "$SRCDIR/tests/support/deep_cgroups.py" remove "$hierarchy/machine.slice/deep1.scope" 2600
    wait_until rmdir "$hierarchy/machine.slice/deep1.scope"
    rmdir "$hierarchy/machine.slice" 2>/dev/null
else
    skip "there are no cgroups of version 2" "$name"
fi
if [ -z "$SANITIZERS" ] && [ -e "$DEBIAN_ROOT/.complete" ]; then
    boot_debian "operate$$"
    systemd=$leader
    quietly register deb1 --leader="$systemd"
    listens() {
        [ "$(cat "/proc/$systemd/comm")" = systemd ] && px 'systemctl is-active basic.target'
    }
    wait_until listens
    is "$(mymachines list --no-legend | awk '$1 == "deb1" { print $4 }')" debian "list shows the operating system of a booted Debian"
    like "$(mymachines status deb1)" "*Leader: $systemd (systemd)*systemd-journald*" "status shows the processes of a booted Debian"
    run mymachines poweroff deb1
    is "$status|$err" "0|" "poweroff of systemd succeeds"
    run timeout 30 "$BUILDDIR/mymachines" wait deb1
    is "$status|$err" "0|" "poweroff makes systemd shut down"
    end_debian
else
    skip "there is no Debian to boot" "poweroff makes systemd shut down"
fi
done_testing
