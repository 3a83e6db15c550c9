#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What users who aren't root may do over the bus, where polkit's rules let them: real polkitd.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
need_root
need_bus
need_polkit

polkit_rules <<'R'
polkit.addRule(function(action, subject) {
    if (subject.user != "daemon" || action.id.indexOf("org.freedesktop.machine1.") != 0)
        return;
    if (action.id.endsWith(".register-machine") && action.lookup("name") != "forbidden")
        return polkit.Result.YES;
    if (action.id.endsWith(".manage-machines") && action.lookup("verb") == "kill" &&
        (action.lookup("machine") == "mine" || action.lookup("machine") == "test"))
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
        unshare --user --uts "$@" >/dev/null 2>&1 &
    printf -v "$variable" %s $!
    has_own_namespace() {
        [ "$(readlink "/proc/${!variable}/ns/uts")" != "$(readlink /proc/self/ns/uts)" ]
    }
    wait_until has_own_namespace
}
M=org.freedesktop.machine1
E=org.freedesktop.DBus.Error
start_own mine sleep 1000
start web1 --share=net
mymachines register web1 --leader="$web1" --alias=test 2>/dev/null

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
success|a rule for a machine's name lets the user signal it|KillMachine ssi mine leader 18
$E.InteractiveAuthorizationRequired|a rule for a name doesn't open a machine whose alias it is|KillMachine ssi test leader 18
$E.InteractiveAuthorizationRequired|a user doesn't unregister a machine of root's|UnregisterMachine s web1
T
is "$(mymachines list --no-legend | awk '{print $1}' | sort | xargs)" "mine web1" "no refused call has changed anything"
# With a child in it.
start_own mixed sh -c 'sleep 1000 & wait'
has_child() {
    pgrep -P "$mixed" >/dev/null
}
wait_until has_child
is "$(as_user RegisterMachine sayssus mixed 0 t container "$mixed" '')" success "all of a machine's processes are the user's"
mymachines unregister mixed
{ kill -9 "$mixed"; wait "$mixed"; } 2>/dev/null

# Root has the last word.
run machine1 RegisterMachine sayssus mine 0 root container "$mine" ""
is "$status|$(mymachines show mine -p UID --value)" "0|0" "root takes a user's machine over"
is "$(as_user RegisterMachine sayssus mine 0 t container "$mine" '')" "$M.MachineExists" "the user doesn't take it back"
{ kill -9 "$mine" "$web1"; wait "$mine" "$web1"; kill "$bus"; } 2>/dev/null
done_testing
