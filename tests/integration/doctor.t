#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What mymachines doctor finds, each thing well and unwell, with the system's real files.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
R=$REGISTRY_DIRECTORY M=/run/systemd/machines
# To be changed as the tests like.
mkdir -p "$TMPDIR/etc/upper" "$TMPDIR/etc/work" "$TMPDIR/off"
mount -t overlay -o "lowerdir=/etc,upperdir=$TMPDIR/etc/upper,workdir=$TMPDIR/etc/work" overlay /etc ||
    skip_all "cannot put an overlay on /etc"
rm -rf /etc/apparmor.d /run/nscd
use_module
module=$TMPDIR/nss/libnss_mymachines.so.2
hide_runtimes
trap end_watching EXIT

# findings CHECK [COMMAND...]: what that check says, a line each, and the exit status
findings() {
    local check=$1 code
    shift
    "$@" mymachines doctor --json=short >"$TMPDIR/json" 2>"$TMPDIR/stderr"
    code=$?
    jq -r --arg check "$check" '.[] | select(.check == $check) |
        "\(.status): \(.message)" + if .remedy then " [\(.remedy)]" else "" end' "$TMPDIR/json"
    echo "$code$(cat "$TMPDIR/stderr")"
}
# nsswitch DATABASE LINE: that line, among others that are right
nsswitch() {
    printf '%s\n' 'passwd: files mymachines' 'group: files mymachines' 'shadow: files' \
        'hosts: files mymachines' | grep -v "^$1:" >"$TMPDIR/nsswitch.conf"
    [ -z "$2" ] || echo "$2" >>"$TMPDIR/nsswitch.conf"
}
asked='ok: passwd: mymachines is asked
ok: group: mymachines is asked
ok: hosts: mymachines is asked'

# told: without the runtimes, of which any may be here
told() {
    run "$@"
    out=$(grep -v '  runtimes  ' <<<"$out")
}

# All is well.
told mymachines doctor
is "$status|$out|$err" "0|ok       nsswitch     passwd: mymachines is asked
ok       nsswitch     group: mymachines is asked
ok       nsswitch     hosts: mymachines is asked
ok       module       $module is loaded, and answers
ok       registry     no machine was registered since boot
ok       monitor      there is no machine that it would watch
ok       exports      libsystemd sees all registered machines|" "a host that is set up and has no machines has no errors"
ok "$([ ! -e "$R" ]; echo $?)" "doctor doesn't make the registry's directory"
start web1
mymachines register web1 --leader="$web1" --address=192.0.2.1 --unit=web1.scope
told mymachines doctor
is "$status|$out|$err" "0|ok       nsswitch     passwd: mymachines is asked
ok       nsswitch     group: mymachines is asked
ok       nsswitch     hosts: mymachines is asked
ok       module       $module is loaded, and answers for web1 and vu-web1-0
ok       registry     $R/registry.mdb has 1 machine
ok       machines     all that are registered live
hint     monitor      it doesn't run, as Monitor=no is set: addresses are those of the last refresh, and dead machines stay registered; fix: set Monitor=yes in $SYSCONFDIR/mymachines.conf
ok       exports      libsystemd sees all registered machines|" "a hint is not an error"
run mymachines doctor --json=short
is "$status|$err|$(jq -c 'map(keys) | unique' <<<"$out")|$(jq -r 'map(select(.check != "runtimes").status) | unique | join(" ")' <<<"$out")" \
    '0||[["check","message","remedy","status"]]|hint ok' "--json=short prints an array of findings"
is "$(jq -c '.[3]' <<<"$out")" \
    "{\"check\":\"module\",\"status\":\"ok\",\"message\":\"$module is loaded, and answers for web1 and vu-web1-0\",\"remedy\":null}" \
    "--json prints an object for each finding"
is "$(mymachines doctor --json=pretty | jq -c .)" "$out" "--json=pretty prints the same values"
is "$(mymachines doctor --json=off | head -n 1)" "ok       nsswitch     passwd: mymachines is asked" "--json=off prints a table"
fails "mymachines: doctor: takes no names" "doctor takes no names" mymachines doctor web1
fails "mymachines: doctor: --json=x: is neither short, pretty nor off" "an unknown mode of --json is refused" mymachines doctor --json=x
is "$(mymachines doctor --help | head -n 1)" "Usage: mymachines doctor [OPTION...]" "doctor --help prints its usage"

# On a terminal.
on_terminal() {
    "$SRCDIR/tests/support/terminal" -- env "$@" mymachines doctor | head -n 1 | tr -d '\r'
}
is "$(on_terminal -u NO_COLOR TERM=xterm)" $'\e[32mok     \e[0m  nsswitch     passwd: mymachines is asked' \
    "findings are coloured on a terminal"
