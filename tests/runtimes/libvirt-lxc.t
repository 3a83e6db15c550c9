#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirt's LXC driver registers its containers, by the hook that 'mymachines setup libvirt' writes.
. "$SRCDIR/tests/runtimes/libvirt.sh"
[ -x /usr/lib/libvirt/libvirt_lxc ] || skip_all "libvirt's LXC driver isn't installed (scripts/install-deps --runtimes)"

# It can't start any where cgroups are of both versions: let it see the first alone.
umount /sys/fs/cgroup/unified 2>/dev/null
start_libvirtd lxc:///system

# domain NAME VARIANT [METADATA]
domain() {
    local map words='' inner outer count
    for map in ${maps[$2]}; do
        IFS=: read -r inner outer count <<<"$map"
        words+="<uid start='$inner' target='$outer' count='$count'/>"
        words+="<gid start='$inner' target='$outer' count='$count'/>"
    done
    create "$1" <<DOMAIN
<domain type='lxc'><name>$1</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type>exe</type><init>/sbin/init</init></os>${words:+<idmap>$words</idmap>}
  ${3:+<metadata>$3</metadata>}
  <devices>
    <filesystem type='mount'><source dir='$TMPDIR/$2'/><target dir='/'/></filesystem>
    <interface type='ethernet'>
      <ip address='10.77.0.2' prefix='24'/><ip family='ipv6' address='fd77::2' prefix='64'/>
      <target dev='lv$$'/><guest dev='eth0'/>
    </interface>
    <console type='pty'/>
  </devices>
</domain>
DOMAIN
}

# started NAME: sets pid, of the controller's child
started() {
    local controller
    controller=$(cat "/run/libvirt/lxc/$1.pid")
    pid=$(cut -d' ' -f1 "/proc/$controller/task/$controller/children")
    ip addr replace 10.77.0.1/24 dev "lv$$"
    ip addr replace fd77::1/64 dev "lv$$" nodad
}

for variant in plain userns multi; do
    what="libvirt-lxc $variant" name="lv-$variant-$$"
    rootfs "$TMPDIR/$variant" "$variant"
    domain "$name" "$variant"
    ok $? "$what: it starts"
    started "$name"
    runs "$pid" '/bin/sh /sbin/init'
    seen "$what" "$name" "$pid" libvirt-lxc 10.77.0.2 fd77::2
    seen_ids "$what" "$name" "$pid" "$variant"
    is "$(value "$name" RootDirectory)" "$TMPDIR/$variant" "$what: its root directory is known"
    is "$(value "$name" Id)" "$(virsh domuuid "$name" | tr -d -- '-\n')" "$what: its id is libvirt's"
    is "$(value "$name" Aliases)" "lxc-$(cat "/run/libvirt/lxc/$name.pid")-$name" \
        "$what: its alias is the name that libvirt gives to machined"
    virsh destroy "$name" >/dev/null
    gone "$what stopped" "$name"
    domain "$name" "$variant"
    started "$name"
    is "$(value "$name" Leader)" "$pid" "$what: it is registered when it starts again"
    kill -9 "$pid"
    gone "$what killed" "$name"
    wait_until sh -c "! virsh -c '$uri' list --name | grep -q '$name'"
done

start_one() {
    domain "$1" plain && started "$1" && runs "$pid" '/bin/sh /sbin/init'
}

without_us libvirt-lxc "lv$$"

domain "lv_odd name" plain "<m:machine xmlns:m='urn:org.mymachines' name='called.otherwise' alias='www db'/>"
ok $? "libvirt-lxc: a container whose name can't be a machine's starts"
like "$(value called-otherwise Aliases)" "www db*" "libvirt-lxc: its metadata names it, with --annotations"
virsh destroy "lv_odd name" >/dev/null
gone "libvirt-lxc: named by its metadata" called-otherwise

domain "lv odd" plain
ok $? "libvirt-lxc: a container with a blank in its name starts"
is "$(mymachines list --all --no-legend | cut -d' ' -f1)" lvodd "libvirt-lxc: it is registered under a name made from that"
like "$(cat "$TMPDIR/syslog")" "*hook libvirt: lv odd: registered as lvodd*" "libvirt-lxc: the log has both names"
virsh destroy "lv odd" >/dev/null

end_libvirtd
