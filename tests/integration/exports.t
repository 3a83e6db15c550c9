#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What stock programs see of machines through libsystemd: in the cgroup layout that the host has,
# or, by exports-cgroup2.t and exports-cgroup1.t, in another one.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
M=/run/systemd/machines
# Where libsystemd looks.
case $(stat -fc %T /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd 2>/dev/null | tr '\n' ' ') in
cgroup2fs*) C=/sys/fs/cgroup ;;
"tmpfs cgroup2fs"*) C=/sys/fs/cgroup/unified ;;
"tmpfs cgroupfs"* | "tmpfs tmpfs cgroupfs"*) C=/sys/fs/cgroup/systemd ;;
*) skip_all "no cgroups are mounted where libsystemd looks for them" ;;
esac
mkdir "$C/mymachines-test-$$" 2>/dev/null || skip_all "cannot make cgroups here"
rmdir "$C/mymachines-test-$$"
# Cgroups are the host's: names that nobody else has, gone in the end.
web=web-$$ db=db$$
scope=machine-web\\x2d$$.scope
remove_if_there() {
    [ ! -d "$1" ] || rmdir "$1"
}
clean_up() {
    mymachines unregister "$web" "$db"
    kill -9 "$leader" "$other"
    wait_until remove_if_there "$C/machine.slice/$scope"
    wait_until remove_if_there "$C/machine.slice/machine-$db.scope"
    rmdir "$C/machine.slice"
} >/dev/null 2>&1
trap clean_up EXIT
entries() {
    ls -A "$M" 2>/dev/null | tr '\n' ' '
}
number() {
    mymachines show "$web" --json=short | jq "$1"
}

# A leader that nobody has put anywhere, with processes of its own.
start leader --map=0:100000:65536 -- sh -c 'sleep 1000 & exec sleep 1000'
veth "$leader" ve-web 101
run mymachines register "$web" --leader="$leader" --scope --service=lxc --root="/ä \"\$\\" \
    --id=0123456789abcdef0123456789abcdef --vsock-cid=7 --ssh-address=root@web
is "$status|$out|$err" "0||" "register --scope"
is "$(entries)" "unit:$scope $web " "a state file and a link"
is "$(grep -v LEADER_PIDFDID "$M/$web")" "# Written by mymachines(1), for libsystemd. Do not edit or parse.
NAME=\"$web\"
SCOPE=\"machine-web\\\\x2d$$.scope\"
SERVICE=\"lxc\"
ROOT=\"/ä \\\"\\\$\\\\\"
ID=\"0123456789abcdef0123456789abcdef\"
LEADER=$leader
CLASS=\"container\"
REALTIME=$(number .timestamp.realtime)
MONOTONIC=$(number .timestamp.monotonic)
NETIF=\"101\"
VSOCK_CID=7
SSH_ADDRESS=\"root@web\"" "the state file has the machine's facts"
is "$(sed -n s/LEADER_PIDFDID=//p "$M/$web")" "$(number '.leaderProcessId.pidfdId // empty')" \
    "the state file has the inode of the leader's pidfd, if the kernel has one"
is "$(stat -c %a:%u "$M" "$M/$web")|$(readlink "$M/unit:$scope")" "755:0
644:0|$web" "for everyone to read"
# The values as a reader of such files takes them: in quotes like the shell's.
is "$(. "$M/$web"; echo "$NAME|$SCOPE|$ROOT")" "$web|$scope|/ä \"\$\\" "values can be read back"
is "$(mymachines show "$web" -p Unit --value)" "$scope" "the registry knows the scope"
is "$(ps -o machine= -p "$leader")" "$web" "ps -o machine: the leader"
is "$(ps -o pid=,machine= --ppid "$leader" | awk '{print $2}')" "$web" "ps -o machine: its child"
is "$(ps -o machine= -p $$)" "-" "ps -o machine: a process of the host"
nsenter --pid="/proc/$leader/ns/pid" sleep 1000 >/dev/null 2>&1 &
wait_until pgrep -P $!
is "$(mymachines which "$(pgrep -P $!)")" "$web" "which: a process that was sent in"
pkill -9 -P $!