is "$(on_terminal NO_COLOR=1 TERM=xterm)" "ok       nsswitch     passwd: mymachines is asked" "NO_COLOR switches colours off"
is "$(on_terminal -u NO_COLOR TERM=dumb)" "ok       nsswitch     passwd: mymachines is asked" "a dumb terminal gets no colours"

# Somebody else.
chmod o+x "$TMPDIR"
user() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
told user mymachines doctor
is "$status|$(sed -n '4,$p' <<<"$out")|$err" "0|ok       module       $module is loaded, and answers for web1 and vu-web1-0
ok       registry     $R/registry.mdb has 1 machine
ok       machines     all that are registered live
hint     monitor      it doesn't run, as Monitor=no is set: addresses are those of the last refresh, and dead machines stay registered; fix: set Monitor=yes in $SYSCONFDIR/mymachines.conf
ok       exports      libsystemd sees all registered machines|" "an ordinary user gets the same findings"

# nsswitch.conf.
while IFS='|' read -r line expected; do
    database=${line%%:*}
    nsswitch "$database" "$line"
    is "$(findings nsswitch | grep -v 'mymachines is asked$')" "error: $database: $expected
1" "$line"
done <<'T'
hosts: files dns|mymachines isn't in /etc/nsswitch.conf [mymachines setup nss]
passwd: files|mymachines isn't in /etc/nsswitch.conf [mymachines setup nss]
hosts: files dns mymachines|mymachines comes after dns, so the network is asked first [mymachines setup nss]
hosts: files resolve [!UNAVAIL=return] mymachines|mymachines is never asked: it comes after resolve [!UNAVAIL=return], which ends the search [mymachines setup nss]
passwd: files [NOTFOUND=return] mymachines|mymachines is never asked: it comes after files [NOTFOUND=return], which ends the search [mymachines setup nss]
group: files [SUCCESS=merge] mymachines systemd|results of files [SUCCESS=merge] aren't merged with those of the services after mymachines [mymachines setup nss]
passwd: files mymachines [SUCCESS=merge]|with the action of mymachines [SUCCESS=merge], glibc loses what mymachines finds [mymachines setup nss]
T
nsswitch hosts "hosts: files [NOTFOUND] mymachines"
rejected="glibc reads no line of /etc/nsswitch.conf, because the actions in line hosts are wrong [edit /etc/nsswitch.conf]"
is "$(findings nsswitch)" "error: passwd: $rejected
error: group: $rejected
error: hosts: glibc can't read the line: its actions are wrong [edit /etc/nsswitch.conf]
1" "hosts: files [NOTFOUND] mymachines"
nsswitch passwd 'passwd: files mymachines sss systemd'
is "$(findings nsswitch | grep passwd:)" \
    "warning: passwd: mymachines is asked before sss, so an account there may get a machine's name [mymachines setup nss]" \
    "mymachines before a directory of accounts"
nsswitch passwd 'passwd: files systemd sss mymachines'
is "$(findings nsswitch | grep passwd:)" \
    "hint: passwd: systemd is asked before sss, and so before mymachines [move systemd to the end of the line]" \
    "systemd before a directory of accounts"
nsswitch group ''
is "$(findings nsswitch | grep group:)" \
    "error: group: there is no such line in /etc/nsswitch.conf [mymachines setup nss]" "a missing line of nsswitch.conf is an error"
nsswitch hosts 'hosts: mymachines files'
is "$(findings nsswitch | tail -n 2)" "hint: hosts: mymachines is asked before the host's own files
0" "mymachines before the host's own file is a hint"
printf 'hosts: files mymachines\ngroup: files mymachines\npasswd: files mymachines' >"$TMPDIR/nsswitch.conf"
is "$(findings nsswitch | grep passwd:)" "error: passwd: glibc passes over the line, which has no newline at its end [mymachines setup nss]" \
    "a last line without newline is an error"
# An action that ends the search is seen.
nsswitch passwd 'passwd: files [NOTFOUND=return] mymachines'
run getent passwd vu-web1-0
is "$status|$out" "2|" "glibc doesn't ask mymachines behind a service that ends the search"
nsswitch passwd 'passwd: files mymachines [NOTFOUND=return]'
is "$(findings nsswitch)|$(getent passwd vu-web1-0 | cut -d: -f1)" \
    "ok: passwd: mymachines is asked
ok: group: mymachines is asked
ok: hosts: mymachines is asked
0|vu-web1-0" "actions behind mymachines don't keep it from being asked"
umount /etc/nsswitch.conf
rm /etc/nsswitch.conf
is "$(findings nsswitch)" \
"error: there is no /etc/nsswitch.conf, so glibc doesn't ask mymachines [mymachines setup nss]
1" "a missing nsswitch.conf is an error"
is "$(findings module)" "ok: $module is loaded, and answers
1" "without nsswitch.conf, glibc isn't asked for machines"
nsswitch '' ''
cp "$TMPDIR/nsswitch.conf" /etc/nsswitch.conf
chmod 600 /etc/nsswitch.conf
is "$(findings nsswitch user)" "error: /etc/nsswitch.conf: Permission denied [chmod 644 /etc/nsswitch.conf]
1" "an nsswitch.conf that users can't read is an error"
chmod 644 /etc/nsswitch.conf
is "$(findings nsswitch)" "$asked
0" "nsswitch.conf that is readable again is ok"

