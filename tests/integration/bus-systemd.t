#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# org.freedesktop.machine1 where systemd runs, in a Debian that boots it with systemd-machined
# installed: who answers before, during and after, and stock tools.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/booted.sh"
need_root
need_debian
[ -x "$BUILDDIR/mymachines-bus" ] || skip_all "it was configured without libsystemd"
trap end_debian EXIT
boot_debian "bus$$"
wait_until debian_is_up || skip_all "systemd doesn't boot here"

# owner: the program that answers
owner() {
    px 'pid=$(busctl --json=short call org.freedesktop.DBus / org.freedesktop.DBus GetConnectionUnixProcessID s \
            org.freedesktop.machine1 2>/dev/null | tr -dc 0-9) || :
        [ -z "$pid" ] || basename "$(readlink "/proc/$pid/exe")"' </dev/null
}
register_as_user() {
    px 'setpriv --reuid=daemon --regid=daemon --init-groups busctl call org.freedesktop.machine1 \
        /org/freedesktop/machine1 org.freedesktop.machine1.Manager RegisterMachine sayssus mine 0 t container 0 / 2>&1 || :' </dev/null
}
px 'mkdir -p /usr/local/etc /tmp/x; echo Monitor=no >/usr/local/etc/mymachines.conf
    cp /run/build/mymachines /run/build/mymachines-bus /usr/local/bin
    [ ! -x /run/build/mymachines-import-bus ] || cp /run/build/mymachines-import-bus /usr/local/bin' </dev/null
px_leader /tmp/x/old

# Before: systemd-machined.
px 'machinectl list >/dev/null' </dev/null
is "$(owner)" systemd-machined "before: systemd-machined answers"
like "$(register_as_user)" "*Access denied*" "before: the bus refuses an ordinary user's RegisterMachine"
in_there 'mymachines setup bus'
is "$status|$err" "0|" "setup bus, while systemd-machined runs"
like "$out" "*systemd-machined is stopped*bus: mymachines-bus answers*" "setup bus says what happens to systemd-machined"
in_there 'mymachines setup bus --check'
is "$status|$out" "0|bus: is set up" "setup bus --check"

# During.
like "$(register_as_user)" "Call failed: *" "during: we refuse an ordinary user's RegisterMachine"
is "$(owner)" mymachines-bus "during: systemd has started us for it"
is "$(px 'systemctl show -p Id,ActiveState systemd-machined.service | sort' </dev/null)" "ActiveState=active
Id=mymachines-bus.service" "systemd-machined.service is a name of ours"
in_there 'systemctl start systemd-machined.service; systemctl is-failed systemd-machined.service'
is "$out|$(owner)" "active|mymachines-bus" "what wants systemd-machined.service gets us"
in_there 'systemctl service-log-level systemd-machined.service debug
    systemctl service-log-level systemd-machined.service'
is "$status|$out" "0|debug" "systemctl service-log-level"
in_there 'systemctl service-log-target mymachines-bus.service'
is "$status" 0 "systemctl service-log-target"
in_there 'mymachines doctor --json=short | tr "}" "\n" | grep -c "mymachines-bus answers org.freedesktop.machine1 on the system bus"'
is "$out" 1 "doctor tells that we answer"

# shellcheck disable=SC2016
in_there 'for i in {1..12}; do
        pid=$(systemctl show -p MainPID --value mymachines-bus.service)
        kill -9 "$pid"
        while [ -e "/proc/$pid" ]; do sleep 0.05; done
        until busctl call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager ListMachines 2>&1
        do
            # The bus may not have noticed yet, and then says that nobody has replied.
            [ "$((failures += 1))" -lt 30 ] || break
            sleep 0.1
        done
    done | sort -u | grep -vi "disconnect\|reply\|is not active"'
is "$out" 'a(ssso) 1 ".host" "host" "" "/org/freedesktop/machine1/machine/_2ehost"' "however often it is killed, the next call starts it"

if [ -x "$BUILDDIR/mymachines-import-bus" ]; then
    in_there 'machinectl list-transfers'
    is "$status|$out" "0|No transfers." "during: stock machinectl lists transfers"
    is "$(px 'systemctl show -p Id,ActiveState systemd-importd.service | sort' </dev/null)" "ActiveState=active