start other --share=user
mkdir -p "$C/machine.slice/machine-$db.scope"
echo "$other" >"$C/machine.slice/machine-$db.scope/cgroup.procs"
run mymachines register "$db" --leader="$other" --scope
is "$status|$err" "0|" "register --scope of a leader that is there already"
is "$(entries)" "$db unit:machine-$db.scope unit:$scope $web " "a second machine gets a state file and a link"
run mymachines register "$db" --leader="$other" --scope
is "$status|$err" "0|" "register --scope can be repeated"

if [ -x "$BUILDDIR/tests/support/login" ]; then
    is "$(login names | sort)" "$db
$web" "sd_get_machine_names"
    is "$(login class "$web")" container "sd_machine_get_class"
    is "$(login interfaces "$web")" 101 "sd_machine_get_ifindices"
    is "$(login machine "$leader")" "$web" "sd_pid_get_machine_name"
    coproc WATCH { exec login watch; }
    read -r -t 60 -u "${WATCH[0]}" line
    start third --share=user
    for name in three under_score; do
        mkdir -p "$C/machine.slice/$name.scope"
        echo "$third" >"$C/machine.slice/$name.scope/cgroup.procs"
        mymachines register "$name" --leader="$third" --replace --unit="$name.scope" 2>/dev/null
        line=
        read -r -t 60 -u "${WATCH[0]}" line
        is "$line" event "sd_login_monitor: register $name"
    done
    # --replace has removed one, too.
    while read -r -t 0.3 -u "${WATCH[0]}" line; do :; done
    is "$(login names | sort)|$(readlink "$M/unit:under_score.scope")" "$db
$web|under_score" "a name with _ isn't listed, and is there"
    mymachines unregister under_score
    kill -9 "$third"
    wait_until rmdir "$C/machine.slice/three.scope"
    wait_until rmdir "$C/machine.slice/under_score.scope"
    line=
    read -r -t 60 -u "${WATCH[0]}" line
    is "$line" event "sd_login_monitor: unregister"
    eval "exec ${WATCH[1]}>&-"
else
    skip "libsystemd's headers weren't there at configure time" "libsystemd"
fi
for python in /usr/bin/python3 python3; do
    if $python -c 'import systemd.login' 2>/dev/null; then
        is "$($python -c 'from systemd import login; print(sorted(login.machine_names()))')" \
            "['$db', '$web']" "python3-systemd"
        break
    fi
done
[ "$(entries)" ] && $python -c 'import systemd.login' 2>/dev/null ||
    skip "python has no module systemd" "python3-systemd"

# Only what has changed is touched.
before=$(stat -c %i "$M/$db")
mymachines register "$web" --leader="$leader" --service=other
is "$(stat -c %i "$M/$db")|$(grep -c 'SERVICE="other"' "$M/$web")" "$before|1" "a change of one machine leaves the files of others alone"
touch "$M/foreign"
mymachines register "$web" --leader="$leader" --service=lxc
is "$(stat -c %i "$M/$db")" "$before" "files that are right stay when all are looked at"

# What was left wrong is put right by the next publication, or a refresh.
sed "s/$web/gone/" "$M/$web" >"$M/gone"
ln -s gone "$M/unit:$scope.old"
sed -i "s/^SCOPE=.*/SCOPE=\"machine-web\\\\\\\\x2d$$.scope.old\"/" "$M/gone"
echo half >"$M/.#mymachines.new"
rm "$M/unit:$scope" "$M/$db"
mymachines refresh
is "$(entries)" "$db foreign unit:machine-$db.scope unit:$scope $web " "what an earlier run left is put right"
rm -r "$M"
mymachines refresh
is "$(entries)" "$db unit:machine-$db.scope unit:$scope $web " "all of it, if need be"