# Another answer than the registry's.
echo '192.0.2.99 web1' >>"$TMPDIR/hosts"
is "$(findings module)" "warning: web1 resolves to addresses that aren't the machine's: something that is asked earlier knows the name, such as /etc/hosts
0" "a machine's name in /etc/hosts with another address is a warning"
echo '127.0.0.1 localhost' >"$TMPDIR/hosts"
cp /etc/passwd "$TMPDIR/passwd"
echo 'vu-web1-0:x:12345:12345::/:/bin/false' >>/etc/passwd
is "$(findings module)" "warning: user vu-web1-0 has uid 12345, which isn't the machine's 100000
0" "a machine's user in /etc/passwd with another uid is a warning"
cp "$TMPDIR/passwd" /etc/passwd

# The module that is loaded.
text='const char *registry = "'$R'/registry.mdb";'
miss='int _nss_mymachines_gethostbyname2_r(void) { return 0; }'
# build SOURCE: another module in its place
build() {
    rm -f "$module"
    printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' '#include <unistd.h>' "$@" |
        env -u LD_PRELOAD $CC -shared -fPIC -x c -o "$module" -
}
build 'const char *directory = "/run/systemd/machines/";'
like "$(findings module)" "error: $module is loaded, which is another module of that name, such as systemd's [[]*]
1" "systemd's module of that name is an error"
build 'const char *directory = "/run/systemd/machines/";' "$miss" \
    "int _nss_mymachines_gethostbyname4_r(void) { fclose(fopen(\"$TMPDIR/asked\", \"w\")); return 0; }"
findings module >/dev/null
ok "$([ ! -e "$TMPDIR/asked" ]; echo $?)" "it isn't asked for a machine, as that may start a service"
build 'const char *registry = "/srv/run/mymachines/registry.mdb";'
like "$(findings module)" "error: $module is loaded, which was configured to read /srv/run/mymachines/registry.mdb, and not $R/registry.mdb [[]*]
1" "a module for another registry is an error"
if command -v dpkg >/dev/null; then
    like "$(findings module)" "*[[]remove the package that has it (dpkg -S $module), then ldconfig]*" "the remedy for a wrong module names the package manager"
else
    skip "there is no dpkg" "the remedy for a wrong module names the package manager"
fi
build "$text"
is "$(findings module)" "error: $module has no look-up of hosts [reinstall mymachines]
1" "a module without look-ups of hosts is an error"
build "$text" 'int _nss_mymachines_gethostbyname2_r(void) { return -1; }'
is "$(findings module)" "error: $module gives status -1 for a host that doesn't exist [reinstall mymachines]
1" "a module that answers wrong is an error"
build "$text" "$miss"
is "$(findings module)" "error: web1 is registered, but doesn't resolve: Name or service not known [reinstall mymachines]
error: user vu-web1-0 is not found [reinstall mymachines]
1" "a module that knows no machine is an error"
build "$text" "$miss" '__attribute__((constructor)) void load(void) { puts("loud"); abort(); }'
is "$(findings module)" "error: libnss_mymachines.so.2: the process was killed by Aborted, while it was loaded [reinstall mymachines]
1" "a module that crashes when it is loaded is an error"
build "$text" 'int _nss_mymachines_gethostbyname2_r(void) { *(volatile int *)0 = 0; return 0; }'
like "$(findings module)" "error: $module: the process was *, when it was asked for a host [[]reinstall mymachines]
1" "a module that crashes in a look-up is an error"
build "$text" "$miss" 'int _nss_mymachines_gethostbyname4_r(void) { _exit(0); }'
is "$(findings module)" "error: $module: the process was ended, while glibc looked up host web1 [reinstall mymachines]
1" "a module that ends the process is an error"
build "$text" "$miss" '__attribute__((constructor)) void load(void) { for (int i = 0; i < 100; i++) close(i); for (;;) pause(); }'
before=$SECONDS
is "$(findings module)" "error: libnss_mymachines.so.2: no answer for five seconds, while it was loaded [reinstall mymachines]
1" "a module that hangs is an error"
ok "$([ $((SECONDS - before)) -lt 60 ]; echo $?)" "a module that hangs doesn't delay doctor for long"
echo nonsense >"$module"
like "$(findings module)" "error: cannot be loaded: $module: * [[]reinstall mymachines]
1" "a module that is not a library is an error"
rm "$module"
is "$(findings module)" "error: cannot be loaded: libnss_mymachines.so.2: cannot open shared object file: No such file or directory [reinstall mymachines]
1" "a missing module is an error"
mount -t tmpfs none /usr/local/lib
cp "$NSS_MODULE" /usr/local/lib/libnss_mymachines.so.2
like "$(findings module)" "error: cannot be loaded: *: No such file or directory [[]ldconfig, with /usr/local/lib in /etc/ld.so.conf or a file of /etc/ld.so.conf.d]
1" "a module that the linker's cache lacks is an error"
cp "$NSS_MODULE" "$module"
chmod 755 "$module"
like "$(findings module)" "ok: $module is loaded, and answers for web1 and vu-web1-0
hint: there is another module of that name, which isn't loaded: /usr/local/lib/libnss_mymachines.so.2 [[]*]
0" "a second copy of the module is a hint"
umount /usr/local/lib

