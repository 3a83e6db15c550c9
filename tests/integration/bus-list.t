#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What mymachines-bus keeps from one call to the next: that it is never wrong, and what calls cost.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
need_root
need_bus

M=org.freedesktop.machine1
leaders=()
cleanup() {
    kill -9 "${leaders[@]}"
} 2>/dev/null
trap cleanup EXIT
# Nobody unregisters a machine whose leader has died.
echo Monitor=no >>"$SYSCONFDIR/mymachines.conf"
start_bus
for ((i = 0; i < 40; i++)); do
    sleep 1000 >/dev/null 2>&1 </dev/null & leaders+=("$!")
done
# register_leaders: those that live
register_leaders() {
    for ((i = 0; i < 40; i++)); do
        kill -0 "${leaders[i]}" || continue
        printf '{"name": "m%02d", "class": "vm", "leader": %s}\n' "$i" "${leaders[i]}"
    done 2>/dev/null | mymachines register --batch --no-monitor 2>/dev/null
}
# listed: the names of all machines but the host; those of objects are the same
listed() {
    busctl --timeout=30 --json=short call $MACHINE1 ListMachines |
        jq -r '[.data[0][] | .[0] | select(. != ".host")] | join(" ")'
}
objects() {
    busctl --timeout=30 call $M /org/freedesktop/machine1/machine org.freedesktop.DBus.Introspectable Introspect |
        grep -o 'node name=\\"m[0-9]*' | sed 's/.*"//' | sort | xargs
}
names() {
    for ((i = 0; i < 40; i++)); do
        printf 'm%02d\n' "$i"
    done
}
# end_leader NUMBER
end_leader() {
    kill -9 "${leaders[$1]}"
    wait "${leaders[$1]}"
} 2>/dev/null
by_pid() {
    machine1 GetMachineByPID u "$1" 2>&1 | sed -E 's/^o ".*\/(.*)"$/\1/'
}

has_pidfd_numbers() {
    [ "$(printf '%s\n' 6.9 "$(uname -r)" | sort -V | head -n 1)" = 6.9 ]
}

register_leaders
all=$(names | xargs)
is "$(listed)|$(listed)" "$all|$all" "all machines are listed, and again"
is "$(objects)" "$all" "all machines have an object"
server=$(server_pid)
if ! has_pidfd_numbers; then
    skip "Linux before 6.9 has no numbers of pidfds" "what calls cost"
elif can_trace; then
    # calls_of COMMAND...: the system calls of who answers
    calls_of() {
        strace -qq -s 300 -p "$server" -o "$TMPDIR/calls" & tracer=$!
        wait_until grep -q "^TracerPid:.[1-9]" "/proc/$server/status"
        "$@" >/dev/null 2>&1
        kill -INT "$tracer"
        wait "$tracer"
    }
    get_all() {
        busctl call $M /org/freedesktop/machine1/machine/m07 org.freedesktop.DBus.Properties GetAll s ""
    }
    calls_of listed
    is "$(grep -cE '^(pidfd_open|openat|poll)\(' "$TMPDIR/calls")" 0 "ListMachines looks at no leader by itself, and opens nothing"
    calls_of get_all
    is "$(grep -cE '^(pidfd_open|openat|poll)\(' "$TMPDIR/calls")" 0 "GetAll looks at no leader by itself, and opens nothing"
    look_up() {
        machine1 GetMachine s m07
        machine1 GetMachineAddresses s m07
        machine1 GetMachineUIDShift s m07
        machine1 GetMachineSSHInfo s m07
        machine1 MapFromMachineUser su m07 33
        machine1 MapToMachineUser u 4000000
        busctl call $M /org/freedesktop/machine1/machine/m07 $M.Machine GetAddresses
        busctl call $M /org/freedesktop/machine1/machine/self $M.Machine GetAddresses
    }
    calls_of look_up
    # The caller of the last one does not lead a machine: its parents and control groups are looked at.
    is "$(grep '^openat' "$TMPDIR/calls" | grep -vc '"/proc/\|cgroup')" 0 "no other look-up opens the registry, either"
    # count_calls TEXT: the system calls that have it
    count_calls() {
        grep -c "$1" "$TMPDIR/calls"
    }
    calls_of machine1 RegisterMachine sayssus m07 0 test vm "${leaders[7]}" ""
    is "$(count_calls 'sendmsg(.*GetConnectionUnixUser')|$(count_calls '^link(')" "1|1" \
        "a registration asks once who calls, and is read once when it is published"
    calls_of machine1 ListMachines
    calls_of by_pid "${leaders[9]}"
    is "$(grep -cE '^(pidfd_open|openat|poll)\(' "$TMPDIR/calls")" 0 \
        "GetMachineByPID of a leader looks at no leader by itself, and opens nothing"
