#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Machines that change or die while registrars are at work: no machine's trouble is another's, and
# what is known newest stays.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
R=$REGISTRY_DIRECTORY
addresses() {
    mymachines show "$1" -p Addresses --value
}

start good
start other
start victim
pair "$good" pair-good 10.1.1.0/24
pair "$other" pair-other 10.1.2.0/24
pair "$victim" pair-victim 10.1.3.0/24
inside "$good" ip addr add 10.1.1.1/32 dev lo
inside "$other" ip addr add 10.1.2.1/32 dev lo
inside "$victim" ip addr add 10.1.3.1/32 dev lo
mymachines register good --leader="$good" 2>/dev/null
mymachines register other --leader="$other" 2>/dev/null
mymachines register victim --leader="$victim" 2>/dev/null

# holding_the_lock COMMAND: run it while `mymachines refresh` has looked, and waits for the lock;
# sets out, err and status of the refresh
holding_the_lock() {
    local lock refresh
    exec {lock}<>"$R/lock"
    flock "$lock"
    mymachines refresh >"$TMPDIR/out" 2>"$TMPDIR/err" {lock}>&- &
    refresh=$!
    # It sleeps between its tries.
    wait_until eval "grep -q nanosleep /proc/$refresh/wchan /proc/$refresh/stack ||
        [ \"\$(awk '{print \$1}' /proc/$refresh/syscall)\" = 230 ]"
    "$@"
    exec {lock}>&-
    wait "$refresh"
    status=$? out=$(cat "$TMPDIR/out") err=$(cat "$TMPDIR/err")
}

# One that dies meanwhile.
dies() {
    inside "$good" ip addr add 10.1.1.2/32 dev lo
    kill -9 "$victim"
    wait_until has_ended "$victim"
}
cp -p "$R/registry.mdb" "$TMPDIR/before"
inside "$other" ip addr add 10.1.2.3/32 dev lo
holding_the_lock dies
is "$status|$out|$err" "0||mymachines: victim: leader $victim has died; unregistered" \
    "a machine that dies during a refresh is forgotten"
is "$(mymachines list --no-legend --all | awk '{print $1}' | tr '\n' ' ')" "good other " "that one alone"
is "$(addresses other)" "10.1.2.1 10.1.2.3" "and the others are refreshed"

# One that is unregistered meanwhile, as seen by a refresh that has begun before.
start third
mymachines register third --leader="$third" 2>/dev/null
cp -p "$R/registry.mdb" "$TMPDIR/with"
mymachines unregister third
cp -p "$R/registry.mdb" "$TMPDIR/without"
mv "$TMPDIR/with" "$R/registry.mdb"
unregistered() {
    mv "$TMPDIR/without" "$R/registry.mdb"
}
inside "$other" ip addr del 10.1.2.3/32 dev lo
holding_the_lock unregistered
is "$status|$err" "0|" "a machine that is unregistered during a refresh"
is "$(mymachines list --no-legend --all | awk '{print $1}' | tr '\n' ' ')" "good other " "doesn't come back"

# One that changes, and is refreshed by somebody else, meanwhile.
mymachines refresh
is "$(addresses good)" "10.1.1.1 10.1.1.2" "before"
cp -p "$R/registry.mdb" "$TMPDIR/old"
inside "$good" ip addr add 10.1.1.9/32 dev lo
mymachines refresh good
cp -p "$R/registry.mdb" "$TMPDIR/new"
inside "$good" ip addr del 10.1.1.9/32 dev lo
mv "$TMPDIR/old" "$R/registry.mdb"
newer() {
    mv "$TMPDIR/new" "$R/registry.mdb"
    inside "$good" ip addr add 10.1.1.9/32 dev lo
}
holding_the_lock newer
is "$status|$(addresses good)" "0|10.1.1.1 10.1.1.2 10.1.1.9" \
    "what was looked at before somebody else's publication isn't published after it"

# An nscd that tries to take the lock while its client waits for the answer, and then answers no more.
cat >"$TMPDIR/nscd.py" <<'P'
import fcntl, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind("/run/nscd/socket")
server.listen()
asked = [server.accept()[0]]
with open(sys.argv[1]) as lock:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        print("free", flush=True)
    except BlockingIOError:
        print("taken", flush=True)
while True:
    asked.append(server.accept()[0])
P
for change in "register other --leader=$other --service=new" "refresh" "unregister third"; do
    mymachines register third --leader="$third" 2>/dev/null
    inside "$other" ip addr add 10.1.2.3/32 dev lo
    mkdir -p /run/nscd
    python3 "$TMPDIR/nscd.py" "$R/lock" >"$TMPDIR/lock" &
    nscd=$!
    wait_until test -S /run/nscd/socket
    # shellcheck disable=SC2086
    mymachines $change 2>/dev/null
    wait_until test -s "$TMPDIR/lock"
    is "$(cat "$TMPDIR/lock")" free "nscd empties its cache when the lock is free: ${change%% *}"
    { kill "$nscd"; wait "$nscd"; } 2>/dev/null
    rm -r /run/nscd
    inside "$other" ip addr del 10.1.2.3/32 dev lo
done
mymachines refresh
mymachines register other --leader="$other" --service= 2>/dev/null

# A program whose first thread ends goes on.
cat >"$TMPDIR/threads.py" <<'P'
import ctypes, threading, time
threading.Thread(target=lambda: time.sleep(1000), daemon=True).start()
ctypes.CDLL(None).pthread_exit(None)
P
start headless -- python3 "$TMPDIR/threads.py"
if wait_until grep -q ' Z ' "/proc/$headless/stat"; then
    mymachines register headless --leader="$headless" --address=192.0.2.7 2>/dev/null
    inside "$other" ip addr add 10.1.2.4/32 dev lo
    run mymachines refresh
    # The kernel shows the namespaces of a first thread only.
    is "$status|$err|$(addresses other)" \
        "0|mymachines: headless: cannot read its operating system: No such file or directory
mymachines: headless: cannot read its addresses: No such file or directory|10.1.2.1 10.1.2.4" \
        "a machine without its first thread stops no refresh"
    is "$(mymachines show headless -p State --value)" "running" "and runs"
else
    skip "python's main thread doesn't end here" "a machine without its first thread stops no refresh"
fi

# What can't be read is what it was.
# With this many descriptors fewer than it needs, addresses can't be read.
short_of_descriptors() {
    local limit
    for limit in 12 11 10 9 8 7; do
        (ulimit -n "$limit" && exec mymachines refresh good) 2>"$TMPDIR/err"
        status=$? err=$(cat "$TMPDIR/err")
        [[ $err != *addresses* ]] || break
    done
}
short_of_descriptors
is "$status|$err" "0|mymachines: good: cannot read its operating system: Too many open files
mymachines: good: cannot read its addresses: Too many open files" "a fact that can't be read"
is "$(addresses good)" "10.1.1.1 10.1.1.2 10.1.1.9" "stays"

# A machine's own idea of an address.
inside "$other" ip -6 addr add ::ffff:127.0.0.1/128 dev lo nodad
mymachines refresh other
is "$(addresses other)" "10.1.2.1 10.1.2.4" "a mapped loopback address isn't its own"

# A batch that says of a machine twice.
start kvm
run mymachines register --batch <<B
{"name":"kvm","leader":$kvm,"class":"vm"}
{"name":"kvm","leader":$kvm,"service":"q"}
B
is "$status|$(mymachines show kvm -p Class,Service,UIDMap,RootDirectory --all)" "0|Service=q
Class=vm
RootDirectory=
UIDMap=" "a VM twice in a batch is looked at as one"

# --replace with the names of the one that goes.
start next
mymachines register www --leader="$good" --alias=web --replace 2>/dev/null
run mymachines register www --leader="$next" --alias=web --replace
is "$status|$err" "0|$(in_no_unit www)" "the next one may have the aliases of the one that it replaces"
run mymachines register web --leader="$next" --replace
is "$status|$err|$(mymachines list --no-legend | awk '$1 ~ /^w/ { print $1 }')" "0|$(in_no_unit web)|web" \
    "a machine may be renamed to its alias"

# Nothing is lost in silence.
registry=$(stat -c %y "$R/registry.mdb")
run mymachines register --batch < <(printf '{"name":"n1","leader":%d}\0{"name":"n2","leader":%d}\n' "$good" "$victim")
is "$status|$err|$(stat -c %y "$R/registry.mdb")" \
    "1|mymachines: line 1: no JSON: has a NUL|$registry" "a NUL in a batch"
run mymachines register --batch < <(printf '{"name":"n1","leader":%d}\n' "$good"; head -c 3000000 /dev/zero | tr '\0' ' '; echo)
is "$status|$err|$(stat -c %y "$R/registry.mdb")" "1|mymachines: line 2: is longer than 1 MiB|$registry" \
    "a line without end"

# What list --json prints can be registered again, and nothing found has become given.
inside "$good" bash -c "$(declare -f no_dad); no_dad"
ip link add ve-good type veth peer name host0 netns "$good"
inside "$good" ip link add inner type veth peer name inner2
inside "$good" ip link set inner up
inside "$good" ip link set inner2 up
wait_until sh -c "[ \$(nsenter --net=/proc/$good/ns/net ip -o -6 addr show scope link -tentative | wc -l) = 2 ]"
mymachines register good --leader="$good" --address=192.0.2.9 --replace 2>/dev/null
mymachines list --json=short | jq -c '.[]' >"$TMPDIR/saved"
mymachines show good >"$TMPDIR/shown"
for name in $(mymachines list --no-legend --all --max-addresses=1 | awk '{print $1}'); do
    mymachines unregister "$name"
done
run mymachines register --batch <"$TMPDIR/saved"
is "$status|$(mymachines show good | grep -v Timestamp)" "0|$(grep -v Timestamp "$TMPDIR/shown")" \
    "what list --json prints, a batch reads"
inside "$good" ip addr del 10.1.1.9/32 dev lo
mymachines refresh
like "$(addresses good)" "192.0.2.9 10.1.1.1 10.1.1.2*" "and what is found goes on being found"

# Without standard descriptors.
mymachines register victim --leader="$next" --replace 2>/dev/null
mymachines unregister nosuch victim >&- 2>&-
is "$?|$(mymachines list --no-legend | grep -c victim)" "1|0" \
    "with standard output and error closed, the work is done all the same"
is "$(stat -c %s "$R/lock")" 0 "and messages go into no file"

# Nobody's hands.
chmod 755 "$TMPDIR" "$BUILDDIR" 2>/dev/null
if setpriv --reuid=65534 --regid=65534 --clear-groups mymachines --version >/dev/null 2>&1; then
    fails "mymachines: $R/lock: Permission denied (this needs root)" "register without privilege: one line" \
        setpriv --reuid=65534 --regid=65534 --clear-groups mymachines register x --leader="$good"
    fails "mymachines: $R/lock: Permission denied (this needs root)" "refresh without privilege: one line" \
        setpriv --reuid=65534 --regid=65534 --clear-groups mymachines refresh
else
    skip "others can't run what was built here" "register without privilege: one line"
fi
done_testing
