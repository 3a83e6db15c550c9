#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 'mymachines setup bus' without systemd: who answers before, during and after, and that no policy
# of ours is there unless we do.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
need_root
for program in dbus-daemon busctl; do
    command -v $program >/dev/null || skip_all "$program isn't installed"
done
[ -x "$BUILDDIR/mymachines-bus" ] || skip_all "it was configured without libsystemd"
own_bus_files
# What systemd-machined needs without systemd: it leaves if systemd can be asked for and fails.
mkdir -p /run/systemd/machines /run/systemd/userdb
mount_directory /usr/share/dbus-1
rm -f /usr/share/dbus-1/system-services/org.freedesktop.systemd1.service
policy=/etc/dbus-1/system.d/mymachines-machine1.conf
activation=/usr/local/share/dbus-1/system-services/org.freedesktop.machine1.service
stock=/usr/share/dbus-1/system-services/org.freedesktop.machine1.service

# as_user METHOD SIGNATURE ARGUMENT...: what it gets to hear, without a colon and what follows it
as_user() {
    # shellcheck disable=SC2086
    setpriv --reuid=daemon --regid=daemon --init-groups \
        busctl --timeout=30 call $MACHINE1 "$@" 2>&1 | sed 's/, [0-9].*//'
}
register_as_user() {
    as_user RegisterMachine sayssus mine 0 t container 0 /
}
# owner: the program that answers
owner() {
    basename "$(readlink "/proc/$(server_pid)/exe")" 2>/dev/null
}

snapshot() {
    find /etc/dbus-1 /etc/systemd /usr/local/share/dbus-1 /usr/share/polkit-1 -type f -o -type l 2>/dev/null | sort
}
before=$(snapshot)
start_daemon
finding() {
    mymachines doctor --json=short 2>/dev/null | jq -r '.[] | select(.check == "bus") | "\(.status): \(.message)"'
}

if [ -x /lib/systemd/systemd-machined ] && [ -e "$stock" ]; then
    like "$(register_as_user)" "*Access denied*" "before: the bus refuses an ordinary user's RegisterMachine"
    # Its own file has the bus ask systemd to start it, and nobody else.
    /lib/systemd/systemd-machined >/dev/null 2>&1 &
    machined_answers() {
        [ "$(owner)" = systemd-machined ]
    }
    wait_until machined_answers
    ok $? "before: systemd-machined answers"
    like "$(finding)" "ok: systemd-machined answers * on the system bus*" "doctor tells that systemd-machined answers"
    run mymachines setup bus --quiet
    like "$status|$err" "1|mymachines: */systemd-machined still answers (pid *), so the policy isn't written; end it*" \
        "setup bus: says that systemd-machined still answers"
    ok "$([ ! -e $policy ]; echo $?)" "setup bus: writes no policy while another one answers"
    kill "$(server_pid)"
    nobody_answers() {
        [ -z "$(server_pid)" ]
    }
    wait_until nobody_answers
else
    skip "systemd-machined isn't installed" "before: systemd-machined answers"
fi

run mymachines setup bus
is "$status|$err" "0|" "setup bus"
like "$out" "*+++ $policy*bus: mymachines-bus answers*" "setup bus: shows its changes and says who answers"
run mymachines setup bus --check
is "$status|$out" "0|bus: is set up" "setup bus --check"
run mymachines setup bus
is "$status|$out" "0|bus: nothing to do" "setup bus: twice has nothing to do"
run as_user ListMachines
like "$out|$(owner)" 'a(ssso) 1 ".host"*|mymachines-bus' "during: the bus starts us for an ordinary user"
like "$(register_as_user)" "Call failed: [PI]*[dn]*" "during: we refuse an ordinary user's RegisterMachine"
like "$(finding)" "ok: mymachines-bus answers * on the system bus*" "doctor tells that we answer"
# Where systemd runs, nspawn and libvirt need no hooks then.
mkdir "$TMPDIR/programs"
ln -s /bin/true "$TMPDIR/programs/libvirtd"
ln -s /bin/true "$TMPDIR/programs/systemd-nspawn"
unit=/etc/systemd/system/systemd-nspawn@.service
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/systemd-nspawn --boot --machine=%i' >"$TMPDIR/nspawn.service"
# runtimes: what doctor says of these
runtimes() {
    mkdir -p "${unit%/*}"
    cp "$TMPDIR/nspawn.service" $unit
    PATH=$TMPDIR/programs:$PATH mymachines doctor --json=short 2>/dev/null | jq -r '.[] | select(.check == "runtimes") |
        "\(.status): \(.message)"' | grep -E ': (libvirt|nspawn) '
    rm $unit
}
is "$(runtimes)" "warning: libvirt doesn't register its machines
warning: nspawn doesn't register its machines" "doctor: without systemd, nspawn and libvirt don't use the bus"
[ -d /run/systemd/system ] || { mkdir /run/systemd/system && made=1; }
is "$(runtimes)" "ok: libvirt registers its machines by the bus
ok: nspawn registers its machines by the bus" "doctor: where systemd runs, nspawn and libvirt register their machines by the bus"
mv $activation "$TMPDIR/activation"
is "$(runtimes)" "warning: libvirt doesn't register its machines
warning: nspawn doesn't register its machines" "doctor: nspawn and libvirt don't register their machines by a bus that isn't set up"
mv "$TMPDIR/activation" $activation
[ -z "$made" ] || rmdir /run/systemd/system

