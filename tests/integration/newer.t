#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# In a Debian that boots systemd 257 with dbus-broker: the bus and Varlink beside its systemd-machined, and its tools.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/booted.sh"
. "$SRCDIR/tests/support/peer.sh"
need_root
need_newer_debian
[ -x "$BUILDDIR/mymachines-bus" ] || skip_all "it was configured without libsystemd"
trap end_debian EXIT
boot_peer newer 257

install_in_debian
what_varlink_callers_hear() {
    px 'cat >/tmp/x/words; exec bash /tmp/x/words' <"$SRCDIR/tests/integration/varlink-peer.sh" >"$1" 2>&1
}
px 'systemctl start systemd-machined.service' </dev/null
what_varlink_callers_hear "$TMPDIR/real-varlink"
is "$(tail -n 1 "$TMPDIR/real-varlink")" end "systemd-machined answers by Varlink"
is "$(px 'readlink "/proc/$(systemctl show -p MainPID --value dbus.service)/exe"' </dev/null)" /usr/bin/dbus-broker-launch \
    "dbus-broker is the bus"
compare_image_verbs 23
in_there 'mymachines setup varlink --quiet; mymachines setup varlink --check; systemctl is-enabled mymachines-import-varlink.socket || :
    systemctl is-active systemd-importd.socket; varlinkctl info /run/systemd/io.systemd.Import | grep -c systemd-importd
    mymachines setup varlink --remove --quiet'
is "$out" "varlink: is set up
disabled
active
1" "setup varlink leaves the socket of systemd-importd alone"
compare_on_bus

px 'systemctl stop mymachines-bus.service; mymachines setup varlink --quiet' </dev/null
what_varlink_callers_hear "$TMPDIR/ours-varlink"
python3 "$SRCDIR/tests/integration/peer_differences.py" "$TMPDIR/real-varlink" "$TMPDIR/ours-varlink" >"$TMPDIR/differences" ||
    echo "cannot compare" >>"$TMPDIR/differences"
is "$(cat "$TMPDIR/differences")" "$(cat "$SRCDIR/tests/integration/varlink-peer.differences")" \
    "callers by Varlink and userdbctl get to hear the same, but for what is different on purpose"
# Machines of its systemd-nspawn, in scopes of its systemd; with the bus, and a unit.
px 'mymachines setup varlink --remove --quiet
    mkdir -p /srv/tiny/{etc,usr,tmp,run,proc,sys,dev,root,var} /var/lib/machines /etc/systemd/nspawn
    cd /srv/tiny; ln -s usr/bin usr/sbin usr/lib usr/lib64 .
    echo ID=tiny >etc/os-release; echo root:x:0:0:root:/root:/bin/sh >etc/passwd; echo root:x:0: >etc/group
    mount --bind /srv /var/lib/machines
    printf "%s\n" "[Exec]" Boot=no "Parameters=sleep 1000" "[Files]" BindReadOnly=/usr >/etc/systemd/nspawn/tiny.nspawn
    busctl monitor --json=short --match "type='\''signal'\'',interface='\''org.freedesktop.machine1.Manager'\''" \
        >/tmp/x/signals 2>/dev/null </dev/null &' </dev/null >/dev/null 2>&1
px 'setsid systemd-nspawn -q -D /srv/tiny --bind-ro=/usr -M spawn1 sleep 1000 >/tmp/x/spawn 2>&1 </dev/null &' </dev/null
wait_until px 'machinectl list --no-legend | grep -q ^spawn1' </dev/null
in_there 'machinectl show spawn1 -p Service -p Unit -p Class; tail -n 1 "/proc/$(machinectl show spawn1 -p Leader --value)/cgroup"
    mymachines show spawn1 -p Unit --value; systemctl is-active machine-spawn1.scope'
is "$out" "Service=systemd-nspawn
Unit=machine-spawn1.scope
Class=container
0::/machine.slice/machine-spawn1.scope/payload
machine-spawn1.scope
active" "systemd-nspawn 257 registers its machine, in a scope of systemd's"
in_there 'machinectl shell spawn1 /bin/echo it works; machinectl copy-to spawn1 /etc/hostname /root/copied; cat /srv/tiny/root/copied
    journalctl -M spawn1 2>&1; busctl tree --list org.freedesktop.machine1 | grep spawn1
    busctl introspect org.freedesktop.machine1 /org/freedesktop/machine1/machine/spawn1 | grep -c "^\.[A-Z]"'
like "$out" "*it works*$(px 'cat /etc/hostname' </dev/null)
*No journal files were found.*
/org/freedesktop/machine1/machine/spawn1
4[0-9]" "machinectl shell and copy-to, journalctl -M, busctl tree and introspect"
in_there 'machinectl terminate spawn1; for i in {1..300}; do [[ $(systemctl is-active machine-spawn1.scope) != @(inactive|failed) ]] || break; sleep 0.1; done
    machinectl list; systemctl is-active machine-spawn1.scope || :'
is "$out" "No machines.
inactive" "machinectl terminate ends it, and its scope"
wait_until px 'grep -q "MachineRemoved.*spawn1" /tmp/x/signals' </dev/null
is "$(px 'cat /tmp/x/signals' </dev/null | jq -r 'select(.type == "signal") | "\(.member) \(.payload.data[0])"' | grep spawn1 | xargs)" \
    "MachineNew spawn1 MachineRemoved spawn1" "busctl monitor sees it come and go"
in_there 'machinectl start tiny && machinectl list --no-legend | cut -d" " -f1 && mymachines show tiny -p Unit --value
    machinectl terminate tiny; for i in {1..300}; do [[ $(systemctl is-active systemd-nspawn@tiny.service) != @(inactive|failed) ]] || break; sleep 0.1; done
    machinectl list; systemctl is-active systemd-nspawn@tiny.service || :'
