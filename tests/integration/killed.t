#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor killed at each of its steps, and where it may not have what it needs.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
R=$REGISTRY_DIRECTORY
trap end_watching EXIT

# A machine that has died, one whose address has changed, and one as it was.
start dead
start changed
start same
pair "$changed" pair-changed 10.1.1.0/24
pair "$same" pair-same 10.1.2.0/24
inside "$changed" ip addr add 10.1.1.1/32 dev lo
inside "$same" ip addr add 10.1.2.1/32 dev lo
for i in dead changed same; do
    mymachines register "$i" --leader="${!i}" --unit="$i.scope" 2>/dev/null
done
kill -9 "$dead"
wait_until has_ended "$dead"
inside "$changed" ip addr add 10.1.1.2/32 dev lo
cp -a "$R" "$TMPDIR/registry"
cp -a /run/systemd/machines "$TMPDIR/exports"
state() {
    echo "$(mymachines list --all --no-legend --max-addresses=all 2>&1 | tr -s ' \n' ' ')$(ls /run/systemd/machines | tr '\n' ' ')"
}
old=$(state)
new="changed container - $(host_os) 10.1.1.1 10.1.1.2 same container - $(host_os) 10.1.2.1 changed same "
is_new() {
    [ "$(state)" = "$new" ]
}
put_back() {
    rm -rf "$R" /run/systemd/machines
    cp -a "$TMPDIR/registry" "$R"
    cp -a "$TMPDIR/exports" /run/systemd/machines
}

# How many steps there are until all is put right and it waits: the first at which it doesn't die.
interrupt 0 mymachines monitor >/dev/null 2>"$TMPDIR/count" </dev/null &
tracer=$!
wait_until is_new
ok $? "a monitor puts right what has happened before it came"
wait_until monitor_pid
pid=$(monitor_pid)
wait_until sh -c "grep -q '^State:.[St]' /proc/$pid/status"
kill -TERM "$pid"
wait "$tracer"
steps=$(tail -n 1 "$TMPDIR/count")
ok "$([ "$steps" -gt 200 ]; echo $?)" "a monitor's first pass takes more than 200 steps: $steps"

# epoll_wait(2) and its relatives, by number
is_killed_or_waits() {
    ! kill -0 "$tracer" 2>/dev/null ||
        grep -qE '^(232|281|22|251) ' "/proc/$traced/syscall" 2>/dev/null
}
# run_interrupted N: a monitor that is interrupted at step N, or told to end where it waits
run_interrupted() {
    interrupt "$1" mymachines monitor >/dev/null 2>&1 </dev/null &
    tracer=$!
    # It is killed, or it has got that far only because it waits.
    traced=
    wait_until eval '! kill -0 "$tracer" 2>/dev/null || traced=$(pgrep -P "$tracer" -x mymachines)' >/dev/null
    wait_until is_killed_or_waits >/dev/null
    [ -z "$traced" ] || kill -TERM "$traced" 2>/dev/null
    wait "$tracer" 2>/dev/null
}
unreadable=0 unmended=0 killed=0 seen_old=0 seen_new=0
step=$((steps / 120 + 1))
for ((n = 1; n < steps; n += step)); do
    put_back
    run_interrupted "$n"
    [ $? = 137 ] && killed=$((killed + 1))
    mymachines list --all >/dev/null 2>&1 || unreadable=$((unreadable + 1))
    case $(mymachines list --all --no-legend | awk '{ print $1 }' | tr '\n' ' ') in
    "changed dead same ") seen_old=1 ;;
    "changed  same " | "changed same ") seen_new=1 ;;
    esac
    start_monitor >/dev/null
    wait_until is_new >/dev/null || unmended=$((unmended + 1))
    stop_monitor TERM
done
ok "$([ "$killed" -gt 60 ]; echo $?)" "monitor is killed at $killed of its steps"
is "$unreadable" 0 "registry can be read after each kill"
is "$seen_old$seen_new" 11 "registry is the old one or the new one after each kill"
is "$unmended" 0 "the next monitor puts the registry right after each kill"
is "$(find "$R" -mindepth 1 -printf '%f\n' | sort | tr '\n' ' ')" "lock monitor.lock registry.mdb " \
    "no file is left after the kills"

