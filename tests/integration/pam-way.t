#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The PAM module's rules about where a login comes from: the way by which the host would answer
# decides, not the addresses that a machine's root gives its interfaces.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/pam.sh"
need_pam pamtester logger bridge
# Before /dev is another one.
ip tuntap add lan0 mode tap 2>/dev/null && ip tuntap add lan1 mode tap
has_tap=$?
set_up_pam
start_machines
no_dad

# login HOST ARGUMENT...: what the module says of tess from there: success, denied or ignored
login() {
    local host=$1 result
    shift
    # Ignored, another module decides, with a word of its own.
    printf '%s\n' "account [success=done ignore=ignore default=die] $module $*" \
        "account requisite pam_debug.so acct=authinfo_unavail" >"$TMPDIR/pam.d/way"
    result=$(LD_PRELOAD=$preloaded pamtester -I rhost="$host" way tess acct_mgmt 2>&1)
    case $result in
    *"management done"*) echo success ;;
    *"Permission denied"*) echo denied ;;
    *[Aa]uth*) echo ignored ;;
    *) echo "$result" ;;
    esac
}
# settles WORD HOST ARGUMENT...: the same, once neighbours have answered, which takes time on a busy machine
settles() {
    local word=$1
    shift
    says() {
        [ "$(login "$@")" = "$word" ]
    }
    wait_until says "$@"
    login "$@"
}
preloaded=
case ${SANITIZERS-} in
*address*)
    preloaded=$($CC -print-file-name=libasan.so)
    export ASAN_OPTIONS=detect_leaks=0
    ;;
esac

# Claims: addresses that stand on an interface inside.
is "$(login 198.51.100.7 'not-from=*')" ignored "an address beyond the uplink is elsewhere"
is "$(login 2001:db8:7::7 'not-from=*')" ignored "an IPv6 address beyond the uplink is elsewhere"
inside "$web1" ip addr add 198.51.100.7/32 dev lo
inside "$web1" ip addr add 2001:db8:7::7/128 dev lo
inside "$web1" ip addr add 10.99.2.2/32 dev lo
mymachines refresh
is "$(login 198.51.100.7 'not-from=*')" ignored "an address that a machine has on its lo locks nobody out"
is "$(login 2001:db8:7::7 'not-from=*')" ignored "an IPv6 address that a machine has on its lo locks nobody out"
is "$(login 198.51.100.7 from=web1 elsewhere=deny)" denied "an address that a machine has on its lo lets nobody in"
is "$(login 10.99.2.2 from=db1)" success "an address is the machine's that the way leads to, not who has it on its lo"
is "$(login 10.99.2.2 not-from=web1)" success "a login by the way to one machine is not from another that has the address, too"

# Behind a machine: routed to it by root.
ip route add 10.50.0.0/16 via 10.99.1.2
ip route add 2001:db8:50::/48 via fd99:1::2
is "$(login 10.50.1.2 from=web1)" success "an address that is routed by a machine is the machine's"
is "$(login 2001:db8:50::1 from=web1)" success "an IPv6 address that is routed by a machine is the machine's"
is "$(login 10.99.1.77 from=web1)" success "any address on a pair's network is the machine's behind it"

ip route add 10.51.0.0/16 via inet6 fe80::ff:fe00:265 dev ve-web1
is "$(login 10.51.1.2 from=web1)" success "an IPv4 address that is routed by a machine's IPv6 address is the machine's"
is "$(login 10.51.1.2 from=db1)" denied "an IPv4 address that is routed by a machine's IPv6 address is not another machine's"
is "$(login 10.99.1.255 not-from=db1)" denied "a broadcast address isn't surely elsewhere"

# Interfaces that lead to no machine, or to nobody knows whom.
if [ "$has_tap" = 0 ]; then
    ip link set lan0 up
    ip addr add 10.61.0.1/24 dev lan0
    ip link set lan1 up
    ip -6 route replace fe80::/64 dev lan0
    ip -6 route add fe80::/64 dev lan1
    is "$(login 10.61.0.9 'not-from=*')" ignored "an address beyond an interface that is not a machine's is elsewhere"
    start vm9 --share=user --share=net
    mymachines register vm9 --leader="$vm9" --class=vm --address=fe80::99%lan0 2>/dev/null
    is "$(login fe80::99%lan0 from=vm9)" success "a given link-local address is the machine's at its interface"
    is "$(login fe80::99%lan1 from=vm9)" ignored "a given link-local address is not the machine's at another interface"
    is "$(login fe80::98%lan0 'not-from=*')" ignored "another link-local address at the interface is elsewhere"
    mymachines unregister vm9
    ip link del lan0
    ip link del lan1
else
    skip "taps can't be made here" "an address beyond an interface that is not a machine's is elsewhere"
