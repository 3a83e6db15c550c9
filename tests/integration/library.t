#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libmymachines, in a program of somebody else's.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
R=$REGISTRY_DIRECTORY
trap end_watching EXIT
library=$BUILDDIR/.libs/libmymachines.so.0
is "$(nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort | tr '\n' ' ')" \
    "mymachines_watch_fd mymachines_watch_free mymachines_watch_new mymachines_watch_next " \
    "it has its own functions and no other"
[ -n "$SANITIZERS" ] ||
    is "$(readelf -d "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')" \
        "libc.so.6 " "it links nothing but libc"

printed() {
    [ "$(wc -l <"$TMPDIR/out")" -ge "$1" ]
}
start web1
veth "$web1" ve-web1 101
ip route add 10.99.1.0/24 dev ve-web1
inside "$web1" ip addr add 10.99.1.2/24 dev host0
follower --initial >"$TMPDIR/out" 2>&1 </dev/null &
watcher=$!
wait_until sh -c "ls -l /proc/$watcher/fd | grep -q inotify"
mymachines register web1 --leader="$web1" --service=x --unit=web1.scope
wait_until printed 1
mymachines register web1 --leader="$web1" --service=y
wait_until printed 2
mv "$R/registry.mdb" "$TMPDIR/good"
wait_until printed 3
echo garbage >"$TMPDIR/bad"
mv "$TMPDIR/bad" "$R/registry.mdb"
wait_until printed 4
mv "$TMPDIR/good" "$R/registry.mdb"
wait_until printed 5
mymachines register stop --leader=$$ --class=vm --address=10.1.0.1 2>/dev/null
wait_until printed 6
mymachines unregister stop
wait "$watcher"
is "$?" 0 "the program has seen the end"
watcher=''
is "$(cat "$TMPDIR/out")" \
"added web1 container x web1.scope $web1 10.99.1.2%0 fe80::ff:fe00:265%101
changed web1 container y web1.scope $web1 10.99.1.2%0 fe80::ff:fe00:265%101
removed web1 container y web1.scope $web1 10.99.1.2%0 fe80::ff:fe00:265%101
damaged
added web1 container y web1.scope $web1 10.99.1.2%0 fe80::ff:fe00:265%101
added stop vm - - $$ 10.1.0.1%0
removed stop vm - - $$ 10.1.0.1%0" "and all that came before, also of a registry that was damaged"
done_testing
