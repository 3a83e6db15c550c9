# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What stock tools and callers of org.freedesktop.machine1 get to hear, of whoever answers. Run by bus-peer.t
# in a Debian with systemd.
export LC_ALL=C TZ=UTC SYSTEMD_PAGER='' SYSTEMD_COLORS=0
cd /tmp/x || exit
M=org.freedesktop.machine1
MANAGER="$M /org/freedesktop/machine1 $M.Manager"

# wait_for COMMAND...: for ten seconds
wait_for() {
    local i
    for ((i = 0; i < 200; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    echo "waited for $* in vain"
}
# leader NAME COMMAND...: sets the variable to the pid of a process
leader() {
    setsid "${@:2}" >/dev/null 2>&1 </dev/null &
    printf -v "$1" %s $!
    disown $!
    wait_for grep -qx sleep "/proc/$!/comm"
}
# same: standard input without what differs each time
same() {
    sed -E "s/\b($web1|$db1|$vm1|$other|$$)\b/PID/g; s/[A-Z][a-z]{2} [0-9-]{10} [0-9:]{8} UTC/DATE/; s/; .* ago/; AGO/; s/ +$//; s/(x2d)[0-9]+/\1PID/
        s/^(Timestamp|TimestampMonotonic)=[0-9A-Z].*/\1=TIME/"
}
# say COMMAND...: what it prints, and its exit status
say() {
    local status
    "$@" </dev/null >out 2>&1
    status=$?
    { echo "\$ ${*/$MANAGER/-}"; cat out; } | same
    echo "= $status"
}
# hear METHOD ARGUMENT...: the name of the error
hear() {
    echo "$*: $(dbus-send --system --print-reply --dest=$M /org/freedesktop/machine1 "$M.Manager.$1" "${@:2}" 2>&1 |
        sed -n '1s/^Error \([^:]*\):.*/\1/p; 1s/^method return.*/success/p')" | same
}
# shellcheck disable=SC2086
create() {
    say busctl call $MANAGER CreateMachine 'sayssusa(sv)' "$1" 0 test "$2" "$3" "" 0
}
is_listed() {
    machinectl list --no-legend | grep -q "^$1 "
}
is_not_listed() {
    ! is_listed "$1"
}

rm -f hostname
leader web1 unshare --uts --net sleep 1000
leader db1 unshare --uts --net --user sleep 1000
echo 0 200000 65536 >"/proc/$db1/uid_map"
echo 0 200000 65536 >"/proc/$db1/gid_map"
leader vm1 sleep 1000
leader other unshare --uts sleep 1000
create web1 container "$web1"
create db1 container "$db1"
create vm1 vm "$vm1"
say machinectl list
say machinectl list --no-legend
say machinectl list -a -o json
for machine in web1 db1 vm1 .host; do
    say machinectl status -n 0 $machine
    say machinectl show $machine
done
say machinectl show
say machinectl show web1 -p Name -p State
for verb in status show terminate kill poweroff reboot login shell image-status show-image start remove; do
    say machinectl $verb nosuch
done
say machinectl kill web1 --signal=CONT
say machinectl kill web1 --kill-whom=leader --signal=CONT
say machinectl kill web1 --kill-whom=nobody
say machinectl kill .host --signal=CONT
say machinectl terminate .host
say machinectl copy-to web1 etc
say machinectl copy-to web1 /etc/nosuch /tmp/nosuch
say machinectl copy-to vm1 /etc/hostname /tmp/hostname
say machinectl copy-to nosuch /etc/hostname /tmp/hostname
say machinectl copy-from web1 /etc/hostname /tmp/x/hostname
say machinectl copy-from web1 /etc/hostname /tmp/x/hostname
say machinectl copy-from --force web1 /etc/hostname /tmp/x/hostname
say machinectl bind web1 etc
say machinectl bind vm1 /etc
say machinectl bind nosuch /etc
say machinectl shell vm1
say machinectl login vm1
say machinectl list-images
say machinectl clean
# shellcheck disable=SC2086
for call in "GetMachineByPID u $web1" "GetMachineByPID u 1" "GetMachineUIDShift s db1" "MapFromMachineUser su db1 33" \
    "MapToMachineUser u 200033" "GetMachineOSRelease s web1" "GetMachineAddresses s db1"; do
    say busctl call $MANAGER $call
done
while read -r call; do
    # shellcheck disable=SC2086
    hear $call
done <<T
GetMachine string:nosuch
GetMachine string:
GetMachine string:a/b
GetMachineByPID uint32:1
GetMachineByPID uint32:$$
GetMachineByPID uint32:4294967295
RegisterMachine string:x- array:byte: string:t string:container uint32:$other string:
RegisterMachine string:.host array:byte: string:t string:container uint32:$other string:
RegisterMachine string:a..b array:byte: string:t string:container uint32:$other string:
RegisterMachine string:web1 array:byte: string:t string:container uint32:$other string:
RegisterMachine string:new array:byte:1,2,3 string:t string:container uint32:$other string:
RegisterMachine string:new array:byte: string:t string:host uint32:$other string:
RegisterMachine string:new array:byte: string:t string:container uint32:1 string:
RegisterMachine string:new array:byte: string:t string:container uint32:2147483646 string:
RegisterMachine string:new array:byte: string:t string:container uint32:$other string:etc
RegisterMachineWithNetwork string:new array:byte: string:t string:container uint32:$other string: array:int32:0
KillMachine string:web1 string:nobody int32:15
KillMachine string:web1 string:all int32:0
KillMachine string:web1 string:all int32:10000000
KillMachine string:nosuch string:all int32:15
KillMachine string:.host string:all int32:15
TerminateMachine string:.host
RegisterMachine string:a_b array:byte: string:t string:container uint32:$other string:
UnregisterMachine string:a_b
UnregisterMachine string:.host
UnregisterMachine string:nosuch
GetMachineAddresses string:.host
GetMachineAddresses string:vm1
GetMachineOSRelease string:vm1
GetMachineUIDShift string:vm1
GetMachineUIDShift string:.host
MapFromMachineUser string:db1 uint32:70000
MapFromMachineUser string:db1 uint32:4294967295
MapFromMachineUser string:vm1 uint32:33
MapFromMachineUser string:.host uint32:33
MapFromMachineGroup string:db1 uint32:70000
MapToMachineUser uint32:33
MapToMachineUser uint32:65535
MapToMachineUser uint32:4000000
MapToMachineGroup uint32:4000000
BindMountMachine string:web1 string:etc string: boolean:false boolean:false
BindMountMachine string:db1 string:/etc string:/mnt boolean:false boolean:false
BindMountMachine string:vm1 string:/etc string:/mnt boolean:false boolean:false
CopyToMachine string:web1 string:etc string:/tmp/x/etc
CopyToMachine string:web1 string:/nosuch string:/tmp/x/nosuch
CopyFromMachine string:web1 string:/etc/hostname string:/tmp/x/hostname
CopyFromMachine string:vm1 string:/etc/hostname string:/tmp/x/hostname
CopyToMachineWithFlags string:web1 string:/etc/hostname string:/tmp/x/hostname uint64:2
OpenMachineShell string:web1 string:root string:sh array:string: array:string:
OpenMachineShell string:web1 string:root string:/bin/sh array:string: array:string:X
OpenMachineShell string:web1 string:root string:/bin/true array:string:true array:string:TERM=dumb
OpenMachineLogin string:web1
OpenMachinePTY string:vm1
OpenMachineRootDirectory string:vm1
OpenMachineRootDirectory string:web1
GetImage string:nosuch
RemoveImage string:a/b
RemoveImage string:.host
CleanPool string:some
SetPoolLimit uint64:1
Nosuch string:x
T
# shellcheck disable=SC2086
say busctl call $MANAGER CreateMachine 'sayssusa(sv)' alias 0 test container "$db1" "" 0
say machinectl terminate db1
wait_for is_not_listed db1
kill -9 "$web1"
wait_for is_not_listed web1
# shellcheck disable=SC2086
say busctl call $MANAGER UnregisterMachine s vm1
say machinectl list
say kill -0 "$vm1"
create vm1 vm "$vm1"
say busctl call $MANAGER UnregisterMachine s vm1
former=$vm1
# Its scope is there still, and is kept from the next machine of that name.
leader vm1 sleep 1000
create vm1 vm "$vm1"
say machinectl status -n 0 vm1
say machinectl terminate vm1
wait_for is_not_listed vm1
kill -9 "$other" "$former"
echo end
