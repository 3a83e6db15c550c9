#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the monitor's start costs for each machine, and a command's, in system calls, which no noise touches.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
leaders=()
cleanup() {
    kill -9 "${leaders[@]}"
    end_watching
} 2>/dev/null
trap cleanup EXIT
[ -z "$SANITIZERS" ] || skip_all "a sanitizer has system calls of its own"
can_trace || skip_all "strace can't be used here"

# start_leaders N OPTION...: of unshare(1), each with such namespaces of its own
start_leaders() {
    local i count=$1
    shift
    leaders=()
    for ((i = 0; i < count; i++)); do
        unshare "$@" sleep 1000 >/dev/null 2>&1 </dev/null & leaders+=("$!")
    done
    for i in "${leaders[@]}"; do
        wait_until grep -qx sleep "/proc/$i/comm"
    done
}
end_leaders() {
    kill -9 "${leaders[@]}"
    wait "${leaders[@]}"
    leaders=()
} 2>/dev/null
register_leaders() {
    local i
    forget
    for ((i = 0; i < $1; i++)); do
        printf '{"name": "e%02d", "leader": %s}\n' "$i" "${leaders[i]}"
    done | mymachines register --batch --no-monitor 2>/dev/null
}
# It has opened the root directory of each.
has_looked_at() {
    [ "$(grep -o '^openat(.*"/proc/[0-9]*/root"' "$TMPDIR/calls" | sort -u | wc -l)" = "$1" ]
}
# The system calls of a monitor with all of them, but those for memory
trace_start() {
    local traced
    register_leaders "${#leaders[@]}"
    rm -f "$TMPDIR/calls"
    strace -o "$TMPDIR/calls" "$BUILDDIR/mymachines" monitor >/dev/null 2>&1 </dev/null & traced=$!
    wait_until has_looked_at "${#leaders[@]}"
    kill "$(monitor_pid)"
    wait "$traced"
    sed -i -E '/^(brk|mmap|munmap|mremap|madvise)\(/d' "$TMPDIR/calls"
}
# calls_from REGEX [WHICH]: how many there are from one that matches to the next: the median
calls_from() {
    grep -E "${2-.}|$1" "$TMPDIR/calls" |
        awk -v from="$1" '$0 ~ from { if (last) print NR - last; last = NR }' | sort -n |
        awk '{ gap[NR] = $1 } END { print gap[int((NR + 1) / 2)] }'
}
# at_most COUNT EXPECTED NAME
at_most() {
    is "$(($1 > $2 ? $1 : $2))" "$2" "$3"
}
look='^openat\(.*"/proc/[0-9]+/root"'
listen='^socket\(.*SOCK_NONBLOCK.*NETLINK_ROUTE'
start_leaders 20 --mount --net
trace_start
if [ "$(grep -c '^ioctl(.* = [0-9]*$' "$TMPDIR/calls")" -ge 20 ]; then
    at_most "$(calls_from "$listen")" 8 "the monitor begins to watch a network with 8 system calls"
    at_most "$(calls_from "$look")" 43 "it looks at a machine with a network with 43"
    at_most "$(calls_from "$look" '"/proc/[0-9]')" 3 "of these, three look paths of /proc up"
else
    skip "this kernel doesn't tell namespaces by pidfds" "the monitor begins to watch a network with 8 system calls"
fi

# A VM's neighbours change faster than anybody looks: two bridges in turn, and two ports of one of them.
end_leaders
forget
for i in 1 2; do
    ip link add "eb$i" type bridge
    ip link add "ep$i" type veth peer name "eq$i"
    ip link set "ep$i" master eb1
    ip link set "eb$i" up
    ip link set "ep$i" up
    ip link set "eq$i" up
done
ip link add es1 type veth peer name es2
ip link set es1 up
can_forward() {
    [ "$(bridge link | grep -c 'ep[12].* state forwarding')" = 2 ]
}
wait_until can_forward
start_leaders 3 --uts
mymachines register guest1 --class=vm --leader="${leaders[0]}" --interface=ep1 --no-monitor 2>/dev/null
mymachines register guest2 --class=vm --leader="${leaders[2]}" --no-monitor 2>/dev/null
strace -o "$TMPDIR/calls" "$BUILDDIR/mymachines" monitor >/dev/null 2>&1 </dev/null & traced=$!
watches_neighbours() {
    [ "$(grep -cE "$listen" "$TMPDIR/calls")" -ge 3 ] && monitor_pid >/dev/null
}
wait_until watches_neighbours
for i in {1..200}; do
    printf 'neigh replace 10.9.0.%d lladdr 52:54:00:00:00:01 dev eb%d nud reachable\n' "$i" $((i % 2 + 1))
done >"$TMPDIR/neighbours"
for i in {1..200}; do
    printf 'fdb replace 52:54:01:00:00:%02x dev ep%d master dynamic\n' "$i" $((i % 2 + 1))
done >"$TMPDIR/forwarding"
ip -batch "$TMPDIR/neighbours"
bridge -batch "$TMPDIR/forwarding"
# What was published after them is seen after them.
mymachines register after --leader="${leaders[1]}" --no-monitor 2>/dev/null
wait_until has_looked_at 1
# A container may change its interface, and so the host's end of it, as often as it likes. This is asked of a VM
# without an interface: the port of the other one may have news at any time, from the bridge and from IPv6.
looks_at_guest2() {
    grep -c "\"/proc/${leaders[2]}/" "$TMPDIR/calls"
}
before=$(looks_at_guest2)
for i in {1..20}; do
    ip link set es2 up
    ip link set es2 down
    sleep 0.1
done
ip link set es1 down
mymachines register after --leader="${leaders[1]}" --vsock-cid=7 --no-monitor 2>/dev/null
has_followed() {
    [ "$(grep -o "\"/proc/${leaders[1]}/root\"" "$TMPDIR/calls" | wc -l)" -ge 2 ]
}
wait_until has_followed
is "$(($(looks_at_guest2) - before))" 0 "the monitor looks at no VM for a pair of a stranger's"
kill "$(monitor_pid)"
wait "$traced"
at_most "$(grep -c 'type=RTM_GETLINK, nlmsg_flags=NLM_F_REQUEST,' "$TMPDIR/calls")" 100 \
    "400 changes of neighbours have the monitor ask for few interfaces"

# Each category of the locale costs five, where there is no archive of all.
LC_ALL=C.UTF-8 strace -o "$TMPDIR/calls" "$BUILDDIR/mymachines" --version >/dev/null
at_most "$(grep -o '/LC_[A-Z]*"' "$TMPDIR/calls" | sort -u | grep -vc MESSAGES)" 3 "a command reads few categories of the locale"
done_testing
