#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine whose leader lets all wait who look at it doesn't keep the monitor from the others for long.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
. "$SRCDIR/tests/support/silent_process.sh"
need_root
trap 'kill -9 $turning "$good" "$other" 2>/dev/null; end_watching' EXIT
start good
start other
silent_process --exec
mymachines register good --leader="$good" --no-monitor 2>/dev/null
mymachines register locked --leader="$locked" --no-monitor 2>/dev/null
start_monitor
follow
event '*good *'
if ! execute_without_end; then
    skip "this kernel lets nobody wait for a process that executes a program" "the monitor waits for no machine without end"
    done_testing
    exit
fi
kill -HUP "$monitor"
began=$SECONDS
# It is killed after a minute.
while ! has_ended "$monitor" && ((SECONDS < began + 300)); do
    pause 0.5
done
# Where it wasn't, the test is to fail, and not to wait.
kill -9 "$monitor" 2>/dev/null
wait "$monitor" 2>/dev/null
is "$?" 142 "a monitor that waits for a machine is ended by an alarm"
start_monitor
wait_until grep -q 'the monitor before may have waited for a machine' "$TMPDIR/monitor.err"
ok $? "the next one reports that"
own_subnets good 7
is_found() {
    mymachines show good -p Addresses --value | grep -q '10\.99\.7\.2'
}
wait_until is_found
ok $? "the next one looks at the other machines"
mymachines register other --leader="$other" --no-monitor 2>/dev/null
kill -9 "$good" "$other"
are_gone() {
    [ "$(mymachines list --all --no-legend | grep -c 'good\|other')" = 0 ]
}
wait_until are_gone
ok $? "and unregisters those that have ended"
is "$(mymachines list --no-legend | cut -d ' ' -f 1)" locked "it keeps the one that lets it wait"
kill -9 "$turning" "$locked"
wait_until has_ended "$locked"
is_gone() {
    [ -z "$(mymachines list --all --no-legend)" ]
}
wait_until is_gone
ok $? "and unregisters it when that has ended"
stop_monitor TERM
is "$status" 0 "the next one ends as usual"
done_testing
