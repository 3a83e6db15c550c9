#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine with a file system whose server never answers delays nobody for long, and no other machine.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
turning=''
[ -c /dev/fuse ] || skip_all "there is no /dev/fuse"

# hanging VARIABLE DIRECTORY [--started]: start a container, without a user namespace, with a silent FUSE there
hanging() {
    local out=$TMPDIR/$1.out
    unshare --mount --net --pid --fork --kill-child --propagation private \
        python3 "$SRCDIR/tests/support/silent_fuse.py" ${3:+"$3"} "$2" >"$out" 2>&1 </dev/null 3>&- &
    wait_until grep -q . "$out"
    grep -qx ready "$out" || skip_all "FUSE can't be mounted here: $(cat "$out")"
    printf -v "$1" %s "$(pgrep -P $!)"
}
hanging evil /etc
hanging begun /etc --started
start good
trap 'kill -9 "$evil" "$begun" "$good" $turning; end_watching' EXIT

within() {
    local seconds=$1
    shift
    run timeout -s KILL "$seconds" "$BUILDDIR/mymachines" "$@" </dev/null
}
within 10 register evil --leader="$evil" --no-monitor
is "$status" 0 "register doesn't wait for the machine's file system"
within 10 register begun --leader="$begun" --no-monitor
is "$status" 0 "nor for one that has answered the kernel's first request"
within 10 register good --leader="$good" --no-monitor
within 10 list --no-legend
is "$status|$(grep -c '^evil\|^begun\|^good' <<<"$out")" "0|3" "list shows all machines"
for verb in "status evil" "status begun" "status good" "show evil" "show begun" "show good" "list --json=short" "ps -e" "refresh" "which $evil"; do
    # shellcheck disable=SC2086
    within 10 $verb
    is "$status" 0 "${verb%% *} ${verb#* } doesn't wait for the machine's file system"
done
for verb in "shell evil /bin/true" "copy-from evil /etc/passwd $TMPDIR/x" \
    "bind evil /tmp /etc/x" "shell begun /bin/true" "copy-from begun /etc/passwd $TMPDIR/x" \
    "bind begun /tmp /etc/x"; do
    read -r word name _ <<<"$verb"
    # shellcheck disable=SC2086
    within 10 $verb
    is "$status|$err" \
        "1|mymachines: $name$([ "$word" != bind ] || echo ": /etc/x"): the process that was sent there has not answered for 4 seconds; does a file system of the machine hang?" \
        "$word gives up on a file system that hangs, and reports that"
done
# The process that waits there is a copy of the caller: what its environment had is gone.
SECRET_OF_TEST=1 "$BUILDDIR/mymachines" copy-from evil /etc/passwd "$TMPDIR/x" >/dev/null 2>&1 </dev/null &
caller=$!
# has_visitor: whether a child of the caller is in the machine's pid namespace; it is $visitor then
has_visitor() {
    for visitor in $(pgrep -P "$caller"); do
        [ "$(readlink "/proc/$visitor/ns/pid")" != "$(readlink "/proc/$evil/ns/pid")" ] || return 0
    done
    return 1
}
wait_until has_visitor
is "$(grep -c SECRET_OF_TEST "/proc/$caller/environ")|$(grep -c SECRET_OF_TEST "/proc/$visitor/environ")" "1|0" \
    "a process that is sent into a machine takes no environment along"
wait "$caller"
# Nor does the name of a machine's root directory, which it can choose so that it leads to what hangs on the host.
mkdir "$TMPDIR/silent"
python3 "$SRCDIR/tests/support/silent_fuse.py" "$TMPDIR/silent" >"$TMPDIR/silent.out" 2>&1 </dev/null &
silent=$!
wait_until grep -qx ready "$TMPDIR/silent.out"
cat >"$TMPDIR/elsewhere.py" <<'S'
import ctypes, os, sys, time
directory = sys.argv[1]
assert ctypes.CDLL(None).mount(b"tmpfs", os.fsencode(directory), b"tmpfs", 0, None) == 0
os.makedirs(directory + "/silent/root")
os.chroot(directory + "/silent/root")
os.chdir("/")
print("ready", flush=True)
time.sleep(1000)
S
unshare --mount --net --pid --fork --kill-child --propagation private \
    python3 "$TMPDIR/elsewhere.py" "$TMPDIR" >"$TMPDIR/elsewhere.out" 2>&1 </dev/null 3>&- &
wait_until grep -qx ready "$TMPDIR/elsewhere.out"
elsewhere=$(pgrep -P $!)
is "$(readlink "/proc/$elsewhere/root")" "$TMPDIR/silent/root" "a machine's root directory has a name that hangs on the host"
within 10 register elsewhere --leader="$elsewhere" --no-monitor
is "$status" 0 "register doesn't look there"
within 10 show --value -p RootDirectory elsewhere
is "$status|$out" "0|" "and doesn't take the name for a path of the host"
mymachines unregister elsewhere
kill -9 "$elsewhere" "$silent"
# Many of them don't add up.
leaders=()
for i in {1..12}; do
    hanging "evil$i" /etc "$([ $((i % 2)) = 0 ] || echo --started)"
    leader=evil$i
    leaders+=("${!leader}")
    mymachines register "evil$i" --leader="${!leader}" --no-monitor 2>/dev/null
done
within 10 list --no-legend
is "$status|$(wc -l <<<"$out")" "0|15" "list shows all of many machines that hang"
kill -9 "${leaders[@]}" "$evil" "$begun"
stuck() {
    ps -eo stat=,comm= | grep -c '^D.* mymachines$'
}
none_is_stuck() {
    [ "$(stuck)" = 0 ]
}
wait_until none_is_stuck

# Nor does one that goes from one such root directory to another: what reads there can't be killed.
mkfifo "$TMPDIR/turns"
unshare --mount --net --pid --fork --kill-child --propagation private python3 "$SRCDIR/tests/support/silent_fuse.py" \
    --started --roots "$TMPDIR/silent" <"$TMPDIR/turns" >"$TMPDIR/turning.out" 2>&1 3>&- &
parent=$!
exec {turns}>"$TMPDIR/turns"
wait_until grep -qx ready "$TMPDIR/turning.out"
turning=$(pgrep -P "$parent")
mymachines register turning --leader="$turning" --no-monitor 2>/dev/null
start_monitor
has_seen() {
    kill -HUP "$monitor"
    [ "$(mymachines show turning -p RootDirectory --value)" = "$TMPDIR/silent.$1" ]
}
for i in {0..7}; do
    echo on >&"$turns"
    wait_until has_seen "$i"
done
is "$(($(stuck) <= 6))" 1 "a machine that goes from one root directory that hangs to another leaves few processes behind"
kill -9 "$turning"
done_testing