# Each method that isn't root's alone is in the policy, and none that doesn't exist.
busctl introspect --json=short org.freedesktop.machine1 /org/freedesktop/machine1 >/dev/null 2>&1
methods() {
    busctl introspect org.freedesktop.machine1 "$1" "org.freedesktop.machine1.$2" |
        awk '$2 == "method" { print substr($1, 2) }' | sort
}
allowed() {
    sed -n "s/.*machine1\.$1\" send_member=\"\(.*\)\".*/\1/p" $policy | sort
}
is "$(allowed Manager)" "$(methods /org/freedesktop/machine1 Manager)" "the policy has all methods of the Manager"
is "$(allowed Machine)" "$(methods /org/freedesktop/machine1/machine/_2ehost Machine)" "the policy has all methods of a machine"
is "$(allowed Image)" "$(methods /org/freedesktop/machine1/image/_2ehost Image)" "the policy has all methods of an image"

if [ -x "$BUILDDIR/mymachines-import-bus" ]; then
    import1=org.freedesktop.import1
    like "$(finding)" "*ok: mymachines-import-bus answers $import1 when somebody asks*" "doctor tells that the bus can start us for import1"
    importd=/lib/systemd/systemd-importd
    import1_owner() {
        "$BUILDDIR/mymachines-import-bus" --owner
    }
    if [ -x $importd ]; then
        $importd >/dev/null 2>&1 &
        importd_answers() {
            [ "$(import1_owner)" = $! ]
        }
        wait_until importd_answers
        like "$(finding)" "*warning: */systemd-importd answers $import1 on the system bus, and mymachines-import-bus is set up to do so*" \
            "doctor warns where systemd-importd answers in our place"
        sed -i 's/ Checksum of the rest: [0-9a-f]*//' "${activation/machine1/import1}"
        like "$(finding)" "*warning: */systemd-importd answers $import1 on the system bus*" \
            "also if an earlier version has written the setup"
        sed -i 's,/mymachines-import-bus,/former&,' "${activation/machine1/import1}"
        like "$(finding)" "*ok: systemd-importd answers $import1 on the system bus*" "and not if another program would be started"
        sed -i 's,/former/,/,' "${activation/machine1/import1}"
        mv $activation "$TMPDIR/activation"
        like "$(finding)" "*warning: */systemd-importd answers $import1 on the system bus*" \
            "also if machine1's part of the setup is incomplete"
        mv "$TMPDIR/activation" $activation
        mv "${activation/machine1/import1}" "$TMPDIR/activation"
        like "$(finding)" "*ok: systemd-importd answers $import1 on the system bus*" "and not if import1's part is"
        mv "$TMPDIR/activation" "${activation/machine1/import1}"
        kill $!
        wait $!
    else
        skip "systemd-importd isn't installed" "doctor warns where systemd-importd answers in our place"
    fi
    import1_methods() {
        busctl introspect $import1 "$1" "$import1.$2" | awk '$2 == "method" { print substr($1, 2) }' | sort
    }
    import1_allowed() {
        sed -n "s/.*import1\.$1\" send_member=\"\(.*\)\".*/\1/p" /etc/dbus-1/system.d/mymachines-import1.conf | sort
    }
    is "$(import1_allowed Manager)" "$(import1_methods /org/freedesktop/import1 Manager)" "the policy has all methods of import1's Manager"
    import1_server=$(import1_owner)
    is "$(basename "$(readlink "/proc/$import1_server/exe")")" mymachines-import-bus "the bus has started mymachines-import-bus"
    like "$(finding)" "*ok: mymachines-import-bus answers $import1 on the system bus*" "doctor tells that we answer import1"
fi