# The registry.
cp -p "$R/registry.mdb" "$TMPDIR/saved"
# registry EXPECTED NAME COMMAND...: after the command; then it is as before
registry() {
    local expected=$1 name=$2
    shift 2
    "$@"
    is "$(findings registry)" "error: $R/registry.mdb: $expected
1" "$name"
    rm -rf "$R/registry.mdb"
    chmod 755 "$R"
    cp -p "$TMPDIR/saved" "$R/registry.mdb"
}
anew="[mymachines refresh --discard, and register the machines again]"
damage() {
    echo >>"$R/registry.mdb"
}
link() {
    ln -sf "$TMPDIR/saved" "$R/registry.mdb"
}
directory() {
    rm "$R/registry.mdb"
    mkdir "$R/registry.mdb"
}
registry "it is damaged $anew" "a damaged registry is an error" damage
registry "it is a symbolic link $anew" "a symbolic link in the registry's place is an error" link
registry "it is not a regular file $anew" "a directory in the registry's place is an error" directory
registry "it isn't root's alone to write [chown root: $R/registry.mdb && chmod 644 $R/registry.mdb]" \
    "a registry that everyone may write to is an error" chmod 666 "$R/registry.mdb"
registry "Permission denied [chmod 755 $R && chmod 644 $R/registry.mdb]" "a registry that only root can read is an error" \
    chmod 600 "$R/registry.mdb"
registry "Permission denied [chmod 755 $R && chmod 644 $R/registry.mdb]" "a registry's directory that only root may enter is an error" \
    chmod 700 "$R"
damage
is "$(findings module)" "unknown: $module is loaded, but can't answer without the registry
1" "the module isn't blamed for a damaged registry"
is "$(findings exports)|$(findings machines)" "unknown: the registry can't be read
1|1" "exports and machines aren't blamed for a damaged registry"
cp -p "$TMPDIR/saved" "$R/registry.mdb"
chmod 700 "$R"
is "$(findings registry user)" "error: $R/registry.mdb: Permission denied [chmod 755 $R && chmod 644 $R/registry.mdb]
1" "a user who can't read the registry is told so"
chmod 755 "$R"
echo 01234567-89ab-cdef-0123-456789abcdef >"$TMPDIR/boot_id"
if mount --bind "$TMPDIR/boot_id" /proc/sys/kernel/random/boot_id 2>/dev/null; then
    # Exports that are there without it are an error of their own.
    is "$(findings registry | head -n 1)" "ok: no machine was registered since boot" "a registry of an earlier boot is ok"
    umount /proc/sys/kernel/random/boot_id
else
    skip "cannot have another boot id here" "a registry of an earlier boot is ok"
fi
is "$(unshare --pid --fork --mount-proc bash -c "$(declare -f findings); findings machines")" \
"unknown: this pid or time namespace doesn't show whether they live
0" "in another pid namespace, liveness is unknown"
is "$(findings registry)" "ok: $R/registry.mdb has 1 machine
0" "a registry that is restored is ok"

# The monitor.
unwatched="it doesn't run: addresses are those of the last refresh, and dead machines stay registered"
echo 'Monitor=yes' >"$SYSCONFDIR/mymachines.conf"
is "$(findings monitor)" "error: $unwatched [mymachines monitor --background]
1" "a missing monitor is an error"
mkdir -p /run/systemd/system