# Told to end at a step of its first pass, and then a machine is registered: that one finds it running or
# starts one. Where the monitor has the lock of the registry, the registration waits for it.
start late
cat >"$TMPDIR/meanwhile" <<MEANWHILE
: >'$TMPDIR/is_reached'
kill -TERM \$PID
mymachines register late --leader=$late 2>/dev/null &
for i in 1 2 3 4 5; do kill -0 \$! 2>/dev/null && sleep 0.1; done
MEANWHILE
nobody_registers() {
    ! pgrep -f "mymachines register late"
}
# Of this test's, those that are just being started included.
none_is_left() {
    ! own_pgrep -x mymachines || { kill -9 "$(monitor_pid)"; false; }
}
alone=
echo 'Monitor=yes' >"$SYSCONFDIR/mymachines.conf"
for ((n = 1; n < steps; n += steps / 25 + 1)); do
    put_back
    rm -f "$TMPDIR/is_reached"
    MEANWHILE=". '$TMPDIR/meanwhile'" run_interrupted "$n"
    [ -e "$TMPDIR/is_reached" ] || break
    wait_until nobody_registers
    wait_until monitor_pid >/dev/null || alone="$alone $n"
    wait_until none_is_left
done
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"
put_back
ok "$([ $n -gt $((steps / 4)) ]; echo $?)" "a monitor is told to end at its steps up to $n"
is "$alone" "" "a machine that is registered while a monitor ends has a monitor"

# With too few descriptors.
forget
for i in {1..60}; do
    sleep 1000 >/dev/null 2>&1 </dev/null &
    echo "{\"name\": \"m$i\", \"leader\": $!, \"class\": \"vm\", \"addresses\": [\"10.2.0.$i\"]}"
    pids[i]=$!
done >"$TMPDIR/batch"
for i in {1..60}; do pids[i]=$(jq -r "select(.name == \"m$i\").leader" "$TMPDIR/batch"); done
mymachines register --batch <"$TMPDIR/batch" 2>/dev/null
prlimit --nofile=80:80 setpriv --bounding-set=-sys_resource mymachines monitor \
    >/dev/null 2>"$TMPDIR/monitor.err" </dev/null &
monitor=$!
wait_until grep -q "can't be watched" "$TMPDIR/monitor.err"
like "$(cat "$TMPDIR/monitor.err")" \
    "mymachines: [0-9]* of 60 machines can't be watched (40 descriptors at most); looking at them every second" \
    "monitor reports machines that it can't watch"
follow
for i in {1..60}; do event 'added *' >/dev/null; done
# The last one by name is one of these.
{ kill -9 "${pids[9]}"; wait "${pids[9]}"; } 2>/dev/null
happens 'removed m9' "monitor finds the death of a machine that it can't watch"
{ kill -9 "${pids[@]:1:60}"; wait "${pids[@]:1:60}"; } 2>/dev/null
has_none() {
    [ "$(mymachines list --all --no-legend)" = "" ]
}
wait_until has_none
ok $? "monitor finds the deaths of all machines"
ok "$(kill -0 "$monitor"; echo $?)" "monitor still runs with too few descriptors"
stop_monitor TERM

# No room for the next registry.
mount -t tmpfs -o size=400k,mode=755 none "$R"
start box
start_monitor
mymachines register box --leader="$box" 2>/dev/null
follow
event 'added *box *'
head -c 1M /dev/zero >"$R/fill" 2>/dev/null
kill -9 "$box"
wait_until grep -q 'No space left' "$TMPDIR/monitor.err"
ok $? "monitor reports that there is no space for a change"
switches() {
    awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$monitor/status"
}
before=$(switches)
sleep 2
ok "$([ $(($(switches) - before)) -lt 40 ]; echo $?)" "monitor retries a failed publication with back-off"
rm "$R/fill"
wait_until eval '[ -z "$(mymachines list --all --no-legend)" ]'
ok $? "monitor publishes as soon as there is space"
stop_monitor TERM
umount "$R"

