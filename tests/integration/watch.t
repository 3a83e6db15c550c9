#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines watch: what it prints, for whom, and what it stands.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
R=$REGISTRY_DIRECTORY
trap end_watching EXIT
chmod 755 "$TMPDIR"
cp "$BUILDDIR/mymachines" "$TMPDIR/mymachines"
export PATH="$TMPDIR:$PATH"

# An ordinary user, and no registry yet.
start_watch() {
    [ -z "$watcher" ] || kill "$watcher"
    setpriv --reuid=65534 --regid=65534 --clear-groups mymachines watch "$@" \
        >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null &
    watcher=$!
    # It is waiting, and not on its way there.
    wait_until sh -c "grep -q poll /proc/$watcher/wchan /proc/$watcher/stack ||
        [ \"\$(awk '{print \$1}' /proc/$watcher/syscall)\" = 7 ] ||
        [ \"\$(awk '{print \$1}' /proc/$watcher/syscall)\" = 271 ]"
}
printed() {
    [ "$(wc -l <"$TMPDIR/out")" -ge "$1" ]
}
start_watch
start web1
start web2
mymachines register web1 --leader="$web1" --class=vm --address=10.1.0.1 --service=x --root=/tmp 2>/dev/null
wait_until printed 1
mymachines register web1 --leader="$web1" --address=10.1.0.2 --address=10.1.0.1 --service=y --id=00112233445566778899aabbccddeeff
wait_until printed 2
mymachines register web1 --leader="$web1"
printf '%s\n' "{\"name\": \"b\", \"leader\": $web2, \"class\": \"vm\"}" | mymachines register --batch 2>/dev/null
wait_until printed 3
mymachines register web1 --leader="$$" --class=vm --replace 2>/dev/null
wait_until printed 5
mymachines unregister b
wait_until printed 6
rm -r "$R"
wait_until printed 7
mymachines register b --leader="$web2" --class=vm 2>/dev/null
wait_until printed 8
mv "$R" "$R.away"
wait_until printed 9
mkdir "$R"
mv "$R.away/"* "$R"
wait_until printed 10
is "$(cat "$TMPDIR/out")" "added   web1 Service=x Leader=$web1 Class=vm Addresses=10.1.0.1
changed web1 Id=00112233445566778899aabbccddeeff Service=y Addresses=\"10.1.0.2 10.1.0.1\"
added   b Leader=$web2 Class=vm
removed web1
added   web1 Leader=$$ Class=vm
removed b
removed web1
added   b Leader=$web2 Class=vm
removed b
added   b Leader=$web2 Class=vm" "what happens, one a line, also while the directory comes and goes"
is "$(cat "$TMPDIR/err")" "" "without a complaint"

# Another machine, whose sequence is that of the one before, as its registry was removed.
: >"$TMPDIR/out"
stop_process "$watcher"
rm -r "$R"
mymachines register b --leader="$web1" --class=vm 2>/dev/null
kill -CONT "$watcher"
wait_until printed 2
is "$(cat "$TMPDIR/out")" "removed b
added   b Leader=$web1 Class=vm" "another machine of the same name is another"
mymachines register b --leader="$web2" --class=vm --replace 2>/dev/null
wait_until printed 4
: >"$TMPDIR/out"
mv "$R/registry.mdb" "$TMPDIR/good"
wait_until printed 1
head -c 5000 "$TMPDIR/good" >"$TMPDIR/bad"
mv "$TMPDIR/bad" "$R/registry.mdb"
wait_until test -s "$TMPDIR/err"
is "$(cat "$TMPDIR/err")" \
    "mymachines: $R/registry.mdb: it is damaged; replace it by 'mymachines refresh --discard', and register the machines again" \
    "a registry that is damaged is reported"
mv "$TMPDIR/good" "$R/registry.mdb"
wait_until printed 2
is "$(tail -n 1 "$TMPDIR/out")" "added   b Leader=$web2 Class=vm" "and the next is followed"

# A state is of a moment: only list looks.
listed=$(mymachines list --json=short | jq -c '.[] | del(.state)')
start_watch --initial --json=short
wait_until printed 1
mymachines register b --leader="$web2" --service=z --alias=c
wait_until printed 2
mymachines register b --leader="$web2" --service=
wait_until printed 3
mymachines unregister b
wait_until printed 4
is "$(jq -c '[.event, .machine.name, .changed, .machine.service]' "$TMPDIR/out")" \
'["added","b",null,null]
["changed","b",["service","aliases"],"z"]
["changed","b",["service"],null]
["removed","b",null,null]' "in JSON, with what has changed"
is "$(head -n 1 "$TMPDIR/out" | jq -c .machine)" "$listed" "the machines as list --json has them"
kill "$watcher"
watcher=''

# Who reads it may leave.
mymachines register b --leader="$web2" --class=vm 2>/dev/null
is "$(timeout 60 mymachines watch --initial | head -n 1)" "added   b Leader=$web2 Class=vm" \
    "it ends when nobody reads any more"
: >"$TMPDIR/out"
mymachines monitor --follow --initial --json=short >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null &
watcher=$!
wait_until printed 1
is "$(jq -r .event "$TMPDIR/out")" "added" "monitor --follow is the same"

fails "mymachines: watch: takes no names" "a name" mymachines watch web1
fails "mymachines: watch: --json=x: is neither short, pretty nor off" "a wrong mode" mymachines watch --json=x
fails "mymachines: monitor: --initial and --json go with --follow" "--json of the monitor" \
    mymachines monitor --json=short
fails "mymachines: monitor: --follow only prints*" "--follow in the background" \
    mymachines monitor --follow --background
fails "mymachines: monitor: takes no names" "a name for the monitor" mymachines monitor web1
run setpriv --reuid=65534 --regid=65534 --clear-groups mymachines monitor
is "$status|$out|$err" "1||mymachines: $R/lock: Permission denied (this needs root)" \
    "to monitor needs root"
done_testing
