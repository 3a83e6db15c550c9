#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Addresses of virtual machines, which only the host's side tells: neighbours on their taps and
# bridges, and leases. The machines are taps whose frames a network namespace gets.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
[ -c /dev/net/tun ] || skip_all "there is no /dev/net/tun here"
trap end_watching EXIT
# What dnsmasq writes on the host isn't to be seen here, nor the other way round.
mount -t tmpfs none /var/lib
mkdir -p /var/lib/misc

# guest VARIABLE TAP HARDWARE [ARGUMENT...]: a machine with this hardware address, whose emulator
# has the other arguments; VARIABLE gets its pid, VARIABLE_os the pid in its network namespace
guest() {
    local -n emulator=$1
    local name=$1 tap=$2 hardware=$3 fifo=$TMPDIR/fifo.guest stdin
    shift 3
    start "${name}_os" --share=user --share=pid --share=mnt
    local os=${name}_os
    rm -f "$fifo"
    mkfifo "$fifo"
    exec {stdin}> >(exec guest "$tap" "${!os}" "$@" >"$fifo" 2>/dev/null)
    # shellcheck disable=SC2034
    read -r emulator <"$fifo"
    inside "${!os}" bash -c "$(declare -f no_dad); no_dad"
    inside "${!os}" ip link set eth0 address "$hardware"
    inside "${!os}" ip link set eth0 up
    ip link set "$tap" up
}

# global NAME: its addresses but for link-local ones
global() {
    addresses "$1" | tr ' ' '\n' | grep -v '^fe80' | xargs
}

no_dad
guest vm1 tap1 52:54:00:aa:00:01
ip addr add 10.88.0.1/24 dev tap1
start_monitor
follow
mymachines register vm1 --class=vm --leader="$vm1" 2>/dev/null
happens 'added *vm1 *Class=vm*' "a virtual machine is registered"
is "$(mymachines show vm1 -p NetworkInterfaces --value)" "$(ip -j link show tap1 | jq ".[0].ifindex")" \
    "its tap is found: the emulator has it open"
inside "$vm1_os" ip addr add 10.88.0.2/24 dev eth0
inside "$vm1_os" ping -c 1 -W 5 10.88.0.1 >/dev/null 2>&1
happens 'changed vm1 *10.88.0.2*' "its address is known as soon as it has spoken to the host"
address=$(inside "$vm1_os" ip -6 -o addr show dev eth0 scope link | awk '{ print $4 }' | cut -d/ -f1)
ping -6 -c 1 -W 5 "$address%tap1" >/dev/null 2>&1
happens "changed vm1 *$address%*" "that of IPv6, too, with the interface that leads to it"
inside "$vm1_os" ip addr del 10.88.0.2/24 dev eth0
inside "$vm1_os" ip addr add 10.88.0.3/24 dev eth0
inside "$vm1_os" ping -c 1 -W 5 10.88.0.1 >/dev/null 2>&1
happens 'changed vm1 *10.88.0.3*' "another address"
ip neigh flush dev tap1 to 10.88.0.2
ping -c 1 -W 1 10.88.0.2 >/dev/null 2>&1
gone() {
    [[ " $(addresses "$1") " != *" $2 "* ]]
}
wait_until gone vm1 10.88.0.2
ok $? "and the former isn't there once nobody answers to it"
mymachines register vm1 --leader="$vm1" --address=10.88.0.77
is "$(addresses vm1)" "10.88.0.77" "an address that was given stays alone"
mymachines register vm1 --leader="$vm1" --address=
like " $(addresses vm1) " "* 10.88.0.3 *" "until it is taken back"

# Two on one bridge, one of which an emulator's command line tells, the other libvirt's tap.
ip link add br1 type bridge
ip link set br1 up
ip addr add 10.89.0.1/24 dev br1
guest vm2 tap2 52:54:00:aa:00:02 -device virtio-net-pci,netdev=n0,mac=52:54:00:aa:00:02,bus=x
guest vm3 tap3 52:54:00:aa:00:03
guest vm4 tap4 52:54:00:aa:00:04
ip link set tap3 address fe:54:00:aa:00:03
for i in 2 3 4; do ip link set "tap$i" master br1; done
# What the bridge would learn is to be of no help to these.
for i in 2 3; do ip link set "tap$i" type bridge_slave learning off; done
for i in 2 3 4; do
    leader=vm$i os=vm${i}_os
    mymachines register "vm$i" --class=vm --leader="${!leader}" 2>/dev/null
    happens "added *vm$i *" "vm$i, on a bridge"
    inside "${!os}" ip addr add "10.89.0.$i/24" dev eth0
    inside "${!os}" ping -c 1 -W 5 10.89.0.1 >/dev/null 2>&1
    happens "changed vm$i *10.89.0.$i*" "has its own address"
done
for i in 2 3 4; do
    is "$(global "vm$i")" "10.89.0.$i" "and only its own"
done

