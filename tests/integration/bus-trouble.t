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
own_dev
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
is "$(client "register web1 $second" "unregister web1")" "success success" "a client that was refused before may have the name when it is free"
machine1 RegisterMachine sayssus web1 0 test container "$first" '' >/dev/null
is "$(client "register web1 $second")|$(bus_error UnregisterMachine s web1)" "$M.MachineExists|success" "another client of root's may unregister the machine"
{ kill -9 "$first" "$second"; kill "$listener" "$bus"; } 2>/dev/null
done_testing