fi
ip link add mv0 link uplink type macvlan
ip link set mv0 up
ip addr add 10.62.0.1/24 dev mv0
is "$(login 10.62.0.9 'not-from=db1')" denied "an address beyond a macvlan isn't surely elsewhere"
ip link del mv0
ip link add va0 type veth peer name vb0
ip link set va0 up
ip link set vb0 up
ip addr add 10.63.0.1/24 dev va0
is "$(login 10.63.0.9 'not-from=db1')" denied "an address beyond a pair whose other end is nowhere isn't surely elsewhere"
ip link del va0

# A machine as the default gateway.
ip route del default via 192.0.2.254
ip route add default via 10.99.1.2
is "$(login 198.51.100.9 'not-from=*')" ignored "all others are not the machine that is the default route's gateway"
is "$(login 10.99.1.2 not-from=web1)" denied "the machine that is the default route's gateway is itself"
ip route replace 0.0.0.0/1 via 10.99.1.2
is "$(login 100.64.1.9 'not-from=*')" ignored "half a default route is a default route"
ip route del 0.0.0.0/1
ip route add 2000::/3 via fd99:1::2
is "$(login 2001:db8:9::9 'not-from=*')" ignored "an eighth of IPv6 is a default route"
ip route del 2000::/3
ip route replace default dev ve-web1
is "$(login 198.51.100.9 'not-from=*')" ignored "a default route without a gateway says nothing, either"
ip route del default
is "$(login 198.51.100.9 'not-from=db1')" ignored "an address that there is no route to is not a machine's"
ip route add blackhole 198.51.100.0/24
is "$(login 198.51.100.9 'not-from=db1')" denied "an address in a black hole isn't surely elsewhere"
ip route del blackhole 198.51.100.0/24
for type in unreachable prohibit; do
    ip route add $type 198.51.100.0/24
    is "$(login 198.51.100.9 'not-from=db1')" denied "an address that a route refuses as $type isn't surely elsewhere"
    ip route del $type 198.51.100.0/24
done
ip route add default via 192.0.2.254

# Bridges: three machines on one, and a second bridge behind the first.
ip link add br0 type bridge
ip addr add 10.77.0.1/24 dev br0
host_address6 fd77::1/64 br0
ip link set br0 up
ip link add br1 type bridge
ip link set br1 up
ip link add to-br1 type veth peer name to-br0
ip link set to-br1 master br0 up
ip link set to-br0 master br1 up
index=200
# on_bridge NAME BRIDGE NUMBER
on_bridge() {
    start "$1"
    index=$((index + 1))
    veth "${!1}" "ve-$1" $index
    ip link set "ve-$1" master "$2" up
    inside "${!1}" ip addr add "10.77.0.$3/24" dev host0
    inside "${!1}" ip addr add "fd77::$3/64" dev host0 nodad
    mymachines register "$1" --leader="${!1}" 2>/dev/null
}
on_bridge one br0 11
on_bridge two br0 12
on_bridge far br1 13
for family in 10.77.0. fd77::; do
    is "$(settles success ${family}11 from=one)" success "${family}11 is the machine's at the bridge's port"
    is "$(login ${family}12 from=one)" denied "${family}12 is the other machine's on the bridge"
    is "$(settles success ${family}13 from=far)" success "${family}13 is the machine's behind two bridges"
    is "$(login ${family}99 not-from=db1)" denied "${family}99, which nobody on the bridge has, isn't surely elsewhere"
done
ip neigh add 10.77.0.50 lladdr "$(ip -o link show br0 | sed 's/.* link.ether \([^ ]*\) .*/\1/')" dev br0
is "$(ip neigh show 10.77.0.50 dev br0 | wc -l)" 1 "a neighbour has the bridge's own hardware address"
is "$(login 10.77.0.50 not-from=db1)" denied "who has the bridge's own hardware address isn't surely elsewhere"
ip neigh flush dev br0
is "$(settles success 10.77.0.11 from=one)" success "a neighbour that was forgotten is asked for"
ip neigh flush dev br0
is "$(settles success 10.77.0.11 from=one)" success "a neighbour that was forgotten is found twice"

mac=$(ip neigh show 10.77.0.11 dev br0 | sed 's/.*lladdr \([^ ]*\).*/\1/')
if bridge vlan add vid 20 dev ve-two 2>/dev/null && bridge fdb add "$mac" dev ve-two vlan 20 master static; then
    is "$(login 10.77.0.11 not-from=db1)" denied "a hardware address at two ports of a bridge isn't surely one machine's"
    bridge fdb del "$mac" dev ve-two vlan 20 master
    bridge vlan del vid 20 dev ve-two
else
    skip "this kernel's bridges have no VLANs" "a hardware address at two ports of a bridge isn't surely one machine's"