# What is somebody else's.
mymachines unregister "$db"
is "$(entries)" "unit:$scope $web " "unregister takes away its own"
for kind in file copy FIFO link directory; do
    case $kind in
    file) echo NAME=x >"$M/$db" ;;
    # With our mark, but not root's.
    copy) cp "$M/$web" "$M/$db" && chown 12345 "$M/$db" ;;
    FIFO) mkfifo "$M/$db" ;;
    link) ln -s "$web" "$M/$db" ;;
    directory) mkdir "$M/$db" ;;
    esac
    before=$(stat -c %i "$M/$db")
    run mymachines register "$db" --leader="$other"
    is "$status|$err|$(stat -c %i "$M/$db")" "0|mymachines: $M/$db: not written by mymachines, left unchanged; libsystemd won't see this machine|$before" \
        "a foreign $kind of its name"
    is "$(entries)" "$db unit:$scope $web " "a unit gets no link to a state file of others"
    mymachines unregister "$db"
    is "$(stat -c %i "$M/$db")" "$before" "a state file of others stays when the machine goes"
    rm -rf "${M:?}/$db"
done
ln -s elsewhere "$M/unit:machine-$db.scope"
run mymachines register "$db" --leader="$other"
is "$status|$err|$(readlink "$M/unit:machine-$db.scope")" \
    "0|mymachines: $M/unit:machine-$db.scope: not written by mymachines, left unchanged; ps won't see the processes of $db|elsewhere" \
    "a foreign link of its unit"
rm "$M/unit:machine-$db.scope"
run mymachines refresh
is "$status|$err|$(readlink "$M/unit:machine-$db.scope")" "0||$db" "our link comes when that of others has gone"
ln -sfn "./$web" "$M/unit:$scope"
run mymachines refresh
is "$status|$err|$(readlink "$M/unit:$scope")" \
    "0|mymachines: $M/unit:$scope: not written by mymachines, left unchanged; ps won't see the processes of $web|./$web" \
    "a link by a path is not ours"
rm "$M/unit:$scope"
ln -s "$web" "$M/unit:theirs.scope"
mymachines refresh
is "$(readlink "$M/unit:$scope" "$M/unit:theirs.scope" | xargs)" "$web $web" "a link of another unit to a machine's state file is not ours"
rm "$M/unit:theirs.scope"

# A machine that is registered with the unit of another one.
start second --share=user
mymachines register second --leader="$second" --unit="$scope"
is "$(readlink "$M/unit:$scope")" "$web" "a unit stays the first machine's if the second one isn't in it"
run mymachines unregister "$web"
is "$status|$(entries)" "0|$db second unit:machine-$db.scope " \
    "a unit isn't the second machine's if the first one's processes are in it"
mymachines unregister second

# Directories that won't do.
away() {
    rm -rf /run/systemd
    "$@"
}
tell() {
    run mymachines register "$web" --leader="$leader" --vsock-cid=$((100 + n_tests))
    is "$status|$err" "0|mymachines: $M: $1; libsystemd won't see the machines" "$M $2"
    is "$(mymachines show "$web" -p VSockCID --value)" "$((99 + n_tests))" "the machine is registered although it isn't exported"
}
away mkdir -p /run/systemd /run/real
ln -s /run/real "$M"
tell "it is a symbolic link" "is a link"
is "$(ls /run/real)" "" "nothing is written where a link leads"
away mkdir -p "$M"
chmod 777 "$M"
tell "it isn't root's alone to write" "is everyone's to write"
away touch /run/systemd
tell "Not a directory" "can't be there"
away mkdir -p "$M"
mount -t tmpfs -o ro,mode=755 none "$M"
run mymachines register "$web" --leader="$leader" --vsock-cid=100
like "$status|$err" "0|mymachines: $M/*: Read-only file system" "$M is read-only"
umount "$M"
# Of a state file with this root directory, a page fits beside the other machine's, and no more.
mount -t tmpfs -o size=8k,mode=755 none "$M"
run mymachines register "$web" --leader="$leader" --root="/$(printf 'x%.0s' {1..4090})"
is "$status|$err|$(ls -A "$M")" "0|mymachines: $M/$web: No space left on device|$db" "a state file that isn't complete gets no name"
mount -o remount,size=1m "$M"
mymachines refresh
is "$(ls "$M/$web")" "$M/$web" "a state file that had no room is written later, without another change"
umount "$M"
mymachines register "$web" --leader="$leader" --root=
away true
run mymachines refresh
is "$status|$err|$(entries)" "0||$db unit:machine-$db.scope unit:$scope $web " "$M is missing"

