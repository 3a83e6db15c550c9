#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The registrar's verbs, with real containers: what they find out, print, and refuse.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

run mymachines
is "$status|$out|$err" "0|No machines.|" "list says that there are no machines"
run mymachines list --json=short
is "$status|$out|$err" "0|[]|" "list --json prints an empty array"
run mymachines list --no-legend
is "$status|$out|$err" "0||" "list --no-legend prints nothing without machines"
ok "$([ ! -e "$REGISTRY_DIRECTORY" ]; echo $?)" "reading makes no directory"

# Ten seconds, while the rest is tried: a lock that is never released, in a directory of its own.
start waiting
unshare --mount --propagation private sh -c 'mkdir -p "$0" && mount -t tmpfs -o mode=755 tmpfs "$0" && exec 9>"$0/lock" &&
    flock 9 && exec mymachines register waiting --leader="$1" 9>&9' "$REGISTRY_DIRECTORY" "$waiting" >"$TMPDIR/held" 2>&1 &
held=$!

mkdir -p "$TMPDIR/root"
start web1 --map=0:200000:1000 --map=1000:1000:1 --map=1001:201001:64535
veth "$web1" ve-web1 101
ip route add 10.99.1.0/24 dev ve-web1
inside "$web1" ip addr add 10.99.1.2/24 dev host0
run mymachines register web1 --leader="$web1" --service=test --alias=www --alias=Mail.example.com \
    --id=00112233-4455-6677-8899-AABBCCDDEEFF --ssh-address=root@web1 --ssh-key=/root/key --control-address=/run/c --vsock-cid=7 \
    --unit=web1.scope --root="$TMPDIR/root"
is "$status|$out|$err" "0||" "register with all that can be said"
os=$(host_os)
is "$(mymachines list | tr -s ' ')" \
"MACHINE CLASS SERVICE OS VERSION ADDRESSES
web1 container test $os 10.99.1.2...

1 machine listed." "list"
is "$(LC_ALL=C.UTF-8 mymachines list --no-legend)" "web1 container test $os 10.99.1.2…" \
    "list --no-legend, in UTF-8"
