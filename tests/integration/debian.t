#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A Debian that boots systemd: as a machine of this host, for stock "-M" programs; and as a host,
# with systemd and systemd-machined beside the registrar.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/booted.sh"
need_root
need_debian
for tool in systemctl busctl loginctl hostnamectl; do
    command -v "$tool" >/dev/null || skip_all "$tool isn't installed"
done
name=deb$$
trap end_debian EXIT
boot_debian "$name"
# A second bus, as of a machine with systemd, isn't needed for "-M".
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent

run mymachines register "$name" --leader="$leader" --service=test
is "$status|$err|$(mymachines show "$name" -p Unit --value)" "0||machine-$name.scope" "register"
is_up() {
    systemctl -M "$name" is-system-running | grep -qE 'running|degraded'
}
wait_until is_up
ok $? "systemctl -M: it is running"
check() {
    is "$(systemctl -M "$name" show -p Id,ActiveState dbus.service)" "Id=dbus.service
ActiveState=active" "systemctl -M: $1"
    like "$(busctl -M "$name" --no-legend list)" "*org.freedesktop.login1*" "busctl -M: $1"
    run loginctl -M "$name" list-sessions
    is "$status|$out" "0|No sessions." "loginctl -M: $1"
    is "$(hostnamectl -M "$name" hostname)" "$("$debian" exec "$work" 'hostname')" "hostnamectl -M: $1"
    is "$(ps -o machine= -p "$leader")" "$name" "ps -o machine: $1"
    like "$(ps -eo machine,comm | awk -v n="$name" '$1 == n { print $2 }' | sort -u | tr '\n' ' ')" \
        "*dbus-daemon*systemd*" "all its processes: $1"
    like "$(mymachines ps -M "$name" -o comm= | awk '{ print $2 }' | sort -u | tr '\n' ' ')" \
        "*dbus-daemon*systemd*" "mymachines ps -M: $1"
}
check "as this host has its cgroups"
{ umount -R -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup; } 2>/dev/null &&
    check "with cgroup2 alone"
mymachines unregister "$name"
run systemctl -M "$name" is-system-running
is "$status" 1 "a machine that isn't registered isn't found"

px 'mkdir /tmp/x && cd /tmp/x && mkfifo hold && exec 3<>hold
    systemctl start systemd-machined' >/dev/null 2>&1 </dev/null
px_leader /tmp/x/1
px_leader /tmp/x/2
# What is there without the monitor comes first.
px 'mkdir -p /usr/local/etc; echo Monitor=no >/usr/local/etc/mymachines.conf' </dev/null
run px 'exec /run/build/mymachines register one --leader="$(cat /tmp/x/1)"' </dev/null
is "$status|$(head -n 1 <<<"$err")" \
    "0|mymachines: /run/systemd/machines: left to systemd-machined, which is running; libsystemd sees its machines only" \
    "systemd-machined is running"
is "$(px 'ls -A /run/systemd/machines')" "" "its directory is left to it"
run px 'exec /run/build/mymachines register one --leader="$(cat /tmp/x/1)" --service=x' </dev/null
is "$status|$err" "0|" "it is reported once"
px 'systemctl stop systemd-machined'
run px 'exec /run/build/mymachines register one --leader="$(cat /tmp/x/1)" --service=y' </dev/null
is "$status|$err|$(px 'ls -A /run/systemd/machines')" "0||one" "and not any more when that has ended"
run px 'exec /run/build/mymachines register two-2 --leader="$(cat /tmp/x/2)" --scope' </dev/null
is "$status|$err" "0|" "register --scope, where systemd runs"
is "$(px 'systemctl show -p ActiveState,Slice,Delegate "machine-two\x2d2.scope"' | sort)" \
"ActiveState=active
Delegate=yes
Slice=machine.slice" "systemd has the scope"
is "$(px 'ps -o machine= -p "$(cat /tmp/x/2)"')" "two-2" "ps sees it"
px 'kill -9 "$(cat /tmp/x/2)"'
scope_is_gone() {
    [ "$(px 'systemctl show -p LoadState --value "machine-two\x2d2.scope"')" = not-found ]
}
wait_until scope_is_gone
ok $? "and systemd ends it with the machine"

