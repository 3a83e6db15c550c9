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
happens 'added *vm1 *Class=vm*' "a VM is registered"
is "$(mymachines show vm1 -p NetworkInterfaces --value)" "$(ip -j link show tap1 | jq ".[0].ifindex")" \
    "VM's tap is found, as the emulator has it open"
inside "$vm1_os" ip addr add 10.88.0.2/24 dev eth0
inside "$vm1_os" ping -c 1 -W 5 10.88.0.1 >/dev/null 2>&1
happens 'changed vm1 *10.88.0.2*' "VM's address is known as soon as it has spoken to the host"
address=$(inside "$vm1_os" ip -6 -o addr show dev eth0 scope link | awk '{ print $4 }' | cut -d/ -f1)
ping -6 -c 1 -W 5 "$address%tap1" >/dev/null 2>&1
happens "changed vm1 *$address%*" "VM's link-local address is known with its interface"
inside "$vm1_os" ip addr del 10.88.0.2/24 dev eth0
inside "$vm1_os" ip addr add 10.88.0.3/24 dev eth0
inside "$vm1_os" ping -c 1 -W 5 10.88.0.1 >/dev/null 2>&1
happens 'changed vm1 *10.88.0.3*' "VM's second address is known"
ip neigh flush dev tap1 to 10.88.0.2
ping -c 1 -W 1 10.88.0.2 >/dev/null 2>&1
gone() {
    [[ " $(addresses "$1") " != *" $2 "* ]]
}
wait_until gone vm1 10.88.0.2
ok $? "VM's first address is removed when nobody answers to it"
mymachines register vm1 --leader="$vm1" --address=10.88.0.77
is "$(addresses vm1)" "10.88.0.77" "a given address is a VM's only one"
mymachines register vm1 --leader="$vm1" --address=
like " $(addresses vm1) " "* 10.88.0.3 *" "found addresses return when the given address is cleared"

# Two on one bridge, one of which an emulator's command line tells, the other libvirt's tap.
ip link add br1 type bridge
ip link set br1 up
ip addr add 10.89.0.1/24 dev br1
guest vm2 tap2 52:54:00:aa:00:02 -device virtio-net-pci,netdev=n0,mac=52:54:00:aa:00:02,bus=x
guest vm3 tap3 52:54:00:aa:00:03
guest vm4 tap4 52:54:00:aa:00:04
ip link set tap3 address fe:54:00:aa:00:03
# As a random one may begin, too.
ip link set tap4 address fe:12:00:aa:00:04
for i in 2 3 4; do ip link set "tap$i" master br1; done
# What the bridge would learn is to be of no help to these.
for i in 2 3; do ip link set "tap$i" type bridge_slave learning off; done
for i in 2 3 4; do
    leader=vm$i os=vm${i}_os
    mymachines register "vm$i" --class=vm --leader="${!leader}" 2>/dev/null
    happens "added *vm$i *" "vm$i on a bridge is registered"
    inside "${!os}" ip addr add "10.89.0.$i/24" dev eth0
    inside "${!os}" ping -c 1 -W 5 10.89.0.1 >/dev/null 2>&1
    happens "changed vm$i *10.89.0.$i*" "vm$i on a bridge has its address"
done
for i in 2 3 4; do
    is "$(global "vm$i")" "10.89.0.$i" "vm$i on a bridge has no address of another VM"
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
ok $? "a lease replaces a former neighbour's address"
is "$(global vm3)" "10.89.0.3" "an expired lease doesn't count"
wait_until leased vm4 ''
ok $? "an address that is leased to another VM doesn't count"
printf '%s\n' "$(($(date +%s) + 2)) 52:54:00:aa:00:02 10.89.0.44 vm2 *" \
    'duid 00:01:00:01:2e:00:00:00:02:00:00:00:00:01' \
    "$(($(date +%s) + 1000)) 11141122 fd89::44 vm2 00:03:00:01:52:54:00:aa:00:02" \
    "$(($(date +%s) + 1000)) 11141122 fd89::45 x 00:01:00:01:2e:aa:bb:cc:52:54:00:aa:00:04" \
    'garbage' '99999999999999999999999 x y' >/var/lib/misc/dnsmasq.br1.leases