is "$(mymachines list --no-legend --max-addresses=all)" \
"web1 container test $os 10.99.1.2
                     ${os//?/ }fe80::ff:fe00:265%101" "list --max-addresses=all"
is "$(mymachines list --no-legend --max-addresses=0)" "web1 container test $os ..." \
    "list --max-addresses=0"
is "$(mymachines --no-legend)" "web1 container test $os 10.99.1.2..." "options of list, without it"
is "$(mymachines show web1 | sed -E 's/^(Timestamp=).*:.*UTC$/\1T/; s/(Monotonic=)[0-9]+$/\1M/')" \
"Name=web1
Id=00112233445566778899aabbccddeeff
Timestamp=T
TimestampMonotonic=M
Service=test
Unit=web1.scope
Leader=$web1
Class=container
RootDirectory=$TMPDIR/root
NetworkInterfaces=101
VSockCID=7
SSHAddress=root@web1
SSHPrivateKeyPath=/root/key
State=running
OS=${os% *}
Version=${os#* }
Aliases=www Mail.example.com
Addresses=10.99.1.2 fe80::ff:fe00:265%101
UIDMap=0:200000:1000 1000:1000:1 1001:201001:64535
GIDMap=0:200000:1000 1000:1000:1 1001:201001:64535
ControlAddress=/run/c
UID=0" "show"
now=$(date +%s)
realtime=$(mymachines show web1 --json=short | jq .timestamp.realtime)
ok "$([ $((realtime / 1000000)) -ge $((now - 60)) ] && [ $((realtime / 1000000)) -le "$now" ]; echo $?)" \
    "its time is the time of its registration, in microseconds"
is "$(mymachines show WWW -p Name,Leader --property=class)" \
"Name=web1
Leader=$web1
Class=container" "show -p, by an alias"
is "$(mymachines show web1 -p State --value)" "running" "show --value"
is "$(mymachines show web1 -p Nonsense)" "" "show of a property that there isn't"
is "$(mymachines show web1 --json=short | jq -c 'del(.timestamp, .leaderProcessId.pidfdId, .claimed.osName)')" \
"$(jq -nc --argjson p "$web1" --arg boot "$(tr -d - </proc/sys/kernel/random/boot_id)" \
    --arg root "$TMPDIR/root" --arg os "$os" '{
    name: "web1", id: "00112233445566778899aabbccddeeff", service: "test", class: "container",
    leader: $p, leaderProcessId: {pid: $p, bootId: $boot}, rootDirectory: $root,
    unit: "web1.scope", vSockCid: 7, sshAddress: "root@web1", sshPrivateKeyPath: "/root/key", controlAddress: "/run/c", addresses: [
      {ifindex: 101, family: 2, address: [10, 99, 1, 2], addressString: "10.99.1.2",
       scope: "global", standing: "routed", interface: "host0"},
      {ifindex: 101, family: 10, address: [254, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 254, 0, 2, 101],
       addressString: "fe80::ff:fe00:265%101", scope: "link", standing: "routed", interface: "host0"}],
    unansweredAddresses: [], ifIndices: [101], aliases: ["www", "Mail.example.com"],
    uidMap: [{inner: 0, outer: 200000, count: 1000}, {inner: 1000, outer: 1000, count: 1},
             {inner: 1001, outer: 201001, count: 64535}],
    gidMap: [{inner: 0, outer: 200000, count: 1000}, {inner: 1000, outer: 1000, count: 1},
             {inner: 1001, outer: 201001, count: 64535}],
    given: {unit: "web1.scope", rootDirectory: $root}, claimed: {os: ($os | split(" ")[0]), version: ($os | split(" ")[1])}, state: "running"}')" "show --json, every field"
is "$(mymachines list --json=pretty | jq -c 'map(.name)')" '["web1"]' "list --json is an array"
is "$(mymachines list --json=pretty | sed -n 2,3p)" \
'  {
    "name": "web1",' "pretty is for people"

# Again.
generation() {
    stat -c '%y %i' "$REGISTRY_DIRECTORY/registry.mdb"
}
before=$(generation)
run mymachines register web1 --leader="$web1"
is "$status|$out|$err" "0||" "the same leader can be registered again"
is "$(generation)" "$before" "registering the same facts again publishes nothing"
stamp=$(mymachines show web1 -p Timestamp,TimestampMonotonic)
mymachines register web1 --leader="$web1" --service=other
is "$(mymachines show web1 -p Service,Aliases,Unit,VSockCID)" \
"Service=other
Unit=web1.scope
VSockCID=7
Aliases=www Mail.example.com" "facts that are given change, the others stay"
is "$(mymachines show web1 -p Timestamp,TimestampMonotonic)" "$stamp" "it has been there since"
mymachines register web1 --leader="$web1" --alias= --unit= --root= --id= --vsock-cid= --service= \
    --ssh-address=
is "$(mymachines show web1 -p Id,Service,Unit,RootDirectory,VSockCID,SSHAddress,Aliases)" \
"Id=
Service=
Unit=
RootDirectory=/
VSockCID=
SSHAddress=
Aliases=" "empty takes back; what is looked for is found again"
is "$(mymachines list --no-legend)" "web1 container - $os 10.99.1.2..." "no service is a dash"
run mymachines show www
is "$status|$out|$err" "1||mymachines: no machine 'www' is registered" "the alias is free again"

# Changes that nobody says: read again by refresh.
inside "$web1" ip addr add 10.99.1.3/24 dev host0
is "$(mymachines show web1 -p Addresses)" "Addresses=10.99.1.2 fe80::ff:fe00:265%101" \
    "a new address isn't known yet"
run mymachines refresh
is "$status|$out|$err" "0||" "refresh"
is "$(mymachines show web1 -p Addresses --value)" "10.99.1.2 10.99.1.3 fe80::ff:fe00:265%101" \
    "refresh finds a new address"
inside "$web1" ip addr del 10.99.1.2/24 dev host0
inside "$web1" ip addr add 10.99.1.3/24 dev host0 2>/dev/null
mymachines refresh web1
like "$(mymachines show web1 -p Addresses --value)" "*fe80::ff:fe00:265%101" "refresh drops an address that has gone"
run mymachines refresh nosuch
is "$status|$err" "1|mymachines: no machine 'nosuch' is registered" "refresh of nothing"
mymachines register web1 --leader="$web1" --address=192.0.2.7 --address=fe80::7%ve-web1
ip link add br0 index 110 type bridge
ip link set ve-web1 master br0
mymachines refresh
like "$(mymachines show web1 -p Addresses --value)" \
    "192.0.2.7*fe80::7%101 fe80::ff:fe00:265%110" "given ones stay, found ones follow a bridge"
mymachines register web1 --leader="$web1" --address=
is "$(mymachines show web1 -p Addresses --value | grep -c 192.0.2.7)" 0 "until they are taken back"

# A name, an alias and a leader are one machine's.
start web2
run mymachines register web1 --leader="$web2"
is "$status|$err" "1|mymachines: web1: already registered to pid $web1; stop it first, or register with --replace" \
    "a live machine's name is refused"
mymachines register web1 --leader="$web1" --service=lxc --alias=www
run mymachines register WEB1 --leader="$web2"
is "$status|$err" "1|mymachines: WEB1: already registered to pid $web1 (lxc); stop it first, or register with --replace" \
    "in another case, too, and it says by whom"
run mymachines register web2 --leader="$web2" --alias=www
is "$status|$err" "1|mymachines: web2: alias www is already a name of machine web1, pid $web1 (lxc); stop that first" \
    "a live machine's alias is refused as an alias"
run mymachines register www --leader="$web2" --replace
is "$status|$err" "1|mymachines: www: already a name of machine web1, pid $web1 (lxc); stop that first" \
    "a live machine's alias is refused as a name, even with --replace"
run mymachines register web9 --leader="$web1"
is "$status|$err" "1|mymachines: web9: pid $web1 already leads machine web1 (lxc); unregister that first, or register with --replace" \
    "a leader leads one machine"
is "$(mymachines list --no-legend)" "web1 container lxc $os 10.99.1.3..." "nothing has changed"
run mymachines register web1 --leader="$web2" --replace
is "$status|$out|$err" "0||$(in_no_unit web1)" "--replace"
is "$(mymachines show web1 -p Leader,Service,Aliases)" \
"Service=
Leader=$web2
Aliases=" "is another machine"
mymachines register web3 --leader="$web2" --replace
is "$(mymachines list --no-legend)" "web3 container - $os -" "--replace of a leader's machine"
mymachines register web1 --leader="$web1" --alias=www
kill -9 "$web1"
wait_until test ! -e "/proc/$web1"
is "$(mymachines list --no-legend)" "web3 container - $os -" "a dead machine isn't listed"
is "$(mymachines list --no-legend --all | awk '{print $1}')" \
"web1
web3" "but by --all"
is "$(mymachines show web1 -p State --value)" "closing" "the state of a dead machine is closing"
start web4
run mymachines register web4 --leader="$web4" --alias=www
is "$status|$out|$err" "0||$(in_no_unit web4)" "the alias of a dead machine is free"
is "$(mymachines list --no-legend --all | awk '{print $1}')" \
"web3
web4" "a dead machine goes when another one takes its alias"

# Unregister.
run mymachines unregister web3 nosuch www
is "$status|$err" "1|mymachines: no machine 'nosuch' is registered" \
    "unregister: says what there isn't, and goes on"
run mymachines list
is "$status|$out" "0|No machines." "all gone, one by its alias"
run mymachines unregister web3
is "$status|$err" "1|mymachines: no machine 'web3' is registered" "unregister twice"

# A dead machine is dropped by refresh.
start gone
mymachines register gone --leader="$gone"
mymachines register web4 --leader="$web4"
kill -9 "$gone"
wait_until test ! -e "/proc/$gone"
run mymachines refresh
is "$status|$err" "0|mymachines: gone: leader $gone has died; unregistered" "refresh says who died"
is "$(mymachines list --no-legend --all | awk '{print $1}')" "web4" "the others stay"
# Whatever it is that has no descriptor left, also in a child.
mymachines show web4 >"$TMPDIR/before"
for limit in {6..14}; do
    (
        ulimit -n "$limit"
        exec "$BUILDDIR/mymachines" refresh >>"$TMPDIR/refreshed" 2>&1
    )
done
is "$(grep -v 'Too many open files' "$TMPDIR/refreshed")" "" "refresh without descriptors tells that as the reason"
is "$(grep -c 'operating system' "$TMPDIR/refreshed" | grep -cv '^0$')" 1 "also for what a child reads"
is "$(mymachines show web4)" "$(cat "$TMPDIR/before")" "refresh without descriptors keeps all facts"
mymachines unregister web4

# What there is to find: no user namespace, no network namespace, a chroot.
start plain --share=user
start nonet --share=net --map=0:300000:65536
start same --share=user --share=net --share=mnt --share=pid
mkdir -p "$TMPDIR/jail/proc"
start jail --share=user --root="$TMPDIR/jail"
for name in plain nonet same jail; do
    mymachines register "$name" --leader="${!name}"
done
is "$(mymachines show plain -p RootDirectory,Addresses,UIDMap)" \
"RootDirectory=/
Addresses=
UIDMap=" "without a user namespace there are no machine's ids"
is "$(mymachines show nonet -p Addresses,NetworkInterfaces,UIDMap)" \
"NetworkInterfaces=
Addresses=
UIDMap=0:300000:65536" "without a network namespace no addresses: they are the host's"
is "$(mymachines show same -p RootDirectory,Addresses,UIDMap)" \
"RootDirectory=
Addresses=
UIDMap=" "without any, nothing"
is "$(mymachines show jail -p RootDirectory --value)" "$TMPDIR/jail" "a chroot is found on the host"
is "$(mymachines show jail plain -p Name)" \
"Name=jail

Name=plain" "show of two, with a line between"
is "$(mymachines show -p Name --value | grep -c .)" 4 "show of all"
is "$(mymachines show --json=short | jq -r .name | tr '\n' ' ')" "jail nonet plain same " \
    "show --json is an object each"
run mymachines show plain nosuch jail -p Name --value
is "$status|$out|$err" "1|plain

jail|mymachines: no machine 'nosuch' is registered" "show goes on after one that there isn't"

# Which machine?
(sleep 100 & echo $! >"$TMPDIR/pid"; wait) &
sleep=$(wait_until test -s "$TMPDIR/pid"; cat "$TMPDIR/pid")
run mymachines which "$plain" "$sleep" "$jail" nonsense 2147483647
is "$status|$out" "1|$plain plain
$jail jail" "which prints machines with several pids"
is "$err" "mymachines: process $sleep is in no machine
mymachines: 'nonsense' is not a process id
mymachines: there is no process 2147483647" "which says of the other pids why they are in no machine"
kill "$sleep"
bash -c 'sleep 100 & echo $! >"$TMPDIR/child"; wait' &
bash=$!
wait_until test -s "$TMPDIR/child"
mymachines register vm1 --leader="$bash" --class=vm
is "$(mymachines which "$(cat "$TMPDIR/child")")" "vm1" "which: a child of a leader without namespaces"
kill "$(cat "$TMPDIR/child")" "$bash"
nsenter -t "$plain" -p unshare --pid --fork --kill-child sleep "111.$$" &
wait_until pgrep -f -x "sleep 111.$$"
is "$(mymachines which "$(pgrep -n -f -x "sleep 111.$$")")" "plain" "which: a pid namespace inside one"
pkill -9 -f -x "sleep 111.$$"
forget

# A VM: nothing is looked for in the namespaces of its emulator.
start emulator
ip link add vnet0 index 120 type veth peer name vnet0-peer
run mymachines register vm1 --class=vm --leader="$emulator" --service=qemu --interface=vnet0 \
    --address=192.0.2.2 --address=2001:db8::2 --address=fe80::2 --uid-map=0:500000:1000 \
    --gid-map=0:600000:1000 --gid-map=1000:700000:1
is "$status|$err" "0|$(in_no_unit vm1)" "a VM, all said"
is "$(mymachines show vm1 -p Class,NetworkInterfaces,RootDirectory,Addresses,UIDMap,GIDMap)" \
"Class=vm
RootDirectory=
NetworkInterfaces=120
Addresses=192.0.2.2 2001:db8::2 fe80::2%120
UIDMap=0:500000:1000
GIDMap=0:600000:1000 1000:700000:1" "show of it"
mymachines refresh
mymachines register vm1 --leader="$emulator"
is "$(mymachines show vm1 -p Class,Addresses)" \
"Class=vm
Addresses=192.0.2.2 2001:db8::2 fe80::2%120" "it stays one, and its addresses stay"
forget

# Many at once.
for i in 1 2 3; do
    start "c$i"
done
batch() {
    printf '%s\n' "{\"name\":\"c1\",\"leader\":$c1,\"class\":\"container\",\"aliases\":[\"first\"]}" "" \
        "{\"name\":\"c2\",\"leader\":$c2,\"addresses\":[\"192.0.2.2\"]}" \
        "{\"name\":\"c3\",\"leader\":$c3,\"uidMap\":[{\"inner\":0,\"outer\":900000,\"count\":5}]}"
}
run mymachines register --batch < <(batch)
is "$status|$out|$err" "0||mymachines: c1 and 2 more: each is in no unit, so ps -o machine won't show it; --scope gives it one" "a batch"
is "$(mymachines list --no-legend)" \
"c1 container - $os -
c2 container - $os 192.0.2.2
c3 container - $os -" "all of them are there"
is "$(mymachines show c3 -p UIDMap --value)" "0:900000:5" "registered from JSON, machines keep the facts that were given"
is "$(mymachines show c1 -p UIDMap --value)" "0:100000:65536" "and what was found"
before=$(generation)
run mymachines register --batch < <(batch; echo '{"name":"c4","leader":0}')
is "$status|$err|$(generation)" "1|mymachines: line 5: c4: leader 0: is not a process id|$before" \
    "one bad line, and nothing is published"
run mymachines register --batch < <(batch | sed 's/c1/d1/; s/first/second/')
is "$status|$err|$(generation)" \
    "1|mymachines: line 1: d1: pid $c1 already leads machine c1; unregister that first, or register with --replace|$before" \
    "one conflict, and nothing is published"
run mymachines register --batch </dev/null
is "$status|$out|$err|$(generation)" "0|||$before" "an empty batch"
mymachines list --json=short | jq -c '.[]' >"$TMPDIR/saved"
mymachines unregister c1 c2 c3
run mymachines register --batch <"$TMPDIR/saved"
is "$status|$err" "0|mymachines: c1 and 2 more: each is in no unit, so ps -o machine won't show it; --scope gives it one" "what list --json prints, a batch reads"
is "$(mymachines show c1 -p Aliases --value)" "first" "a batch keeps what was given before"

# A list of an earlier boot, and other processes with the pids of a list.
sleep 1000 & vm=$!
mymachines register vm --leader="$vm" --class=vm 2>/dev/null
mymachines show vm --json=short >"$TMPDIR/saved"
mymachines unregister vm
before=$(generation)
jq -c '.leaderProcessId.bootId = "0" * 32' "$TMPDIR/saved" >"$TMPDIR/earlier"
fails "mymachines: line 1: field 'leaderProcessId' is of another boot" "a list of another boot is refused" \
    bash -c 'mymachines register --batch <"$0"' "$TMPDIR/earlier"
if jq -e .leaderProcessId.pidfdId "$TMPDIR/saved" >/dev/null; then
    jq -c --argjson pid "$c1" '.supervisorProcessId = {pid: $pid, pidfdId: .leaderProcessId.pidfdId}' \
        "$TMPDIR/saved" >"$TMPDIR/supervised"
    fails "mymachines: line 1: supervisor $c1: there is no such process" "a process with the pid of a list isn't the supervisor" \
        bash -c 'mymachines register --batch <"$0"' "$TMPDIR/supervised"
    reuse_pid "$vm" sleep 1000
    ok $? "the test makes a leader's pid be reused"
    fails "mymachines: line 1: vm: leader $vm: there is no such process" "a process with the pid of a list isn't the leader" \
        bash -c 'mymachines register --batch <"$0"' "$TMPDIR/saved"
fi
is "$(generation)" "$before" "a refused list changes nothing"
{ kill -9 "$vm"; wait "$vm"; } 2>/dev/null
forget

# The unit, by the hierarchy that libsystemd would look at.
cgroup=
for root in /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ "$(stat -f -c %T "$root" 2>/dev/null)" = cgroup2fs ] && cgroup=$root && break
done
if [ -n "$cgroup" ] && mkdir -p "$cgroup/mymtest.slice/mymtest-web.scope/payload" 2>/dev/null; then
    start unit
    echo "$unit" >"$cgroup/mymtest.slice/mymtest-web.scope/payload/cgroup.procs"
    # The kernel shows it below the test's own cgroup where that isn't the root.
    mymachines register unit --leader="$unit"
    is "$(mymachines show unit -p Unit --value)" "mymtest-web.scope" "the unit is found by the cgroup"
    start other
    echo "$other" >"$cgroup/mymtest.slice/mymtest-web.scope/cgroup.procs"
    is "$(mymachines which "$other" 2>&1)" "mymachines: process $other is in no machine" "which: a stranger in the unit is not the machine's"
    mymachines register other --leader="$other" --unit=
    # This shell's own unit is not a machine's.
    echo "$BASHPID" >"$cgroup/mymtest.slice/mymtest-web.scope/cgroup.procs"
    mymachines refresh other
    is "$(mymachines show other -p Unit --value)" "" "a unit that the registrar is in isn't the machine's"
    echo "$BASHPID" >"$cgroup/cgroup.procs"
    kill -9 "$unit" "$other"
    wait_until rmdir "$cgroup/mymtest.slice/mymtest-web.scope/payload"
    wait_until rmdir "$cgroup/mymtest.slice/mymtest-web.scope"
    wait_until rmdir "$cgroup/mymtest.slice"
