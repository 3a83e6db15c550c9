#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# LXD registers its containers, by the hooks that 'mymachines setup lxd' puts into a profile.
. "$SRCDIR/tests/runtimes/lib.sh"
need lxd lxc newuidmap
leaves_cgroups lxc.pivot

log_hooks
own_etc
use_module
installed
with_monitor
printf 'root:100000:1000000\n' | tee /etc/subuid >/etc/subgid
mkdir -p /run/lxc "$TMPDIR/cgroup"
# It looks for interfaces in /sys, which is to be that of this network.
mount --rbind /sys/fs/cgroup "$TMPDIR/cgroup"
mount -t sysfs sysfs /sys
mount --move "$TMPDIR/cgroup" /sys/fs/cgroup
for directory in /var/lib/lxd /var/log/lxd /var/lib/lxcfs; do
    # These are its package's.
    [ ! -d "$directory" ] || mount -t tmpfs -o mode=755 tmpfs "$directory"
done
# It wants a home, and the others' settings aside.
export LXD_DIR=$TMPDIR/lxd HOME=$TMPDIR
mkdir -p "$LXD_DIR"
lxd --group root --logfile "$TMPDIR/lxd.log" >"$TMPDIR/lxd.out" 2>&1 </dev/null &
daemon=$!
timeout 60 lxd waitready >/dev/null 2>&1
ok $? "lxd runs"
lxd init --preseed >/dev/null 2>&1 <<PRESEED
storage_pools: [{name: default, driver: dir}]
profiles: [{name: default, devices: {root: {type: disk, path: /, pool: default}}}]
PRESEED
rootfs "$TMPDIR/image/rootfs" plain
printf 'architecture: x86_64\ncreation_date: 1\nproperties: {description: tiny}\n' >"$TMPDIR/image/metadata.yaml"
tar -C "$TMPDIR/image" -czf "$TMPDIR/image.tgz" metadata.yaml rootfs
lxc -q image import "$TMPDIR/image.tgz" --alias tiny </dev/null >/dev/null

lxc profile set default raw.lxc 'lxc.signal.halt = SIGTERM' </dev/null
run mymachines setup lxd --check
is "$status" 1 "--check says that it isn't set up"
run mymachines setup --quiet lxd
is "$status:$out:$err" "0::" "lxd is set up"
run mymachines setup lxd
is "$status:$out" "0:lxd: nothing to do" "twice is no more than once"
run mymachines setup lxd --check
is "$status" 0 "--check says that it is set up"
is "$(lxc profile get default raw.lxc </dev/null | head -n 1)" 'lxc.signal.halt = SIGTERM' \
    "what was there stays"

test_variant() {
    local what="lxd $1" name="lxd-$1-$$"
    lxc -q init tiny "$name" "${@:2}" </dev/null
    lxc -q config device add "$name" eth0 nic nictype=p2p name=eth0 host_name="ld$$" </dev/null
    lxc -q start "$name" </dev/null
    ok $? "$what: it starts"
    registered_as "$name"
    pid=$(lxc -q query "/1.0/instances/$name/state" </dev/null | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
    ip addr replace 10.77.0.1/24 dev "ld$$"
    ip addr replace fd77::1/64 dev "ld$$" nodad
    inside "$pid" ip link set eth0 up
    inside "$pid" ip addr add 10.77.0.2/24 dev eth0
    inside "$pid" ip addr add fd77::2/64 dev eth0 nodad
    seen "$what" "$name" "$pid" lxd 10.77.0.2 fd77::2
    if [ "$1" = userns ]; then
        is "$(getent passwd "vu-$name-33" | cut -d: -f3)" 100033 "$what: getent knows its users"
    fi
    like "$(value "$name" RootDirectory)" "$LXD_DIR/storage-pools/default/containers/$name/rootfs" \
        "$what: its root directory is known"
    lxc -q stop "$name" --timeout 5 </dev/null || lxc -q stop -f "$name" </dev/null
    gone "$what stopped" "$name"
    lxc -q start "$name" </dev/null
    registered_as "$name"
    kill -9 "$leader"
    gone "$what killed" "$name"
    wait_until sh -c "lxc -q delete -f $name </dev/null"
}

test_variant userns
test_variant plain -c security.privileged=true

start_one() {
    lxc -q start "$1" </dev/null || return
    pid=$(lxc -q query "/1.0/instances/$1/state" </dev/null | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
}

stop_one() {
    lxc -q stop -f "$1" </dev/null
}

lxc -q init tiny "lxd$$" </dev/null
without_us lxd "lxd$$"
lxc -q delete -f "lxd$$" </dev/null

# LXD takes the raw.lxc of a container, or of its last profile that has one, and joins none.
lxc -q profile create web </dev/null
lxc profile set web raw.lxc 'lxc.signal.halt = SIGUSR1' </dev/null
lxc -q project create other </dev/null
lxc -q --project other profile device add default root disk path=/ pool=default </dev/null
lxc -q init tiny by-default </dev/null
lxc -q init tiny by-web -p default -p web </dev/null
lxc -q init tiny of-its-own -c raw.lxc='lxc.signal.halt = SIGUSR2' </dev/null
lxc -q copy by-default elsewhere --target-project other </dev/null
others=$(for container in by-web "elsewhere of project other" of-its-own; do
    echo "lxd: container $container has another raw.lxc than profile default, so it isn't registered; it needs the profile's lines there, too"
done)
run mymachines setup lxd --check
is "$status:$(sed 's/^mymachines: setup: //' <<<"$err" | sort)" "1:$others" "--check tells whose raw.lxc is another one"
is "$(mymachines doctor | sed -n 's/^warning  *runtimes  *\(lxd: .*\)/\1/p' | sort)" "$others" "doctor does, too"
lxc -q delete -f of-its-own </dev/null
lxc -q --project other delete -f elsewhere </dev/null
run mymachines setup --quiet lxd --profile=web
is "$status:$err" "0:" "another profile is set up"
run mymachines setup lxd --check
is "$status:$err" "0:" "--check says then that all are registered"
mymachines setup --quiet lxd --remove
is "$(lxc profile get default raw.lxc </dev/null)|$(lxc profile get web raw.lxc </dev/null)" \
    'lxc.signal.halt = SIGTERM|lxc.signal.halt = SIGUSR1' "--remove leaves what was there, in each profile"
said_nothing "hooks that have nothing to complain of say nothing"

kill "$daemon"
wait "$daemon"
awk -v inside="$TMPDIR/lxd/" 'index($5, inside) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
done_testing