# A leader that dies after it was looked at, and that nobody waits for: a program before busctl kills it.
px 'mkdir /tmp/x/bin; cat >/tmp/x/bin/busctl; chmod +x /tmp/x/bin/busctl' <<'T'
#!/bin/bash
leader=$(cat /tmp/x/zombie)
kill -9 "$leader"
until grep -q '^State:.*Z' "/proc/$leader/status"; do sleep 0.05; done
/usr/bin/busctl "$@"
status=$?
[[ $* != *StartTransientUnit* ]] || echo "$status" >/tmp/x/started
exit $status
T
zombie_scope_is_gone() {
    [ "$(px 'systemctl show -p LoadState --value "$0"' "machine-$1.scope")" = not-found ]
}
zombie() {
    # shellcheck disable=SC2016
    px 'rm -f /tmp/x/zombie
    setsid bash -c '\''unshare --uts sleep 1000 & echo $! >/tmp/x/zombie; exec sleep 1000'\'' >/dev/null 2>&1 </dev/null &
    until [ -s /tmp/x/zombie ] && [ "$(readlink "/proc/$(cat /tmp/x/zombie)/ns/uts")" != "$(readlink /proc/self/ns/uts)" ]; do sleep 0.05; done'
    run px 'PATH=/tmp/x/bin:$PATH; exec /run/build/mymachines register "$0" --leader="$(cat /tmp/x/zombie)" --scope' "$1" </dev/null
    is "$status|$err|$(px 'cat /tmp/x/started')" \
        "1|mymachines: $1: cannot move leader $(px 'cat /tmp/x/zombie') to machine.slice/machine-$1.scope: it has ended|0" \
        "$2"
    wait_until zombie_scope_is_gone "$1"
    ok $? "no empty scope of it stays"
}
zombie zombie "a leader that dies before systemd moves it is reported"
# systemd starts the scope when another job has ended, long after it was asked.
px 'mkdir -p /run/systemd/system/machine-late.scope.d
    printf "[Unit]\nAfter=slow.service\n" >/run/systemd/system/machine-late.scope.d/after.conf
    systemctl daemon-reload
    systemd-run --quiet --no-block --unit=slow.service -p Type=oneshot sleep 1000
    until [ "$(systemctl show -p ActiveState --value slow.service)" = activating ]; do sleep 0.05; done'
zombie late "and one that dies before its scope's turn has come"
px 'setsid sh -c "echo \$\$ >/tmp/x/patient; exec unshare --uts sleep 1000" >/dev/null 2>&1 </dev/null &
    until [ "$(cat "/proc/$(cat /tmp/x/patient)/comm")" = sleep ]; do sleep 0.05; done' 2>/dev/null
run px 'exec /run/build/mymachines register late --leader="$(cat /tmp/x/patient)" --scope' </dev/null
like "$status|$err" "1|*: systemd has not started it" "a scope that systemd doesn't start in time is an error"
is "$(px 'systemctl show -p Job --value machine-late.scope')" "" "and its job isn't queued any more"
px 'systemctl stop slow.service; rm -r /run/systemd/system/machine-late.scope.d; systemctl daemon-reload
    kill -9 "$(cat /tmp/x/patient)"'

