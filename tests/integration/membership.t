#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which processes are a machine's, and which unit is: real cgroups, with strangers in and around them.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
PATH=$PATH:$SRCDIR/tests/support
# Where libsystemd looks.
case $(stat -fc %T /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd 2>/dev/null | tr '\n' ' ') in
cgroup2fs*) C=/sys/fs/cgroup ;;
"tmpfs cgroup2fs"*) C=/sys/fs/cgroup/unified ;;
"tmpfs cgroupfs"* | "tmpfs tmpfs cgroupfs"*) C=/sys/fs/cgroup/systemd ;;
*) skip_all "no cgroups are mounted where libsystemd looks for them" ;;
esac
slice=mymachines$$.slice
mkdir "$C/$slice" 2>/dev/null || skip_all "cannot make cgroups here"
M=/run/systemd/machines
kids=()
clean_up() {
    kill -9 "${kids[@]}"
    wait "${kids[@]}"
    find "$C/$slice" -depth -type d -exec rmdir {} \;
} >/dev/null 2>&1
trap clean_up EXIT

quietly() {
    mymachines "$@" 2>/dev/null
}
lives() {
    ok "$(has_ended "$1" && echo 1 || echo 0)" "$2"
}
# put PID CGROUP: move a process to a cgroup below the slice
put() {
    mkdir -p "$C/$slice/$2" && echo "$1" >"$C/$slice/$2/cgroup.procs"
}
# stranger VARIABLE CGROUP: start a process of this shell's there
stranger() {
    sleep 1000 >/dev/null 2>&1 </dev/null &
    kids+=("$!")
    put "$!" "$2"
    printf -v "$1" %s "$!"
}
# ours PID: the machine that our own ps and which print; they must agree
ours() {
    local ps which
    ps=$(mymachines ps -o machine= -p "$1" | tr -d ' ')
    which=$(quietly which "$1")
    [ "$ps" = "${which:--}" ] && echo "$ps" || echo "ps: $ps, which: $which"
}
stock() {
    ps -o machine= -p "$1" | tr -d ' '
}
# members NAME: the pids of a machine, as ps and status show them; they must agree
members() {
    local ps status
    ps=$(mymachines ps -M "$1" -o pid= | awk '{ print $2 }' | sort -n | xargs)
    status=$(mymachines status "$1" | grep -oE '(`|\||├|└)[-─] *[0-9]+' | grep -oE '[0-9]+' | sort -n | xargs)
    [ "$ps" = "$status" ] && echo "$ps" || echo "ps: $ps, status: $status"
}
# end_machine NAME PID...: forget a machine, and end what belongs to it
end_machine() {
    quietly unregister "$1"
    kill -9 "${@:2}" 2>/dev/null
    for pid in "${@:2}"; do wait_until has_ended "$pid"; done
}

# A leader in a cgroup below that of a daemon's service, as containerd makes it.
for kind in container vm; do
    stranger daemon d.service
    if [ $kind = vm ]; then
        start box --share=user --share=pid --share=net --share=mnt
    else
        start box
    fi
    put "$box" "d.service/kubepods-podc0.slice:cri-containerd:2bf3"
    quietly register box --leader="$box" --class=$kind
    is "$(ours "$daemon")|$(stock "$daemon")" "-|-" "$kind: a daemon whose service has the machine's cgroup is in no machine"
    is "$(ours "$box")" box "$kind: the leader below a daemon's service is the machine's"
    is "$(members box)" "$box" "$kind: ps and status show only the machine's processes, not the daemon"
    is "$(ls "$M" | grep "unit:d.service")" "" "$kind: the daemon's unit isn't exported as the machine's"
    if [ -e "$C/$slice/d.service/cgroup.freeze" ]; then
        mymachines pause box
        is "$?|$(cat "$C/$slice/d.service/cgroup.freeze")|$(cat "$C/$slice"/d.service/*/cgroup.freeze)" "0|0|1" \
            "$kind: pause freezes the machine's cgroup, not the daemon's"
        mymachines resume box
    fi
    mymachines kill box -s KILL
    wait_until has_ended "$box"
    ok $? "$kind: kill reaches the machine below a daemon's service"
    lives "$daemon" "$kind: kill doesn't reach the daemon"
    end_machine box "$daemon"
