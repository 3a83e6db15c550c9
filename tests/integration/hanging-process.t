#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine with a process that lets all wait who look at it delays nobody for long, and no other machine.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
. "$SRCDIR/tests/support/machine_socket.sh"
. "$SRCDIR/tests/support/silent_process.sh"
need_root
server='' bus=''
trap 'kill -9 $turning "$good" $server $bus 2>/dev/null' EXIT
start good
mymachines register good --leader="$good" --no-monitor 2>/dev/null
within() {
    local seconds=$1
    shift
    run timeout -s KILL "$seconds" "$BUILDDIR/mymachines" "$@" </dev/null
}

# Nobody sees anything of its memory: also its command line is there.
silent_process --memory
run timeout -s KILL 1 cat "/proc/$locked/cmdline"
is "$status" 137 "the command line of a process whose memory is locked can't be read"
within 10 register outer --leader="$turning" --no-monitor
within 10 status outer
like "$status|$out" "0|*$turning python3*$locked \[python3\]*" "status shows a process whose memory is locked by its name"
for class in container vm; do
    within 10 register locked --class=$class --leader="$locked" --no-monitor
    is "$status" 0 "register of a $class doesn't wait for its leader's memory"
    for verb in "list --no-legend" "status locked" "show locked" "refresh" "which $locked" "doctor" "unregister locked"; do
        # shellcheck disable=SC2086
        within 10 $verb
        is "$((status != 137))" 1 "${verb/$locked/PID} doesn't wait for the memory of a $class"
    done
done
kill -9 "$turning"
mymachines unregister outer

# It executes a program without end: who looks at what could be another program's waits. It is first the leader of
# a machine, and then a process of one.
use_module
for leader in locked turning; do
    silent_process --exec
    mymachines register locked --leader="${!leader}" --address=10.9.9.9 --no-monitor 2>/dev/null
    if ! execute_without_end; then
        skip "this kernel lets nobody wait for a process that executes a program" "nobody waits for a machine without end"
        kill -9 "$turning"
        break
    fi
    run timeout -s KILL 10 getent hosts 10.9.9.9
    is "$status|$out" "0|10.9.9.9        locked" "a machine resolves while its $leader process executes a program"
    for verb in "list --no-legend" "show locked" "status locked" "status good" "register good --leader=$good --no-monitor" \
        "refresh good" "which $good" "which $locked" "shell good /bin/true" "kill good --signal=0" "pause good" \
        "doctor" "poweroff locked" "unregister locked"; do
        # shellcheck disable=SC2086
        within 10 $verb
        is "$((status != 137))" 1 "$(sed "s/\b\($good\|$locked\)\b/PID/" <<<"$verb") doesn't wait for it"
    done
    kill -9 "$turning"
done

# A caller that does so doesn't keep the service from others.
if [ -x "$BUILDDIR/mymachines-varlink" ]; then
    serve_machines
    kill -STOP "$server"
    silent_process --exec --connect="$socket"
    execute_without_end
    kill -CONT "$server"
    is "$(as_user root List '{"name": "good"}')" "done" "a caller that executes a program keeps no other one waiting"
    kill -9 "$turning"
fi
if command -v dbus-daemon >/dev/null && command -v busctl >/dev/null && command -v jq >/dev/null &&
    [ -x "$BUILDDIR/mymachines-bus" ]; then
    start_bus
    run machine1 ListMachines
    service=$(server_pid)
    kill -STOP "$service"
    silent_process --exec --bus
    execute_without_end
    kill -CONT "$service"
    run timeout -s KILL 20 busctl --timeout=10 call $MACHINE1 ListMachines
    like "$status|$out" '0|*"good"*' "nor does a caller on the bus"
    kill -9 "$turning" "$service" "$bus"
fi
done_testing
