#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Questions to polkit whose caller has gone, or has stopped waiting: they are cancelled, and a late
# yes does nothing. And questions that a person answers, at a terminal. Real polkitd.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
. "$SRCDIR/tests/support/machine_socket.sh"
need_root
need_bus
need_polkit

mkdir -m 777 "$TMPDIR/said"
polkit_rules <<R
polkit.addAdminRule(function(action, subject) {
    return ["unix-user:root"];
});
polkit.addRule(function(action, subject) {
    if (action.id != "org.freedesktop.machine1.manage-machines" || subject.user != "daemon" ||
        action.lookup("machine") != "late")
        return;
    polkit.spawn(["/bin/sh", "-c", "touch $TMPDIR/said/begun; sleep 2; while [ -e $TMPDIR/said/hold ]; do sleep 0.1; done; touch $TMPDIR/said/" + action.lookup("verb")]);
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

# The name that is asked about becomes another machine's before the answer comes.
start late
start other
mymachines register late --leader="$late" --alias=moved 2>/dev/null
mymachines register other --leader="$other" 2>/dev/null
rm -f "$TMPDIR/said/begun"
touch "$TMPDIR/said/hold"
as_daemon python3 "$SRCDIR/tests/integration/bus_error.py" KillMachine ssi moved leader 9 >"$TMPDIR/answer" &
caller=$!
wait_until test -e "$TMPDIR/said/begun"
mymachines register late --leader="$late" --alias= 2>/dev/null
mymachines register other --leader="$other" --alias=moved 2>/dev/null
rm "$TMPDIR/said/hold"
wait "$caller"
is "$(cat "$TMPDIR/answer")|$(mymachines show moved -p Leader --value)" "org.freedesktop.DBus.Error.AccessDenied|$other" \
    "a yes about one machine isn't one about another that has its name by now"
is "$(kill -0 "$other" 2>&1)" "" "the other machine's leader lives on"

# A person. The agent of a process asks at a terminal, as machinectl starts one for itself.
serve_machines
cat >"$TMPDIR/client" <<'P'
import os, sys
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client
with Client(sys.argv[1], timeout=60) as client:
    reply = client.call("io.systemd.Machine.Kill", {"name": "asked", "whom": "leader", "signal": 18,
                                                    "allowInteractiveAuthentication": sys.argv[2] == "true"})
print(reply.get("error", "success"))
P
# answer PASSWORD COMMAND...: a user's command, and the answer to its question, if there is one; sets out to what it
# says, and asked to what the agent has shown
answer() {
    local password=$1 caller agent
    shift
    rm -f "$TMPDIR"/{go,keys,registered}
    mkfifo -m 666 "$TMPDIR/go" "$TMPDIR/keys" "$TMPDIR/registered"
    : >"$TMPDIR/said/agent"
    # shellcheck disable=SC2016
    setpriv --reuid=daemon --regid=daemon --init-groups \
        sh -c 'read -r go <"$0"; exec "$@"' "$TMPDIR/go" "$@" >"$TMPDIR/said/out" 2>&1 &
    caller=$!
    wait_until grep -qx sh "/proc/$caller/comm"
    setpriv --reuid=daemon --regid=daemon --init-groups \
        script -qec "exec pkttyagent --process $caller --notify-fd 9 9>$TMPDIR/registered" /dev/null \
        <>"$TMPDIR/keys" >"$TMPDIR/said/agent" 2>&1 &
    agent=$!
    timeout 60 cat "$TMPDIR/registered"
    echo >"$TMPDIR/go"
    if [ -n "$password" ]; then
        wait_until grep -q Password "$TMPDIR/said/agent"
        echo "$password" >"$TMPDIR/keys"
    fi
    wait "$caller"
    asked=$(cat "$TMPDIR/said/agent")
    { kill "$agent"; wait "$agent"; } 2>/dev/null
    out=$(cat "$TMPDIR/said/out")
}
# A password of root's, in this test alone.
{
    perl -e 'print "root:" . crypt("secret", q($6$salt$)) . ":19000:0:99999:7:::\n"'
    grep -v '^root:' /etc/shadow
} >"$TMPDIR/shadow"
chmod 600 "$TMPDIR/shadow"
if command -v pkttyagent >/dev/null && command -v script >/dev/null && mount_over "$TMPDIR/shadow" /etc/shadow; then
    chmod 755 "$TMPDIR"
    start asked
    mymachines register asked --leader="$asked" 2>/dev/null
    bus_client=(busctl --timeout=60 call)
    # shellcheck disable=SC2206
    kill_call=($MACHINE1 KillMachine ssi asked leader 18)
    varlink_client=(python3 "$TMPDIR/client" "$socket")
    answer secret "${bus_client[@]}" "${kill_call[@]}"
    like "$out|$asked" "|*AUTHENTICATING FOR org.freedesktop.machine1.manage-machines*" \
        "the bus: a person at an agent lets a user do it"
    answer secret "${varlink_client[@]}" true
    like "$out|$asked" "success|*AUTHENTICATING FOR org.freedesktop.machine1.manage-machines*" \
        "Varlink: a person at an agent lets a user do it"
    answer "" "${bus_client[@]}" --allow-interactive-authorization=no "${kill_call[@]}"
    is "$out|$asked" "Call failed: Interactive authentication required.|" \
        "the bus: nobody is asked if the caller doesn't want it"
    answer "" "${varlink_client[@]}" false
    is "$out|$asked" "io.systemd.InteractiveAuthenticationRequired|" \
        "Varlink: nobody is asked if the caller doesn't want it"
else
    skip "pkttyagent or script isn't installed" "a person answers polkit's question"
fi
kill "$server" "$listener" "$bus"
done_testing