done

# A web application that starts a container in a cgroup below its own.
stranger app web.service
start job
put "$job" web.service/libpod-payload-1
(
    put "$BASHPID" web.service
    quietly register job --leader="$job"
)
is "$(ours "$app")|$(stock "$app")" "-|-" "an application that registers a container is in no machine"
run mymachines terminate job
is "$status|$err" "0|" "terminate of a container in an application's service succeeds"
wait_until has_ended "$job"
lives "$app" "terminate of a container doesn't end the application"
kill -9 "$app"

# A unit with the machine and its supervisors: a script that starts a helper and the container.
cat >"$TMPDIR/supervisor" <<'S'
#!/bin/bash
# supervisor CGROUP KIND: in that cgroup, start a leader by a parent that has a helper, too. If KIND
# is "busy", this process, which is the leader's grandparent, runs something else besides.
echo $$ >"$1/cgroup.procs"
[ "$2" = busy ] && sleep 2001 &
bash -c 'sleep 2002 & exec unshare --pid --fork --kill-child --mount sleep 2003' &
wait
exec sleep 2004
S
chmod 755 "$TMPDIR/supervisor"
# supervised NAME KIND: sets outer, leader, helper
supervised() {
    mkdir -p "$C/$slice/$1"
    "$TMPDIR/supervisor" "$C/$slice/$1" "$2" >/dev/null 2>&1 </dev/null 3>&- &
    outer=$!
    kids+=("$outer")
    wait_until pgrep -fx "sleep 2003"
    leader=$(pgrep -fx "sleep 2003")
    helper=$(pgrep -fx "sleep 2002")
    kids+=("$leader" "$helper")
}
supervised sup.scope quiet
quietly register sup --leader="$leader"
shim=$(awk '{ print $4 }' "/proc/$leader/stat")
for pid in "$leader" "$shim"; do
    is "$(ours "$pid")|$(stock "$pid")" "sup|sup" \
        "the machine's $(cat "/proc/$pid/comm") in a unit of its own is shown by our ps and by stock ps"
done
is "$(readlink "$M/unit:sup.scope")" sup "a unit with a machine and its supervisors is exported as the machine's"
like " $(members sup) " "* $outer *" "ps and status show the supervisors in a unit of the machine's"
run mymachines kill sup -s USR1 --kill-whom=leader
lives "$outer" "kill of the leader doesn't reach the supervisors"
run mymachines terminate sup
is "$status|$err" "0|" "terminate of a machine with supervisors succeeds"
for pid in "$leader" "$shim" "$outer"; do
    wait_until has_ended "$pid"
    ok $? "terminate ends all of the machine's unit"
done
kill -9 "$helper" 2>/dev/null

# The same with a process that an outer parent has started for something else.
supervised busy.scope busy
other=$(pgrep -fx "sleep 2001")
kids+=("$other")
quietly register busy --leader="$leader"
is "$(ours "$other")|$(stock "$other")|$(ls "$M" | grep unit:busy)" "-|-|" \
    "a unit in which a supervisor's parent runs something else isn't the machine's"
is "$(members busy)" "$leader" "only the machine's own processes are shown if the unit isn't the machine's"
quietly terminate busy
lives "$other" "terminate doesn't end the rest of a unit that isn't the machine's"
lives "$outer" "terminate doesn't end the supervisors in a unit that isn't the machine's"
kill -9 "$outer" "$other" "$helper" 2>/dev/null
wait_until has_ended "$outer"

