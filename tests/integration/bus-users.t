#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What users who aren't root may do over the bus, where polkit's rules let them: real polkitd.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
need_root
need_bus
need_polkit
own_dev

polkit_rules <<'R'
polkit.addRule(function(action, subject) {
    if (subject.user != "daemon" || action.id.indexOf("org.freedesktop.machine1.") != 0)
        return;
    if (action.id.endsWith(".register-machine") && action.lookup("name") != "forbidden")
        return polkit.Result.YES;
    if (action.id.endsWith(".machine1.shell") && action.lookup("machine") == "db1" &&
        action.lookup("user") == "root" && action.lookup("command_line") == "true now")
        return polkit.Result.YES;
    if (action.id.endsWith(".manage-machines") && action.lookup("verb") == "kill" &&
        (action.lookup("machine") == "db1" || action.lookup("machine") == "test"))
        return polkit.Result.YES;
});
R
start_bus

# as_user METHOD SIGNATURE ARGUMENT...: "success" or the error's name
as_user() {
    as_daemon python3 "$SRCDIR/tests/integration/bus_error.py" "$@"
}
# start_own VARIABLE COMMAND...: a process of the user's, in a user namespace of its own
start_own() {
    local variable=$1
    shift
    # Not by a function, which would be a process of its own.
    setpriv --reuid=daemon --regid=daemon --init-groups \
        unshare --user --map-root-user --uts "$@" >/dev/null 2>&1 &
    printf -v "$variable" %s $!
    has_own_namespace() {
        [ "$(readlink "/proc/${!variable}/ns/uts")" != "$(readlink /proc/self/ns/uts)" ] &&
            grep -q . "/proc/${!variable}/uid_map"
    }
    wait_until has_own_namespace
}
M=org.freedesktop.machine1
E=org.freedesktop.DBus.Error
start_own mine sleep 1000
start web1 --share=net
start db1 --share=net
mymachines register web1 --leader="$web1" --alias=test 2>/dev/null
mymachines register db1 --leader="$db1" 2>/dev/null

is "$(as_user RegisterMachineWithNetwork sayssusai mine 0 t container "$mine" /srv 1 1)" success \
    "a user whom a rule lets may register a process of its own"
is "$(mymachines show mine -p UID --value)|$(mymachines show mine --json=short | jq .owner)" "1|1" \
    "the registry has who registered it"
is "$(mymachines show mine -p NetworkInterfaces --value)|$(mymachines show mine --json=short | jq -c .given)" "|{}" \
    "interfaces and directories of a user's saying are left out"
is "$(busctl get-property $M /org/freedesktop/machine1/machine/mine $M.Machine UID)" "u 1" "the bus tells who registered it"
is "$(busctl get-property $M /org/freedesktop/machine1/machine/web1 $M.Machine UID)" "u 0" "the bus tells that root registered one"
while IFS='|' read -r expected name arguments; do
    eval "set -- $arguments"
    is "$(as_user "$@")" "$expected" "$name"
done <<T
$E.InvalidArgs|a user gives no name with a dot|RegisterMachine sayssus mine.example.org 0 t container $mine ''
$E.AccessDenied|a user registers no process of root's|RegisterMachine sayssus other 0 t container $web1 ''
$M.MachineExists|a user takes no name of root's|RegisterMachine sayssus web1 0 t container $mine ''
$M.MachineExists|a user takes no alias of root's|RegisterMachine sayssus test 0 t container $mine ''
$M.MachineExists|a user gives its machine no second name|RegisterMachine sayssus other 0 t container $mine ''
$E.InteractiveAuthorizationRequired|polkit is told the name that is asked for|RegisterMachine sayssus forbidden 0 t container $mine ''
$E.InteractiveAuthorizationRequired|a user needs another permission to create|CreateMachine 'sayssusa(sv)' new 0 t container $mine '' 0
success|a rule for a machine's name lets the user signal it|KillMachine ssi db1 leader 18
$E.InteractiveAuthorizationRequired|a rule for a name doesn't open a machine whose alias it is|KillMachine ssi test leader 18
success|a rule reads the user and the command line of a shell|OpenMachineShell sssasas db1 root /bin/true 2 true now 0
$E.InteractiveAuthorizationRequired|another command line is asked about|OpenMachineShell sssasas db1 root /bin/true 2 true later 0
$E.InteractiveAuthorizationRequired|however long it is|OpenMachineShell sssasas db1 root /bin/true 3 true now $(printf '%2000s' '' | tr ' ' x) 0
$E.LimitsExceeded|but for one of more than 64 KiB|OpenMachineShell sssasas db1 root /bin/true 2 $(printf '%040000d %040000d' 0 0) 0
$E.InteractiveAuthorizationRequired|another user of the machine's is asked about|OpenMachineShell sssasas db1 bin /bin/true 2 true now 0
$E.InteractiveAuthorizationRequired|a user doesn't unregister a machine of root's|UnregisterMachine s web1
T
is "$(mymachines list --no-legend | awk '{print $1}' | sort | xargs)" "db1 mine web1" "no refused call has changed anything"
# With a child in it.
start_own mixed sh -c 'sleep 1000 & wait'
has_child() {
    pgrep -P "$mixed" >/dev/null
}
wait_until has_child
is "$(as_user RegisterMachine sayssus mixed 0 t container "$mixed" '')" success "all of a machine's processes are the user's"
is "$(as_user UnregisterMachine s mixed)" success "a user unregisters its own machine without being asked"
{ kill -9 "$mixed"; wait "$mixed"; } 2>/dev/null

