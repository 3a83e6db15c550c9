#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirt's VMs where mymachines-bus answers org.freedesktop.machine1, without hooks: in a Debian that boots
# systemd, each is in a scope, and has the name that libvirt makes of its own.
. "$SRCDIR/tests/runtimes/lib.sh"
. "$SRCDIR/tests/support/booted.sh"
. "$SRCDIR/tests/support/peer.sh"
need libvirtd virsh qemu-system-x86_64
need_debian
[ -x "$BUILDDIR/mymachines-bus" ] || skip_all "it was configured without libsystemd"

# libvirt calls machine1 only where it finds a controller in its control group.
groups=$(findmnt -nlt cgroup2 -o TARGET | head -n 1)
read -r controller _ <"$groups/cgroup.controllers" || controller=
[ -n "$controller" ] || skip_all "the cgroup2 hierarchy has no controller, and libvirt places no VM without one"
grep -qw "$controller" "$groups/cgroup.subtree_control" && was_there=yes || was_there=
end() {
    end_debian
    [ -n "$was_there" ] || echo "-$controller" >"$groups/cgroup.subtree_control"
}
trap end EXIT
echo "+$controller" >"$groups/cgroup.subtree_control" ||
    skip_all "no controller can be given to control groups, and libvirt places no VM without one"
boot_debian "libvirt$$" /usr
echo "+$controller" >"$groups/machine.slice/cgroup.subtree_control"
wait_until debian_is_up || skip_all "systemd doesn't boot here"
install_in_debian
# Its services are not enabled, and its users may be missing.
px 'mkdir -p /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /run/libvirt
    getent group libvirt || groupadd -r libvirt
    getent passwd libvirt-qemu || useradd -r -M libvirt-qemu
    printf "%s\n" "unix_sock_group = \"root\"" "auth_unix_ro = \"none\"" "auth_unix_rw = \"none\"" >/etc/libvirt/libvirtd.conf
    printf "%s\n" "user = \"root\"" "group = \"root\"" "security_driver = \"none\"" "dynamic_ownership = 0" \
        "namespaces = []" "stdio_handler = \"file\"" >/etc/libvirt/qemu.conf
    mymachines setup bus --quiet
    systemd-run -q -u libvirtd-of-test libvirtd' </dev/null >"$TMPDIR/out" 2>&1 || sed 's/^/# /' "$TMPDIR/out"
wait_until px 'virsh -q -c qemu:///system list' </dev/null >/dev/null 2>&1
ok $? "libvirtd runs"

# create NAME: a VM that does nothing
create() {
    # shellcheck disable=SC2016
    in_there 'cat >/tmp/x/domain.xml <<DOMAIN
<domain type="qemu"><name>$0</name><memory unit="MiB">32</memory><vcpu>1</vcpu>
  <os><type arch="x86_64" machine="q35">hvm</type></os>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator><memballoon model="none"/></devices>
</domain>
DOMAIN
        virsh -q -c qemu:///system create /tmp/x/domain.xml' "$1"
}
# scopes: how many there are
scopes() {
    px 'ls -d /sys/fs/cgroup/machine.slice/machine-*.scope 2>/dev/null | wc -l' </dev/null
}
long=$(printf '%070d' 0 | tr 0 a)
number=0
for pair in a_b:ab 'a b:ab' ümlaut:mlaut "$long:${long:0:57}" x-:x; do
    name=${pair%:*}
    number=$((number + 1))
    create "$name"
    is "$status" 0 "a VM named '$name' starts" || printf '%s\n' "$err" | sed 's/^/# /'
    in_there 'mymachines list --no-legend'
    like "$out" "*qemu-$number-${pair#*:} *" "'$name' is the machine qemu-$number-${pair#*:}"
done
is "$(scopes)" 5 "each is in a scope of its own"
in_there 'machinectl list --no-legend | wc -l'
is "$out" 5 "machinectl lists all of them"
in_there 'virsh -q -c qemu:///system destroy a_b'
is "$status" 0 "virsh destroys one"
wait_until eval '[ "$(scopes)" = 4 ]'
ok $? "its scope goes"
in_there 'mymachines list --no-legend | grep -c qemu-1-ab || :'
is "$out" 0 "the machine goes"
in_there 'systemctl restart libvirtd-of-test && for i in {1..600}; do virsh -q -c qemu:///system list && break; sleep 0.1; done'
in_there 'virsh -q -c qemu:///system list --name | grep -c .'
is "$out" 4 "a new libvirtd finds the others by their processes"
in_there 'machinectl terminate qemu-5-x'
is "$status" 0 "machinectl terminates one"
wait_until eval '[ "$(scopes)" = 3 ]'
ok $? "its scope goes, too"
done_testing
