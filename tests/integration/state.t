#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# list, show and status tell whether machines run, are paused, or are dead, and what they have used.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
# A list counts the cgroups that it sees, and other tests leave some.
if [ -z "${STATE_SET_APART-}" ] && "$SRCDIR/tests/apart" true; then
    STATE_SET_APART=1 exec "$SRCDIR/tests/apart" "$0"
fi

start one --share=user
start two --share=user
# Names of states are the last column, and only there where a machine doesn't run.
states() {
    mymachines list "$@" --no-legend | awk '{ print $1, $NF }' | paste -sd,
}
json_states() {
    mymachines list "$@" --json=short | jq -r '.[] | .name + " " + .state' | paste -sd,
}
property() {
    mymachines show "$1" -p State --value
}
status_line() {
    mymachines status "$1" | sed -n "s/^ *$2: //p"
}
mymachines register one --leader="$one" --scope --no-monitor 2>/dev/null
mymachines register two --leader="$two" --no-monitor 2>/dev/null
is "$(mymachines list | head -n 1)" "MACHINE CLASS     SERVICE OS     VERSION ADDRESSES" "list has no states while all machines run"
is "$(json_states)" "one running,two running" "its JSON has them"
is "$(property one)|$(status_line one State)" "running|running" "show and status have the state of a machine that runs"

if mymachines pause one 2>/dev/null; then
    is "$(mymachines list | head -n 1)" "MACHINE CLASS     SERVICE OS     VERSION ADDRESSES STATE" "list has states when one is paused"
    is "$(states)" "one paused,two running" "which machine is paused"
    is "$(json_states)" "one paused,two running" "in JSON, too"
    is "$(property one)|$(status_line one State)" "paused|paused" "show and status have it"
    mymachines resume one
    is "$(states)" "one -,two -" "and no more when it goes on"
    like "$(status_line one CPU)" "[0-9]*.[0-9][0-9][0-9]s" "status has the CPU time of the machine's cgroup"
else
    skip "no machine can be paused here" "list has states when one is paused"
fi
# Where controllers are of version 1, in hierarchies of their own, the cgroup has the same path in these.
path=$(sed -n 's/^0:://p' "/proc/$one/cgroup")
made=()
for controller in memory pids; do
    directory=/sys/fs/cgroup/$controller$path
    [ "$path" = / ] || ! mkdir -p "$directory" 2>/dev/null || {
        made+=("$directory")
        echo "$one" >"$directory/cgroup.procs"
    }