# Off.
if [ -d "$SYSCONFDIR" ]; then
    mount -t tmpfs none "$SYSCONFDIR"
    printf 'Exports=no\nMonitor=no\n' >"$SYSCONFDIR/mymachines.conf"
    touch "$M/foreign"
    run mymachines refresh
    is "$status|$err|$(entries)" "0||foreign " "Exports=no takes away what is ours"
    start off --share=user
    run mymachines register off --leader="$off"
    is "$status|$err|$(entries)" "0||foreign " "registering with Exports=no reports nothing about exports"
    printf '# a comment\n\nExports=perhaps\nNonsense\n' >"$SYSCONFDIR/mymachines.conf"
    run mymachines unregister off
    is "$status|$err" "0|mymachines: $SYSCONFDIR/mymachines.conf:3: 'perhaps' is neither yes nor no; ignoring it
mymachines: $SYSCONFDIR/mymachines.conf:4: 'Nonsense' is not a setting; ignoring it" "bad settings are reported"
    is "$(entries)" "$db foreign unit:machine-$db.scope unit:$scope $web " "and passed over"
    umount "$SYSCONFDIR"
else
    skip "there is no $SYSCONFDIR" "Exports=no"
fi

# Names that aren't a unit's, and a unit's name with every character that is allowed.
start odd --share=user
place() {
    mkdir -p "$C/machine.slice/$1"
    echo "$odd" >"$C/machine.slice/$1/cgroup.procs"
}
bad="x $$ \"\$(id)\".scope" good="x:$$@_\\x2d\\\\.y.scope"
place "$bad"
run mymachines register odd --leader="$odd"
is "$status|$err|$(ls "$M" | grep unit:x)" "0|$(in_no_unit odd)|" "a cgroup without a unit's name gives no unit"
is "$(ps -o machine= -p "$odd")" "-" "ps knows no machine by a cgroup without a unit's name"
place "$good"
run mymachines refresh odd
is "$status|$err|$(readlink "$M/unit:$good")" "0||odd" "a unit with unusual bytes gets a link"
is "$(ps -o machine= -p "$odd")" odd "ps knows the machine by a unit with unusual bytes"
mymachines unregister odd
is "$(ls "$M" | grep unit:x)" "" "the link of a unit with unusual bytes goes"
kill -9 "$odd"
wait_until rmdir "$C/machine.slice/$bad"
wait_until rmdir "$C/machine.slice/$good"

# Where a manager has put a leader, it stays, whatever --scope says.
start managed --share=user --share=pid -- sh -c 'sleep 1000 & exec sleep 1000'
mkdir "$C/payload-$$"
echo "$managed" >"$C/payload-$$/cgroup.procs"
run mymachines register managed --leader="$managed" --scope
is "$status|$err|$(grep -c "/payload-$$\$" "/proc/$managed/cgroup")" \
    "0|mymachines: managed: leader $managed is in cgroup /payload-$$, where a manager has put it; --scope leaves it there|1" \
    "--scope of a leader that a manager has placed"
# Of another, only what is loose is moved, zombies don't matter, and a second time does the rest.
start parent --share=user --share=pid -- sh -c 'sh -c "exit 0" & sleep 1000 & sleep 1000 & exec sleep 1000'
wait_until sh -c "[ \$(pgrep -c -P $parent) = 3 ] && [ \$(pgrep -c -P $parent -x sleep) = 2 ]"
first=$(pgrep -P "$parent" -x sleep | head -n 1) second=$(pgrep -P "$parent" -x sleep | tail -n 1)
mkdir -p "$C/payload-$$/inner"
echo "$first" >"$C/payload-$$/inner/cgroup.procs"
run mymachines register "par$$" --leader="$parent" --scope
is "$status|$err|$(ps -o machine= -p "$parent,$first,$second" | tr '\n' ' ')" "0||par$$ - par$$ " \
    "--scope leaves what a manager has placed"