Id=mymachines-import-bus.service" "systemd-importd.service is a name of ours"
fi

# CreateMachine: a scope of systemd's with the caller's properties, and the reply when it is there.
for i in 1 2 3; do
    px_leader "/tmp/x/c$i"
done
# create NAME LEADER PROPERTIES...: CreateMachine
create() {
    # shellcheck disable=SC2016
    in_there 'name=$0 leader=$(cat "/tmp/x/$1"); shift
        busctl --timeout=40 call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager \
            CreateMachine "sayssusa(sv)" "$name" 0 test container "$leader" "" "$@" 2>&1' "$@"
}
create one-1 c1 2 After as 1 basic.target MemoryMax t 100000000
is "$status|$out" '0|o "/org/freedesktop/machine1/machine/one_2d1"' "CreateMachine"
is "$(px 'tail -n 1 "/proc/$(cat /tmp/x/c1)/cgroup"' </dev/null)" '0::/machine.slice/machine-one\x2d1.scope' \
    "CreateMachine: the leader is in its scope when the reply comes"
is "$(px 'systemctl show -p MemoryMax,Delegate,Slice "machine-one\x2d1.scope" | sort' </dev/null)" "Delegate=yes
MemoryMax=100000000
Slice=machine.slice" "CreateMachine: the scope has the caller's properties"
is "$(px 'mymachines show one-1 -p Unit --value' </dev/null)" 'machine-one\x2d1.scope' "CreateMachine: the registry has the scope"
create again c1 0
is "$status|$out|$(px 'mymachines list --no-legend | grep -c .' </dev/null)" '0|o "/org/freedesktop/machine1/machine/one_2d1"|1' \
    "CreateMachine: the same leader under another name is the same machine, and stays in its scope"
create one-1 c2 0
like "$status|$out" "1|Call failed: *already *" "CreateMachine: a name of a living machine is refused"
is "$(px 'grep -c machine.slice "/proc/$(cat /tmp/x/c2)/cgroup" || :' </dev/null)" 0 "CreateMachine: the refused leader isn't moved"
px 'setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $! >/tmp/x/plain' </dev/null
create plain plain 0
like "$status|$out" "1|Call failed: *not a container*" "CreateMachine: a process of the host is not a container"
is "$(px 'grep -c machine.slice "/proc/$(cat /tmp/x/plain)/cgroup" || :' </dev/null)" 0 "CreateMachine: and isn't moved"
create other c2 1 Nosuchprop s x
like "$status|$out" "1|*Nosuchprop*" "CreateMachine: systemd's refusal of a property is passed on"
px 'kill -9 "$(cat /tmp/x/c1)"' </dev/null
create one-1 c3 0
is "$status|$out" '0|o "/org/freedesktop/machine1/machine/one_2d1"' "CreateMachine: a name whose leader has just died is waited for"
is "$(px 'mymachines show one-1 -p Leader --value; cat /tmp/x/c3' </dev/null | uniq | wc -l)" 1 "CreateMachine: it has the new leader"
px 'kill -9 "$(cat /tmp/x/c2)" "$(cat /tmp/x/c3)"' </dev/null

# Two ways to announce one machine, at once: it is moved once, and is one.
in_there 'cd /tmp/x
    for i in 1 2 3; do
        setsid unshare --uts sleep 1000 >/dev/null 2>&1 </dev/null & echo $! >twice
        while [ "$(readlink "/proc/$(cat twice)/ns/uts")" = "$(readlink /proc/self/ns/uts)" ]; do sleep 0.05; done
        for name in a b c; do
            busctl --timeout=40 call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager \
                CreateMachine "sayssusa(sv)" "twice$i$name" 0 test container "$(cat twice)" "" 0 >"reply$name" 2>&1 &
        done
        wait $(jobs -p | tail -n 3)
        name=$(mymachines list --no-legend | awk "{ print \$1 }")
        echo "$(sort -u reply?) $(ls -d /sys/fs/cgroup/machine.slice/*.scope) $(tail -n 1 /proc/$(cat twice)/cgroup)" | sed "s/$name/NAME/g"
        kill -9 "$(cat twice)"
        for ((n = 0; n < 200; n++)); do
            ls -d /sys/fs/cgroup/machine.slice/*.scope >/dev/null 2>&1 || break
            sleep 0.05
        done
    done'
is "$(sort <<<"$out" | uniq -c | sed 's/^ *//')" '3 o "/org/freedesktop/machine1/machine/NAME" /sys/fs/cgroup/machine.slice/machine-NAME.scope 0::/machine.slice/machine-NAME.scope' \
    "CreateMachine: of calls at once for one leader, the first moves it"

