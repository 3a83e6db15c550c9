#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# LXC registers its containers, by the hooks that 'mymachines setup lxc' puts where the
# configurations of all containers include them, or into that of one.
. "$SRCDIR/tests/runtimes/lib.sh"
need lxc-start newuidmap
leaves_cgroups lxc.pivot

log_hooks
use_module
installed
with_monitor
own_directory /usr/share/lxc/config
# newuidmap(1) is asked for maps, and asks these.
for file in /etc/subuid /etc/subgid; do
    printf 'root:100000:65536\nroot:1000:1\n' >"$TMPDIR/subid"
    mount --bind "$TMPDIR/subid" "$file"
done
lxc=$TMPDIR/lxc
mkdir -p "$lxc"
chmod 755 "$lxc"

# configuration NAME VARIANT [LINE...]
configuration() {
    local name=$1 variant=$2 map kind
    mkdir -p "$lxc/$name"
    rootfs "$lxc/$name/rootfs" "$variant"
    shift 2
    {
        printf '%s\n' "$@" "lxc.uts.name = $name" "lxc.rootfs.path = dir:$lxc/$name/rootfs" \
            'lxc.init.cmd = /sbin/init' 'lxc.signal.halt = SIGTERM' 'lxc.mount.auto = proc:mixed' \
            'lxc.apparmor.profile = unconfined' 'lxc.net.0.type = veth' "lxc.net.0.veth.pair = lx$$" \
            'lxc.net.0.name = eth0' 'lxc.net.0.flags = up' 'lxc.net.0.ipv4.address = 10.77.0.2/24' \
            'lxc.net.0.ipv6.address = fd77::2/64'
        for map in ${maps[$variant]}; do
            for kind in u g; do
                echo "lxc.idmap = $kind ${map//:/ }"
            done
        done
    } >"$lxc/$name/config"
}

start_lxc() {
    env -i PATH="$PATH" lxc-start -P "$lxc" -n "$1" -o "$TMPDIR/lxc.log" -l ERROR </dev/null >/dev/null 2>&1 ||
        { sed 's/^/# /' "$TMPDIR/lxc.log"; return 1; }
    lxc-wait -P "$lxc" -n "$1" -s RUNNING -t 10
    pid=$(lxc-info -P "$lxc" -n "$1" -pH)
    ip addr replace 10.77.0.1/24 dev "lx$$"
    ip addr replace fd77::1/64 dev "lx$$" nodad
    ip link set "lx$$" up
}

test_variant() {
    local what="lxc $1" name="lxc-$1-$$"
    configuration "$name" "$@"
    start_lxc "$name"
    ok $? "$what: it starts"
    runs "$pid" '/bin/sh /sbin/init'
    seen "$what" "$name" "$pid" lxc 10.77.0.2 fd77::2
    seen_ids "$what" "$name" "$pid" "$1"
    is "$(value "$name" RootDirectory)" "$lxc/$name/rootfs" "$what: its root directory is known"
    is "$(ps -o lxc= -p "$pid")" "$name" "$what: stock ps names it in its column lxc"
    lxc-stop -P "$lxc" -n "$name" -t 5
    ok $? "$what: it stops"
    gone "$what stopped" "$name"
    start_lxc "$name"
    is "$(value "$name" Leader)" "$pid" "$what: it is registered when it starts again"
    kill -9 "$pid"
    gone "$what killed" "$name"
    lxc-wait -P "$lxc" -n "$name" -s STOPPED -t 10
}

mymachines setup --quiet lxc
is "$?" 0 "lxc is set up"
include='lxc.include = /usr/share/lxc/config/common.conf.d/'
for variant in plain userns multi; do
    test_variant "$variant" "$include"
done

start_one() {
    start_lxc "$1"
}

stop_one() {
    lxc-stop -P "$lxc" -n "$1" -t 5
}

configuration "lxc$$" plain "$include"
without_us lxc "lxc$$"

# Somebody else's hooks have decided how all of them are called.
what='lxc with hooks of version 1'
configuration one plain 'lxc.hook.version = 1' "$include"
start_lxc one
is "$(value one Leader)" "$pid" "$what: it is registered"
lxc-stop -P "$lxc" -n one -k
gone "$what: stopped" one

# In its own configuration only, with another name.
mymachines setup --quiet lxc --remove
configuration own plain
cp "$lxc/own/config" "$TMPDIR/before"
run mymachines setup --quiet lxc --config="$lxc/own/config"
is "$status:$out:$err" "0::" "one container is set up"
sed -i 's/ hook lxc / hook lxc --name=called.otherwise --alias=www /' "$lxc/own/config"
start_lxc own
is "$(value www Name)" called.otherwise "what its hook says of it counts"
lxc-stop -P "$lxc" -n own -k
gone "one container: stopped" called.otherwise
mymachines setup --quiet lxc --config="$lxc/own/config" --remove
is "$(cat "$lxc/own/config")" "$(cat "$TMPDIR/before")" "--remove leaves the configuration as it was"

said_nothing "hooks that have nothing to complain of say nothing"
done_testing