# An application that has started the one machine in its unit, which isn't named for that.
for kind in container vm; do
    supervised app.scope quiet
    quietly register job --leader="$leader" --class=$kind
    is "$(ours "$outer")|$(stock "$outer")|$(ls "$M" | grep unit:app)" "-|-|" \
        "$kind: an application that has started a machine is in no machine"
    is "$(members job)" "$leader" "$kind: only the machine's own processes are shown, not the application that has started it"
    quietly kill job -s TERM --kill-whom=all
    lives "$outer" "$kind: kill doesn't reach an application that has started the machine"
    quietly terminate job
    wait_until has_ended "$leader"
    ok $? "$kind: terminate ends a machine that an application has started"
    lives "$outer" "$kind: terminate doesn't end an application that has started the machine"
    kill -9 "$outer" "$helper" 2>/dev/null
    wait_until has_ended "$outer"
done
supervised app.scope quiet
quietly register job --leader="$leader" --unit=app.scope
quietly terminate job
wait_until has_ended "$outer"
ok $? "terminate ends what has started a machine in a unit that was given as the machine's"
kill -9 "$helper" 2>/dev/null

# A unit of another name, in which is only what starts machines.
mkdir "$C/$slice/launched.scope"
bash -c 'echo $$ >"$0/cgroup.procs"; exec unshare --pid --fork --kill-child --mount sleep 2005' \
    "$C/$slice/launched.scope" >/dev/null 2>&1 </dev/null 3>&- &
outer=$!
kids+=("$outer")
wait_until pgrep -fx "sleep 2005"
leader=$(pgrep -fx "sleep 2005")
quietly register job --leader="$leader"
is "$(ours "$outer")|$(stock "$outer")|$(readlink "$M/unit:launched.scope")" "job|job|job" \
    "a unit in which only a launcher is besides the machine is the machine's"
end_machine job "$leader" "$outer"

# Two machines in one unit.
start first
start second
put "$first" two.scope
put "$second" two.scope/inner
quietly register first --leader="$first"
quietly register second --leader="$second"
mymachines refresh
is "$(ls "$M" | grep unit:two)" "" "a unit with two machines is neither's"
is "$(ours "$first") $(ours "$second")" "first second" "both machines in a unit are known by their processes"
quietly terminate first
lives "$second" "terminate doesn't end another machine in the unit"
end_machine second "$second"

# --unit= of a unit that has strangers.
for kind in container vm; do
    stranger other given.service
    if [ $kind = vm ]; then
        start box --share=user --share=pid --share=net --share=mnt
    else
        start box
    fi
    put "$box" given.service
    quietly register box --leader="$box" --class=$kind --unit=given.service
    is "$(ours "$other")|$(stock "$other")" "box|-" \
        "$kind: our ps shows --unit= for a stranger in the unit, stock ps doesn't"
    is "$(ours "$box")" box "$kind: our ps shows the machine of a leader in a given unit"
    for signal in TERM KILL; do
        quietly kill box -s $signal
        lives "$other" "$kind: kill -s $signal doesn't reach a stranger in a given unit"
    done
    wait_until has_ended "$box"
    quietly unregister box
    if [ $kind = vm ]; then
        start box --share=user --share=pid --share=net --share=mnt
    else
        start box
    fi
    put "$box" given.service
    quietly register box --leader="$box" --class=$kind --unit=given.service
    fails "mymachines: box: cannot pause it: it has no cgroup to itself *" \
        "$kind: pause refuses a given unit that has a stranger" mymachines pause box
    quietly terminate box
    wait_until has_ended "$box"
    ok $? "$kind: terminate ends a machine in a given unit"
    lives "$other" "$kind: terminate doesn't end a stranger in a given unit"
    kill -9 "$other"
    wait_until has_ended "$other"
done

# A process whose parent has died, in the leader's cgroup.
# orphan VARIABLE CGROUP
orphan() {
    local file=$TMPDIR/orphan
    rm -f "$file"
    mkdir -p "$C/$slice/$2"
    bash -c 'echo $$ >"$0/cgroup.procs"; sleep 1000 >/dev/null 2>&1 </dev/null 3>&- & echo $! >"$1"' \
        "$C/$slice/$2" "$file"
    printf -v "$1" %s "$(cat "$file")"
    kids+=("${!1}")
}
start emulator --share=user --share=pid --share=net --share=mnt
put "$emulator" qemu.scope
orphan swtpm qemu.scope
quietly register vm1 --leader="$emulator" --class=vm
is "$(members vm1)" "$(printf '%s\n' "$emulator" "$swtpm" | sort -n | xargs)" \
    "an orphan in a VM's own cgroup is the VM's"