fi
ip route replace default dev br0
inside "$one" ip addr add 203.0.113.5/32 dev host0
is "$(settles success 203.0.113.5 from=one)" success "a default route into a bridge leads to its machines"
inside "$one" ip addr del 203.0.113.5/32 dev host0
ip route replace default via 192.0.2.254

# Whoever answers for an address has it, for as long as the host believes it.
inside "$two" ip addr add 10.77.0.11/24 dev host0
inside "$one" ip addr del 10.77.0.11/24 dev host0
ip neigh flush dev br0
is "$(login 10.77.0.11 not-from=two)" denied "an address that has moved on the bridge is the machine's that has it now"
inside "$two" ip addr del 10.77.0.11/24 dev host0
inside "$one" ip addr add 10.77.0.11/24 dev host0

# A network namespace that is not a machine's: as the network beyond an uplink.
# network NAME: its process
network() {
    local -n holder=$1
    unshare --net sleep 1000 >/dev/null 2>&1 </dev/null &
    holder=$!
    wait_until sh -c "[ \$(readlink /proc/$holder/ns/net) != $(readlink /proc/self/ns/net) ]"
}

# A host whose uplink is a bridge, and which is a container itself: its port is one of a pair.
network lan
ip link add br2 type bridge
ip addr add 10.88.0.1/24 dev br2
host_address6 fd88::1/64 br2
ip link set br2 up
ip link add up0 type veth peer name eth0 netns "$lan"
ip link set up0 master br2 up
inside "$lan" bash -c "$(declare -f no_dad); no_dad"
inside "$lan" ip addr add 10.88.0.254/24 dev eth0
inside "$lan" ip addr add 10.88.0.5/24 dev eth0
inside "$lan" ip addr add fd88::fe/64 dev eth0 nodad
inside "$lan" ip addr add fd88::5/64 dev eth0 nodad
inside "$lan" ip link set eth0 up
index=220
start guest1
veth "$guest1" ve-guest1 221
ip link set ve-guest1 master br2 up
inside "$guest1" ip addr add 10.88.0.6/24 dev host0
inside "$guest1" ip addr add fd88::6/64 dev host0 nodad
mymachines register guest1 --leader="$guest1" 2>/dev/null
is "$(login 10.88.0.5 'not-from=guest*')" denied "who is behind a port that leads to no machine isn't surely elsewhere"
ip route replace default via 10.88.0.254
ip route replace default via fd88::fe
for family in 10.88.0. fd88::; do
    is "$(login ${family}5 'not-from=guest*')" ignored "${family}5 of the local network is elsewhere where the uplink is a bridge"
    is "$(login ${family}6 'not-from=guest*')" denied "${family}6 is a machine's where the uplink is a bridge"
done
is "$(login 198.51.100.9 'not-from=guest*')" ignored "the Internet is elsewhere where the uplink is a bridge"

# Into a nested namespace: the host still answers by the machine's pair.
network nested
inside "$web1" ip link set host0 netns "$nested"
inside "$nested" ip addr add 10.99.1.2/24 dev host0
inside "$nested" ip link set host0 up
is "$(login 10.99.1.2 not-from=web1)" denied "an interface in a nested namespace evades nothing"
mymachines refresh
is "$(login 10.99.1.2 not-from=web1)" denied "an interface in a nested namespace evades nothing, also when the registry knows of it"
is "$(login 10.99.1.2 'from=web1')" denied "an interface in a nested namespace isn't surely the machine's"
is "$(login 10.99.2.2 from=db1)" success "other machines are as before"

# Where the kernel isn't the host's, or says nothing.
network elsewhere
start zz
nsenter --net="/proc/$elsewhere/ns/net" mymachines register zz --leader="$zz" 2>/dev/null
is "$(login 10.99.2.2 from=db1)" denied "with a machine of another network namespace nothing is sure"
mymachines unregister zz
is "$(nsenter --net="/proc/$elsewhere/ns/net" bash -c "$(declare -f login); TMPDIR=$TMPDIR module=$module preloaded=$preloaded; login 198.51.100.9 not-from=db1")" \
    denied "in another network namespace than the host's, nothing is surely elsewhere"
is "$(nsenter --net="/proc/$elsewhere/ns/net" bash -c "$(declare -f login); TMPDIR=$TMPDIR module=$module preloaded=$preloaded; login 198.51.100.9 'from=*'")" \
    denied "in another network namespace than the host's, nothing is surely a machine's"
is "$(nsenter --net="/proc/$elsewhere/ns/net" bash -c "$(declare -f login); TMPDIR=$TMPDIR module=$module preloaded=$preloaded; login 198.51.100.9")" \
    ignored "in another network namespace, a line without a rule asks nothing"
done_testing