# The bridge's addresses are leased.
printf '%s\n' "$(($(date +%s) + 1000)) 52:54:00:aa:00:02 10.89.0.42 vm2 *" \
    "$(($(date +%s) - 10)) 52:54:00:aa:00:03 10.89.0.43 vm3 *" \
    "$(($(date +%s) + 1000)) 52:54:00:aa:00:99 10.89.0.4 another *" >/var/lib/misc/dnsmasq.br1.leases
# leased NAME ADDRESSES: all that it has but for link-local ones
leased() {
    [ "$(global "$1")" = "$2" ]
}
# The directory is watched already, as the bridge is in use.
wait_until leased vm2 '10.89.0.42'
ok $? "a lease counts, and what was a neighbour before it doesn't"
is "$(global vm3)" "10.89.0.3" "one that has expired doesn't"
wait_until leased vm4 ''
ok $? "nor an address that is leased to another"
printf '%s\n' "$(($(date +%s) + 2)) 52:54:00:aa:00:02 10.89.0.44 vm2 *" \
    'duid 00:01:00:01:2e:00:00:00:02:00:00:00:00:01' \
    "$(($(date +%s) + 1000)) 11141122 fd89::44 vm2 00:03:00:01:52:54:00:aa:00:02" \
    "$(($(date +%s) + 1000)) 11141122 fd89::45 x 00:01:00:01:2e:aa:bb:cc:52:54:00:aa:00:04" \
    'garbage' '99999999999999999999999 x y' >/var/lib/misc/dnsmasq.br1.leases
wait_until leased vm2 '10.89.0.44 fd89::44'
ok $? "a new lease, and one of IPv6"
wait_until leased vm4 '10.89.0.4 fd89::45'
ok $? "by the hardware address in the client's id"
# With no neighbours on the bridge, nothing else has it look.
ip neigh flush dev br1
wait_until leased vm2 'fd89::44'
ok $? "one that expires is gone, without anybody's doing"
rm /var/lib/misc/dnsmasq.br1.leases
for i in 2 3 4; do
    os=vm${i}_os
    inside "${!os}" ping -c 1 -W 5 10.89.0.1 >/dev/null 2>&1
done
wait_until leased vm2 10.89.0.2
ok $? "without the file, neighbours count again"
mkdir -p /var/lib/libvirt/dnsmasq
jq -n --argjson t "$(date +%s)" '[{"ip-address": "10.89.0.52", "mac-address": "52:54:00:aa:00:02",
    "hostname": "vm2", "expiry-time": ($t + 1000)}, {"ip-address": "10.89.0.53",
    "mac-address": "52:54:00:aa:00:03", "expiry-time": ($t - 1)}, {"nonsense": []}, 7]' \
    >/var/lib/libvirt/dnsmasq/new
mymachines refresh
mv /var/lib/libvirt/dnsmasq/new /var/lib/libvirt/dnsmasq/br1.status
kill -HUP "$monitor"
wait_until leased vm2 10.89.0.52
jq '.[0]["ip-address"] = "10.89.0.54"' /var/lib/libvirt/dnsmasq/br1.status >/var/lib/libvirt/dnsmasq/new
mv /var/lib/libvirt/dnsmasq/new /var/lib/libvirt/dnsmasq/br1.status
wait_until leased vm2 10.89.0.54
ok $? "libvirt's own file of leases, as it is replaced"
jq '.[0]["ip-address"] = "10.89.0.52"' /var/lib/libvirt/dnsmasq/br1.status >/var/lib/libvirt/dnsmasq/new
mv /var/lib/libvirt/dnsmasq/new /var/lib/libvirt/dnsmasq/br1.status
mymachines refresh
is "$(global vm2)" "10.89.0.52" "libvirt's own file of leases"
is "$(global vm3)" "10.89.0.3" "and what has expired there"
echo '[{"ip-address": "10.89.0.52", "mac' >/var/lib/libvirt/dnsmasq/br1.status
mymachines refresh
is "$(global vm2)" "10.89.0.2" "one that is cut off says nothing"
rm -r /var/lib/libvirt

# A real server and a real client.
if has_dhcp; then
    dhcp_server br1 10.89.0.150,10.89.0.160 /var/lib/misc/dnsmasq.br1.leases
    server=$started
    dhcp_client "$vm3_os" eth0
    client=$started
    has_lease() {
        [[ "$(global vm3)" == 10.89.0.15? ]]
    }
    wait_until has_lease
    ok $? "dnsmasq has leased one to a real client"
    { kill -9 "$server" "$client"; wait "$server" "$client"; } 2>/dev/null
else
    skip "dnsmasq or busybox isn't installed" "dnsmasq has leased one to a real client"
fi
kill -9 "$vm2"
happens 'removed vm2' "a machine whose emulator is killed is gone"
is "$(grep -v 'has died; unregistered' "$TMPDIR/monitor.err")" "" "the monitor has no complaints"
done_testing