# create_zombie NAME PROPERTIES...: CreateMachine for a leader that dies while systemd is asked, and stays a zombie,
# as its parent doesn't wait for it. Its pid is in /tmp/x/NAME.
create_zombie() {
    # shellcheck disable=SC2016
    px 'setsid sh -c "unshare --uts sleep 1000 & echo \$! >/tmp/x/$0; exec sleep 1000" "$0" >/dev/null 2>&1 </dev/null &
        until [ -s "/tmp/x/$0" ] && leader=$(cat "/tmp/x/$0") &&
            [ "$(readlink "/proc/$leader/ns/uts")" != "$(readlink /proc/self/ns/uts)" ]; do sleep 0.05; done' "$1" </dev/null
    kill -STOP "$leader"
    # shellcheck disable=SC2016
    px 'busctl --timeout=40 call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager \
            CreateMachine "sayssusa(sv)" "$0" 0 test container "$(cat "/tmp/x/$0")" "" "$@"' "$@" \
        </dev/null >"$TMPDIR/zombie" 2>&1 &
    local call=$!
    wait_until px 'pgrep -P "$(pgrep -x mymachines-bus | head -n 1)"' </dev/null >/dev/null
    # shellcheck disable=SC2016
    px 'kill -9 "$(cat "/tmp/x/$0")"
        until grep -q "^State:.Z" "/proc/$(cat "/tmp/x/$0")/status"; do sleep 0.05; done' "$1" </dev/null
    kill -CONT "$leader"
    wait "$call"
    like "$(cat "$TMPDIR/zombie")" "Call failed: *" "CreateMachine: a leader that dies meanwhile is an error: $1"
}
is_forgotten() {
    # shellcheck disable=SC2016
    left=$(px 'mymachines list --no-legend; systemctl list-units --all --no-legend "machine-$0*"' "$1" </dev/null)
    [ -z "$left" ]
}
create_zombie gone 0
wait_until is_forgotten gone
is "$left" "" "CreateMachine: no machine and no scope of it is left"
create_zombie sliced 1 Slice s other.slice
wait_until is_forgotten sliced
is "$left" "" "CreateMachine: no scope of it is left in the slice of the caller's either"
# shellcheck disable=SC2016
px 'setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $! >/tmp/x/other' </dev/null
# systemd starts the scope when another job has ended, long after it was asked.
px 'systemd-run --quiet --no-block --unit=slow.service -p Type=oneshot sleep 1000
    until [ "$(systemctl show -p ActiveState --value slow.service)" = activating ]; do sleep 0.05; done' </dev/null
create_zombie late 1 After as 1 slow.service
wait_until is_forgotten late
is "$left" "" "CreateMachine: no scope is left that systemd would have started later"
px 'systemctl stop slow.service' </dev/null
create_zombie shared 1 PIDs au 1 "$(px 'cat /tmp/x/other' </dev/null)"
is "$(px 'tail -n 1 "/proc/$(cat /tmp/x/other)/cgroup"' </dev/null)" "0::/machine.slice/machine-shared.scope" \
    "CreateMachine: another process that the caller has put into the scope goes on"
px 'kill "$(cat /tmp/x/other)"' </dev/null
wait_until is_forgotten shared
is "$left" "" "CreateMachine: the scope ends with it"

