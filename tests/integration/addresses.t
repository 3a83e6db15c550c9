#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An address is a machine's if the host's packets for it go to that machine: by a pair of
# interfaces, by bridges, by gateways. Everything else that stands in a machine is a claim.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
[ -z "$SANITIZERS" ] || skip_all "a preloaded sanitizer would be in every program asked here"
use_module

addresses() {
    mymachines show "$1" -p Addresses --value | tr ' ' '\n' | grep -v '^fe80' | xargs
}
# standing NAME ADDRESS
standing() {
    mymachines show "$1" --json=short | jq -r --arg a "$2" \
        '.addresses + .unansweredAddresses | .[] | select(.addressString == $a) | .standing'
}
name_of() {
    getent hosts "$1" | tr -s ' ' | cut -d' ' -f2
}
# forwards NAME ADDRESS: whether the name leads to it
forwards() {
    getent ahosts "$1" | grep -q "^$2 "
}

# A pair of interfaces.
start web1
own_subnets web1 1
for address in 10.99.1.1 192.0.2.7 10.98.0.7 203.0.113.9; do
    inside "$web1" ip addr add "$address/32" dev lo
done
for address in fd99:1::1 2001:db8::7 fd98::7; do
    inside "$web1" ip -6 addr add "$address/128" dev lo nodad
done
mymachines register web1 --leader="$web1" 2>/dev/null
for address in 10.99.1.2 fd99:1::2; do
    is "$(standing web1 $address)|$(name_of $address)" "routed|web1" "$address, by a pair, leads to the machine and back"
done
for address in 10.99.1.1 fd99:1::1 192.0.2.7 2001:db8::7; do
    is "$(standing web1 $address)|$(name_of $address)" "claimed|" "$address on lo, the host's or a stranger's, is a claim"
    forwards web1 $address
    is "$?" 1 "the name doesn't lead to the claim $address"
done
like "$(mymachines list --all --no-legend --max-addresses=all)" "*192.0.2.7 (claimed)*" "list --all shows claims as claims"
is "$(mymachines list --no-legend --max-addresses=all | grep -c claimed)" 0 "list doesn't show claims"
like "$(mymachines status web1)" "*192.0.2.7 (claimed)*" "status shows claims as claims"
is "$(getent hosts | grep -cE '192\.0\.2\.7|10\.99\.1\.1|2001:db8')" 0 "no claim is among all hosts"

# Routes.
ip route add 10.98.0.0/16 via 10.99.1.2
ip route add fd98::/32 via fd99:1::2
ip route add default via 10.99.1.2
mymachines refresh
for address in 10.98.0.7 fd98::7; do
    is "$(standing web1 $address)|$(name_of $address)" "routed|web1" "$address on lo, which the host routes there by a gateway"
done
is "$(standing web1 203.0.113.9)" "claimed" "an address that is only reached through the machine isn't its own"
ip route del default
ip route del 10.98.0.0/16
ip route add blackhole 10.98.0.0/16
mymachines refresh
is "$(standing web1 10.98.0.7)" "claimed" "an address whose route leads nowhere is a claim"

# A second machine, to which another one's address is routed.
start db1 --map=0:200000:65536
veth "$db1" ve-db1 102
ip addr add 10.99.2.1/24 dev ve-db1
host_address6 fd99:2::1/64 ve-db1
inside "$db1" ip addr add 10.99.2.2/24 dev host0
inside "$db1" ip addr add fd99:2::2/64 dev host0 nodad
inside "$web1" ip addr add 10.99.2.2/32 dev host0
inside "$web1" ip -6 addr add fd99:2::2/128 dev host0 nodad
mymachines refresh
is "$(standing web1 10.99.2.2)|$(standing web1 fd99:2::2)" "claimed|claimed" "the older machine claims what is routed elsewhere"
mymachines register db1 --leader="$db1" 2>/dev/null
is "$(name_of 10.99.2.2)|$(name_of fd99:2::2)" "db1|db1" "of two machines the routed one wins, not the older"
mymachines register web1 --leader="$web1" --address=10.99.2.2
is "$(name_of 10.99.2.2)" "db1" "also where the other one's was given"
forwards web1 10.99.2.2
is "$?" 0 "a given address is answered to the name it was given for"
mymachines register web1 --leader="$web1" --address=