wait_until leased vm2 '10.89.0.44 fd89::44'
ok $? "new leases of IPv4 and IPv6 count"
wait_until leased vm4 '10.89.0.4 fd89::45'
ok $? "a lease is found by the hardware address in the client's id"
# With no neighbours on the bridge, nothing else has it look.
ip neigh flush dev br1
wait_until leased vm2 'fd89::44'
ok $? "a lease's address is removed when the lease expires"
# Whoever owns the file may put something else there: neither monitor nor registrar may wait for it.
# instead COMMAND...: which makes something else of it
instead() {
    rm /var/lib/misc/dnsmasq.br1.leases
    "$@"
    run timeout 20 "$BUILDDIR/mymachines" refresh vm2
    is "$status|$err" "0|" "refresh passes over a file of leases that isn't one: $*"
}
instead mkfifo /var/lib/misc/dnsmasq.br1.leases
instead ln -s /dev/zero /var/lib/misc/dnsmasq.br1.leases
instead truncate -s 1500M /var/lib/misc/dnsmasq.br1.leases
instead ln -s /proc/kmsg /var/lib/misc/dnsmasq.br1.leases
instead mkdir -p /var/lib/misc/elsewhere
ln -s elsewhere /var/lib/misc/dnsmasq.br1.leases
is "$(awk '/VmHWM/ { print ($2 < 65536) }' "/proc/$monitor/status")" 1 "the monitor takes no memory for such files"
rm /var/lib/misc/dnsmasq.br1.leases
for i in 2 3 4; do
    os=vm${i}_os
    inside "${!os}" ping -c 1 -W 5 10.89.0.1 >/dev/null 2>&1
done
wait_until leased vm2 10.89.0.2
ok $? "neighbours count again after the lease file was removed"
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
ok $? "libvirt's lease file is followed when it is replaced"
jq '.[0]["ip-address"] = "10.89.0.52"' /var/lib/libvirt/dnsmasq/br1.status >/var/lib/libvirt/dnsmasq/new
mv /var/lib/libvirt/dnsmasq/new /var/lib/libvirt/dnsmasq/br1.status
mymachines refresh
is "$(global vm2)" "10.89.0.52" "libvirt's lease file is read by refresh"
is "$(global vm3)" "10.89.0.3" "an expired lease of libvirt's doesn't count"
echo '[{"ip-address": "10.89.0.52", "mac' >/var/lib/libvirt/dnsmasq/br1.status
mymachines refresh
is "$(global vm2)" "10.89.0.2" "a truncated lease file of libvirt's is ignored"
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
# Kea appends each change, and one of its clients can cause any number.
mkdir -p /var/lib/kea
{
    echo address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context
    yes "10.89.0.99,52:54:00:aa:00:99,,3600,$(($(date +%s) + 3600)),1,0,0,,0," | head -n 30000
    echo "10.89.0.62,52:54:00:aa:00:02,,3600,$(($(date +%s) + 3600)),1,0,0,,0,"
} >/var/lib/kea/kea-leases4.csv
ok "$([ "$(stat -c %s /var/lib/kea/kea-leases4.csv)" -gt 1500000 ]; echo $?)" "Kea's file is larger than what is read of it"
mymachines refresh
is "$(global vm2)" "10.89.0.62" "the last leases in a large file of Kea's count"
rm -r /var/lib/kea
mkdir -p /var/lib/dnsmasq
{
    yes "$(($(date +%s) + 3600)) 52:54:00:aa:00:99 10.89.0.99 a-guest 01:52:54:00:aa:00:99" | head -n 30000
    echo "$(($(date +%s) + 3600)) 52:54:00:aa:00:02 10.89.0.63 * *"
} >/var/lib/dnsmasq/dnsmasq.leases
mymachines refresh
is "$(global vm2)" "10.89.0.63" "so do those in a large file of dnsmasq's"
rm -r /var/lib/dnsmasq
mymachines refresh

# A VM whose hardware address isn't known may have any number of them.
ip addr add 10.90.0.1/16 dev br1
for i in {1..300}; do
    printf 'fdb replace 52:54:01:00:%02x:%02x dev tap4 master dynamic\n' $((i / 256)) $((i % 256))
done >"$TMPDIR/forwarding"
for i in {1..300}; do
    printf 'neigh replace 10.90.%d.%d lladdr 52:54:01:00:%02x:%02x dev br1 nud reachable\n' \
        $((i / 250 + 1)) $((i % 250 + 1)) $((i / 256)) $((i % 256))
done >"$TMPDIR/neighbours"
bridge -batch "$TMPDIR/forwarding"
ip -batch "$TMPDIR/neighbours"
mymachines refresh vm4
found=$(addresses vm4 | tr ' ' '\n' | grep -c '^10\.90\.')
ok "$([ "$found" -gt 200 ] && [ "$found" -le 256 ]; echo $?)" \
    "of a VM with hundreds of hardware addresses, 256 are known"
kill -9 "$vm2"
happens 'removed vm2' "monitor unregisters a VM whose emulator is killed"
is "$(grep -v 'has died; unregistered' "$TMPDIR/monitor.err")" "" "monitor logs nothing but deaths"
done_testing
