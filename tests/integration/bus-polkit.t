#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Questions to polkit whose caller has gone, or has stopped waiting: they are cancelled, and a late
# yes does nothing. Real polkitd.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
need_root
need_bus
need_polkit

mkdir -m 777 "$TMPDIR/said"
polkit_rules <<R
polkit.addRule(function(action, subject) {
    if (action.id != "org.freedesktop.machine1.manage-machines" || subject.user != "daemon" ||
        action.lookup("machine") != "late")
        return;
    polkit.spawn(["/bin/sh", "-c", "touch $TMPDIR/said/begun; sleep 2; touch $TMPDIR/said/" + action.lookup("verb")]);
    return polkit.Result.YES;
});
R
start_bus
dbus-monitor --system "type='method_call',interface='org.freedesktop.PolicyKit1.Authority'" >"$TMPDIR/questions" 2>/dev/null &
listener=$!
wait_until grep -q NameAcquired "$TMPDIR/questions"
# count METHOD: how often polkit was called so
count() {
    grep -c "member=$1\$" "$TMPDIR/questions"
}
# was_cancelled NUMBER: so many questions were, the last one by its own id
was_cancelled() {
    [ "$(count CancelCheckAuthorization)" = "$1" ] &&
        [ "$(grep -o '"mymachines-[0-9]*"' "$TMPDIR/questions" | tail -n 2 | uniq | wc -l)" = 1 ]
}
was_asked() {
    [ "$(count CheckAuthorization)" = "$1" ]
}
start late
mymachines register late --leader="$late" 2>/dev/null

# The caller goes.
# shellcheck disable=SC2086
setpriv --reuid=daemon --regid=daemon --init-groups busctl call $MACHINE1 KillMachine ssi late leader 9 >/dev/null 2>&1 &
caller=$!
wait_until was_asked 1
wait_until test -e "$TMPDIR/said/begun"
ok $? "polkit is asked, and its rule runs"
{ kill -9 "$caller"; wait "$caller"; } 2>/dev/null
wait_until was_cancelled 1
ok $? "the question of a caller that has gone is cancelled"
wait_until test -e "$TMPDIR/said/kill"
ok $? "polkit's rule has said yes, too late"
rm -f "$TMPDIR/said/kill"

# The caller stops waiting.
# shellcheck disable=SC2086
run as_daemon busctl --timeout=1 call $MACHINE1 TerminateMachine s late
is "$status" 1 "a caller gives up after a second"
wait_until was_cancelled 2
ok $? "the question of a caller that gave up is cancelled"
wait_until test -e "$TMPDIR/said/terminate"
ok $? "polkit's rule has said yes again, too late"
# A later call is answered after all that came before it.
machine1 GetMachine s late >/dev/null
is "$(kill -0 "$late" 2>&1)|$(mymachines list --no-legend | grep -c '^late ')" "|1" "a late yes does nothing"

# And one that waits.
is "$(as_daemon python3 "$SRCDIR/tests/integration/bus_error.py" KillMachine ssi late leader 9)" success \
    "a yes to a caller that waits does what was asked"
wait_until has_ended "$late"
ok $? "the machine's leader was killed then"
is "$(count CancelCheckAuthorization)" 2 "a question that was answered isn't cancelled"

kill "$listener" "$bus"
done_testing