stranger other qemu.scope
is "$(members vm1)|$(ours "$swtpm")" "$emulator|-" "with a stranger in it, a VM's cgroup is nobody's"
kill -9 "$other"
wait_until has_ended "$other"
quietly terminate vm1
wait_until has_ended "$swtpm"
ok $? "terminate ends an orphan in a VM's own cgroup"
start emulator --share=user --share=pid --share=net --share=mnt
put "$emulator" qemu.service
orphan daemon qemu.service
quietly register vm1 --leader="$emulator" --class=vm
is "$(ours "$daemon")" "-" "an orphan in a service's cgroup may be the service's, so it is nobody's"
end_machine vm1 "$emulator" "$daemon"

# A daemon may be in a cgroup that isn't called a service's, with a leader that it hasn't started.
for place in daemons openrc.sshd; do
    [ $place = openrc.sshd ] || orphan daemon "$place"
    # Start times are counted in hundredths of a second.
    sleep 0.03
    start emulator --share=user --share=pid --share=net --share=mnt
    [ $place = daemons ] || orphan daemon "$place"
    put "$emulator" "$place"
    quietly register vm1 --leader="$emulator" --class=vm
    is "$(ours "$daemon")|$(members vm1)" "-|$emulator" "a daemon in cgroup $place is in no machine"
    fails "mymachines: vm1: cannot pause it: it has no cgroup to itself *" "pause refuses $place" mymachines pause vm1
    quietly terminate vm1
    wait_until has_ended "$emulator"
    ok $? "terminate ends a machine in $place"
    lives "$daemon" "but not the daemon"
    end_machine vm1 "$emulator" "$daemon"
done
# Who asks isn't the machine's, either.
start emulator --share=user --share=pid --share=net --share=mnt
put "$emulator" asking
quietly register vm1 --leader="$emulator" --class=vm
cat >"$TMPDIR/asking" <<'S'
echo $$ >"$1/cgroup.procs"
while [ "$(cut -d' ' -f4 "/proc/$$/stat")" != 1 ]; do sleep 0.1; done
"$2" kill vm1 -s USR1 --kill-whom=all
"$2" terminate vm1
echo "$?" >"$3"
S
bash -c 'bash "$@" >/dev/null 2>&1 </dev/null 3>&- &' asking "$TMPDIR/asking" "$C/$slice/asking" "$BUILDDIR/mymachines" "$TMPDIR/asked"
wait_until test -s "$TMPDIR/asked"
is "$(cat "$TMPDIR/asked")" 0 "terminate spares who asks for it in the machine's cgroup"
wait_until has_ended "$emulator"
ok $? "terminate ends that machine"
end_machine vm1 "$emulator"
# A manager makes a cgroup for a machine, and starts what belongs to it first.
for place in machine.slice/machine-qemu.scope qemu.slice/100.scope; do
    orphan swtpm "$place"
    sleep 0.03
    start emulator --share=user --share=pid --share=net --share=mnt
    put "$emulator" "$place"
    quietly register vm1 --leader="$emulator" --class=vm
    is "$(ours "$swtpm")" vm1 "a helper that was started before the VM is the VM's in $place"
    quietly terminate vm1
    wait_until has_ended "$swtpm"
    ok $? "terminate ends such a helper in $place"
    end_machine vm1 "$emulator"
done
# A user's terminal is in a scope, too, and what root starts by systemd-run.
for place in user.slice/user-1000.slice/terminal.scope system.slice/work.scope work.slice/run-u7.scope; do
    orphan daemon "$place"
    sleep 0.03
    start emulator --share=user --share=pid --share=net --share=mnt
    put "$emulator" "$place"
    quietly register vm1 --leader="$emulator" --class=vm
    is "$(ours "$daemon")|$(members vm1)" "-|$emulator" "what was started before the VM in $place is in no machine"
    end_machine vm1 "$emulator" "$daemon"
