#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor, with real leaders that die and real addresses that change: what it does, who starts
# it, and what becomes of the registry when it is killed.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
R=$REGISTRY_DIRECTORY
trap end_watching EXIT

# Started by the first registration.
echo 'Monitor=yes' >"$SYSCONFDIR/mymachines.conf"
start web1
veth "$web1" ve-web1 101
: >"$TMPDIR/inherited"
exec 9<"$TMPDIR/inherited"
run mymachines register web1 --leader="$web1" --unit=web1.scope
is "$status|$out|$err" "0||" "the first machine is registered"
pid=$(monitor_pid)
ok $? "the first registration starts a monitor"
exec 9<&-
ok "$([ "$(ps -o sid= -p "$pid")" != "$(ps -o sid= -p $$)" ]; echo $?)" "a started monitor has a session of its own"
is "$(ps -o tty=,pgid= -p "$pid" | tr -s ' ')" "? $(ps -o sid= -p "$pid" | tr -d ' ')" \
    "a started monitor has no terminal"
is "$(readlink "/proc/$pid/cwd")" "/" "a started monitor's directory is /"
is "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2" | sort -u)" "/dev/null" \
    "a started monitor reads and writes nothing"
is "$(find "/proc/$pid/fd" -lname '*/inherited')" "" "a started monitor has no descriptor of its starter"
is "$(awk '/^Cap(Prm|Eff|Bnd)/ { print $2 }' "/proc/$pid/status" | sort -u)" "0000000000281004" \
    "a started monitor keeps four capabilities"
is "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$pid/status")" 1 "a started monitor can't gain capabilities"
is "$(ps -o args= -p "$pid")" "$BUILDDIR/mymachines monitor --background --exit-when-empty" \
    "ps shows the monitor's command line"
start web2
mymachines register web2 --leader="$web2" 2>/dev/null
is "$(monitor_pid)" "$pid" "the next registration starts no other monitor"
run mymachines monitor
is "$status|$out|$err" "1||mymachines: the monitor runs already, as pid $pid" "a second monitor refuses to run"
run mymachines monitor --background
is "$status|$out|$err" "0||" "a second monitor in the background leaves quietly"
is "$(monitor_pid)" "$pid" "the first monitor still runs after a second one was started"
follow
happens 'added *web2 *' "both machines are registered"
kill -9 "$web1"
happens 'removed web1' "monitor unregisters a machine whose leader is killed"
# They follow the publication.
only_web2_is_exported() {
    [ "$(ls /run/systemd/machines)" = web2 ]
}
wait_until only_web2_is_exported
ok $? "monitor removes the exports of a machine whose leader is killed"
mymachines unregister web2
happens 'removed web2' "the last machine is unregistered"
wait_until nobody_monitors
ok $? "monitor releases its lock after the last machine is unregistered"
wait_until test ! -e "/proc/$pid"
ok $? "monitor leaves after the last machine is unregistered"
mymachines register web2 --leader="$web2" --no-monitor 2>/dev/null
ok "$(nobody_monitors; echo $?)" "register --no-monitor starts no monitor"
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"
mymachines register web2 --leader="$web2" --service=x
ok "$(nobody_monitors; echo $?)" "register starts no monitor with Monitor=no"
echo 'Monitor=yes' >"$SYSCONFDIR/mymachines.conf"
for i in 1 2 3 4 5 6 7 8; do
    mymachines register web2 --leader="$web2" --service="$i" >/dev/null 2>&1 </dev/null &
    jobs[i]=$!
done
wait "${jobs[@]}"
is "$(own_pgrep -fc "^$BUILDDIR/mymachines monitor --background")" 1 "eight registrations at once start one monitor"
kill -9 "$(monitor_pid)"
wait_until nobody_monitors

