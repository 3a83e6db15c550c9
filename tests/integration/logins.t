#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The PAM module in the programs that people log in by: su, login and sshd, unmodified, with Debian's
# services and a line of ours in them.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/pam.sh"
need_pam su /bin/login /usr/sbin/sshd ssh ssh-keygen setpriv runuser
[ -z "$SANITIZERS" ] || skip_all "sshd's children don't run under a preloaded sanitizer; pam.t does"
set_up_pam
start_machines
terminal=$SRCDIR/tests/support/terminal

# lines SERVICE LINE...: these at the end of Debian's
lines() {
    local service=$1
    shift
    cp "$TMPDIR/stock/$service" "/etc/pam.d/$service"
    printf '%s\n' "$@" >>"/etc/pam.d/$service"
}
cp -r /etc/pam.d "$TMPDIR/stock"

# told: what our module has told syslog since the last time, without its head
told() {
    logger -t end told
    wait_until grep -q ' end: ' "$TMPDIR/log"
    sed -n 's/.*pam_mymachines(\([a-z]*:[a-z]*\)): /\1 /p' "$TMPDIR/log"
    : >"$TMPDIR/log"
}

# Which namespaces a process is in, but for that of the network.
others='for i in cgroup ipc mnt pid time user uts; do readlink /proc/self/ns/$i; done'
network='readlink /proc/self/ns/net'
origin='echo "$MYMACHINES_ORIGIN|$MYMACHINES_ORIGIN_CLASS"'
here=$(readlink /proc/self/ns/net)
elsewhere=$(sh -c "$others")
there=$(readlink "/proc/$web1/ns/net")

## su
lines su "account required $module" "session required $module"
run su tess -s /bin/sh -c "id -un; $origin"
is "$status|$out" "0|tess
|" "su"
run "$terminal" 'assword:=>secret' -- setpriv --reuid 4243 --regid 4243 --clear-groups su tess -s /bin/sh -c 'id -un'
like "$status|$out" "0|*tess*" "su with a password, on a terminal"
run su vu-local-7 -s /bin/sh -c 'id -un'
like "$status|$out|$err" "1||*Permission denied*" "su to a machine's user is refused"
run su inside -s /bin/sh -c 'id -un'
like "$status|$out|$err" "1||*Permission denied*" "su to a uid of a machine is refused"
is "$(told)" "su:account user vu-local-7 is one of machine local: refused on this host
su:account user inside has uid 100033 of machine web1: refused on this host" "which syslog is told"
lines su "account required $module permit=inside"
run su inside -s /bin/sh -c 'id -u'
is "$status|$out" "0|100033" "su to a user of permit= succeeds"
lines su "session required $module network=web1"
run su tess -s /bin/sh -c "$network; $others; ip -o -4 addr show host0"
is "$(head -n 8 <<<"$out")" "$there
$elsewhere" "su with network=: the machine's network, and no other namespace of its"
like "$(tail -n +9 <<<"$out")" "*10.99.1.2/24*" "its addresses"
is "$(told)" "su:session session of user tess is in the network of machine web1" "which syslog is told"
run su tess -s /bin/sh -c "ls -l /proc/self/fd | grep -c 'net:'; cat /proc/1/comm"
is "$out" "0
$(cat /proc/1/comm)" "no descriptor of the namespace, and the host's processes"
lines su "session required $module network=nosuch"
run su tess -s /bin/sh -c 'id -un'
like "$status|$out|$err" "1||*session*" "su into the network of no machine is refused"
lines su "session required $module network=nosuch optional-network"
run su tess -s /bin/sh -c "$network"
is "$status|$out" "0|$here" "su with optional-network stays in its network"
lines su "session required $module network=web1 netwrok=web1"
run su tess -s /bin/sh -c 'id -un'
like "$status|$out" "[1-9]*|" "su with a wrong argument is refused"
told >/dev/null

## runuser
lines runuser "session required $module network=web1"
run runuser -u tess -- sh -c "$network; $others"
is "$out" "$there
$elsewhere" "runuser with network="
told >/dev/null

## login
lines login "account required $module" "session required $module network=Db1"
run "$terminal" 'assword:=>secret' '$ =>id -un; readlink /proc/self/ns/net; exit' -- /bin/login tess
is "$(sed -n '/^tess$/,/net:/p' <<<"$out")" "tess
$(readlink "/proc/$db1/ns/net")" "login with a password, on a terminal"
run "$terminal" '$ =>id -un; exit' -- /bin/login -f tess
is "$(grep -x tess <<<"$out")" tess "login -f"
run "$terminal" 'assword:=>secret' -- /bin/login inside
like "$status|$out" "1|*Permission denied*" "login of a machine's user"
is "$(told | sort -u)" "login:account user inside has uid 100033 of machine web1: refused on this host
login:session session of user tess is in the network of machine Db1" "which syslog is told"

## sshd
ssh=$TMPDIR/ssh
mkdir -p /run/sshd "$ssh/keys"
chmod 755 "$ssh" "$ssh/keys"
ssh-keygen -q -t ed25519 -N '' -f "$ssh/host"
ssh-keygen -q -t ed25519 -N '' -f "$ssh/key"
for user in tess eve inside vu-local-7; do
    cp "$ssh/key.pub" "$ssh/keys/$user"