# A file of somebody else's is left alone.
echo "[D-BUS Service]" >$activation
run mymachines setup bus
like "$status|$err" "1|*$activation: setup did not write this file; move it away first" "setup bus leaves a file of somebody else's alone"
rm $activation
# A file of ours that somebody has changed isn't lost, in whatever version of setup wrote it.
# kept FILE WORDS: a change of the file, by sed(1), stays
kept() {
    local before
    cp -a "$1" "$TMPDIR/kept"
    sed -i "$2" "$1"
    before=$(cat "$1")
    fails "mymachines: setup: $1: setup wrote this file, and somebody has changed it since; *" "setup bus: ${1##*/} that somebody has changed isn't replaced" \
        mymachines setup bus
    fails "mymachines: setup: $1: setup wrote this file, and somebody has changed it since; *" "setup bus: ${1##*/} that somebody has changed isn't removed" \
        mymachines setup --remove bus
    is "$(cat "$1")" "$before" "setup bus: ${1##*/} that somebody has changed stays"
    cp -a "$TMPDIR/kept" "$1"
}
mymachines setup bus --quiet
kept $policy /CreateMachine/d
kept $activation '$aEnvironment=A=b'
[ ! -e /etc/systemd/system/mymachines-bus.service ] || kept /etc/systemd/system/mymachines-bus.service 's/^KillMode=.*/KillMode=control-group/'
[ ! -e /usr/share/polkit-1/actions/mymachines-machine1.policy ] ||
    kept /usr/share/polkit-1/actions/mymachines-machine1.policy s/auth_admin_keep/no/
# Earlier versions wrote no checksum.
sed -i -e 's/ Checksum of the rest: [0-9a-f]*//' -e /CreateMachineEx/d $policy
run mymachines setup bus
is "$status|$err|$(grep -c CreateMachineEx $policy)" "0||1" "setup bus: a file of an earlier version is replaced"
mkdir -p /etc/systemd/system
rm -f /etc/systemd/system/systemd-machined.service
echo "[Service]" >/etc/systemd/system/systemd-machined.service
run mymachines setup bus
if [ -d /usr/lib/systemd/system ]; then
    like "$status|$err" "1|*/etc/systemd/system/systemd-machined.service: *rm /etc/systemd/system/systemd-machined.service" \
        "setup bus names a copied unit of systemd-machined, and how to remove it"
fi
rm /etc/systemd/system/systemd-machined.service
run mymachines setup bus --quiet
is "$status|$out|$err" "0||" "setup bus: missing files are written again"
if [ -d /usr/lib/systemd/system ]; then
    # Others that claim the name: a copy under another name, one that wins over ours, a dangling link.
    for file in /run/systemd/transient/my-machined.service /etc/systemd/system.control/systemd-machined.service; do
        mkdir -p "$(dirname $file)"
        printf '%s\n' '[Service]' ExecStart=/bin/false 'BusName = org.freedesktop.machine1' >$file
        run mymachines setup bus --check
        like "$status|$err" "1|*$file: it wants the name *; move it away first: rm $file" "setup bus --check names $file"
        is "$(finding | grep -c "^warning: .*rm $file")" 1 "doctor names $file"
        rm $file
    done
    linked=/etc/systemd/system/my-machined.service
    printf '%s\n' '[Service]' ExecStart=/bin/false 'BusName=org.freedesktop.machine1' >"$TMPDIR/my-machined.service"
    ln -s "$TMPDIR/my-machined.service" $linked
    run mymachines setup bus --check
    like "$status|$err" "1|*$linked: it wants the name *; move it away first: rm $linked" "setup bus --check names a linked unit"
    mv $linked /etc/systemd/system/another-name.service
    run mymachines setup bus --check
    is "$status|$err" "0|" "setup bus --check: another name of a unit claims nothing"
    rm /etc/systemd/system/another-name.service
    alias=/etc/systemd/system/dbus-org.freedesktop.machine1.service
    ln -sfn /etc/systemd/system/nosuch.service $alias
    run mymachines setup bus --check
    like "$status|$err" "1|*$alias: it is a link to /etc/systemd/system/nosuch.service*rm $alias" \
        "setup bus --check names a dangling alias"
    rm $alias
    mymachines setup bus --quiet
fi

actions=/usr/share/polkit-1/actions/mymachines-machine1.policy
if [ -e $actions ]; then
    mymachines setup varlink --quiet
    mymachines setup varlink --remove --quiet
    ok "$([ -e $actions ]; echo $?)" "polkit's actions stay while the bus needs them"
fi
# It has ended by itself if nobody has asked it for half a minute.
machine1 ListMachines >/dev/null
server=$(server_pid)
run mymachines setup bus --remove
is "$status|$err" "0|" "setup bus --remove"
wait_until has_ended "$server"
wait_until has_ended "${import1_server:-$server}"
ok $? "after: mymachines-bus and mymachines-import-bus have ended"
is "$(snapshot)" "$before" "after: no file of ours is left"
if [ -e "$stock" ]; then
    like "$(register_as_user)" "*Access denied*" "after: the bus refuses an ordinary user's RegisterMachine"
    is "$(machine1 ListMachines 2>&1; owner)" "Call failed: Launch helper exited with unknown return code 1" \
        "after: the bus starts nobody but what is installed beside us"
fi
run mymachines setup bus --remove
is "$status|$out" "0|bus: nothing to do" "setup bus --remove: twice has nothing to do"
kill "$bus"
done_testing