# A bridge, with the uplink as a port of it: an ordinary host of VMs and containers.
start lan --share=user
ip link add br0 index 110 address 02:00:00:00:03:01 type bridge
ip link set br0 up
ip addr add 10.90.0.1/24 dev br0
host_address6 fd90::1/64 br0
veth "$lan" uplink 111
ip link set uplink master br0
inside "$lan" ip addr add 10.90.0.254/24 dev host0
inside "$lan" ip addr add 10.90.0.50/24 dev host0
inside "$lan" ip addr add fd90::50/64 dev host0 nodad
ip route add default via 10.90.0.254
start app --map=0:300000:65536
veth "$app" vb-app 112
ip link set vb-app master br0
# What veth() gives them.
app_hardware=02:00:00:00:02:70 lan_hardware=02:00:00:00:02:6f
inside "$app" ip addr add 10.90.0.2/24 dev host0
inside "$app" ip addr add fd90::2/64 dev host0 nodad
# Nobody answers for this one: the interface that it is on doesn't do ARP or ND for it.
inside "$app" sh -c 'echo 8 >/proc/sys/net/ipv4/conf/all/arp_ignore'
ip neigh flush dev br0
mymachines register app --leader="$app" 2>/dev/null
is "$(standing app 10.90.0.2)|$(name_of 10.90.0.2)" "forward-only|" "an address in a bridge's subnet that doesn't answer is not answered backwards"
forwards app 10.90.0.2
is "$?" 0 "but to the machine's name"
is "$(getent hosts | grep -c '^10\.90\.0\.2 ')" 0 "and is not among all hosts"
# A machine so busy that the neighbour answers too late looks again.
# is_found_at_once ADDRESS: a look that asks for a forgotten neighbour finds it
is_found_at_once() {
    ip neigh flush dev br0
    mymachines refresh
    [ "$(standing app "$1")|$(name_of "$1")" = "routed|app" ]
}
wait_until is_found_at_once fd90::2
ok $? "one that answers the kernel's question is routed at once: IPv6"
mymachines watch --initial >"$TMPDIR/changes" 2>/dev/null </dev/null &
watcher=$!
wait_until grep -q '^added   app ' "$TMPDIR/changes"
inside "$app" sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/arp_ignore'
wait_until is_found_at_once 10.90.0.2
ok $? "one that answers the kernel's question is routed at once: IPv4"
wait_until grep -q '^changed app Standing=".*10\.90\.0\.2 routed' "$TMPDIR/changes"
ok $? "watch tells how an address stands if nothing else has changed"
{ kill "$watcher" && wait "$watcher"; } 2>/dev/null

# The LAN and the Internet behind the uplink.
inside "$app" ip addr add 10.90.0.50/24 dev host0
inside "$app" ip addr add 203.0.113.9/32 dev host0
inside "$app" ip -6 addr add fd90::50/64 dev host0 nodad
ip neigh replace 10.90.0.50 lladdr "$lan_hardware" dev br0 nud reachable
ip neigh replace fd90::50 lladdr "$lan_hardware" dev br0 nud reachable
inside "$lan" ping -c 1 -W 2 10.90.0.1 >/dev/null
mymachines refresh
for address in 10.90.0.50 203.0.113.9 fd90::50; do
    is "$(standing app $address)|$(name_of $address)" "claimed|" "on a host whose uplink is a bridge, $address behind it is nobody's"
done
inside "$app" ip addr del 10.90.0.50/24 dev host0
inside "$app" ip -6 addr del fd90::50/64 dev host0

# What was seen stays, until something contradicts it.
ip neigh flush dev br0
bridge fdb del "$app_hardware" dev vb-app master
inside "$app" sh -c 'echo 8 >/proc/sys/net/ipv4/conf/all/arp_ignore'
mymachines refresh
is "$(standing app 10.90.0.2)" "routed" "an entry that has only aged contradicts nothing"
ip neigh replace 10.90.0.2 lladdr "$lan_hardware" dev br0 nud reachable
inside "$lan" ping -c 1 -W 2 10.90.0.1 >/dev/null
mymachines refresh
is "$(standing app 10.90.0.2)|$(name_of 10.90.0.2)" "claimed|" "an entry that leads to another port does"
ip neigh flush dev br0
inside "$app" sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/arp_ignore'
ip neigh del 10.90.0.2 dev br0 2>/dev/null
mymachines refresh
is "$(standing app 10.90.0.2)" "routed" "and it is the machine's again when it answers"
ip link set vb-app nomaster
mymachines refresh
is "$(standing app 10.90.0.2)" "claimed" "until the port goes"
ip link set vb-app master br0

