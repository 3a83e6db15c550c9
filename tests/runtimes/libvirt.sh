# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirtd of the test's own, with the hook scripts that 'mymachines setup libvirt' has written.
. "$SRCDIR/tests/runtimes/lib.sh"
need libvirtd virsh
leaves_cgroups machine libvirt

virsh() {
    command virsh -q -c "$uri" "$@" </dev/null
}

# start_libvirtd URI: with all that it keeps in directories of the test's
start_libvirtd() {
    uri=$1
    own_etc
    log_hooks
    use_module
    installed
    with_monitor
    mkdir -p /run/libvirt
    own_directory /var/lib/libvirt /var/log/libvirt /var/cache/libvirt
    run mymachines setup --quiet --annotations libvirt
    is "$status:$out:$err" "0::" "libvirt is set up"
    printf '%s\n' 'unix_sock_group = "root"' 'auth_unix_ro = "none"' 'auth_unix_rw = "none"' \
        'log_filters = "3:*"' "log_outputs = \"3:file:$TMPDIR/libvirtd.log\"" >/etc/libvirt/libvirtd.conf
    printf '%s\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' 'dynamic_ownership = 0' \
        'namespaces = []' 'stdio_handler = "file"' >/etc/libvirt/qemu.conf
    echo 'security_driver = "none"' >/etc/libvirt/lxc.conf
    libvirtd -d -p "$TMPDIR/libvirtd.pid" </dev/null >/dev/null 2>&1
    wait_until virsh list
    ok $? "libvirtd runs"
}

# create NAME: the domain described on standard input
create() {
    cat >"$TMPDIR/domain.xml"
    virsh create "$TMPDIR/domain.xml" >"$TMPDIR/virsh.out" 2>&1 ||
        { sed 's/^/# /' "$TMPDIR/virsh.out" "$TMPDIR/libvirtd.log"; return 1; }
}

stop_one() {
    virsh destroy "$1" >/dev/null
}

end_libvirtd() {
    kill "$(cat "$TMPDIR/libvirtd.pid")"
    wait_until test ! -e "$TMPDIR/libvirtd.pid"
    done_testing
}
