#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirt's QEMU driver registers its VMs, by the hook that 'mymachines setup libvirt' writes.
. "$SRCDIR/tests/runtimes/libvirt.sh"
need qemu-system-x86_64
[ -e /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so ] ||
    skip_all "libvirt's QEMU driver isn't installed (scripts/install-deps --runtimes)"

start_libvirtd qemu:///system
name=lv-vm-$$

start_vm() {
    create "$name" <<DOMAIN
<domain type='qemu'><name>$name</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <metadata><m:machine xmlns:m='urn:org.mymachines' alias='www'/></metadata>
  <on_poweroff>destroy</on_poweroff>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
    <interface type='ethernet'><target dev='lv$$'/><model type='virtio'/></interface>
    <memballoon model='none'/>
  </devices>
</domain>
DOMAIN
    pid=$(cat "/run/libvirt/qemu/$name.pid")
}

start_vm
ok $? "it starts"
seen libvirt-qemu "$name" "$pid" libvirt-qemu
is "$(value "$name" Class)" vm "it is a VM"
is "$(value "$name" Id)" "$(virsh domuuid "$name" | tr -d -- '-\n')" "its id is libvirt's"
is "$(value "$name" NetworkInterfaces)" "$(ip -o link show "lv$$" | cut -d: -f1)" "its tap is known"
is "$(value "$name" Aliases)" "www qemu-1-$name" "its aliases are those of its metadata and libvirt's"
# What the host's neighbours say of it comes to be known.
mac=$(virsh domiflist "$name" | awk '/virtio/ { print $NF }')
ip addr add 10.77.0.1/24 dev "lv$$"
ip neigh replace 10.77.0.2 lladdr "$mac" dev "lv$$" nud reachable
wait_until resolves_to ahostsv4 "$name" 10.77.0.2
is "$(getent ahostsv4 "$name" | cut -d' ' -f1 | sort -u)" 10.77.0.2 "getent knows its address, when it has one"
virsh destroy "$name" >/dev/null
gone stopped "$name"
start_vm
is "$(value "$name" Leader)" "$pid" "it is registered when it starts again"
kill -9 "$pid"
gone killed "$name"
said_nothing "hooks that have nothing to complain of say nothing"

start_one() {
    start_vm
}

wait_until sh -c "! virsh -c '$uri' list --name | grep -q ."
without_us libvirt-qemu "$name"

# Those that ran before libvirtd did are registered when it starts.
wait_until sh -c "! virsh -c '$uri' list --name | grep -q ."
start_vm
mymachines unregister "$name"
kill "$(cat "$TMPDIR/libvirtd.pid")"
wait_until test ! -e "$TMPDIR/libvirtd.pid"
libvirtd -d -p "$TMPDIR/libvirtd.pid" </dev/null >/dev/null 2>&1
wait_until mymachines show "$name"
is "$(value "$name" Leader)" "$pid" "one that runs is registered when libvirtd starts"
virsh destroy "$name" >/dev/null
gone "stopped then" "$name"

end_libvirtd
