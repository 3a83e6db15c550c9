#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# README's first steps, with the commands that stand there: installed, set up, a container of stock
# podman, seen by stock tools, and uninstalled. The image is our own under README's name, as nothing can be pulled here.
. "${SRCDIR:?run this by make check}/tests/runtimes/lib.sh"

need podman runc conmon
leaves_cgroups libpod_parent lxc.pivot payload supervisor
[ -x /usr/lib/podman/netavark ] || skip_all "netavark isn't installed (scripts/install-deps --runtimes)"

# Installed over a /usr and an /etc that end with this test.
unset MAKEFLAGS MFLAGS MAKELEVEL
make -C "$BUILDDIR" -s install DESTDIR="$TMPDIR/stage" prefix=/usr exec_prefix=/usr \
    sysconfdir=/etc >"$TMPDIR/install" 2>&1 || skip_all "make install fails: $(tail -n 1 "$TMPDIR/install")"
mount -t overlay -o "lowerdir=$TMPDIR/stage/usr:/usr" overlay /usr 2>/dev/null ||
    skip_all "cannot put an overlay over /usr here"
mkdir -p "$TMPDIR/usr"/{upper,work}
mount -t overlay -o "lowerdir=/usr,upperdir=$TMPDIR/usr/upper,workdir=$TMPDIR/usr/work" overlay /usr
own_etc
PATH=/usr/sbin:/usr/bin:/sbin:/bin
printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >/etc/nsswitch.conf
cp /etc/nsswitch.conf "$TMPDIR/nsswitch.before"

# podman as it is, but for what a machine without systemd needs of it, and a storage of this test's.
mkdir -p /etc/containers
cat >/etc/containers/containers.conf <<'C'
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
C
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$TMPDIR/graph" "$TMPDIR/run" \
    >/etc/containers/storage.conf
mkdir -p "$TMPDIR/home"
export HOME=$TMPDIR/home
rootfs "$TMPDIR/rootfs" plain
printf '%s\n' ID=debian 'VERSION_ID="12"' >"$TMPDIR/rootfs/etc/os-release"
tar -C "$TMPDIR/rootfs" -cf "$TMPDIR/rootfs.tar" .
image=docker.io/library/debian:12
podman import -q --change 'CMD ["/sbin/init"]' "$TMPDIR/rootfs.tar" $image >/dev/null 2>&1 ||
    skip_all "podman can't store an image here"

# README's lines, as a reader types them.
line() {
    sed -n "s/^    \(# \)\{0,1\}\($1.*\)/\2/p" "$SRCDIR/README.md" | head -n 1
}
setup=$(line 'mymachines setup nss podman')
start=$(line 'podman run')
is "$setup|$start" "mymachines setup nss podman|podman run -d --name web1 $image sleep infinity" "README has the commands"
like "$($setup 2>&1)" "*+hosts:*files mymachines dns*oci*hooks.d*" "setup shows what it changes"
# shellcheck disable=SC2086
run $start
if [ "$status" != 0 ]; then
    sed 's/^/# /' <<<"$err"
    skip "podman can't run a container with a network here" "a container of podman's resolves"
    done_testing
    exit
fi
address=$(podman inspect -f '{{.NetworkSettings.IPAddress}}' web1)
wait_until sh -c "getent hosts web1 | grep -q '$address'"
like "$(getent hosts web1)" "$address       web1 [0-9a-f]*" "getent hosts web1"
like "$(mymachines)" "MACHINE CLASS     SERVICE OS     VERSION ADDRESSES
web1    container podman  debian 12      $address*
*
1 machine listed." "mymachines lists it"
is "$(mymachines shell web1 hostname)" "$(podman inspect -f '{{.Config.Hostname}}' web1)" "mymachines shell web1"
run mymachines doctor
is "$(grep -c error <<<"$out")" 0 "mymachines doctor finds no error"

podman kill web1 >/dev/null 2>&1
wait_until sh -c '! getent hosts web1'
ok $? "its name stops resolving when it ends"
has_none() {
    [ -z "$(mymachines list --all --no-legend)" ]
}
wait_until has_none
ok $? "its record goes, too"