done
printf '%s\n' 'UsePAM yes' 'KbdInteractiveAuthentication yes' 'PasswordAuthentication yes' 'StrictModes no' \
    'PrintMotd no' "HostKey $ssh/host" "AuthorizedKeysFile $ssh/keys/%u" "PidFile $ssh/pid" 'Port 22' \
    'MaxStartups 100' 'LoginGraceTime 20' >"$ssh/config"
/usr/sbin/sshd -f "$ssh/config" -E "$ssh/log" </dev/null
wait_until test -s "$ssh/pid"
printf '#!/bin/sh\necho secret\n' >"$ssh/ask"
chmod 755 "$ssh/ask"

# by_key USER@HOST COMMAND, by_password USER@HOST COMMAND
ssh_options=(-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10)
by_key() {
    timeout 20 ssh "${ssh_options[@]}" -o BatchMode=yes -i "$ssh/key" "$@" </dev/null
}
by_password() {
    SSH_ASKPASS=$ssh/ask SSH_ASKPASS_REQUIRE=force timeout 20 ssh "${ssh_options[@]}" \
        -o NumberOfPasswordPrompts=1 -o PubkeyAuthentication=no "$@" </dev/null
}
# inside(), with these.
from() {
    local leader=$1
    shift
    inside "$leader" env ssh="$ssh" bash -c "$(declare -p ssh_options); $(declare -f by_key by_password); \"\$@\"" - "$@"
}

lines sshd "account required $module not-from=db* user=tess,inside" "session required $module"
run by_key tess@127.0.0.1 "$origin"
is "$status|$out" "0||" "ssh on loopback, by key"
run by_password tess@127.0.0.1 "$origin"
is "$status|$out" "0||" "ssh on loopback, by password"
is "$(told)" "" "ssh on loopback isn't logged"
for way in by_key by_password; do
    run from "$web1" $way tess@10.99.1.1 "$origin"
    is "$status|$out" "0|web1|container" "ssh from a machine, $way: the session knows"
    is "$(told)" "sshd:session session opened for user tess from machine web1 (container) at 10.99.1.2" \
        "and syslog"
done
run from "$web1" by_key tess@fd99:1::1 "$origin"
is "$status|$out" "0|web1|container" "ssh from a machine by IPv6: the session knows"
run from "$web1" by_key tess@fe80::ff:fe00:165%host0 "$origin"
is "$status|$out" "0|web1|container" "ssh from a machine by a link-local address: the session knows"
like "$(told)" "*at fd99:1::2
*at fe80::ff:fe00:265%ve-web1" "as which it's seen"
for way in by_key by_password; do
    run from "$db1" $way tess@10.99.2.1 "$origin"
    like "$status|$out" "[1-9]*|" "ssh from a denied machine is refused, $way"
    is "$(told)" "sshd:account user tess from machine Db1 (container) at 10.99.2.2: refused by not-from=db*" "the log says why ssh from a denied machine is refused, $way"
done
run from "$web1" by_key eve@10.99.1.1 "$origin"
like "$status|$out|$(told)" "[1-9]*||sshd:account user eve from machine web1 (container) at 10.99.1.2: refused by user=tess,inside" \
    "a user that isn't let in from there"
run by_key eve@127.0.0.1 "$origin"
is "$status|$out" "0||" "ssh of a user that user= doesn't list succeeds from this host"
run by_key inside@127.0.0.1 id
like "$status|$out" "[1-9]*|" "ssh of a uid of a machine is refused"
run by_key vu-local-7@127.0.0.1 id
like "$status|$out" "[1-9]*|" "ssh of a user named like a machine's is refused"
is "$(told)" "sshd:account user inside has uid 100033 of machine web1: refused on this host
sshd:account user vu-local-7 is one of machine local: refused on this host" "the log says why ssh of a machine's users is refused"
kill -9 "$db1"
wait_until test ! -e "/proc/$db1"
lines sshd "account required $module from=nosuch" "session required $module"
run from "$web1" by_key tess@10.99.1.1 id
like "$status|$out" "[1-9]*|" "ssh from a machine that from= doesn't list is refused"
told >/dev/null

lines sshd "account required $module" "session required $module network=web1"
run by_key tess@127.0.0.1 "$network; $others; ip -o -4 addr show host0"
is "$(head -n 8 <<<"$out")" "$there
$elsewhere" "ssh with network=: the machine's network, and no other namespace of its"
like "$(tail -n +9 <<<"$out")" "*10.99.1.2/24*" "its addresses"
run by_key tess@127.0.0.1 'ip -o link | cut -d: -f2'
is "$out" " lo
 host0@if101" "its interfaces"
run from "$web1" by_password tess@10.99.1.1 "$network; $origin"
is "$status|$out" "0|$there
web1|container" "the same from the machine"
for i in 1 2 3; do
    by_key tess@127.0.0.1 true
done
is "$(readlink "/proc/$(cat "$ssh/pid")/ns/net")" "$here" "sshd itself stays in its network"
kill -9 "$web1"
wait_until test ! -e "/proc/$web1"
told >/dev/null
run by_key tess@127.0.0.1 id
like "$status|$out" "[1-9]*|" "ssh into the network of a dead machine is refused"
is "$(told)" "sshd:session session of user tess refused: network namespace of machine web1: it isn't running" "the log says why ssh into the network of a dead machine is refused"
kill "$(cat "$ssh/pid")"
done_testing