# A machine that was started from a shell: the shell, what it also runs, and the unit that they are in go on.
# start_from_shell NAME COMMAND...: sets shell and machine to the pids, unit to where both are
start_from_shell() {
    local name=$1
    shift
    # shellcheck disable=SC2016
    px 'name=$0
        printf "%s\n" "echo \$\$ >/tmp/x/$name.shell" "sleep 1000 </dev/null >/dev/null 2>&1 &" \
            "echo \$! >/tmp/x/$name.leader" "sleep 1000 & : >/tmp/x/$name.ready" wait >"/tmp/x/$name.sh"
        setsid "$@" </dev/null >/dev/null 2>&1 &
        until [ -e "/tmp/x/$name.ready" ]; do sleep 0.05; done' "$name" "$@" </dev/null
    read -r shell machine unit <<<"$(px 'cd /tmp/x; echo "$(cat "$0.shell") $(cat "$0.leader") $(
        tail -n 1 "/proc/$(cat "$0.leader")/cgroup" | sed "s,.*/,,")"' "$name" </dev/null)"
}
# what_goes_on: of these
what_goes_on() {
    # shellcheck disable=SC2016
    px 'for process in "$0" "$1"; do
            [ -e "/proc/$process/exe" ] && readlink "/proc/$process/exe" | sed "s,.*/,,"
        done; pgrep -c -P "$0" -x sleep; systemctl is-active "$2" || :' "$shell" "$machine" "$unit" </dev/null | xargs
}
for call in TerminateMachine KillMachine; do
    [ $call = KillMachine ] && arguments=(ssi all 9) || arguments=(s)
    for kind in session service; do
        if [ $kind = session ]; then
            start_from_shell "$kind" su -l -c "bash /tmp/x/$kind.sh" root
            like "$unit" "session-*.scope" "a shell's machine is in the session of a login"
        else
            start_from_shell "$kind" systemd-run --quiet --wait --collect --unit="remote-$call" script -qec "bash /tmp/x/$kind.sh" /dev/null
            is "$unit" "remote-$call.service" "a shell's machine is in the service that has given the shell a terminal"
        fi
        in_there 'busctl call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager \
                RegisterMachine sayssus "$0" 0 test vm "$1" "" >/dev/null
            busctl --timeout=40 call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager \
                "${@:2}"' "$kind" "$machine" $call "${arguments[0]}" "$kind" "${arguments[@]:1}"
        is "$status|$err" "0|" "$call of a machine from a shell's $kind"
        is "$(what_goes_on)" "bash 1 active" "$call ends the machine, and leaves its shell's $kind alone"
        px 'pkill -P "$0" || :; kill -9 "$0" || :; rm -f /tmp/x/"$1".*; mymachines unregister "$1" 2>/dev/null || :
            while [ -e "/proc/$0" ]; do sleep 0.05; done' "$shell" "$kind" </dev/null
    done
done

# More machines than systemd-machined can make, because each costs PID 1 a match rule there.
in_there 'cd /tmp/x
    (for i in {1..600}; do sleep 1000 >/dev/null 2>&1 </dev/null & echo "$i $!"; done >many)
    while read -r i leader; do
        busctl --timeout=40 call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager \
            CreateMachine "sayssusa(sv)" "m$i" 0 test vm "$leader" "" 0 &
        [ $((i % 20)) != 0 ] || wait
    done <many >replies
    grep -c machine/m replies
    busctl --json=short call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager ListMachines |
        grep -o machine/m | wc -l
    ls -d /sys/fs/cgroup/machine.slice/machine-m*.scope | wc -l'
is "$status|$(xargs <<<"$out")|$(sort <<<"$err" | uniq -c | sort -rn | head -n 5)" "0|600 600 600|      1 " \
    "CreateMachine: 600 machines, more than the 507 of systemd-machined"

# After, with one of the two services at work, and one that has left, as it does when it is idle.
px 'systemctl stop mymachines-import-bus.service' </dev/null >/dev/null 2>&1
in_there 'mymachines setup bus --remove'
is "$status|$err" "0|" "setup bus --remove"
in_there 'mymachines setup bus --quiet; mymachines setup bus --remove --quiet'
is "$status|$out$err" "0|" "setup bus --remove before anybody has called"
like "$(register_as_user)" "*Access denied*" "after: the bus refuses an ordinary user's RegisterMachine"
px 'machinectl list >/dev/null' </dev/null
is "$(owner)" systemd-machined "after: systemd-machined answers again"
is "$(px 'ls -A /etc/systemd/system | grep -E "machine|import" || :; ls -A /etc/dbus-1/system.d /usr/local/share/dbus-1/system-services' </dev/null)" \
    "/etc/dbus-1/system.d:

/usr/local/share/dbus-1/system-services:" "after: no file of ours is left"
done_testing
