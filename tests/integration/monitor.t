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
is "$status|$out|$err" "0||" "register"
pid=$(monitor_pid)
ok $? "has started a monitor"
exec 9<&-
ok "$([ "$(ps -o sid= -p "$pid")" != "$(ps -o sid= -p $$)" ]; echo $?)" "in a session of its own"
is "$(ps -o tty=,pgid= -p "$pid" | tr -s ' ')" "? $(ps -o sid= -p "$pid" | tr -d ' ')" \
    "without a terminal"
is "$(readlink "/proc/$pid/cwd")" "/" "whose directory is /"
is "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2" | sort -u)" "/dev/null" \
    "with nothing to read or write"
is "$(find "/proc/$pid/fd" -lname '*/inherited')" "" "and no descriptor of who started it"
is "$(awk '/^Cap(Prm|Eff|Bnd)/ { print $2 }' "/proc/$pid/status" | sort -u)" "0000000000280004" \
    "It has three capabilities left"
is "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$pid/status")" 1 "and can't gain any"
is "$(ps -o args= -p "$pid")" "$BUILDDIR/mymachines monitor --background --exit-when-empty" \
    "ps tells what it is"
start web2
mymachines register web2 --leader="$web2" 2>/dev/null
is "$(monitor_pid)" "$pid" "the next registration starts none"
run mymachines monitor
is "$status|$out|$err" "1||mymachines: the monitor runs already, as pid $pid" "two never run"
run mymachines monitor --background
is "$status|$out|$err" "0||" "in the background, one is as good as another"
is "$(monitor_pid)" "$pid" "it is still the same"
follow
happens 'added *web2 *' "both machines are there"
kill -9 "$web1"
happens 'removed web1' "a machine whose leader is killed is gone"
is "$(ls /run/systemd/machines)" "web2" "its exports, too"
mymachines unregister web2
happens 'removed web2' "the last machine goes"
wait_until nobody_monitors
ok $? "and the monitor with it"
wait_until test ! -e "/proc/$pid"
ok $? "for good"
mymachines register web2 --leader="$web2" --no-monitor 2>/dev/null
ok "$(nobody_monitors; echo $?)" "register --no-monitor starts none"
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"
mymachines register web2 --leader="$web2" --service=x
ok "$(nobody_monitors; echo $?)" "nor does register with Monitor=no"
echo 'Monitor=yes' >"$SYSCONFDIR/mymachines.conf"
for i in 1 2 3 4 5 6 7 8; do
    mymachines register web2 --leader="$web2" --service="$i" >/dev/null 2>&1 </dev/null &
    jobs[i]=$!
done
wait "${jobs[@]}"
is "$(pgrep -fc "^$BUILDDIR/mymachines monitor --background")" 1 "eight registrations at once start one"
kill -9 "$(monitor_pid)"
wait_until nobody_monitors
kill -9 "$web2"
run mymachines list --all --no-legend
is "$out" "web2 container $(awk '{ print $3 }' <<<"$out") - - -" "without a monitor a dead machine stays"
start web1
mymachines register web1 --leader="$web1" 2>/dev/null
happens 'removed web2' "until a registration starts one again"
rm -rf "$R"
wait_until nobody_monitors
ok $? "when the registry is removed, it leaves"
wait_until test ! -e "$R"
ok $? "without making it again"
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"

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
        "it tells syslog of who has died"
    rm /dev/log
else
    skip "python3 isn't installed" "it tells syslog of who has died"
fi
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"

# In the foreground, for a service manager.
follow
start_monitor
ok $? "in the foreground it runs also without a registry"
veth "$web1" ve-web1 101
mymachines register web1 --leader="$web1" 2>/dev/null
happens 'added *web1 *' "it takes in what is registered by others"
inside "$web1" ip addr add 10.99.1.2/24 dev host0
happens 'changed web1 *10.99.1.2*' "an address is added"
is "$(addresses web1)" "10.99.1.2 fe80::ff:fe00:265%101" "to the others"
inside "$web1" ip addr add fd99:1::2/64 dev host0 nodad
happens 'changed web1 *fd99:1::2*' "an address of IPv6 is added"
inside "$web1" ip addr change fd99:1::2/64 dev host0 preferred_lft 0 valid_lft forever
happens 'changed web1 Addresses="10.99.1.2 fe80*' "a deprecated one goes"
inside "$web1" ip addr change fd99:1::2/64 dev host0 preferred_lft forever valid_lft forever
happens 'changed web1 *fd99:1::2*' "and comes back with its lifetime"
inside "$web1" ip addr change 10.99.1.2/24 dev host0 preferred_lft 1 valid_lft 1000
happens 'changed web1 Addresses="fd99:1::2*' \
    "one whose preferred lifetime ends, which nobody does anything for"