# Known to the host, and forgotten by the bridge. Nothing else is to be asked for.
mymachines unregister app
inside "$app" ip addr flush dev host0 scope link
ping -c 1 -W 2 10.90.0.2 >/dev/null
ping -c 1 -W 2 fd90::2 >/dev/null
bridge fdb del "$app_hardware" dev vb-app master
mymachines register app --leader="$app" 2>/dev/null
is "$(standing app 10.90.0.2)|$(standing app fd90::2)" "routed|routed" "a neighbour whose port the bridge has forgotten is asked again"
inside "$app" ip addr add fe80::ff:fe00:270/64 dev host0 nodad

# Two that claim the same one, which doesn't answer.
start twin --map=0:400000:65536
veth "$twin" vb-twin 113
ip link set vb-twin master br0
for pid in "$app" "$twin"; do
    inside "$pid" sh -c 'echo 8 >/proc/sys/net/ipv4/conf/all/arp_ignore'
    inside "$pid" ip addr add 10.90.0.77/24 dev host0
done
mymachines register twin --leader="$twin" 2>/dev/null
mymachines refresh
is "$(standing app 10.90.0.77)|$(standing twin 10.90.0.77)" "claimed|claimed" "of two on a bridge, neither is believed"
forwards app 10.90.0.77 || forwards twin 10.90.0.77
is "$?" 1 "nor answered"
mymachines unregister twin
is "$(standing app 10.90.0.77)" "forward-only" "until the other one goes"
inside "$app" sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/arp_ignore'

# A bridge of bridges.
ip link add br1 type bridge
ip link set br1 up
ip link add patch0 type veth peer name patch1
ip link set patch0 master br0 up
ip link set patch1 master br1 up
start far --map=0:500000:65536
veth "$far" vb-far 114
ip link set vb-far master br1
inside "$far" ip addr add 10.90.0.3/24 dev host0
inside "$far" ip addr add fd90::3/64 dev host0 nodad
mymachines register far --leader="$far" 2>/dev/null
far_is_routed() {
    mymachines refresh
    [ "$(standing far 10.90.0.3)|$(standing far fd90::3)" = "routed|routed" ]
}
# The kernel's question finds its way only once it has gone all of it.
inside "$far" ping -c 1 -W 2 10.90.0.1 >/dev/null
inside "$far" ping -c 1 -W 2 fd90::1 >/dev/null
wait_until far_is_routed
ok $? "a machine behind two bridges is reached through both"
is "$(name_of 10.90.0.3)|$(name_of fd90::3)" "far|far" "and leads back"

# Beside the host.
start side --map=0:600000:65536
ip link add nic type veth peer name nic-peer
ip link set nic up
ip link set nic-peer up
if ip link add mv0 link nic type macvlan mode bridge 2>/dev/null; then
    ip link set mv0 netns "$side" name mv0
    inside "$side" bash -c "$(declare -f no_dad); no_dad"
    inside "$side" ip link set mv0 up
    inside "$side" ip addr add 198.51.100.7/24 dev mv0
    inside "$side" ip -6 addr add 2001:db8:5::7/64 dev mv0 nodad
    mymachines register side --leader="$side" 2>/dev/null
    is "$(standing side 198.51.100.7)|$(standing side 2001:db8:5::7)" "beside|beside" "a macvlan is beside the host"
    forwards side 198.51.100.7 && forwards side 2001:db8:5::7
    is "$?|$(name_of 198.51.100.7)|$(name_of 2001:db8:5::7)" "0||" "its addresses are answered forwards, not backwards"
    pair "$side" pair-side 10.91.0.0/24
    inside "$side" ip addr add 10.91.0.2/32 dev lo
    mymachines refresh
    is "$(addresses side)" "10.91.0.2" "if there is a routed one, that is answered alone"
    inside "$side" sh -c 'ip link add own link pair0 type macvlan; ip link set own up; ip addr add 198.51.100.9/24 dev own'
    mymachines refresh
    is "$(standing side 198.51.100.9)" "claimed" "a macvlan of the machine's own making is beside nothing"
    inside "$side" unshare --net sleep "100001.$$" >/dev/null 2>&1 </dev/null &
    wait_until pgrep -fx "sleep 100001.$$"
    below=$(pgrep -fx "sleep 100001.$$")
    inside "$below" sh -c "ip link add low0 type veth peer name low1; ip link set low0 up
        ip link add far0 link low0 type macvlan; ip link set far0 netns $side"
    inside "$side" sh -c 'ip link set far0 up; ip addr add 198.51.100.11/24 dev far0'
    mymachines refresh
    is "$(standing side 198.51.100.11)" "claimed" "nor is one from a namespace below"
    kill "$below"
