#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The table in SECURITY.md, cell by cell: who can make the host believe what. Each test tries it.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
[ -z "$SANITIZERS" ] || skip_all "a preloaded sanitizer would be in every program asked here"
use_module

# believed ADDRESS NAME: whether the host takes the address for the machine's, in any way
believed() {
    getent hosts "$1" | grep -qw "$2" || getent ahosts "$2" | grep -q "^$1 " ||
        getent hosts | grep -q "^$1 .*$2"
}
# disbelieved WHO NAME ADDRESS...: the name isn't believed to have any of them
disbelieved() {
    local who=$1 name=$2 address
    shift 2
    mymachines refresh
    for address; do
        believed "$address" "$name"
        is "$?" 1 "addresses: $who: $address isn't believed"
    done
}

# web1 and its host by a pair; its root may do anything in its network.
start web1
own_subnets web1 1
# db1 is another machine, with addresses of its own.
start db1 --map=0:200000:65536
own_subnets db1 2
mymachines register web1 --leader="$web1" 2>/dev/null
mymachines register db1 --leader="$db1" 2>/dev/null
believed 10.99.1.2 web1 && believed fd99:1::2 web1 && believed 10.99.2.2 db1
is "$?" 0 "addresses: the machines' own are believed"

# A container's root.
as_root() {
    nsenter -t "$web1" -U -n --preserve-credentials -S 0 -G 0 "$@"
}
for address in 192.0.2.7 10.99.1.1 10.99.2.2 127.0.0.5; do
    as_root ip addr add "$address/32" dev lo
    as_root ip addr add "$address/32" dev host0
done
for address in 2001:db8::7 fd99:1::1 fd99:2::2; do
    as_root ip -6 addr add "$address/128" dev lo nodad
done
disbelieved "a container's root, on lo and its interface" web1 192.0.2.7 10.99.1.1 10.99.2.2 127.0.0.5 \
    2001:db8::7 fd99:1::1 fd99:2::2
as_root ip link add br9 type bridge
as_root ip link add in9 type veth peer name out9
as_root ip link set in9 master br9 up
as_root ip link set out9 up
as_root ip link set br9 up
as_root ip addr add 198.51.100.7/24 dev br9
as_root ip addr add 198.51.100.8/24 dev out9
as_root ip link add mv9 link host0 type macvlan 2>/dev/null && as_root ip addr add 198.51.100.9/24 dev mv9
disbelieved "a container's root, on a bridge, pair and macvlan of its own" web1 198.51.100.7 198.51.100.8 198.51.100.9
as_root ip route add default via 10.99.1.1
disbelieved "a container's root, by routes of its own" web1 192.0.2.7 10.99.2.2
is "$(getent hosts 10.99.2.2 | tr -s ' ')|$(getent hosts fd99:2::2 | tr -s ' ')" "10.99.2.2 db1|fd99:2::2 db1" \
    "addresses: a container's root: another machine's stay that machine's"
# Its interface in a namespace below its own, with addresses of its choice.
as_root unshare --net sleep "100001.$$" >/dev/null 2>&1 </dev/null &
wait_until pgrep -fx "sleep 100001.$$"
nested=$(pgrep -fx "sleep 100001.$$")
as_root ip addr flush dev host0
as_root ip link set host0 netns "$nested"
inside "$nested" ip addr add 10.99.1.2/24 dev host0
as_root ip addr add 10.99.1.2/32 dev lo
disbelieved "a container's root, of an interface that it has moved below" web1 10.99.1.2
kill "$nested"
forget

# A container's user has no capability in its network namespace.
nsenter -t "$db1" -U -n --preserve-credentials -S 1000 -G 1000 ip addr add 192.0.2.8/32 dev lo 2>/dev/null
is "$?" 2 "addresses: a container's user can't add any"