echo "$second" >"$C/cgroup.procs"
run mymachines register "par$$" --leader="$parent" --scope
is "$status|$err|$(ps -o machine= -p "$second")" "0||par$$" "--scope once more puts in what is missing"
pkill -9 -P "$parent,$managed"
kill -9 "$parent" "$managed"
wait_until rmdir "$C/payload-$$/inner"
wait_until rmdir "$C/payload-$$"
wait_until sh -c "[ -z \"\$(cat '$C/machine.slice/machine-par$$.scope/cgroup.procs')\" ]"
mymachines unregister "par$$" managed
[ ! -d "$C/machine.slice/machine-par$$.scope" ]
ok $? "the scope goes when its machine is unregistered"
# A cgroup that others have made isn't removed.
mkdir -p "$C/machine.slice/machine-made$$.scope"
start made --share=user
echo "$made" >"$C/machine.slice/machine-made$$.scope/cgroup.procs"
mymachines register made --leader="$made"
kill -9 "$made"
wait_until sh -c "[ -z \"\$(cat '$C/machine.slice/machine-made$$.scope/cgroup.procs')\" ]"
mymachines unregister made
[ -d "$C/machine.slice/machine-made$$.scope" ]
ok $? "a cgroup that others have made stays"
wait_until rmdir "$C/machine.slice/machine-made$$.scope"
# A unit that is shared with the registrar stays nobody's when somebody else refreshes.
mkdir "$C/manager$$.service"
start shared --share=user
echo "$shared" >"$C/manager$$.service/cgroup.procs"
(
    echo "$BASHPID" >"$C/manager$$.service/cgroup.procs"
    mymachines register shared --leader="$shared" 2>/dev/null
)
mymachines refresh
is "$(mymachines show shared -p Unit --value --all)" "" "a shared unit isn't taken by a refresh"
mymachines unregister shared
kill -9 "$shared"
wait_until rmdir "$C/manager$$.service"
# All of a batch, or nothing.
start one --share=user
run mymachines register --batch --scope <<B
{"name":"one$$","leader":$one}
{"name":"$db","leader":$one}
B
is "$status|$(cat "/proc/$one/cgroup")" "1|$(cat "/proc/$$/cgroup")" "a refused batch moves nobody"
# A name of a unit that makes no link.
long=$(printf 'x%.0s' {1..249}).scope
mkdir "$C/$long"
echo "$one" >"$C/$long/cgroup.procs"
run mymachines register one --leader="$one" --unit="$long"
is "$status|$err" "0|mymachines: one: its unit's name is too long for a link; ps won't see its processes" \
    "a unit with too long a name"
mymachines unregister one
echo "$one" >"$C/cgroup.procs"
rmdir "$C/$long"

# No unit, and what a scope leaves behind.
start bare --share=user
run mymachines register bare --leader="$bare"
is "$status|$err|$(ls "$M" | grep bare)" "0|$(in_no_unit bare)|bare" "a machine in the root cgroup"
is "$(ps -o machine= -p "$bare")" "-" "ps knows no machine in the root cgroup"
run mymachines register bare --leader="$bare" --scope --unit=x.scope
is "$status|$err" "0|mymachines: bare: leader $bare is in x.scope already; --scope has nothing to do" \
    "--scope with --unit="
mkdir -p "$C/machine.slice/machine-busy$$.scope"
echo "$bare" >"$C/machine.slice/machine-busy$$.scope/cgroup.procs"
start held --share=user
fails "mymachines: busy$$: cannot move leader $held to machine.slice/machine-busy$$.scope: it has processes of others in it" \
    "--scope where others are" mymachines register "busy$$" --leader="$held" --scope