# LXC, with its own template, whose init asks for an address by DHCP. LXC looks for a bridge in the
# host's /sys, so there is none.
if command -v lxc-create >/dev/null && command -v dnsmasq >/dev/null && [ -e /usr/share/lxc/templates/lxc-busybox ] && command -v busybox >/dev/null; then
    mkdir -p /var/lib/lxc "$TMPDIR/lxc"
    mount --bind "$TMPDIR/lxc" /var/lib/lxc
    mkdir -p /etc/lxc
    printf '%s\n' 'lxc.net.0.type = veth' "lxc.net.0.veth.pair = lx$$" 'lxc.net.0.flags = up' \
        'lxc.apparmor.profile = unconfined' >/etc/lxc/default.conf
    create=$(line 'lxc-create') setup=$(line 'mymachines setup lxc') start=$(line 'lxc-start')
    is "$create|$setup|$start" "lxc-create -n web2 -t busybox|mymachines setup lxc|lxc-start -n web2" "README has the commands of LXC"
    run $create
    run $setup
    like "$status|$out" "0|*/var/lib/lxc/web2/config*+lxc.hook.start-host*" "setup reaches the container of the template"
    run env -i PATH="$PATH" $start
    if [ "$status" = 0 ]; then
        ip addr add 10.0.3.1/24 dev "lx$$"
        ip link set "lx$$" up
        dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root --interface="lx$$" --bind-interfaces \
            --dhcp-range=10.0.3.7,10.0.3.7 --dhcp-leasefile="$TMPDIR/leases" >"$TMPDIR/dnsmasq.log" 2>&1 &
        dnsmasq=$!
        wait_until sh -c "$(line 'getent hosts web2') | grep -q 10.0.3.7"
        is "$(getent hosts web2 | tr -s ' ')" "10.0.3.7 web2" "a container of LXC resolves"
        { kill "$dnsmasq" && wait "$dnsmasq"; } 2>/dev/null
        lxc-stop -k -n web2
        lxc-wait -n web2 -s STOPPED -t 60
        wait_until sh -c '! getent hosts web2'
        ok $? "its name stops resolving"
    else
        sed 's/^/# /' <<<"$err"
        skip "LXC can't start a container here" "a container of LXC resolves"
    fi
else
    skip "LXC, its template for busybox or dnsmasq isn't installed" "a container of LXC resolves"
fi

# A bare systemd-nspawn.
if command -v systemd-nspawn >/dev/null; then
    start=$(line 'mymachines run web3')
    is "$start" "mymachines run web3 -- systemd-nspawn -q -D /srv/web3 --network-veth" "README has the command of nspawn"
    mount --bind "$TMPDIR/rootfs" /srv && mkdir /srv/web3 && mount --bind "$TMPDIR/rootfs" /srv/web3
    # It has no bus to register at here, and its standard input isn't a terminal.
    ${start/-q /-q --register=no --keep-unit --console=pipe } /sbin/init </dev/null >"$TMPDIR/nspawn.log" 2>&1 &
    runner=$!
    registered() {
        mymachines list --no-legend | grep -q '^web3 '
    }
    if wait_until registered; then
        show=$(line 'mymachines status web3')
        like "$($show)" "web3*Leader: *Service: systemd-nspawn*" "a bare nspawn is registered"
        kill "$runner"
    else
        sed 's/^/# /' "$TMPDIR/nspawn.log"
        ok 1 "a bare nspawn is registered"
    fi
    wait "$runner"
    is "$(mymachines list --all --no-legend)" "" "it is unregistered when it ends"
    umount /srv/web3 /srv
else
    skip "systemd-nspawn isn't installed" "a bare nspawn is registered"
fi

# And uninstall.
remove=$(line 'mymachines setup --remove')
is "$remove" "mymachines setup --remove --all" "README has the command to take it out"
$remove >/dev/null 2>&1
is "$(cat /etc/nsswitch.conf)" "$(cat "$TMPDIR/nsswitch.before")" "nsswitch.conf is as it was"
podman rm -f -t 1 web1 >/dev/null 2>&1
podman run -d --name web2 $image >/dev/null 2>&1
is "$(mymachines list --all --no-legend)" "" "containers aren't registered any more"
podman rm -f -t 1 web2 >/dev/null 2>&1
done_testing