else
    for i in 1 2 3 4 5; do skip "this kernel has no macvlan" "a macvlan is beside the host"; done
fi
# beside_by KIND NUMBER [OPTION...]: of an interface of this kind upon the host's
beside_by() {
    local kind=$1 four=198.51.100.$2 six=2001:db8:5::$2
    shift 2
    if ! ip link add part0 link nic type "$kind" "$@" 2>/dev/null; then
        skip "this kernel has no $kind; tests/unit/reach.c judges its messages" "an address by $kind is beside the host"
        return
    fi
    ip link set part0 netns "$side"
    inside "$side" sh -c "ip link set part0 up; ip addr add $four/32 dev part0; ip -6 addr add $six/128 dev part0 nodad"
    mymachines refresh
    is "$(standing side "$four")|$(standing side "$six")" "beside|beside" "an address by $kind is beside the host"
    inside "$side" ip link del part0
}
mymachines register side --leader="$side" 2>/dev/null
beside_by macvlan 21 mode bridge
beside_by ipvlan 22 mode l2
beside_by vlan 23 id 5
if ip link add bond0 type bond 2>/dev/null; then
    # Of the host's kinds of interface, a bond is one that leads away.
    ip addr add 10.92.0.1/24 dev bond0
    inside "$side" ip addr add 10.92.0.2/32 dev lo
    mymachines refresh
    is "$(standing side 10.92.0.2)" "claimed" "an address that the host routes by a bond is a claim"
    ip link del bond0
else
    skip "this kernel has no bonds; tests/unit/reach.c judges their messages" "an address that the host routes by a bond is a claim"
fi

# A bridge of the machine's own.
inside "$web1" ip link add docker0 type bridge
inside "$web1" ip addr add 172.17.0.1/16 dev docker0
inside "$web1" ip link set docker0 up
mymachines refresh
is "$(standing web1 172.17.0.1)" "claimed" "an address on a bridge of the machine's own is a claim"

# Link-local addresses.
is "$(mymachines show app --json=short | jq -r '.addresses[] | select(.scope == "link") | .addressString + " " + .standing')" \
    "fe80::ff:fe00:270%110 routed" "a link-local address is judged on the bridge that leads there"
inside "$app" ip addr add 169.254.7.7/16 dev host0 scope link
mymachines refresh
is "$(standing app 169.254.7.7)" "claimed" "one of IPv4, to which the host has another route, is a claim"
ip addr add 169.254.7.1/16 dev br0 scope link
mymachines refresh
is "$(standing app 169.254.7.7)" "routed" "with a route to it on that bridge, it isn't"

# By itself, with the monitor.
mymachines monitor >"$TMPDIR/monitor.log" 2>&1 </dev/null &
monitor=$!
wait_until own_pgrep -x mymachines
# becomes STANDING ADDRESS NAME COMMAND...: of app's, soon; nothing else may have the monitor look
becomes() {
    local expected=$1 address=$2 name=$3
    shift 3
    sleep 0.5
    "$@"
    wait_until eval '[ "$(standing app "$address")" = "$expected" ]'
    ok $? "$name"
}
inside "$app" ip addr add 10.97.0.2/32 dev lo
wait_until eval '[ "$(standing app 10.97.0.2)" = claimed ]'
becomes routed 10.97.0.2 "the monitor learns of a route" ip route add 10.97.0.0/24 via 10.90.0.2
becomes claimed 10.97.0.2 "and of its end" ip route del 10.97.0.0/24
move() {
    ip neigh replace 10.90.0.2 lladdr "$lan_hardware" dev br0 nud reachable
}
inside "$lan" ping -c 1 -W 2 10.90.0.1 >/dev/null
becomes claimed 10.90.0.2 "of a neighbour that is another port's" move
becomes routed 10.90.0.2 "and of the machine's answer" sh -c 'ip neigh del 10.90.0.2 dev br0; ping -c 1 -W 2 10.90.0.2 >/dev/null'
# A machine that takes another one's hardware address.
steal() {
    inside "$lan" ip link set host0 address "$app_hardware"
    # The owner sends something at times, too.
    # Not by inside(): its subshell would be killed, and not the ping.
    nsenter --net="/proc/$lan/ns/net" ping -i 0.01 -W 1 10.90.0.1 >/dev/null 2>&1 </dev/null &
    thief=$!
}
becomes claimed fd90::2 "of a hardware address that comes from another port" steal
kill "$monitor" "$thief"
done_testing