kill -9 "$bare"
wait_until rmdir "$C/machine.slice/machine-busy$$.scope"
run mymachines register "$web" --leader="$held" --scope
is "$status|$(cat "/proc/$held/cgroup")" "1|$(cat "/proc/$$/cgroup")" "a refused machine is moved nowhere"
[ -d "$C/machine.slice/$scope" ]
ok $? "the scope's cgroup is there"
kill -9 "$leader"
wait_until has_ended "$leader"
wait_until sh -c "[ -z \"\$(cat '$C/machine.slice/$scope/cgroup.procs')\" ]"
mymachines refresh 2>/dev/null
[ ! -d "$C/machine.slice/$scope" ]
ok $? "the scope goes with its machine"

# Scopes that nobody would remove.
start left --share=user
mymachines register "left$$" --leader="$left" --scope
mymachines unregister "left$$"
kill -9 "$left"
wait_until sh -c "[ -z \"\$(cat '$C/machine.slice/machine-left$$.scope/cgroup.procs')\" ]"
# Another test that runs now may sweep it before.
mymachines refresh
[ ! -d "$C/machine.slice/machine-left$$.scope" ]
ok $? "refresh removes the empty scope of a machine that was unregistered alive"
start renamed --share=user
start newcomer --share=user
mymachines register "first$$" --leader="$renamed" --scope
mymachines unregister "first$$"
mymachines register "second$$" --leader="$renamed"
run mymachines register "first$$" --leader="$newcomer" --scope
is "$status|$err|$(ps -o machine= -p "$renamed,$newcomer" | sort | xargs)" "0||first$$ second$$" \
    "a machine gets a scope although another one is in the scope of its name"
kill -9 "$renamed" "$newcomer"
wait_until sh -c "[ -z \"\$(cat '$C/machine.slice/machine-first$$'*/cgroup.procs)\" ]"
mymachines refresh 2>/dev/null
is "$(ls -d "$C/machine.slice/machine-first$$"* 2>/dev/null)" "" "both scopes go with their machines"
# As if a registrar had been killed before it marked it.
mkdir -p "$C/machine.slice/machine-killed$$.scope"
python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.mymachines", b"")' "$C/machine.slice"
mymachines refresh
if [ -d "$C/machine.slice/machine-killed$$.scope" ] && grep -qs populated "$C/machine.slice/cgroup.events"; then
    mymachines refresh
    [ ! -d "$C/machine.slice/machine-killed$$.scope" ]
    ok $? "a scope without a mark is removed the second time that it is found empty"
else
    skip "cgroups of version 1 don't tell whether they are empty" "a scope without a mark is removed"
fi
rmdir "$C/machine.slice/machine-killed$$.scope" 2>/dev/null

# A registry that is removed takes its exports with it.
start gone --share=user
mymachines register gone --leader="$gone" 2>/dev/null
cp -a "$REGISTRY_DIRECTORY/registry.mdb" /run/removed.mdb
rm "$REGISTRY_DIRECTORY/registry.mdb"
like "$(mymachines doctor 2>&1)" "*exports *$M/* doesn't agree with the registry*" "doctor sees exports without a registry"
mymachines refresh
is "$(ls "$M" | grep gone)" "" "refresh removes exports without a registry"
cp -a /run/removed.mdb "$REGISTRY_DIRECTORY/registry.mdb"
mymachines refresh 2>/dev/null
is "$(ls "$M" | grep gone)" "gone" "exports come back with the registry"
mymachines monitor >/dev/null 2>&1 & monitor=$!
wait_until own_pgrep -x mymachines
rm "$REGISTRY_DIRECTORY/registry.mdb"
nothing_is_exported() {
    ! ls "$M" | grep -q gone
}
wait_until nothing_is_exported
ok $? "the monitor removes exports without a registry"
kill "$monitor"
wait "$monitor"
cp -a /run/removed.mdb "$REGISTRY_DIRECTORY/registry.mdb"
mymachines unregister gone
kill -9 "$gone"
mymachines refresh 2>/dev/null

# The last one was unregistered, and the directory did not follow.
cp -a "$M" /run/kept
for name in $(mymachines list --no-legend --all --max-addresses=1 | awk '{ print $1 }'); do
    mymachines unregister "$name" 2>/dev/null
done
cp -a /run/kept/. "$M"
mymachines refresh
is "$(entries)" "foreign " "refresh puts it right without any machine, too"
done_testing