unit=$(env -u MAKEFLAGS make -s --no-print-directory -C "$BUILDDIR" --eval 'unit:;@echo $(systemdsystemunitdir)' unit 2>/dev/null)
mount -t tmpfs none /usr/local 2>/dev/null
case $unit in
/usr/local/*)
    mkdir -p "$unit"
    touch "$unit/mymachines-monitor.service"
    mkdir -p "$SYSCONFDIR"
    echo 'Monitor=yes' >"$SYSCONFDIR/mymachines.conf"
    is "$(findings monitor)" "error: $unwatched [systemctl enable --now mymachines-monitor.service]
1" "the remedy for a missing monitor is its unit, if systemd has it"
    ;;
*) skip "this was configured for another prefix" "the remedy for a missing monitor is its unit, if systemd has it" ;;
esac
umount /usr/local
rmdir /run/systemd/system
mymachines monitor --background 2>/dev/null
is "$(findings monitor)" "ok: it runs, as pid $(monitor_pid)
0" "a running monitor is ok"
is "$(findings monitor user)" "unknown: only root can tell whether it runs
0" "an ordinary user can't tell whether the monitor runs"
kill -9 "$(monitor_pid)"
wait_until nobody_monitors
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"

# nscd.
if command -v nscd >/dev/null; then
    mkdir -p /run/nscd
    private_cache=$TMPDIR/nscd
    mkdir -p "$private_cache" /var/cache/nscd
    mount --bind "$private_cache" /var/cache/nscd
    printf '%s\n' 'enable-cache hosts yes' 'positive-time-to-live hosts 600' 'negative-time-to-live hosts 600' \
        'persistent hosts no' 'enable-cache passwd yes' 'negative-time-to-live passwd 600' 'persistent passwd no' >"$TMPDIR/nscd.conf"
    nscd -F -f "$TMPDIR/nscd.conf" >/dev/null 2>&1 &
    nscd=$!
    wait_until listening /var/run/nscd/socket
    is "$(findings cache)" "ok: nscd caches look-ups; its hosts, users and groups are forgotten whenever the registry changes
0" "nscd is reported"
    getent hosts cached
    getent passwd vu-cached-0
    start cached
    mymachines register cached --leader="$cached" --address=192.0.2.7 --no-monitor 2>/dev/null
    is "$(getent hosts cached | cut -d' ' -f1):$(getent passwd vu-cached-0 | cut -d: -f1)" "192.0.2.7:vu-cached-0" \
        "nscd forgets at once that a machine was unknown"
    mymachines unregister cached
    is "$(getent hosts cached; getent passwd vu-cached-0)" "" "nscd forgets a machine at once"
    kill "$nscd" "$cached"
    wait "$nscd" 2>/dev/null
    umount /var/cache/nscd
    rm -r /run/nscd
else
    skip "nscd isn't installed (scripts/install-deps --runtimes)" "nscd"
fi

# Exports.
good="ok: libsystemd sees all registered machines
0"
rm "$M/web1"
is "$(findings exports)" "error: $M/web1 doesn't agree with the registry (1 in all) [mymachines refresh]
1" "a state file of the exports is missing"
mymachines refresh
is "$(findings exports)" "$good" "refresh restores a missing state file"
linked=linked$$
start linked_leader
if mymachines register "$linked" --leader="$linked_leader" --scope --no-monitor 2>/dev/null && [ -L "$M/unit:machine-$linked.scope" ]; then
    rm "$M/unit:machine-$linked.scope"
    is "$(findings exports)" "error: $M/unit:machine-$linked.scope doesn't agree with the registry (1 in all) [mymachines refresh]
1" "a link of the exports is missing"
    mymachines refresh
    is "$(findings exports)" "$good" "refresh restores a link of the exports"
else
    skip "a scope can't be made here" "a link of the exports is missing"
fi
kill -9 "$linked_leader"
wait_until has_ended "$linked_leader"
mymachines refresh 2>/dev/null
rmdir /sys/fs/cgroup/{,*/}machine.slice/machine-$linked.scope 2>/dev/null
sed -i s/web1.scope/web2.scope/ "$M/web1"
like "$(findings exports)" "error: $M/web1 doesn't agree with the registry (* in all) [[]mymachines refresh]
1" "a state file with other contents is an error"
mymachines refresh
is "$(findings exports)" "$good" "refresh restores a changed state file"
sed s/NAME=.*/NAME=gone/ "$M/web1" >"$M/gone"
is "$(findings exports)" "error: $M/gone doesn't agree with the registry (1 in all) [mymachines refresh]
1" "a state file of an unregistered machine is an error"
rm "$M/gone"
touch "$M/other"
is "$(findings exports)" "$good" "a state file of another program is not an error"
rm "$M/web1" "$M/other"
touch "$M/web1"
is "$(findings exports | head -n 1)" \
"error: $M/web1 was not written by mymachines, and conflicts [rm -r '$M/web1' && mymachines refresh]" "another program's file in the place of a state file is an error"
rm -r "$M/web1"
mymachines refresh
chmod 777 "$M"
is "$(findings exports)" "error: $M: it isn't root's alone to write [rm -r $M && mymachines refresh]
1" "a directory of exports that everyone may write to is an error"
rm -r "$M"
is "$(findings exports)" "error: there is no $M, so libsystemd sees no machines [mymachines refresh]
1" "a missing directory of exports is an error"
mymachines refresh
is "$(findings exports)" "$good" "refresh makes the directory of exports"
printf 'Monitor=no\nExports=no\n' >"$SYSCONFDIR/mymachines.conf"
is "$(findings exports)" "ok: Exports=no is set: libsystemd sees no machines
0" "exports that are switched off are not an error"
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"
mkdir -p /run/systemd/userdb
python3 -c '
import signal, socket
s = socket.socket(socket.AF_UNIX)
s.bind("/run/systemd/userdb/io.systemd.Machine")
s.listen()
signal.pause()' >/dev/null 2>&1 </dev/null &
wait_until listening /run/systemd/userdb/io.systemd.Machine
is "$(findings exports)" "warning: systemd-machined runs: programs on libsystemd, as ps -o machine and systemctl -M, see its machines only [systemctl mask --now systemd-machined.service, where nothing needs it]
0" "a running systemd-machined is a warning"
kill $!
wait $! 2>/dev/null
rm -r /run/systemd/userdb