else
    skip "strace can't be used here" "what calls cost"
fi

end_leader 7
like "$(by_pid "${leaders[7]}")" "*does not belong to any known machine" "a leader that has died since is in no machine"
is "$(listed)|$(objects)" "${all/m07 /}|${all/m07 /}" "a machine whose leader has died since isn't listed"
is "$(busctl get-property $M /org/freedesktop/machine1/machine/m07 $M.Machine Name State | xargs)" "s m07 s closing" \
    "a machine whose leader has died is closing"
is "$(busctl get-property $M /org/freedesktop/machine1/machine/m08 $M.Machine Name State | xargs)" "s m08 s running" \
    "a machine whose leader lives is running"
mymachines unregister m08
is "$(listed)|$(objects)" "${all/m07 m08 /}|${all/m07 m08 /}" "a machine that was unregistered since isn't listed"
like "$(by_pid "${leaders[8]}")" "*does not belong to any known machine" "the leader of one that was unregistered is in none"
mymachines register m07 --class=vm --service=other --leader="${leaders[8]}" --no-monitor 2>/dev/null
is "$(listed)|$(by_pid "${leaders[8]}")" "${all/m08 /}|m07" "a name has its new leader"
end_leader 8
is "$(listed)" "${all/m07 m08 /}" "that one has died, too"
mymachines register m09 --class=vm --service=given --leader="${leaders[9]}" --no-monitor 2>/dev/null
is "$(machine1 ListMachines | grep -o '"m09" "vm" "[a-z]*"')" '"m09" "vm" "given"' "facts that were changed since are listed"
end_leader 9
is "$(listed)" "${all/m07 m08 m09 /}" "a machine that was changed is watched"

# With fewer descriptors than machines, each of the others is looked at.
prlimit --pid "$server" --nofile=48:48
rm -f "$REGISTRY_DIRECTORY/registry.mdb"
is "$(listed)|$(objects)|$(by_pid "${leaders[20]}" | grep -c 'not belong')" "||1" "without a registry there is no machine"
register_leaders
some=${all/m07 m08 m09 /}
is "$(listed)|$(listed)" "$some|$some" "more machines than descriptors are listed, and again"
# pidfds: how many it keeps
pidfds() {
    find "/proc/$server/fd" -lname '*pidfd*' | wc -l
}
limit=$(awk '/^Max open files/ { print $4 }' "/proc/$server/limits")
if ! has_pidfd_numbers; then
    skip "Linux before 6.9 has no numbers of pidfds" "half of few descriptors are left for other calls"
elif [ "$limit" != 48 ]; then
    skip "the process may raise its limit here" "half of few descriptors are left for other calls"
else
    is "$(pidfds)" 24 "half of few descriptors are left for other calls"
fi
end_leader 10
end_leader 39
is "$(listed)" "$(tr ' ' '\n' <<<"$some" | grep -vx 'm10\|m39' | xargs)" \
    "those that have died aren't listed, whether there was a descriptor for them or not"
is "$(server_pid)" "$server" "it is the same process all the time"
kill -9 "$server"
wait_until sh -c "! [ -e /proc/$server ]"
is "$(listed)" "$(tr ' ' '\n' <<<"$some" | grep -vx 'm10\|m39' | xargs)" "killed and started again, it lists the same"
kill "$bus"
done_testing