# A system bus that takes connections and never answers: busctl's own limit isn't for that.
unit=$(env -u MAKEFLAGS make -s --no-print-directory -C "$BUILDDIR" --eval 'unit:;@echo $(systemdsystemunitdir)' unit 2>/dev/null)
mount -t tmpfs none /usr/local 2>/dev/null
case $unit in
/usr/local/*)
    mkdir -p "$unit" /run/systemd/system /run/dbus
    touch "$unit/mymachines-monitor.service"
    cat >"$TMPDIR/silent_bus.py" <<'S'
import socket, time
bus = socket.socket(socket.AF_UNIX)
bus.bind("/run/dbus/system_bus_socket")
bus.listen(50)
time.sleep(1000)
S
    python3 "$TMPDIR/silent_bus.py" >/dev/null 2>&1 </dev/null & bus=$!
    wait_until test -S /run/dbus/system_bus_socket
    run timeout 60 "$BUILDDIR/mymachines" register web2 --leader="$web2" --service=bus
    ok "$status" "register waits no longer than a few seconds for a bus that doesn't answer"
    wait_until monitor_pid
    ok $? "and starts the monitor without it"
    kill -9 "$bus" "$(monitor_pid)"
    wait_until nobody_monitors
    rm -r /run/systemd/system /run/dbus
    ;;
*) skip "this was configured for another prefix" "register waits no longer than a few seconds for a bus that doesn't answer" ;;
esac
umount /usr/local
kill -9 "$web2"
wait_until has_ended "$web2"
run mymachines list --all --no-legend
is "$out" "web2 container $(awk '{ print $3 }' <<<"$out") $(host_os) - dead" "a dead machine stays registered while no monitor runs"
start web1
mymachines register web1 --leader="$web1" 2>/dev/null
happens 'removed web2' "the next registration starts a monitor, which unregisters dead machines"
pid=$(monitor_pid)
# In one step: between two of rm(1), the monitor may find that only its lock is missing, and mend that.
mv "$R" "$R.removed"
wait_until has_ended "$pid"
ok $? "monitor leaves when the registry is removed"
ok "$([ ! -e "$R" ]; echo $?)" "monitor doesn't make a removed registry again"
rm -rf "$R.removed"
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"

# After a signal, before it has left. A registration that finds it there starts none.
echo 'Monitor=yes' >"$SYSCONFDIR/mymachines.conf"
start web2
mymachines register web1 --leader="$web1" 2>/dev/null
pid=$(monitor_pid)
suspend_monitor "$pid"
kill -TERM "$pid"
mymachines register web2 --leader="$web2" 2>/dev/null
kill -CONT "$pid"
wait_until has_ended "$pid"
another_monitors() {
    [ "$(monitor_pid)" != "$pid" ]
}
wait_until another_monitors && wait_until monitor_pid
ok $? "a monitor runs after a registration during the end of another one"
# A service manager that stops one doesn't want another one.
end_monitors
mymachines monitor --wait 2>/dev/null & pid=$!
is_the_monitor() {
    [ "$(monitor_pid)" = "$pid" ]
}
wait_until is_the_monitor
suspend_monitor "$pid"
kill -TERM "$pid"
mymachines register web2 --leader="$web2" --service=again 2>/dev/null
kill -CONT "$pid"
wait "$pid"
is "$(monitor_pid)" "" "none is started by one that a service manager has ended"
mymachines register web2 --leader="$web2" 2>/dev/null
wait_until monitor_pid

# A look changes nothing in a record of a machine that hasn't changed.
mymachines show web1 web2 >"$TMPDIR/before"
generation=$(stat -c %.9Y "$R/registry.mdb")
kill -HUP "$(monitor_pid)"
sleep 0.3
is "$(mymachines show web1 web2)" "$(cat "$TMPDIR/before")" "a monitor's look keeps all facts"
is "$(stat -c %.9Y "$R/registry.mdb")" "$generation" "a monitor publishes nothing if nothing has changed"

# A monitor whose program was replaced, as by an upgrade.
end_monitors
cp "$BUILDDIR/mymachines" "$TMPDIR/program"
"$TMPDIR/program" monitor --background
pid=$(monitor_pid)
mymachines register web1 --leader="$web1" --service=a 2>/dev/null
is "$(monitor_pid)" "$pid" "a registrar of another path leaves the monitor alone"
cp "$BUILDDIR/mymachines" "$TMPDIR/program.new"
mv "$TMPDIR/program.new" "$TMPDIR/program"
mymachines register web1 --leader="$web1" --service=b 2>/dev/null
wait_until another_monitors && wait_until monitor_pid
ok $? "a registrar replaces a monitor whose program was replaced"
is "$(readlink "/proc/$(monitor_pid)/exe" | grep -c deleted)" 0 "the new monitor runs the new program"
# have_replaced_monitor: one of a program that is replaced then; sets pid
have_replaced_monitor() {
    end_monitors
    "$TMPDIR/program" monitor --background
    pid=$(monitor_pid)
    cp "$BUILDDIR/mymachines" "$TMPDIR/program.new"
    mv "$TMPDIR/program.new" "$TMPDIR/program"
}
# It ends before new facts are published, which it may not know and would drop.
have_replaced_monitor
like "$(mymachines doctor | grep ' monitor ')" \
    "warning *monitor *it runs, as pid $pid, but its program was replaced since; fix: mymachines monitor --background" \
    "doctor reports a monitor whose program was replaced"
strace -qq -e trace=/pidfd_send_signal,/rename -o "$TMPDIR/order" \
    "$BUILDDIR/mymachines" register web1 --leader="$web1" --description=new 2>/dev/null
is "$(grep -oE 'SIGTERM, |/registry\.mdb"' "$TMPDIR/order" | head -n 2)" \
    $'SIGTERM, \n/registry.mdb"' "a monitor whose program was replaced ends before a registration is published"
wait_until another_monitors && wait_until monitor_pid
ok $? "another monitor runs after that registration"
have_replaced_monitor
"$TMPDIR/program" register web1 --leader="$web2" 2>/dev/null
is $? 1 "a registration is refused while the monitor's program is replaced"
wait_until another_monitors && wait_until monitor_pid
ok $? "another monitor runs after a registration that was refused"
have_replaced_monitor
"$TMPDIR/program" monitor --background
is "$?:$(readlink "/proc/$(monitor_pid)/exe" | grep -c deleted)" 0:0 "'monitor --background' replaces a monitor whose program was replaced"
end_monitors
mymachines register web1 --leader="$web1" --service=c 2>/dev/null

# Without a registry there are no machines, so nothing is exported.
is_exported() {
    [ -e /run/systemd/machines/web1 ]
}
wait_until is_exported
rm "$R/registry.mdb"
is_not_exported() {
    [ -z "$(ls /run/systemd/machines)" ]
}
wait_until is_not_exported
ok $? "monitor removes the exports when the registry's file is removed"
wait_until nobody_monitors
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"
mymachines unregister web2 2>/dev/null

# How often it has been woken.
switches() {
    awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$monitor/status"
}

# What it has to say goes to syslog.
if command -v python3 >/dev/null; then
    own_dev
    syslog_to "$TMPDIR/log"
    echo 'Monitor=yes' >"$SYSCONFDIR/mymachines.conf"
    start logged
    mymachines register logged --leader="$logged" 2>/dev/null
    kill -9 "$logged"
    wait_until grep -q . "$TMPDIR/log"
    wait_until nobody_monitors
    like "$(tail -n 1 "$TMPDIR/log")" "<29>* mymachines\\[[0-9]*\\]: logged: leader $logged has died; unregistered" \
        "monitor logs to syslog which machine has died"
    rm /dev/log
else
    skip "python3 isn't installed" "monitor logs to syslog which machine has died"
fi
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"

# In the foreground, for a service manager.
follow
start_monitor
ok $? "monitor runs in the foreground without a registry"
veth "$web1" ve-web1 101
ip route add 10.99.1.0/24 dev ve-web1
ip route add fd99:1::/64 dev ve-web1
ip route add 10.7.0.0/16 dev ve-web1
mymachines register web1 --leader="$web1" 2>/dev/null
happens 'added *web1 *' "monitor watches machines that others register"
inside "$web1" ip addr add 10.99.1.2/24 dev host0
happens 'changed web1 *10.99.1.2*' "monitor publishes a new IPv4 address"
is "$(addresses web1)" "10.99.1.2 fe80::ff:fe00:265%101" "a new address is added to the other ones"
inside "$web1" ip addr add fd99:1::2/64 dev host0 nodad
happens 'changed web1 *fd99:1::2*' "monitor publishes a new IPv6 address"
inside "$web1" ip addr change fd99:1::2/64 dev host0 preferred_lft 0 valid_lft forever
happens 'changed web1 Addresses="10.99.1.2 fe80*' "monitor removes a deprecated address"
inside "$web1" ip addr change fd99:1::2/64 dev host0 preferred_lft forever valid_lft forever
happens 'changed web1 *fd99:1::2*' "monitor publishes an address that is no longer deprecated"
inside "$web1" ip addr change 10.99.1.2/24 dev host0 preferred_lft 1 valid_lft 1000
happens 'changed web1 Addresses="fd99:1::2*' \
    "monitor removes an address whose preferred lifetime ends"
inside "$web1" ip addr del 10.99.1.2/24 dev host0
inside "$web1" ip link add host1 type veth peer name peer1
inside "$web1" sh -c 'ip link set host1 up; ip link set peer1 up'
inside "$web1" sh -c 'ip addr add 10.99.1.3/24 dev host0'
happens 'changed web1 *10.99.1.3*' "monitor publishes an address that will be moved"
inside "$web1" sh -c 'ip addr del 10.99.1.3/24 dev host0; ip addr add 10.99.1.3/24 dev host1'
on_host1() {
    [ "$(mymachines show web1 --json=short |
        jq -r '.addresses[] | select(.addressString == "10.99.1.3").interface')" = host1 ]
}
wait_until on_host1
ok $? "monitor follows an address to another interface"
inside "$web1" ip link del host1
happens 'changed web1 *' "monitor removes an address when its interface is deleted"
ip link add br0 index 110 address 02:00:00:00:03:01 type bridge
ip link set ve-web1 master br0
happens 'changed web1 *fe80::ff:fe00:265%110*' \
    "a link-local address gets the bridge's scope when the host's end becomes its port"
leads_to() {
    [[ " $(addresses web1) " == *" $1 "* ]]
}
leads_not_to() {
    ! leads_to "$1"
}
ip link set br0 addrgenmode none up
ip addr add 10.99.8.1/24 dev br0
inside "$web1" ip addr add 10.99.8.2/24 dev host0
wait_until leads_to 10.99.8.2
ok $? "monitor publishes an address that is reached by a bridge"
ip link set br0 down
wait_until leads_not_to 10.99.8.2
ok $? "monitor removes an address when the bridge to it goes down"
ip link set br0 up
wait_until leads_to 10.99.8.2
ok $? "monitor publishes it again when the bridge comes up"
inside "$web1" ip addr del 10.99.8.2/24 dev host0
wait_until leads_not_to 10.99.8.2
ip link set ve-web1 nomaster
happens 'changed web1 *fe80::ff:fe00:265%101*' "a link-local address gets the interface's scope when it leaves the bridge"

# A burst.
for i in {1..250}; do
    for j in 1 2 3 4; do echo "addr add 10.7.$i.$j/32 dev host0"; done
done >"$TMPDIR/batch"
follow
event 'added *'
inside "$web1" ip -batch "$TMPDIR/batch"
n=0
all_there() {
    [ "$(addresses web1 | tr ' ' '\n' | grep -c '^10\.7\.')" = 1000 ]
}
wait_until all_there
ok $? "monitor publishes a thousand addresses that come at once"
while read -r -t 0.2 line <&"$events"; do n=$((n + 1)); done
ok "$([ "$n" -ge 1 ] && [ "$n" -le 30 ]; echo $?)" "monitor publishes a burst in a few publications"
echo "# $n publications"
sed -i 's/addr add/addr del/' "$TMPDIR/batch"
inside "$web1" ip -batch "$TMPDIR/batch"
none_there() {
    [ "$(addresses web1)" = "$1" ]
}
wait_until none_there 'fd99:1::2 fe80::ff:fe00:265%101'
ok $? "monitor removes a thousand addresses that go at once"

# One after another, each as if it were alone: but for the first, it waits for 8 ms of quiet.
follow
event 'added *'
drip() {
    local i
    for ((i = 1; i <= 200; i++)); do
        echo "addr add 10.8.0.$i/32 dev host0"
        sleep 0.001
    done
    for ((i = 1; i <= 200; i++)); do echo "addr del 10.8.0.$i/32 dev host0"; done
}
began=$(date +%s%3N)
drip | inside "$web1" ip -batch -
took=$(($(date +%s%3N) - began))
wait_until none_there 'fd99:1::2 fe80::ff:fe00:265%101'
n=0
while read -r -t 0.2 line <&"$events"; do n=$((n + 1)); done
echo "# $n publications in $took ms"
ok "$([ "$n" -ge 1 ] && [ "$n" -le $((took / 8 + 6)) ]; echo $?)" \
    "monitor publishes changes that keep coming at most every 8 ms"

# More than the kernel keeps for it while it doesn't listen.
suspend_monitor "$monitor"
sed -i 's/addr del/addr add/' "$TMPDIR/batch"
for i in 1 2 3; do
    inside "$web1" ip -batch "$TMPDIR/batch"
    sed -i 's/addr add/addr del/' "$TMPDIR/batch"
    inside "$web1" ip -batch "$TMPDIR/batch"
    sed -i 's/addr del/addr add/' "$TMPDIR/batch"
done
inside "$web1" ip addr add 10.99.1.8/24 dev host0
kill -CONT "$monitor"
wait_until none_there '10.99.1.8 fd99:1::2 fe80::ff:fe00:265%101'
ok $? "monitor catches up after more events than the kernel keeps"
inside "$web1" ip addr del 10.99.1.8/24 dev host0
wait_until none_there 'fd99:1::2 fe80::ff:fe00:265%101'

# Whose namespace changes.
mkfifo "$TMPDIR/go"
start moving --share=net -- sh -c 'read -r x <"$0"; exec unshare --net sleep 1000' "$TMPDIR/go"
follow
mymachines register moving --leader="$moving" 2>/dev/null
happens 'added *moving *' "a machine in the host's network namespace is registered"
is "$(addresses moving)" "" "a machine in the host's network namespace has no addresses"
# Nothing else may be under way that would have it look.
idle() {
    local before
    before=$(switches)
    sleep 0.5
    [ "$(switches)" = "$before" ]
}
wait_until idle
echo go >"$TMPDIR/go"
home=$(readlink /proc/self/ns/net)
has_moved() {
    [ "$(readlink "/proc/$moving/ns/net")" != "$home" ]
}
wait_until has_moved
ip link add name ve-moving index 120 type veth peer name host0 netns "$moving"
ip link set ve-moving up
ip route add 10.99.3.0/24 dev ve-moving
inside "$moving" ip addr add 10.99.3.2/24 dev host0
inside "$moving" ip link set host0 up
happens 'changed moving *10.99.3.2*' "monitor finds a leader's new network namespace with its first interface"
inside "$moving" ip addr add 10.99.3.3/24 dev host0
happens 'changed moving *10.99.3.3*' "monitor watches a leader's new network namespace"
kill -9 "$moving"
happens 'removed moving' "monitor unregisters a machine that has moved when it dies"
wait_until test ! -e /sys/class/net/ve-moving
ok $? "monitor doesn't keep interfaces of a dead machine"

# A leader's pid, used again.
sleep 1000 >/dev/null 2>&1 </dev/null &
first=$!
mymachines register reused --leader="$first" --class=vm --address=10.99.4.1 2>/dev/null
happens 'added *reused *' "a machine whose pid will be used again is registered"
use_module
is "$(getent hosts reused)" "10.99.4.1       reused" "a machine whose pid will be used again resolves"
suspend_monitor "$monitor"
if reuse_pid "$first" sleep 1000; then
    is "$(getent hosts reused)|$(getent hosts 10.99.4.1)" "|" \
        "a process that got the leader's pid isn't the machine, also while nobody watches"
    run mymachines monitor
    like "$err" "*already*" "a monitor that was stopped by SIGSTOP counts as running"
    kill -CONT "$monitor"
    happens 'removed reused' "monitor unregisters a machine whose leader's pid is used again"
    mymachines register reused --leader="$first" --class=vm --address=10.99.4.2 2>/dev/null
    happens 'added *reused *' "a process with a pid that is used again can lead a machine"
    kill -9 "$first"
    happens 'removed reused' "monitor unregisters that machine when it dies"
else
    kill -CONT "$monitor"
    for i in 1 2 3 4 5; do skip "the pid of a process that has ended can't be had again here" "pid reuse"; done
fi

# DHCP.
if has_dhcp; then
    ip addr add 10.99.1.1/24 dev ve-web1
    dhcp_server ve-web1 10.99.1.50,10.99.1.60 "$TMPDIR/leases"
    server=$started
    dhcp_client "$web1" host0
    client=$started
    happens 'changed web1 *10.99.1.5[0-9]*' "monitor publishes an address that comes by DHCP"
    kill -USR2 "$client"
    happens 'changed web1 Addresses="fd99*' "monitor removes an address that was released by DHCP"
    { kill -9 "$server" "$client"; wait "$server" "$client"; } 2>/dev/null
else
    skip "dnsmasq or busybox isn't installed" "monitor publishes an address that comes by DHCP"
    skip "dnsmasq or busybox isn't installed" "monitor removes an address that was released by DHCP"
fi

# Idle: it isn't woken at all.
wait_until sh -c "grep -q '^State:.S' /proc/$monitor/status"
sleep 0.3
# Ten seconds after the last change of an interface it checks all network namespaces once.
sleeps() {
    local before
    before=$(switches)
    sleep 1.5
    [ "$(switches)" = "$before" ]
}
wait_until sleeps
ok $? "an idle monitor isn't woken"
is "$(cat "$TMPDIR/monitor.err" | grep -v 'has died; unregistered')" "" \
    "monitor logs nothing but deaths"
rm /run/systemd/machines/web1
wait_until test -e /run/systemd/machines/web1
ok $? "monitor restores exports that somebody deleted"
rm -r /run/systemd/machines
wait_until test -e /run/systemd/machines/web1
ok $? "monitor restores exports when their directory was deleted"
mount -t tmpfs -o ro,mode=755 none /run/systemd/machines
start short
start late
mymachines register short --leader="$short" >/dev/null 2>&1
mymachines register late --leader="$late" >/dev/null 2>&1
kill -9 "$short"
wait_until sh -c '! mymachines list --all --no-legend | grep -q "^short "'
ok $? "monitor unregisters a machine while exports can't be written"
umount /run/systemd/machines
wait_until test -e /run/systemd/machines/late
ok $? "monitor writes them when they can be, without another change"
kill -9 "$late"
wait_until test ! -e /run/systemd/machines/late
mkdir "$TMPDIR/newroot"
mount --bind / "$TMPDIR/newroot"
mkfifo "$TMPDIR/turn"
start turning -- sh -c 'read -r x <"$0"; exec chroot "$1" sleep 1000' "$TMPDIR/turn" "$TMPDIR/newroot"
mymachines register turning --leader="$turning" 2>/dev/null
echo go >"$TMPDIR/turn"
wait_until eval '[ "$(readlink "/proc/$turning/root")" = "$TMPDIR/newroot" ]'
wait_until idle
kill -HUP "$monitor"
wait_until eval '[ "$(mymachines show turning -p RootDirectory --value)" = "$TMPDIR/newroot" ]'
ok $? "SIGHUP has the monitor look at what no event tells, as another root"
kill -9 "$turning"
wait_until sh -c '! mymachines list --all --no-legend | grep -q "^turning "'
stop_monitor TERM
is "$status" 0 "monitor exits with 0 after SIGTERM"
is "$(mymachines list --no-legend | awk '{ print $1 }')" "web1" "registry stays after the monitor has left"
done_testing
