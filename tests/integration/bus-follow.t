#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines-bus and the monitor: who starts it, what the bus is told of what came while it was dead,
# and names whose machines have just ended.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
need_bus

start_bus
echo Monitor=yes >>"$SYSCONFDIR/mymachines.conf"
dbus-monitor --system "type='signal',interface='org.freedesktop.machine1.Manager'" >"$TMPDIR/signals" 2>/dev/null &
listener=$!
wait_until grep -q NameAcquired "$TMPDIR/signals"
# signals: "MachineNew NAME" a line, as they came
signals() {
    awk '/member=Machine/ { sub(/.*member=/, ""); member = $1; getline; gsub(/"/, ""); print member, $2 }' \
        "$TMPDIR/signals"
}
# has_signals COUNT LINE: so many of it came
has_signals() {
    [ "$(signals | grep -cx "$2")" = "$1" ]
}
is_answered() {
    [ -n "$(server_pid)" ]
}
# kill_server: and wait until the bus has noticed
kill_server() {
    kill -9 "$(server_pid)"
    while is_answered; do
        sleep 0.05
    done
}

# The first machine, which nobody on the bus has asked about.
start web1
start web2
start web3
mymachines register web1 --leader="$web1" 2>/dev/null
wait_until is_answered
ok $? "the monitor has the bus start it with the first machine"
wait_until has_signals 1 "MachineNew web1"
ok $? "MachineNew tells of a machine that nobody on the bus has registered"
monitor=$(cat "/proc/$(own_pgrep -f "$BUILDDIR/mymachines monitor" | head -n 1)/status" | awk '/^Pid:/ { print $2 }')
is "$(ldd "$BUILDDIR/mymachines" | grep -c libsystemd)" 0 "the monitor links no library of the bus"

# What came and went while it was dead.
suspend_monitor "$monitor"
kill_server
mymachines register web2 --leader="$web2" 2>/dev/null
mymachines unregister web1
is "$(server_pid)" "" "nobody starts it while the monitor doesn't run"
kill -CONT "$monitor"
wait_until is_answered
ok $? "killed, it is started again at the next publication"
wait_until has_signals 1 "MachineNew web2" && wait_until has_signals 1 "MachineRemoved web1"
ok $? "it tells of the machines that came and went while it was dead"
mymachines register web3 --leader="$web3" 2>/dev/null
wait_until has_signals 1 "MachineNew web3"
is "$(signals | sort | uniq -c | awk '{print $1, $2, $3}')" "1 MachineNew web1
1 MachineNew web2
1 MachineNew web3
1 MachineRemoved web1" "it tells of each once"

# The last machine ends while it is dead.
kill_server
mymachines unregister web2 web3
wait_until has_signals 1 "MachineRemoved web2" && wait_until has_signals 1 "MachineRemoved web3"
ok $? "it is started to tell of the last machine's end"

# A name whose leader was killed and can't end yet: a process in its pid namespace has a parent
# outside, which is stopped and so doesn't wait for it.
# hold_end PID: sets holder to that parent
hold_end() {
    nsenter --pid="/proc/$1/ns/pid" sleep 1000 >/dev/null 2>&1 </dev/null &
    holder=$!
    wait_until pgrep -P "$holder"
    stop_process "$holder"
}
start old1
start new1
mymachines register web9 --leader="$old1" 2>/dev/null
hold_end "$old1"
is "$(bus_error RegisterMachine sayssus web9 0 t container "$new1" '')" org.freedesktop.machine1.MachineExists \
    "a name of a machine that lives is refused"
kill -9 "$old1"
machine1 RegisterMachine sayssus web9 0 t container "$new1" '' >"$TMPDIR/registered" 2>&1 &
call=$!
sleep 0.5
is "$(cat "$TMPDIR/registered")" "" "a name whose leader was killed is waited for"
kill -CONT "$holder"
wait "$call"
is "$?|$(cat "$TMPDIR/registered")" '0|o "/org/freedesktop/machine1/machine/web9"' "a name is free when its leader has ended"
is "$(mymachines show web9 -p Leader --value)" "$new1" "a name has the new leader then"
wait_until has_signals 1 "MachineRemoved web9" && wait_until has_signals 2 "MachineNew web9"
is "$(signals | grep web9 | xargs)" "MachineNew web9 MachineRemoved web9 MachineNew web9" \
    "MachineRemoved of the old machine comes before MachineNew of the new one"

# It takes no longer than five seconds.
start old2
start new2
mymachines register web8 --leader="$old2" 2>/dev/null
hold_end "$old2"
kill -9 "$old2"
before=$(date +%s%N)
is "$(bus_error CreateMachine 'sayssusa(sv)' web8 0 t container "$new2" '' 0)" org.freedesktop.machine1.MachineExists \
    "a name whose leader doesn't end is refused in the end"
ok $(($(date +%s%N) - before < 5000000000)) "a name whose leader doesn't end is waited for, for five seconds"
kill -CONT "$holder"

# A machine that a call registers is followed, as one that the verb does.
mymachines unregister web9
wait_until nobody_monitors
machine1 RegisterMachine sayssus web6 0 t container "$new2" '' >/dev/null
wait_until monitor_pid
ok $? "RegisterMachine starts the monitor"
mymachines unregister web6

# Without our files, the monitor starts nobody: another one's file may be there.
mymachines setup bus --remove --quiet
wait_until sh -c '! busctl list --acquired --no-legend | grep -q machine1'
mkdir -p /usr/local/share/dbus-1/system-services
printf '%s\n' '[D-BUS Service]' Name=org.freedesktop.machine1 "Exec=/bin/touch $TMPDIR/was-started" User=root \
    >/usr/local/share/dbus-1/system-services/org.freedesktop.machine1.service
busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig
mymachines register web7 --leader="$new2" 2>/dev/null
wait_until monitor_pid
kill -HUP "$(monitor_pid)"
wait_until sh -c 'mymachines show web7 -p Leader'
is "$(server_pid)|$(ls "$TMPDIR/was-started" 2>&1 | grep -c 'No such')" "|1" "the monitor starts no other program of that name"
kill "$listener" "$bus"
done_testing