# Registrars that are overtaken, or killed.
start_monitor
follow
inside "$same" ip addr add 10.1.2.9/32 dev lo
mymachines register same --leader="$same" --unit=same.scope 2>/dev/null
event 'added *same *'
for i in 1 2 3; do
    exec {lock}<>"$R/lock"
    flock "$lock"
    stop_process "$monitor"
    inside "$same" ip addr del 10.1.2.9/32 dev lo
    mymachines register same --leader="$same" --service="s$i" {lock}>&- &
    registrar=$!
    # It has looked, and sleeps between its tries for the lock.
    wait_until grep -qE '^(35|115|230|407) ' "/proc/$registrar/syscall"
    inside "$same" ip addr add 10.1.2.9/32 dev lo
    kill -CONT "$monitor"
    # The monitor sees that nothing has changed, before the registrar can publish what has been.
    sleep 0.2
    exec {lock}>&-
    wait "$registrar"
    event "changed same *Service=s$i*"
    wait_until eval '[ "$(addresses same)" = "10.1.2.1 10.1.2.9" ]'
    ok $? "monitor corrects what a registrar has looked at too early"
done
mymachines register box --leader="$changed" --unit=box.scope 2>/dev/null
interrupt 0 mymachines unregister box >/dev/null 2>"$TMPDIR/count"
steps=$(tail -n 1 "$TMPDIR/count")
inconsistent=0
for ((n = steps - 60; n < steps; n += 3)); do
    mymachines register box --leader="$changed" --unit=box.scope 2>/dev/null
    interrupt "$n" mymachines unregister box >/dev/null 2>&1
    agree() {
        [ "$(mymachines list --all --no-legend | awk '{ print $1 }' | sort | tr '\n' ' ')" = \
            "$(find /run/systemd/machines -type f -printf '%f\n' | sort | tr '\n' ' ')" ]
    }
    wait_until agree >/dev/null || inconsistent=$((inconsistent + 1))
done
is "$inconsistent" 0 "monitor corrects the exports of a killed registrar"
mymachines unregister box same 2>/dev/null
stop_monitor TERM

# Somewhere else.
mymachines register same --leader="$same" 2>/dev/null
elsewhere="1|mymachines: $R/registry.mdb: its machines are of another pid or time namespace; use it from there, or remove it"
for kind in "--pid --mount-proc" "--time --boottime=100000"; do
    # shellcheck disable=SC2086
    if ! unshare $kind --fork true 2>/dev/null; then
        skip "there are no time namespaces here" "monitor refuses a registry of another namespace, $kind"
        continue
    fi
    for verb in monitor refresh "unregister same" "register same --leader=$same --description=x --no-monitor"; do
        [ "${kind%% *}:${verb%% *}" != --pid:register ] || continue
        # shellcheck disable=SC2086
        run unshare $kind --fork mymachines $verb
        is "$status|$err" "$elsewhere" "${verb%% *} refuses a registry of another namespace, $kind"
    done
    is "$(mymachines list --no-legend --all | awk '{ print $1 }')" "same" "its machines stay registered, $kind"
done
# No process of theirs is to be looked at for what the machine can do.
for verb in poweroff reboot pause kill; do
    run unshare --pid --mount-proc --fork mymachines "$verb" same
    like "$status|$err" "1|mymachines: same: cannot *: it was registered in another pid or time namespace" \
        "$verb refuses a machine of another pid namespace"
done

# One after another.
start_monitor
mymachines monitor --wait >"$TMPDIR/second.out" 2>"$TMPDIR/second.err" </dev/null &
second=$!
wait_until test -s "$TMPDIR/second.err"
is "$(cat "$TMPDIR/second.err")" \
    "mymachines: the monitor runs already, as pid $monitor; waiting until it has left" "monitor --wait waits for the other monitor"
stop_monitor TERM
is_second() {
    [ "$(monitor_pid)" = "$second" ]
}
wait_until is_second
ok $? "monitor --wait becomes the monitor when the other one leaves"
monitor=$second
stop_monitor INT
is "$status" 0 "monitor exits with 0 after SIGINT"

# The directory goes while it runs.
start_monitor
rm -r "$R"
wait_until test -e "$R/monitor.lock"
ok $? "monitor makes its directory again after it was removed"
run mymachines monitor
like "$status|$err" "1|*already, as pid $monitor" "no other monitor can start after the directory was removed"
follow
mymachines register same --leader="$same" 2>/dev/null
happens 'added *same*' "monitor watches new machines after the directory was removed"
kill -9 "$same"
happens 'removed same' "monitor unregisters dead machines after the directory was removed"
done_testing