# systemd may keep a caller waiting. A program before busctl changes the registry as soon as systemd is asked.
while_asked() {
    px 'cat >/tmp/x/meanwhile'
    # shellcheck disable=SC2016
    px 'setsid sh -c "echo \$\$ >/tmp/x/asking; exec unshare --uts sleep 1000" >/dev/null 2>&1 </dev/null &
    until [ "$(cat "/proc/$(cat /tmp/x/asking)/comm")" = sleep ]; do sleep 0.05; done' 2>/dev/null
    run px 'PATH=/tmp/x/bin:$PATH; exec /run/build/mymachines register asking --leader="$(cat /tmp/x/asking)" --scope' </dev/null
}
px 'cat >/tmp/x/bin/busctl' <<'T'
#!/bin/bash
[[ $* != *StartTransientUnit* ]] || . /tmp/x/meanwhile >/tmp/x/meanwhile.out 2>&1
exec /usr/bin/busctl "$@"
T
while_asked <<<'/run/build/mymachines register meanwhile --leader="$(cat /tmp/x/1)" --unit=one.service --replace'
is "$status|$err" "0|" "register --scope, where another machine is registered while systemd is asked"
is "$(px 'cat /tmp/x/meanwhile.out')" "" "which doesn't wait for systemd"
is "$(px '/run/build/mymachines show meanwhile asking -p Name -p Unit' | grep . | sort)" "Name=asking
Name=meanwhile
Unit=machine-asking.scope
Unit=one.service" "both are registered"
px '/run/build/mymachines unregister asking meanwhile; kill -9 "$(cat /tmp/x/asking)"'
while_asked <<<'/run/build/mymachines register asking --leader="$(cat /tmp/x/1)" --replace'
like "$status|$err" "1|mymachines: asking: *" "another machine that takes the name meanwhile keeps it"
is "$(px '/run/build/mymachines show asking -p Leader --value')" "$(px 'cat /tmp/x/1')" "as it was registered"
px '/run/build/mymachines unregister asking; /run/build/mymachines register one --leader="$(cat /tmp/x/1)" --service=y
    kill -9 "$(cat /tmp/x/asking)"'

# The monitor as a service.
make -s -C "$BUILDDIR" mymachines-monitor.path mymachines-monitor.service
px 'rm -r /run/mymachines; rm /usr/local/etc/mymachines.conf
    mkdir -p /usr/local/bin /usr/local/lib/systemd/system
    cp /run/build/mymachines /usr/local/bin
    cp /run/build/mymachines-monitor.path /run/build/mymachines-monitor.service /usr/local/lib/systemd/system
    systemctl daemon-reload' </dev/null
is "$(px 'systemd-analyze verify --man=no /usr/local/lib/systemd/system/mymachines-monitor.* 2>&1' </dev/null)" "" \
    "systemd-analyze finds the units in order"
unit() {
    px 'systemctl show -p "$0" --value mymachines-monitor.service' "$1" </dev/null
}
is_active() {
    [ "$(unit ActiveState)" = active ]
}
px_leader /tmp/x/3
run px 'exec mymachines register three --leader="$(cat /tmp/x/3)" --unit=three.scope' </dev/null
is "$status|$out|$err" "0||" "register, with the unit installed"
wait_until is_active
ok $? "has systemd start it"
pid=$(unit MainPID)
is "$(px 'grep -c 'mymachines-monitor.service' "/proc/$0/cgroup"' "$pid" </dev/null)" 1 "in its own cgroup"
# It may have a child that reads something for it.
is_alone() {
    [ "$(px 'pgrep -c mymachines' </dev/null)" = 1 ]
}
wait_until is_alone
ok $? "and no other"
has_status() {
    [ "$(unit StatusText)" = "Watching 1 machine." ]
}
wait_until has_status
ok $? "systemctl status tells what it does"
is "$(px 'awk "/^Cap(Prm|Eff|Bnd)/ { print \$2 }" "/proc/$0/status"' "$pid" </dev/null | sort -u)" \
    "0000000000281004" "with the four capabilities that it needs"
px 'kill -9 "$(cat /tmp/x/3)"' </dev/null
three_is_gone() {
    [ -z "$(px 'mymachines list --all --no-legend' </dev/null)" ]
}
wait_until three_is_gone
ok $? "it drops a machine that has died"
is_in_the_journal() {
    px 'journalctl -u mymachines-monitor -o cat 2>/dev/null' </dev/null | grep -q 'three: leader .* has died; unregistered'
}
wait_until is_in_the_journal
ok $? "and says so in the journal"
px 'unshare --net sleep 1000 >/dev/null 2>&1 </dev/null & echo $! >/tmp/x/4
    until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done' </dev/null