# Root in a privileged container: of the host's user namespace, in a network namespace of its own.
start boss --share=user
veth "$boss" ve-boss 103
ip addr add 10.99.3.1/24 dev ve-boss
inside "$boss" ip addr add 10.99.3.2/24 dev host0
mymachines register boss --leader="$boss" 2>/dev/null
mymachines register db1 --leader="$db1" 2>/dev/null
for address in 192.0.2.9 10.99.3.1 10.99.2.2; do inside "$boss" ip addr add "$address/32" dev lo; done
inside "$boss" ip -6 addr add 2001:db8::9/128 dev lo nodad
disbelieved "root in a privileged container, by its network" boss 192.0.2.9 10.99.3.1 10.99.2.2 2001:db8::9

# Somebody on the LAN, and a container, on a bridge that is the host's uplink.
ip link add br0 address 02:00:00:00:03:01 type bridge
ip link set br0 up
ip addr add 10.90.0.1/24 dev br0
host_address6 fd90::1/64 br0
start lan --share=user
veth "$lan" uplink 111
ip link set uplink master br0
inside "$lan" ip addr add 10.90.0.50/24 dev host0
inside "$lan" ip addr add fd90::50/64 dev host0 nodad
start app --map=0:300000:65536
veth "$app" vb-app 112
ip link set vb-app master br0
inside "$app" ip addr add 10.90.0.2/24 dev host0
inside "$app" ip addr add fd90::2/64 dev host0 nodad
ip route add default via 10.90.0.50
mymachines register app --leader="$app" 2>/dev/null
ping -c 1 -W 2 10.90.0.50 >/dev/null
ping -c 1 -W 2 fd90::50 >/dev/null
inside "$app" ip addr add 10.90.0.50/32 dev lo
inside "$app" ip addr add 203.0.113.7/32 dev host0
inside "$app" ip -6 addr add fd90::50/128 dev lo nodad
disbelieved "a container's root, the LAN's and the Internet's behind a bridge" app 10.90.0.50 203.0.113.7 fd90::50
inside "$lan" ip addr add 10.99.2.2/32 dev lo
inside "$lan" ping -c 1 -W 1 -I 10.99.2.2 10.90.0.1 >/dev/null
is "$(getent hosts 10.99.2.2 | tr -s ' ')" "10.99.2.2 db1" "addresses: a LAN neighbour: a machine's stays the machine's"
mymachines refresh
is "$(getent hosts 10.90.0.50)" "" "addresses: a LAN neighbour's is not a machine's"

# A VM, by its hardware address; and a LAN neighbour that takes that.
(exec -a "qemu -device net,mac=52:54:00:00:00:09" sleep 100000) >/dev/null 2>&1 </dev/null &
emulator=$!
ip link add vnet9 type veth peer name vnet9-peer
ip link set vnet9 master br0 up
ip link set vnet9-peer up
for address in 10.90.0.60 fd90::60; do
    ip neigh replace "$address" lladdr 52:54:00:00:00:09 dev br0 nud reachable
done
wait_until grep -q mac= "/proc/$emulator/cmdline"
mymachines register vm1 --class=vm --leader="$emulator" --interface=vnet9 2>/dev/null
believed 10.90.0.60 vm1 && believed fd90::60 vm1
is "$?" 0 "addresses: a VM's are those that its hardware address has"
ip neigh replace 10.99.2.2 lladdr 52:54:00:00:00:09 dev br0 nud reachable
disbelieved "a VM, another machine's" vm1 10.99.2.2
inside "$lan" ip link set host0 address 52:54:00:00:00:09
inside "$lan" ping -c 1 -W 2 10.90.0.1 >/dev/null
disbelieved "a LAN neighbour, with a VM's hardware address" vm1 10.90.0.60 fd90::60
mymachines unregister vm1
kill "$emulator"

# A local user.
if setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILDDIR/mymachines" --version >/dev/null 2>&1; then
    setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILDDIR/mymachines" register db1 --leader="$db1" \
        --address=192.0.2.10 >/dev/null 2>&1
    is "$?" 1 "addresses: a local user can't give any"
else
    skip "the build isn't readable by others here" "addresses: a local user can't give any"
fi
disbelieved "a local user" db1 192.0.2.10
done_testing