done

# A leader without a namespace of its own: it, its descendants, and nobody else.
force=
mymachines register --help | grep -q -- --force && force=--force
bash -c 'sleep 3001 & exec sleep 3002' >/dev/null 2>&1 </dev/null 3>&- &
bare=$!
kids+=("$bare")
wait_until pgrep -P "$bare"
child=$(pgrep -P "$bare")
put "$bare" bare.scope
put "$child" bare.scope
orphan other bare.scope
quietly register bare --leader="$bare" $force
is "$(members bare)" "$(printf '%s\n' "$bare" "$child" | sort -n | xargs)" \
    "a machine without a namespace of its own has its leader and descendants only"
quietly kill bare -s KILL
wait_until has_ended "$bare"
lives "$other" "kill of a machine without a namespace of its own doesn't go beyond the leader's descendants"
quietly unregister bare
kill -9 "$other" "$child" 2>/dev/null

# A process that was sent into the machine's pid namespace from another cgroup.
start box -- bash -c 'trap "" TERM; while :; do sleep 1; done'
put "$box" own.scope
nsenter --pid="/proc/$box/ns/pid" sleep 4001 >/dev/null 2>&1 </dev/null 3>&- &
entered=$!
wait_until pgrep -P "$entered"
entered=$(pgrep -P "$entered")
quietly register box --leader="$box"
is "$(ours "$entered")" box "a process in the machine's pid namespace is the machine's in any cgroup"
like " $(members box) " "* $entered *" "ps and status show a process that was sent in from another cgroup"
quietly kill box
wait_until has_ended "$entered"
ok $? "kill reaches a process that was sent in from another cgroup"
lives "$box" "the leader has ignored that signal"

# Root of a machine without a user namespace may have CAP_SYS_PTRACE: no process of the host's may go there.
start plain --share=user -- sh -c 'sleep 4002 & sleep 4003 & wait'
wait_until eval '[ "$(pgrep -P "$plain" | wc -l)" = 2 ]'
put "$plain" plain.scope
quietly register plain --leader="$plain"
is "$(members plain)" "$({ echo "$plain"; pgrep -P "$plain"; } | sort -n | xargs)" \
    "a machine without a user namespace of its own is listed whole"
cp "$BUILDDIR/mymachines" "$TMPDIR/mymachines"
for signal in TERM STOP KILL; do
    run setpriv --reuid=65534 --regid=65534 --clear-groups "$TMPDIR/mymachines" kill plain -s "$signal"
    is "$status|$err" "1|mymachines: plain: cannot send the signal: Operation not permitted" \
        "kill says that a user may not send SIG$signal"