px 'exec mymachines register four --leader="$(cat /tmp/x/4)"' >/dev/null 2>&1 </dev/null
px 'ip link add four type veth peer name host0 netns "$(cat /tmp/x/4)"
    ip link set four up; ip route add 10.3.0.0/24 dev four
    nsenter --net="/proc/$(cat /tmp/x/4)/ns/net" sh -c "ip link set host0 up; ip addr add 10.3.0.1/24 dev host0"' </dev/null
has_address() {
    [[ "$(px 'mymachines list --no-legend' </dev/null)" = *10.3.0.1* ]]
}
wait_until has_address
ok $? "it sees into a network namespace, hardened as it is"
run px 'systemctl reload mymachines-monitor' </dev/null
is "$status|$out|$err|$(unit ActiveState)|$(unit MainPID)" "0|||active|$pid" "systemctl reload"
px 'systemctl stop mymachines-monitor.service' </dev/null
is "$(unit Result)|$(unit ActiveState)" "success|inactive" "systemctl stop"
px 'systemctl start mymachines-monitor.path' </dev/null
wait_until is_active
ok $? "the path unit starts it where there is a registry"
px 'systemctl stop mymachines-monitor.service' </dev/null 2>/dev/null
px 'sleep 0.5' </dev/null
is "$(unit ActiveState)" "inactive" "a monitor that was stopped isn't started again by the path unit"
px 'systemctl mask mymachines-monitor.service' </dev/null 2>/dev/null
run px 'exec mymachines register four --leader="$(cat /tmp/x/4)" --service=masked' </dev/null
is "$status|$out|$err|$(unit ActiveState)|$(px 'pgrep -x mymachines' </dev/null)" "0|||inactive|" "registering starts no monitor whose unit is masked"
like "$(px 'mymachines doctor' </dev/null | grep -E ' monitor ')" \
    "hint *monitor *it doesn't run, as its unit is masked: *; fix: systemctl unmask mymachines-monitor.service" "doctor says so"
# The module is systemd's in there, which asks systemd-machined for a machine's addresses.
is "$(px 'systemctl is-active systemd-machined || ls /run/systemd/machines' </dev/null)" "inactive
four" "and starts no systemd-machined, which would delete the exports"
px 'systemctl unmask mymachines-monitor.service' </dev/null 2>/dev/null
px 'systemctl start mymachines-monitor.path' </dev/null
wait_until is_active
# An installed systemd-machined deletes the exports of machines that it doesn't know.
is_exported() {
    px 'test -e /run/systemd/machines/four' </dev/null
}
wait_until is_exported
ok $? "the machine is exported"
px 'systemctl start systemd-machined; rm -f /run/systemd/machines/four; sleep 0.3' </dev/null
ok "$(is_exported; [ $? = 1 ]; echo $?)" "while systemd-machined runs, its directory is left to it"
px 'systemctl stop systemd-machined' </dev/null
wait_until is_exported
ok $? "the monitor exports the machine again when systemd-machined has ended"
px 'systemctl stop mymachines-monitor.path mymachines-monitor.service; rm /usr/local/lib/systemd/system/mymachines-monitor.*
    systemctl daemon-reload' </dev/null
px 'exec mymachines register four --leader="$(cat /tmp/x/4)" --service=x' >/dev/null 2>&1 </dev/null
pid=$(px 'pgrep -x mymachines' </dev/null)
is "$(px 'ps -o args= -p "$0"; tail -n 1 "/proc/$0/cgroup"' "$pid" </dev/null)" \
    "/usr/local/bin/mymachines monitor --background --exit-when-empty
0::/" "without the unit, registering starts it, outside of all units"
px 'kill -9 "$(cat /tmp/x/4)"' </dev/null
done_testing