# Confinement.
is "$(findings confinement)" 0 "without AppArmor and SELinux there is no finding"
if mount -t tmpfs none /sys/module 2>/dev/null; then
    mkdir -p /sys/module/apparmor/parameters
    echo N >/sys/module/apparmor/parameters/enabled
    is "$(findings confinement)" 0 "AppArmor that is switched off is not a finding"
    echo Y >/sys/module/apparmor/parameters/enabled
    A=/etc/apparmor.d/abstractions
    denied="warning: AppArmor: no line of $A/nameservice lets programs with a profile read the registry [echo '  $R/registry.mdb r,' >>$A/nameservice && systemctl reload apparmor]
0"
    allowed="ok: AppArmor: profiles with abstractions/nameservice may read the registry
0"
    forbidden="warning: AppArmor: a deny rule in $A/nameservice keeps programs with a profile from reading the registry [take that rule out, and then systemctl reload apparmor]
0"
    is "$(findings confinement)" 0 "AppArmor without profiles is not a finding"
    mkdir -p "$A"
    : >"$A/nameservice"
    is "$(findings confinement)" "$denied" "AppArmor without a rule for the registry is a warning"
    printf '%s\n' '  /etc/group r,' "# $R/registry.mdb r," >"$A/nameservice"
    is "$(findings confinement)" "$denied" "AppArmor's rules for other files and comments don't count"
    remedy=$(jq -r '.[] | select(.check == "confinement").remedy' "$TMPDIR/json")
    bash -c "${remedy%&& systemctl*}"
    is "$(findings confinement)" "$allowed" "AppArmor's remedy lets profiles read the registry"
    echo 'include if exists <abstractions/nameservice.d>' >"$A/nameservice"
    like "$(findings confinement)" "*profile read the registry \[mkdir -p $A/nameservice.d && *" \
        "AppArmor: the remedy is a file in nameservice.d if that is included"
    remedy=$(jq -r '.[] | select(.check == "confinement").remedy' "$TMPDIR/json")
    bash -c "${remedy%&& systemctl*}"
    is "$(findings confinement)" "$allowed" "AppArmor's remedy in nameservice.d lets profiles read the registry"
    for left in mymachines.rpmsave mymachines~ README; do
        mv "$A"/nameservice.d/* "$A/nameservice.d/$left"
        like "$(findings confinement)" "warning: AppArmor: no line*" "AppArmor passes over a file that was left behind: $left"
    done
    mv "$A/nameservice.d/README" "$A/nameservice.d/mymachines"
    echo '  /etc/group r,' >"$A/nameservice"
    is "$(findings confinement)" "$denied" "AppArmor: a rule in nameservice.d doesn't count if that isn't included"
    rm -r "$A/nameservice.d"
    echo "  $R/registry.mdb r," >>"$A/nameservice"
    is "$(findings confinement)" "$allowed" "a rule in abstractions/nameservice itself counts"
    case $R in
    /run/*)
        echo "  @{run}/${R#/run/}/** r," >"$A/nameservice"
        is "$(findings confinement)" "$allowed" "a rule with AppArmor's variable for /run counts"
        ;;
    *) skip "the registry isn't in /run" "a rule with AppArmor's variable for /run counts" ;;
    esac
    while IFS='|' read -r rules expected; do
        printf '%b\n' "$rules" >"$A/nameservice"
        is "$(findings confinement)" "${!expected}" "AppArmor: $rules"
    done <<T
audit allow $R/registry.mdb r,|allowed
file "$R/registry.mdb" r, # a comment|allowed
r $R/*,|allowed
${R%/*}/**\n    rk,|allowed
${R%/*}/{nothing,${R##*/}}/registry.md[b] mr,|allowed
file,|allowed
$R/ r,|denied
$R/registry.mdb w,|denied
$R/registry.mdb-lock r,|denied
${R%/*}/* r,|denied
owner $R/registry.mdb r,|denied
/etc/group r, # $R/registry.mdb r,|denied
deny $R/registry.mdb r,|forbidden
audit deny $R/** rwk,|forbidden
deny $R/registry.mdb r, $R/registry.mdb r,|forbidden
$R/registry.mdb r,\n  deny ${R%/*}/** r,|forbidden
$R/registry.mdb r,\n  deny owner ${R%/*}/** r,|forbidden
$R/registry.mdb r,\ndeny $R/registry.mdb w,|allowed
T
    echo 'include if exists <abstractions/other>' >"$A/nameservice"
    is "$(findings confinement)" "$denied" "AppArmor: an included file that isn't there"
    echo "  $R/registry.mdb r," >"$A/other"
    is "$(findings confinement)" "$allowed" "AppArmor: a rule in an included file counts"
    printf '%s\n' '#include <abstractions/other>' '#include <abstractions/nameservice>' '#include <abstractions/nameservice.d>' \
        >"$A/nameservice"
    is "$(findings confinement)" "$allowed" "AppArmor: a file may include itself"
    mkdir "$A/nameservice.d"
    echo "deny $R/registry.mdb r," >"$A/nameservice.d/local"
    is "$(findings confinement)" "${forbidden/nameservice /nameservice.d/local }" "AppArmor: a deny rule in another file wins"
    umount /sys/module
else
    skip "cannot mount on /sys/module here" "AppArmor"
fi
if [ -d /sys/fs/selinux ] || { mount -t tmpfs none /sys/fs && mkdir /sys/fs/selinux; } 2>/dev/null; then
    mountpoint -q /sys/fs || mount -t tmpfs none /sys/fs/selinux
    echo 0 >/sys/fs/selinux/enforce
    is "$(findings confinement)" 0 "SELinux in permissive mode is not a finding"
    echo 1 >/sys/fs/selinux/enforce
    like "$(findings confinement)" "hint: SELinux: confined programs need to read the registry* [[]ausearch *]
0" "SELinux in enforcing mode is a hint"
    umount /sys/fs/selinux 2>/dev/null || umount /sys/fs
else
    skip "cannot mount on /sys/fs here" "SELinux"
fi

# Machines that have died.
kill -9 "$web1"
wait_until test ! -e "/proc/$web1"
is "$(findings machines)" "error: web1 has died, but is registered [mymachines refresh]
1" "a machine that has died and is registered is an error"
is "$(findings module)" "ok: $module is loaded, and answers
1" "the module isn't asked for a machine that has died"
start one
start two
mymachines register one --leader="$one" 2>/dev/null
mymachines register two --leader="$two" 2>/dev/null
kill -9 "$one" "$two"
wait_until test ! -e "/proc/$one" -a ! -e "/proc/$two"
is "$(findings machines)" "error: 3 have died, but are registered, such as one [mymachines refresh]
1" "several machines that have died are one finding"
mymachines refresh 2>/dev/null
is "$(findings machines)" 0 "refresh drops machines that have died"
show_runtimes

# lxc_container NAME [WHO]: a container of LXC, or one that has the same two processes; or such processes of a user of
# the host, or of a container's root
lxc_container() {
    python3 - "$@" <<'MONITOR' >/dev/null 2>&1 &
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
NEWUSER, NEWPID = 0x10000000, 0x20000000
who = sys.argv[2:]
if who == ["user"]:
    os.setuid(65534)
    libc.unshare(NEWUSER)
libc.unshare(NEWPID)
if who == ["inside"]:
    if os.fork() > 0:
        time.sleep(1000)
    libc.unshare(NEWPID)
if os.fork() == 0:
    time.sleep(1000)
# The title of a process is what is at the start of its arguments. Root owns the files in /proc of one that isn't dumpable.
os.execv(sys.executable, ["[lxc monitor] /var/lib/lxc " + sys.argv[1], "-c",
                          "import ctypes, time; ctypes.CDLL(None).prctl(4, 0); time.sleep(1000)"])
MONITOR
    monitor=$!
    if [ "${2-}" = inside ]; then
        wait_until grep -q . "/proc/$monitor/task/$monitor/children"
        first=$monitor
        monitor=$(cut -d' ' -f1 "/proc/$monitor/task/$monitor/children")
    fi
    wait_until sh -c "tr '\0' ' ' </proc/$monitor/cmdline | grep -q '^.lxc monitor'"
    lxc_init=$(cut -d' ' -f1 "/proc/$monitor/task/$monitor/children")
}
lxc_container c1
is "$(findings runtimes | grep LXC)" "warning: container c1 of LXC runs, as pid $lxc_init, and isn't registered [mymachines register c1 --leader=$lxc_init --service=lxc]" \
    "a container of LXC that isn't registered is reported"
mymachines register c1 --leader="$lxc_init" --service=lxc 2>/dev/null
is "$(findings runtimes | grep LXC)" "" "a container of LXC that is registered is not reported"
kill -9 "$lxc_init" "$monitor"
wait_until has_ended "$lxc_init"
mymachines refresh 2>/dev/null
lxc_container "x';id>y;'"
is "$(findings runtimes | grep LXC)" "warning: container x';id>y;' of LXC runs, as pid $lxc_init, and isn't registered [mymachines register NAME --leader=$lxc_init --service=lxc]" \
    "no shell finds a command in a name that is in a command"
kill -9 "$lxc_init" "$monitor"
lxc_container c2 user
wait_until sh -c "[ \$(stat -c %u /proc/$monitor/cmdline) = 0 ]"
is "$(findings runtimes | grep LXC)" "" "a user's process that isn't dumpable isn't taken for root's"
kill -9 "$lxc_init" "$monitor"
lxc_container c3 inside
is "$(findings runtimes | grep LXC)" "" "nor is one in a container"
kill -9 "$first" "$lxc_init" "$monitor"

# Runtimes that are here, or look so.
mkdir -p "$TMPDIR/bin" "$TMPDIR/share/upper" "$TMPDIR/share/work"
mount -t overlay -o "lowerdir=/usr/share,upperdir=$TMPDIR/share/upper,workdir=$TMPDIR/share/work" overlay /usr/share
rm -rf /usr/share/containers/oci
for program in runc podman; do
    ln -s /bin/true "$TMPDIR/bin/$program"
done
PATH=$TMPDIR/bin:$PATH
is "$(findings runtimes | grep -E 'podman|runc')" \
    "warning: podman doesn't register its machines [mymachines setup podman]
ok: runc has hooks in each bundle: mymachines setup runc --bundle=PATH" "podman that isn't set up is a warning"
# libvirt may be one daemon, or one for each driver.
libvirtd=$(command -v libvirtd) && mount --bind /dev/null "$libvirtd"
for daemon in libvirtd virtlxcd virtqemud; do
    ln -s /bin/true "$TMPDIR/bin/$daemon"
    is "$(findings runtimes | grep libvirt)" "warning: libvirt doesn't register its machines [mymachines setup libvirt]" \
        "libvirt is looked at if $daemon is installed"
    rm "$TMPDIR/bin/$daemon"
done
[ -z "$libvirtd" ] || umount "$libvirtd"
for strict in '' --strict; do
    mymachines setup --quiet podman $strict
    is "$(findings runtimes | grep podman)" "ok: podman registers its machines" "podman that is set up${strict:+ with $strict} is ok"
done
# What setup wrote counts, also if it would write something else now.
mount -t tmpfs none /var/lib/lxc 2>/dev/null
mkdir -p /usr/share/lxc/config/common.conf.d /etc/systemd/system
for program in libvirtd lxc-start systemd-nspawn; do
    ln -s /bin/true "$TMPDIR/bin/$program"
done
unit=/etc/systemd/system/systemd-nspawn@.service
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/systemd-nspawn --boot --machine=%i' >$unit
mymachines setup --quiet libvirt lxc nspawn podman
# outdated TARGET FILE: that file of it isn't as setup would write it
outdated() {
    is "$(findings runtimes | grep "$1 ")" \
        "warning: $1 registers its machines, but isn't set up as setup would do it now [mymachines setup $1, with the same options as before]" \
        "$1 that is set up in another form is a warning"
    run mymachines setup --check "$1"
    is "$status:$out" "1:$1: $2: is set up, but not as setup would do it now" "$1: --check says that it is set up in another form"
    # With another program in it, nothing is known of that.
    sed -i "s|$BUILDDIR/mymachines|/nonesuch/mymachines|g" "$2"
    is "$(findings runtimes | grep "$1 ")" "warning: $1 doesn't register its machines [mymachines setup $1]" "$1 that runs a program elsewhere isn't set up"
    mymachines setup --quiet "$1"
    is "$(findings runtimes | grep "$1 ")" "ok: $1 registers its machines" "$1 is set up again"
}
sed -i 's/--boot/--boot --network-veth/' $unit
outdated nspawn $unit.d/mymachines.conf
for edited in "podman /usr/share/containers/oci/hooks.d/mymachines.json" "libvirt /etc/libvirt/hooks/qemu.d/mymachines"; do
    sed -i 's/; while read -r _; do :; done//' "${edited#* }"
    outdated "${edited%% *}" "${edited#* }"
done
sed -i 's/ || :/ || true/' /usr/share/lxc/config/common.conf.d/mymachines.conf
outdated lxc /usr/share/lxc/config/common.conf.d/mymachines.conf
chmod -x /etc/libvirt/hooks/qemu.d/mymachines
is "$(findings runtimes | grep "libvirt ")" "warning: libvirt doesn't register its machines [mymachines setup libvirt]" \
    "libvirt whose hook can't be executed isn't set up"
mymachines setup --quiet libvirt
is "$(findings runtimes | grep "libvirt ")" "ok: libvirt registers its machines" "setup lets libvirt execute its hook again"
rm /etc/libvirt/hooks/lxc.d/mymachines
sed -i 's/; while read -r _; do :; done//' /etc/libvirt/hooks/qemu.d/mymachines
is "$(findings runtimes | grep "libvirt ")" "warning: libvirt doesn't register its machines [mymachines setup libvirt]" \
    "libvirt that has one of its hooks, in another form, isn't set up"
done_testing