inside "$web1" ip addr del 10.99.1.2/24 dev host0
inside "$web1" ip link add host1 type veth peer name peer1
inside "$web1" sh -c 'ip link set host1 up; ip link set peer1 up'
inside "$web1" sh -c 'ip addr add 10.99.1.3/24 dev host0'
happens 'changed web1 *10.99.1.3*' "an address"
inside "$web1" sh -c 'ip addr del 10.99.1.3/24 dev host0; ip addr add 10.99.1.3/24 dev host1'
on_host1() {
    [ "$(mymachines show web1 --json=short |
        jq -r '.addresses[] | select(.addressString == "10.99.1.3").interface')" = host1 ]
}
wait_until on_host1
ok $? "is moved to another interface"
inside "$web1" ip link del host1
happens 'changed web1 *' "whose end is its end"
ip link add br0 index 110 address 02:00:00:00:03:01 type bridge
ip link set ve-web1 master br0
happens 'changed web1 *fe80::ff:fe00:265%110*' \
    "the host's end becomes a port of a bridge: the scope is the bridge's"
ip link set ve-web1 nomaster
happens 'changed web1 *fe80::ff:fe00:265%101*' "and back"

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
ok $? "a thousand addresses at once are all there"
while read -r -t 0.2 line <&"$events"; do n=$((n + 1)); done
ok "$([ "$n" -ge 1 ] && [ "$n" -le 30 ]; echo $?)" "in a handful of publications, not a thousand"
echo "# $n publications"
sed -i 's/addr add/addr del/' "$TMPDIR/batch"
inside "$web1" ip -batch "$TMPDIR/batch"
none_there() {
    [ "$(addresses web1)" = "$1" ]
}
wait_until none_there 'fd99:1::2 fe80::ff:fe00:265%101'
ok $? "and gone again"

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
    "changes that keep coming are published no oftener than every 8 ms"

# More than the kernel keeps for it while it doesn't listen.
kill -STOP "$monitor"
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
ok $? "what it was told too much of at once, it takes in all the same"
inside "$web1" ip addr del 10.99.1.8/24 dev host0
wait_until none_there 'fd99:1::2 fe80::ff:fe00:265%101'

# Whose namespace changes.
mkfifo "$TMPDIR/go"
start moving --share=net -- sh -c 'read -r x <"$0"; exec unshare --net sleep 1000' "$TMPDIR/go"
follow
mymachines register moving --leader="$moving" 2>/dev/null
happens 'added *moving *' "a machine in the host's network namespace"
is "$(addresses moving)" "" "has no addresses of its own"
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
inside "$moving" ip addr add 10.99.3.2/24 dev host0
inside "$moving" ip link set host0 up
happens 'changed moving *10.99.3.2*' "its new namespace is found with its first interface"
inside "$moving" ip addr add 10.99.3.3/24 dev host0
happens 'changed moving *10.99.3.3*' "and watched"
kill -9 "$moving"
happens 'removed moving' "until it dies"
wait_until test ! -e /sys/class/net/ve-moving
ok $? "which doesn't keep its interfaces"

# A leader's pid, used again.
sleep 1000 >/dev/null 2>&1 </dev/null &
first=$!
mymachines register reused --leader="$first" --class=vm --address=10.99.4.1 2>/dev/null
happens 'added *reused *' "a machine"
use_module
is "$(getent hosts reused)" "10.99.4.1       reused" "which resolves"
kill -STOP "$monitor"
if reuse_pid "$first" sleep 1000; then
    is "$(getent hosts reused)|$(getent hosts 10.99.4.1)" "|" \
        "another process with its leader's pid isn't the machine, while nobody watches"
    run mymachines monitor
    like "$err" "*already*" "a monitor that is stopped is one"
    kill -CONT "$monitor"
    happens 'removed reused' "and the monitor drops it"
    mymachines register reused --leader="$first" --class=vm --address=10.99.4.2 2>/dev/null
    happens 'added *reused *' "the process that has the pid can lead one itself"
    kill -9 "$first"
    happens 'removed reused' "and is dropped in its turn"
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
    happens 'changed web1 *10.99.1.5[0-9]*' "an address comes by DHCP"
    kill -USR2 "$client"
    happens 'changed web1 Addresses="fd99*' "and goes when it is released"
    { kill -9 "$server" "$client"; wait "$server" "$client"; } 2>/dev/null
else
    skip "dnsmasq or busybox isn't installed" "an address comes by DHCP"
    skip "dnsmasq or busybox isn't installed" "and goes when it is released"
fi

# Idle: it isn't woken at all.
wait_until sh -c "grep -q '^State:.S' /proc/$monitor/status"
sleep 0.3
before=$(switches)
sleep 1.5
is "$(switches)" "$before" "idle, it doesn't wake"
is "$(cat "$TMPDIR/monitor.err" | grep -v 'has died; unregistered')" "" \
    "it says nothing but who has died"
rm /run/systemd/machines/web1
kill -HUP "$monitor"
wait_until test -e /run/systemd/machines/web1
ok $? "SIGHUP has it put all right, also what nobody has told it of"
stop_monitor TERM
is "$status" 0 "after SIGTERM it leaves"
is "$(mymachines list --no-legend | awk '{ print $1 }')" "web1" "and the registry stays"
done_testing