else
    skip "no cgroup2 hierarchy that can be written" "the unit is found by the cgroup"
fi
forget

# An empty registry is one, too: it says that there are no machines.
run mymachines refresh
is "$status|$out|$err" "0||" "refresh without a registry"
ok "$(test -f "$REGISTRY_DIRECTORY/registry.mdb"; echo $?)" "makes an empty one"
is "$(mymachines list --no-legend)" "" "a registry that refresh has made is empty"
before=$(stat -c %y "$REGISTRY_DIRECTORY/registry.mdb")
mymachines refresh
is "$(stat -c %y "$REGISTRY_DIRECTORY/registry.mdb")" "$before" "refresh makes a registry only once"
forget

# run's supervisor looks whether its machine is there before the lock is free. By then, its name may be another's.
mymachines run twin -- unshare --net --pid --fork --kill-child sleep 1000 2>/dev/null &
runner=$!
wait_until test -s "$REGISTRY_DIRECTORY/registry.mdb"
cp -a "$REGISTRY_DIRECTORY/registry.mdb" "$TMPDIR/first.mdb"
first=$(mymachines show twin -p Leader --value)
supervisor=$(own_pgrep -o -f '^mymachines run twin ')
start second
mymachines register twin --leader="$second" --replace 2>/dev/null
cp -a "$REGISTRY_DIRECTORY/registry.mdb" "$TMPDIR/second.mdb"
cp -a "$TMPDIR/first.mdb" "$REGISTRY_DIRECTORY/registry.mdb"
exec {lock}<>"$REGISTRY_DIRECTORY/lock"
flock "$lock"
kill -9 "$first"
# It sleeps between its tries for the lock.
wait_until grep -qE '^(35|115|230|407) ' "/proc/$supervisor/syscall"
cp -a "$TMPDIR/second.mdb" "$REGISTRY_DIRECTORY/registry.mdb"
exec {lock}>&-
wait "$runner"
wait_until has_ended "$supervisor"
is "$(mymachines show twin -p Leader --value)" "$second" "run leaves a machine that has got the name of its own meanwhile"
forget

