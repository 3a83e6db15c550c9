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
    at_most "$(calls_from "$look")" 41 "it looks at a machine with a network with 41"
    at_most "$(calls_from "$look" '"/proc/[0-9]')" 3 "of these, three look paths of /proc up"
else
    skip "this kernel doesn't tell namespaces by pidfds" "the monitor begins to watch a network with 8 system calls"
fi

# Each category of the locale costs five, where there is no archive of all.
LC_ALL=C.UTF-8 strace -o "$TMPDIR/calls" "$BUILDDIR/mymachines" --version >/dev/null
at_most "$(grep -o '/LC_[A-Z]*"' "$TMPDIR/calls" | sort -u | grep -vc MESSAGES)" 3 "a command reads few categories of the locale"
done_testing
