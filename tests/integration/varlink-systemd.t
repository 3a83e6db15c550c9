#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The socket of the user database where systemd runs and systemd-machined is installed, in a Debian
# that boots it: 'mymachines setup varlink', who holds the socket, and systemd's own clients.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/booted.sh"
need_root
need_debian
trap end_debian EXIT
boot_debian "varlink$$"
wait_until debian_is_up || skip_all "systemd doesn't boot here"

install_units /run/build
in_there 'systemd-analyze verify mymachines-userdb.socket mymachines-resolve-hook.socket mymachines-varlink.socket mymachines-import-varlink.socket 2>&1 | grep -E "userdb|hook|varlink" | grep -vE "Special user nobody|failed with code" || :'
is "$out" "" "systemd-analyze verify has nothing to say of the units"

# who: the program that listens at the socket, as the kernel knows it
cat >"$TMPDIR/who" <<'P'
socket=/run/systemd/userdb/io.systemd.Machine
/run/build/mymachines doctor --json=short | tr '{' '\n' | grep '"varlink"' |
    sed 's/.*"message":"\([^"]*\)".*/\1/'
P
px 'cat >/tmp/who' <"$TMPDIR/who"
who() {
    px 'sh /tmp/who' </dev/null
}

in_there 'setsid unshare --user --map-root-user sleep 1000 >/dev/null 2>&1 & leader=$!
    for i in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(readlink /proc/$leader/ns/user)" = "$(readlink /proc/self/ns/user)" ] || break
        sleep 0.1
    done
    kill $leader
    setsid unshare --user sh -c "exec sleep 1000" >/dev/null 2>&1 & leader=$!
    until [ "$(readlink /proc/$leader/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.1; done
    echo 0 100000 65536 >/proc/$leader/uid_map
    echo 0 100000 65536 >/proc/$leader/gid_map
    /run/build/mymachines register web1 --leader=$leader --no-monitor'
is "$status" 0 "a machine is registered in there"
in_there 'getent -s systemd passwd vu-web1-33'
is "$status" 2 "before: nss-systemd doesn't know its users"
in_there '/run/build/mymachines setup varlink --quiet && /run/build/mymachines setup varlink --check'
is "$status|$out|$err" "0|varlink: is set up|" "setup varlink"
in_there 'getent -s systemd passwd vu-web1-33 100007; getent -s systemd group vg-web1-5'
is "$out" "vu-web1-33:x:100033:65534:UID 33 of Container web1:/:/usr/sbin/nologin
vu-web1-7:x:100007:65534:UID 7 of Container web1:/:/usr/sbin/nologin
vg-web1-5:x:100005:" "nss-systemd knows its users and groups"
# nsswitch.conf in there has "files systemd" alone.
in_there 'grep -E "^(passwd|group)" /etc/nsswitch.conf; touch /tmp/file; chown 100033:100005 /tmp/file
    ls -l /tmp/file | cut -d" " -f3,4; id -un 100033; id -Gn vu-web1-33; loginctl user-status vu-web1-33 2>&1 | head -n 1'
is "$out" "passwd: files systemd
group: files systemd
vu-web1-33 vg-web1-5
vu-web1-33
nogroup
Failed to get user: User ID 100033 is not logged in or lingering" "ls, id and loginctl know them, with 'files systemd' alone"
if userdbctl=$(command -v userdbctl); then
    px 'cat >/tmp/userdbctl; chmod 755 /tmp/userdbctl' <"$userdbctl"
    in_there '/tmp/userdbctl user vu-web1-33 | grep -E "User name|Disposition"; /tmp/userdbctl group 100005 | grep "Group name"
        /tmp/userdbctl services | grep io.systemd.Machine; /tmp/userdbctl user nosuch 2>&1'
    like "$(tr -s ' \n' ' ' <<<"$out")" \
        "*User name: vu-web1-33 Disposition: container *Group name: vg-web1-5 *io.systemd.Machine yes*User nosuch does not exist. " \
        "userdbctl knows them"
else
    skip "userdbctl isn't installed" "userdbctl"
fi
like "$(who)" "mymachines-userdb answers at */io.systemd.Machine
mymachines-resolve-hook answers at */io.systemd.Machine
mymachines-varlink answers at */io.systemd.Machine*" "doctor tells that we answer"
# nspawn 261 registers at the socket; older ones don't know it.
nspawn_says() {
    in_there 'mkdir -p /tmp/p; printf "#!/bin/sh\necho \"systemd '"$1"' ('"$1"'~rc1)\"\n" >/tmp/p/systemd-nspawn; chmod 755 /tmp/p/systemd-nspawn
        PATH=/tmp/p:$PATH /run/build/mymachines doctor | grep -o "nspawn [dr].*"'
}
nspawn_says 261
is "$out" "nspawn registers its machines by Varlink" "doctor knows that an nspawn of systemd 261 registers its machines"
nspawn_says 260
is "$out" "nspawn doesn't register its machines; fix: mymachines setup nspawn" "doctor knows that an older one doesn't"
in_there 'p=$(systemctl show -p MainPID --value mymachines-userdb.service); if [ "$p" -gt 1 ]; then kill -9 "$p"; fi; getent -s systemd passwd vu-web1-33'
like "$status|$out" "0|vu-web1-33:*" "after the service was killed systemd starts it again"

in_there 'for i in {1..12}; do
        p=$(systemctl show -p MainPID --value mymachines-userdb.service)
        if [ "$p" -gt 1 ]; then
            kill -9 "$p"
            while [ -e "/proc/$p" ]; do sleep 0.05; done
        fi
        getent -s systemd passwd vu-web1-33 || echo "not found, $?"
    done | sort -u'
like "$status|$out" "0|vu-web1-33:x:100033:*" "however often the service is killed, systemd starts it again"
is "$(wc -l <<<"$out")" 1 "and each look-up has its answer"

# Register with allocateUnit: systemd makes the unit, and ends it with the machine.
in_there 'setsid sleep 1000 >/dev/null 2>&1 & leader=$!
    printf "{\"method\":\"io.systemd.Machine.Register\",\"parameters\":{\"name\":\"unit1\",\"class\":\"vm\",\"leader\":%s,\"allocateUnit\":true}}\0" $leader |
        perl -MIO::Socket::UNIX -e '\''$s = IO::Socket::UNIX->new("/run/systemd/machine/io.systemd.Machine");
            local $/; print $s <STDIN>; $s->flush; $/ = "\0"; $_ = <$s>; chomp; print "$_\n"'\''
    systemctl show -p Slice,Delegate --value machine-unit1.scope | xargs
    grep -c machine.slice/machine-unit1.scope /proc/$leader/cgroup
    /run/build/mymachines show unit1 -p Unit --value
    kill $leader; for i in $(seq 100); do systemctl -q is-active machine-unit1.scope || break; sleep 0.1; done
    systemctl is-active machine-unit1.scope || :'
is "$out" '{"parameters":{}}
machine.slice yes
1
machine-unit1.scope
inactive' "systemd makes the unit that Register is asked for, and ends it"

# io.systemd.Import, for which systemd has no socket before 257.
if [ -x "$BUILDDIR/mymachines-import-varlink" ]; then
    call='perl -MIO::Socket::UNIX -e '\''$s = IO::Socket::UNIX->new("/run/systemd/io.systemd.Import"); print $s "$ARGV[0]\0"; $s->flush;
        local $/ = "\0"; $_ = <$s>; chomp; print "$_\n"'\'' '
    in_there "$call"'"{\"method\":\"io.systemd.Import.ListTransfers\",\"more\":true}"
        systemctl is-active mymachines-import-varlink.service; readlink /proc/$(systemctl show -p MainPID --value mymachines-import-varlink.service)/exe'
    is "$out" '{"error":"io.systemd.Import.NoTransfers"}
active
/run/build/mymachines-import-varlink' "the first call starts the service of transfers"
fi

# systemd-machined takes the path while it runs.
in_there 'systemctl start systemd-machined.service; stat -c %i /run/systemd/userdb/io.systemd.Machine
    systemctl is-active mymachines-userdb.socket || :'
inode=${out%%$'\n'*}
like "$out" "[0-9]*inactive" "systemd-machined stops our socket when it starts"
like "$(who)" "process * (systemd-machine) answers at *" "doctor tells that systemd-machined answers"
in_there 'systemctl start mymachines-userdb.socket 2>/dev/null || :; systemctl is-active systemd-machined.service
    stat -c %i /run/systemd/userdb/io.systemd.Machine'
is "$out" "active
$inode" "starting ours touches neither systemd-machined nor its socket"
in_there 'systemctl stop systemd-machined.service
    for i in $(seq 100); do systemctl -q is-active mymachines-userdb.socket && break; sleep 0.1; done
    getent -s systemd passwd vu-web1-33; systemctl is-active mymachines-resolve-hook.socket || :'
like "$status|$out" "0|vu-web1-33:*
active" "when systemd-machined ends, ours is back"
in_there 'systemctl start systemd-machined.service; systemctl kill -s KILL systemd-machined.service
    for i in $(seq 100); do getent -s systemd passwd vu-web1-33 && break; sleep 0.1; done'
like "$out" "vu-web1-33:*" "also when it was killed"

in_there '/run/build/mymachines setup varlink --remove --quiet
    systemctl is-enabled mymachines-userdb.socket || :
    systemctl is-active mymachines-userdb.service mymachines-userdb.socket || :
    ls /run/systemd/userdb/ /run/systemd/resolve.hook/ /run/systemd/'
is "$(tr '\n' ' ' <<<"$out" | grep -o 'disabled inactive inactive')" "disabled inactive inactive" "setup varlink --remove"
is "$(grep -cE '^io.systemd.(Machine|Import)$' <<<"$out")" 0 "no socket is left"
done_testing