# systemd-nspawn itself exits with 1 then, also where systemd-machined has stopped the unit.
is "$out" "tiny
systemd-nspawn@tiny.service
No machines.
failed" "machinectl start runs the unit of an image, which registers it, and machinectl terminate ends it"

# Its importctl.
if [ -x "$BUILDDIR/mymachines-import-bus" ] && px '/usr/local/bin/mymachines-import --version' </dev/null >/dev/null 2>&1; then
    in_there 'umount /var/lib/machines
        cd /tmp/x; mkdir -p tree/etc; echo ID=tree >tree/etc/os-release; tar -C tree -cf one.tar .; truncate -s 1M two.raw
        say() {
            importctl --class=machine "$@" >out 2>&1 && echo "$*: done" || echo "$*: failed"
        }
        say import-tar one.tar one; say import-tar one.tar one; say --force import-tar one.tar one
        say import-raw two.raw two; say import-fs tree three; say export-tar one out.tar; say export-raw two out.raw
        say export-tar nosuch none.tar; grep -c "no image .nosuch." out; say cancel-transfer 99; say import-tar nosuch.tar four
        tar -tf out.tar | sort | xargs; cmp two.raw out.raw
        importctl --class=machine list-images --no-legend | cut -d/ -f1 | xargs; importctl list-transfers --no-legend
        machinectl clone one four && machinectl rename four five && machinectl read-only five && machinectl remove five three two
        machinectl list-images --no-legend | cut -d" " -f1,2; machinectl remove one'
    is "$out" "import-tar one.tar one: done
import-tar one.tar one: failed
--force import-tar one.tar one: done
import-raw two.raw two: done
import-fs tree three: done
export-tar one out.tar: done
export-raw two out.raw: done
export-tar nosuch none.tar: failed
1
cancel-transfer 99: failed
import-tar nosuch.tar four: failed
./ ./etc/ ./etc/os-release
machine .host directory machine one directory machine three directory machine two raw
one directory" "importctl 257 imports, exports and lists images, and machinectl changes them"

    # io.systemd.Import, by its varlinkctl, and by a unit of its generator.
    in_there 'systemctl show -p Id,ActiveState systemd-importd.socket | sort | xargs; varlinkctl info /run/systemd/io.systemd.Import | grep -c "Product: mymachines"
        varlinkctl introspect /run/systemd/io.systemd.Import io.systemd.Import | grep -c "^method"; mymachines setup bus --check'
    is "$out" "ActiveState=active Id=mymachines-import-varlink.socket
1
2
bus: is set up" "setup bus makes the socket of systemd-importd another name of ours"
    mkdir "$TMPDIR/served"
    px 'cat /tmp/x/one.tar' </dev/null >"$TMPDIR/served/one.tar"
    nsenter -t "$leader" --net ip link set lo up
    (cd "$TMPDIR/served" && exec nsenter -t "$leader" --net python3 -m http.server 8111 --bind 127.0.0.1) >/dev/null 2>&1 &
    serves() {
        nsenter -t "$leader" --net python3 -c 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:8111/one.tar")' 2>/dev/null
    }
    wait_until serves
    in_there 'pull() {
            varlinkctl call --more --json=short /run/systemd/io.systemd.Import io.systemd.Import.Pull "$1" 2>&1 | tr -d "\036" | sed "s/\"id\":[0-9]*/\"id\":N/; s/ in [0-9.]* s/ in N s/"
        }
        pull "{\"remote\":\"http://127.0.0.1:8111/one.tar\",\"local\":\"one\",\"type\":\"tar\",\"class\":\"machine\",\"verify\":\"no\"}"
        ls /var/lib/machines/one/etc
        pull "{\"remote\":\"http://127.0.0.1:8111/one.tar\",\"local\":\"one\",\"type\":\"tar\",\"class\":\"machine\",\"verify\":\"no\"}"'
    like "$out" '{"id":N}*{"log":{"message":"one: pull-tar done: 3 entries*{}
os-release
{"id":N}
{"log":{"message":"pull-tar: there is an image *one* already*,"priority":3}}
*io.systemd.Import.TransferFailed*' "varlinkctl fetches an image, and sees its messages"
    in_there 'cd /tmp/x; mkdir units
        SYSTEMD_PROC_CMDLINE="systemd.pull=tar,machine,verify=no:generated:http://127.0.0.1:8111/one.tar" SYSTEMD_IN_INITRD=0 \
            /usr/lib/systemd/system-generators/systemd-import-generator units units units
        grep -l "^ExecStart=.*varlinkctl" units/*.service | wc -l; cp units/*.service /run/systemd/system/import-generated.service
        systemctl daemon-reload; systemctl start import-generated.service; systemctl show -p Result --value import-generated.service
        ls /var/lib/machines/generated/etc'
    is "$out" "1
success
os-release" "a unit of systemd-import-generator fetches an image"
    in_there 'mymachines setup bus --remove --quiet; systemctl show -p Id,ActiveState systemd-importd.socket | sort | xargs
        varlinkctl info /run/systemd/io.systemd.Import | grep -c systemd-importd; mymachines setup bus --remove --check
        systemctl is-active mymachines-import-varlink.socket || :; find /etc/systemd -name "*importd*"'
    is "$out" "ActiveState=active Id=systemd-importd.socket
1
bus: is removed
inactive" "setup bus --remove gives the socket back"
else
    skip "mymachines-import doesn't run in there" "importctl 257"
fi
done_testing