# A root directory below one that only its owner may enter. When the file system is mounted anew,
# the kernel has to read the access control list of that one.
truncate -s 20M "$TMPDIR/disk"
mkdir "$TMPDIR/mounted"
mount_disk() {
    mount -o loop "$TMPDIR/disk" "$TMPDIR/mounted"
}
if mke2fs -q -t ext4 "$TMPDIR/disk" 2>/dev/null && mount_disk 2>/dev/null; then
    mkdir -p "$TMPDIR/mounted/closed/root"
    setfattr -n user.test -v 1 "$TMPDIR/mounted/closed"
    chown 1234:1234 "$TMPDIR/mounted/closed"
    chmod 750 "$TMPDIR/mounted/closed"
    umount "$TMPDIR/mounted"
    mount_disk
    chmod 755 "$TMPDIR"
    # As its owner, so that nobody needs the list before mymachines.
    start closed --share=user --share=mnt -- python3 -c 'import os, sys, time
os.seteuid(1234)
root = os.open(sys.argv[1], os.O_PATH)
os.seteuid(0)
os.fchdir(root)
os.chroot(".")
time.sleep(1000)' "$TMPDIR/mounted/closed/root"
    wait_until eval '[ "$(readlink "/proc/$closed/root")" = "$TMPDIR/mounted/closed/root" ]'
    mymachines register closed --leader="$closed" 2>/dev/null
    is "$(mymachines show closed -p RootDirectory --value)" "$TMPDIR/mounted/closed/root" \
        "a root directory is found below one that only its owner may enter"
    mymachines unregister closed
    kill -9 "$closed"
    wait_until has_ended "$closed"
    umount "$TMPDIR/mounted"
else
    skip "cannot mount an image of a file system" "a root directory below one that only its owner may enter"
fi

wait "$held"
is "$?|$(cat "$TMPDIR/held")" "1|mymachines: $REGISTRY_DIRECTORY/lock: another writer has held its lock for ten seconds" \
    "a lock that is never released is reported"

# Help.
for verb in "" list show which register unregister refresh shell login; do
    # shellcheck disable=SC2086
    run mymachines $verb --help
    like "$status|$err|$out" "0||Usage: mymachines*${verb:-VERB}*--help*" "help${verb:+ for }$verb"
    # shellcheck disable=SC2086
    is "$(mymachines $verb -h)" "$out" "the same by -h"
    is "$(awk 'length > 80' <<<"$out")" "" "in 80 columns"
done
like "$(mymachines --version)" "mymachines [0-9]*" "version"
run bash -c 'mymachines --help >/dev/full'
is "$status|$err" "1|mymachines: cannot write the output: standard output is full or closed" \
    "a full disk for the output is an error"
done_testing