# One with the host's users, and one with pids of its own. polkit's rules don't name these.
unshare --uts setpriv --reuid=daemon --regid=daemon --init-groups sleep 1000 >/dev/null 2>&1 &
plain=$!
start_own pids --pid --fork --kill-child sleep 1000
runs_sleep() {
    [ "$(cat "/proc/$1/comm")" = sleep ]
}
has_init() {
    init=$(pgrep -P "$pids") && runs_sleep "$init"
}
wait_until runs_sleep "$plain"
wait_until has_init
for name in plain pids; do
    leader=$plain
    [ $name = plain ] || leader=$init
    is "$(as_user RegisterMachine sayssus $name 0 t container "$leader" '')" success "a user registers $name"
done
object() {
    as_daemon busctl call $M "/org/freedesktop/machine1/machine/$1" $M.Machine "${@:2}" 2>&1
}
ask=$E.InteractiveAuthorizationRequired
while IFS='|' read -r expected name arguments; do
    eval "set -- $arguments"
    is "$(as_user "$@")" "$expected" "$name"
done <<T
success|a user signals its own machine without being asked|KillMachine ssi pids all 18
success|a user signals its own machine that shares the host's users|KillMachine ssi plain leader 18
success|a user gets a terminal in its own machine|OpenMachinePTY s mine
success|a user gets a shell in its own machine|OpenMachineShell sssasas mine root /bin/sh 0 0
$ask|a user gets no terminal in its own machine that shares the host's users|OpenMachinePTY s plain
$ask|a user gets no shell in its own machine that shares the host's users|OpenMachineShell sssasas plain '' '' 0 0
$ask|a user needs permission for the root directory of its own machine|OpenMachineRootDirectory s mine
$ask|a user needs permission for a copy into its own machine|CopyToMachine sss mine /etc/passwd /tmp/x
$ask|a user needs permission for a mount in its own machine|BindMountMachine sssbb mine /etc /etc false false
$ask|a user doesn't signal a machine of root's|KillMachine ssi web1 leader 18
$ask|a user doesn't end a machine of root's|TerminateMachine s web1
T
is "$(object pids Kill si leader 18)" "" "a machine's object knows its owner, too"
nsenter -t "$init" -p sleep 1000 >/dev/null 2>&1 &
has_guest() {
    guest=$(pgrep -P $!)
}
wait_until has_guest
is "$(as_user TerminateMachine s pids)" "$ask" "a user doesn't end its machine with a process of root's in it"
ok "$(kill -0 "$guest"; echo $?)" "the process of root's lives on"
{ kill "$guest"; wait $!; } 2>/dev/null
is "$(as_user TerminateMachine s pids)" success "a user ends its own machine without being asked"
wait_until has_ended "$init"
ok $? "the machine's processes have ended"
is "$(as_user UnregisterMachine s plain)" success "a user unregisters its own machine that shares the host's users"
{ kill -9 "$plain"; wait "$plain"; } 2>/dev/null

# Root has the last word.
run machine1 RegisterMachine sayssus mine 0 root container "$mine" ""
is "$status|$(mymachines show mine -p UID --value)" "0|0" "root takes a user's machine over"
is "$(as_user RegisterMachine sayssus mine 0 t container "$mine" '')" "$M.MachineExists" "the user doesn't take it back"
{ kill -9 "$mine" "$web1" "$db1"; wait "$mine" "$web1" "$db1"; kill "$bus"; } 2>/dev/null
done_testing