done
lives "$plain" "and nothing has got it"
if can_trace; then
    for machine in box plain; do
        for verb in status pause resume "kill -s CONT"; do
            # shellcheck disable=SC2086
            strace -f -qq -e trace=setns -o "$TMPDIR/$machine.calls" -A \
                "$BUILDDIR/mymachines" ${verb%% *} "$machine" ${verb#* } >/dev/null 2>&1
        done
    done
    grep -q 'setns(.*CLONE_NEWPID' "$TMPDIR/box.calls"
    ok $? "a process looks into a machine with one from inside"
    is "$(grep 'setns(.*CLONE_NEWPID' "$TMPDIR/plain.calls")" "" "but not into one without"
else
    skip "strace can't be used here" "no process is sent into a machine without a user namespace"
fi

# What one machine costs, whatever else runs: system calls, which no load changes.
if [ -z "$SANITIZERS" ] && [ -e /proc/thread-self/children ]; then
    calls() {
        interrupt 0 mymachines "$@" 2>&1 >/dev/null </dev/null | tail -n 1
    }
    # A sleep that began before the leader was put into its cgroup costs less than those after it.
    wait_until sh -c "grep -q own.scope /proc/\$(pgrep -P $box | head -n 1)/cgroup"
    verbs=("status box" "which $box" "kill box -s CONT")
    before=()
    for verb in "${verbs[@]}"; do
        # shellcheck disable=SC2086
        before+=("$(calls $verb)")
    done
    crowd=()
    for i in {1..300}; do
        sleep 1000 >/dev/null 2>&1 </dev/null 3>&- &
        crowd+=("$!")
    done
    kids+=("${crowd[@]}")
    for i in "${!verbs[@]}"; do
        # shellcheck disable=SC2086
        after=$(calls ${verbs[i]})
        ok "$([ "$after" -lt $((before[i] + 100)) ]; echo $?)" \
            "${verbs[i]%% *} doesn't look at 300 processes of the host"
        echo "# ${verbs[i]}: ${before[i]} $after"
    done
    kill -9 "${crowd[@]}"
    # 400 processes of the machine, as children of one or each as the child of the one before.
    cat >"$TMPDIR/line.py" <<'S'
import os, sys, time
for i in range(400):
    if (os.fork() == 0) != (sys.argv[1] == "line"):
        time.sleep(1000)
open(sys.argv[2], "w").write("1")
time.sleep(1000)
S
    for form in flat line; do
        : >"$TMPDIR/is-made"
        chmod 666 "$TMPDIR/is-made"
        start "$form" -- python3 "$TMPDIR/line.py" "$form" "$TMPDIR/is-made"
        wait_until test -s "$TMPDIR/is-made"
        put "${!form}" "$form.scope"
        quietly register "$form" --leader="${!form}"
    done
    for verb in status "kill -s CONT" pause resume; do
        # shellcheck disable=SC2086
        flat_calls=$(calls ${verb%% *} flat ${verb#* })
        # shellcheck disable=SC2086
        line_calls=$(calls ${verb%% *} line ${verb#* })
        ok "$([ "$line_calls" -lt $((flat_calls * 3 / 2)) ]; echo $?)" \
            "${verb%% *} looks once at each process of a long line"
        echo "# $verb: $flat_calls $line_calls"
    done
    quietly terminate line
    wait_until has_ended "$line"
    ok $? "terminate ends a machine with a long line of processes"
    end_machine flat "$flat"
else
    skip "system calls can't be compared here" "what one machine costs"
fi
end_machine box "$box"

# A cgroup can be deeper than a path can be long.
if [ -e "$C/$slice/own.scope/cgroup.freeze" ] && command -v python3 >/dev/null; then
    start box -- bash -c 'sleep 4002 & wait'
    put "$box" own.scope
    wait_until pgrep -P "$box"
    inner=$(pgrep -P "$box")
    mkdir -p "$C/$slice/own.scope/leader"
    put "$inner" own.scope/leader
    put "$box" own.scope/leader
    quietly register box --leader="$box"
    ok "$(mymachines pause box && mymachines resume box; echo $?)" "a machine in one cgroup can be paused"
    "$SRCDIR/tests/support/deep_cgroups.py" make "$C/$slice/own.scope" 2100 "$inner"
    # Some kernels tell it, others an error.
    ok "$(path=$(cat "/proc/$inner/cgroup" 2>/dev/null) && [ ${#path} -le 4096 ] && echo 1 || echo 0)" "a process is in a cgroup that deep"
    fails "mymachines: box: cannot pause it: it has no cgroup to itself *" \
        "pause doesn't freeze another cgroup of that machine" mymachines pause box
    is "$(cat "$C/$slice/own.scope/leader/cgroup.freeze")" 0 "nothing of it stays frozen"
    quietly terminate box
    wait_until has_ended "$inner"
    ok $? "terminate ends it"
    end_machine box "$box"
    "$SRCDIR/tests/support/deep_cgroups.py" remove "$C/$slice/own.scope" 2100
else
    skip "cgroups can't be frozen here" "a process in a cgroup deeper than a path can be long"
fi
done_testing