done
if [ ${#made[@]} = 2 ] || [ -e "/sys/fs/cgroup$path/memory.current" ]; then
    like "$(status_line one Memory)" "[0-9]*[BKM]" "status has its memory"
    is "$(status_line one Tasks)" "$(mymachines ps -M one --no-headers | wc -l)" "status counts its processes"
else
    skip "there is no such controller" "status has its memory"
fi
is "$(status_line two Memory)" "" "a machine without a cgroup of its own has no such lines"

kill -9 "$two"
wait_until has_ended "$two"
is "$(states)" "one -" "a dead machine isn't listed"
is "$(states --all)" "one running,two dead" "but with --all, as dead"
is "$(json_states --all)" "one running,two dead" "in JSON, too"
is "$(property two)|$(status_line two State)" "closing|dead" "show and status have that it is dead"
mymachines unregister one two
kill -9 "$one"
for directory in "${made[@]}"; do
    wait_until rmdir "$directory"
    rmdir "${directory%/*}" 2>/dev/null
done

# A list of many machines looks at them together.
sleepers=()
for i in {1..70}; do
    sleep 1000 & sleepers+=("$!")
done
register_sleepers() {
    local i
    for ((i = $1; i < $2; i++)); do
        printf '{"name": "s%02d", "leader": %s, "class": "vm"}\n' "$i" "${sleepers[i]}"
    done | mymachines register --batch --no-monitor 2>/dev/null
}
# Its parent doesn't wait for this one, which stays a zombie.
kill -9 "${sleepers[66]}"
bash -c 'sleep 1000 & echo $!; exec sleep 1000' >"$TMPDIR/zombie" & sleepers+=("$!")
wait_until test -s "$TMPDIR/zombie"
sleepers[66]=$(cat "$TMPDIR/zombie")
register_sleepers 0 70
kill -9 "${sleepers[66]}"
wait_until grep -q '^State:.Z' "/proc/${sleepers[66]}/status"
# The other one's pid is another process's by now.
reuse_pid "${sleepers[7]}" sleep 1000
is "$(mymachines list --no-legend | wc -l)" 68 "in a list of many, those that have died are missing"
is "$(states --all | tr , '\n' | grep -c running)|$(states --all | tr , '\n' | grep dead | paste -sd,)" "68|s07 dead,s66 dead" "and with --all they are dead"
is "$(ulimit -n 16; states --all | tr , '\n' | grep dead | paste -sd,)" "s07 dead,s66 dead" "also where it may open only a few files"
paused_in_list() {
    local way=$1 all
    mymachines register s05 --class=vm --leader="${sleepers[5]}" --replace --scope --no-monitor 2>/dev/null
    all=$(json_states | tr , '\n' | grep -c running)
    if mymachines pause s05 2>/dev/null; then
        is "$(json_states | tr , '\n' | grep -c running)|$(states | tr , '\n' | grep paused | paste -sd,)" \
            "$((all - 1))|s05 paused" "one that is paused is seen among them, $way"
        is "$(ulimit -n 66; states | tr , '\n' | grep paused | paste -sd,)" "s05 paused" \
            "also where it may open only a few files, $way"
        mymachines resume s05
    else
        skip "no machine can be paused here" "one that is paused is seen among them, $way"
    fi
}
v2=/sys/fs/cgroup
[ -e "$v2/cgroup.procs" ] || v2+=/unified
freezer=/sys/fs/cgroup/freezer
# spread N: each of the first N that are listed gets a cgroup of its own
spread() {
    local i
    mkdir "$v2/spread$$" || return
    for ((i = 10; i < 10 + $1; i++)); do
        mkdir "$v2/spread$$/$i" && echo "${sleepers[i]}" >"$v2/spread$$/$i/cgroup.procs" || return
    done
}
gather() {
    local i
    for i in {10..65}; do
        echo "${sleepers[i]}" >"$v2/cgroup.procs"
        [ ! -e "$v2/spread$$/$i" ] || wait_until rmdir "$v2/spread$$/$i"
    done
    [ ! -e "$v2/spread$$" ] || wait_until rmdir "$v2/spread$$"
}
# freeze_another DIRECTORY FILE WORD: one without processes, so that each machine's is looked at
freeze_another() {
    mkdir "$1/another$$" && echo "$3" >"$1/another$$/$2"
}
# count_calls N [SPREAD]: those of a list of N machines, but those for memory
count_calls() {
    forget
    register_sleepers 10 $((10 + $1))
    [ -z "${2-}" ] || { gather && spread "$1"; } || return
    strace -o "$TMPDIR/calls" "$BUILDDIR/mymachines" list >/dev/null
    grep -c -v -E '^(brk|mmap|munmap|mremap|madvise)\(' "$TMPDIR/calls"
}
# counts_equal CALLS [SPREAD]: whether a list has so many calls more for each machine more
counts_equal() {
    few=$(count_calls 24 "${2-}")
    many=$(count_calls 56 "${2-}")
    [ "$((many - few))" = "$((32 * $1))" ]
}
# calls_in_list CALLS WAY [SPREAD]: those that a machine costs
calls_in_list() {
    local name="a list costs $1 system calls a machine, $2" few many tries=1
    if [ -z "$(mymachines show s10 --json=short | jq '.leaderProcessId.pidfdId // empty')" ]; then
        skip "pidfds have no inodes here" "$name"
    elif can_trace; then
        # Tests that run beside this one make and remove cgroups of version 1 between the two lists.
        until counts_equal "$1" "${3-}" || [ $((tries++)) = 10 ]; do :; done
        if [[ $2 == *"by id"* ]] && ! grep -q '^ioctl(.* = 0$' "$TMPDIR/calls"; then
            skip "pidfds don't tell the cgroup here" "$name"
        else
            is "$((many - few))" "$((32 * $1))" "$name"
        fi
    else
        skip "strace can't be used here" "$name"
    fi
}
# Tests that run beside this one have cgroups, too, and the kernel counts all.
has_few_cgroups() {
    [ "$(awk '$1 == "freezer" { print $3 - 1 }' /proc/cgroups)" -le 28 ]
}
paused_in_list "with all freezers"
if mountpoint -q "$freezer" && freeze_another "$freezer" freezer.state FROZEN; then
    calls_in_list 5 "where something else is frozen in version 1"
    paused_in_list "by the files of /proc"
    wait_until rmdir "$freezer/another$$"
    if has_few_cgroups; then
        calls_in_list 2 "where nothing is frozen in version 1"
    else
        skip "the host has many cgroups" "a list costs 2 system calls a machine, where nothing is frozen in version 1"
    fi
else
    skip "there is no freezer of version 1" "one that is paused is seen among them, by the files of /proc"
fi
if [ ! -e "$v2/cgroup.freeze" ] && [ ! -e "$v2/cgroup.controllers" ]; then
    skip "there is no version 2" "one that is paused is seen among them, by ids"
elif ! mountpoint -q "$freezer" || umount -l "$freezer" 2>/dev/null; then
    paused_in_list "in version 2"
    calls_in_list 2 "where nothing is frozen"
    calls_in_list 5 "each in a cgroup of its own, where nothing is frozen" spread
    freeze_another "$v2" cgroup.freeze 1
    calls_in_list 8 "each in a cgroup of its own, by id" spread
    paused_in_list "by ids of many cgroups"
    gather
    calls_in_list 3 "in one cgroup, by id"
    paused_in_list "by ids"
    wait_until rmdir "$v2/another$$"
else
    skip "version 1's freezer can't be unmounted" "one that is paused is seen among them, by ids"
fi
mymachines unregister s05 2>/dev/null
kill -9 "${sleepers[@]}" 2>/dev/null
wait "${sleepers[@]}" 2>/dev/null
forget

# JSON that was printed can be read.
start three --share=user
mymachines register three --leader="$three" --no-monitor 2>/dev/null
run bash -c 'mymachines list --json=short | jq -c ".[]" | mymachines register --batch --no-monitor'
is "$status|$err" "0|" "a state in JSON isn't in the way of a registration"
mymachines unregister three

# A VM's emulator is asked, where it is named, and for so long only.
cat >"$TMPDIR/qmp.py" <<'P'
import json, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
held = []
while True:
    client, _ = server.accept()
    open(sys.argv[1] + ".asked", "a").write("x\n")
    if sys.argv[2] == "silent":
        held.append(client)
        continue
    stream = client.makefile("rw")
    def say(what):
        stream.write(json.dumps(what) + "\r\n")
        stream.flush()
    say({"QMP": {"version": {}, "capabilities": []}})
    for line in stream:
        command = json.loads(line)["execute"]
        say({"return": {"running": sys.argv[2] == "running", "status": sys.argv[2]} if command == "query-status" else {}})
    client.close()
P
sleep 1000 & vm=$!
servers=()
cleanup() {
    kill -9 "$vm" "${servers[@]}"
} 2>/dev/null
trap cleanup EXIT
for state in running paused silent; do
    python3 "$TMPDIR/qmp.py" "$TMPDIR/$state" "$state" >/dev/null 2>&1 </dev/null &
    servers+=("$!")
    wait_until listening "$TMPDIR/$state"
    mymachines register vm1 --class=vm --leader="$vm" --control="$TMPDIR/$state" --no-monitor 2>/dev/null
    run timeout 20 "$BUILDDIR/mymachines" show vm1 -p State --value
    is "$status|$out" "0|${state/silent/running}" "show asks an emulator that is $state"
    is "$(mymachines show vm1 --json=short | jq -r .state)" "${state/silent/running}" "in JSON, too, $state"
    asked=$(wc -l <"$TMPDIR/$state.asked")
    is "$(json_states)|$(mymachines list --no-legend >/dev/null; mymachines show >/dev/null; wc -l <"$TMPDIR/$state.asked")" "vm1 running|$asked" \
        "list and show of all ask nobody, $state"
done
# The scope goes with its machine.
kill -9 "$one" "$two"
wait_until has_ended "$one"
wait_until has_ended "$two"
mymachines refresh 2>/dev/null
scopes() {
    ls -d /sys/fs/cgroup/{,unified/,systemd/}machine.slice/machine-one.scope 2>/dev/null
}
wait_until eval '[ -z "$(scopes)" ]'
ok $? "the scope of a machine that has died goes"
done_testing
