# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What calls of org.freedesktop.machine1 cost with 400 machines, in microseconds of CPU of whoever answers, its
# children, and PID 1. Run by tests/bench/bus in a Debian with systemd; more than 507 are too many for systemd-machined.
cd /tmp/x || exit
M=org.freedesktop.machine1
MANAGER=("$M" /org/freedesktop/machine1 "$M.Manager")

# cpu CGROUP: microseconds that it has used
cpu() {
    awk '$1 == "usage_usec" { print $2 }' "/sys/fs/cgroup/$1/cpu.stat"
}
# measure WORDS COUNT COMMAND...: with the number of the call as the last argument of the command
measure() {
    local words=$1 count=$2 i service init
    shift 2
    service=$(cpu "system.slice/$unit.service") init=$(cpu init.scope)
    for ((i = 0; i < count; i++)); do
        "$@" "$i" >/dev/null 2>&1 </dev/null
    done
    echo "$unit $words $((($(cpu "system.slice/$unit.service") - service) / count)) $((($(cpu init.scope) - init) / count))"
}
# call METHOD ARGUMENT... NUMBER: the number is left out
call() {
    busctl --timeout=60 call "${MANAGER[@]}" "${@:1:$#-1}"
}
get_all() {
    busctl call $M /org/freedesktop/machine1/machine/m7 org.freedesktop.DBus.Properties GetAll s ""
}
create() {
    busctl --timeout=60 call "${MANAGER[@]}" CreateMachine 'sayssusa(sv)' "m$1" 0 test vm "${leaders[$1]}" "" 0
}
unregister_last() {
    busctl call "${MANAGER[@]}" UnregisterMachine s "m$((399 - $1))"
}
for unit in systemd-machined mymachines-bus systemd-machined mymachines-bus; do
    if [ $unit = mymachines-bus ]; then
        mymachines setup bus --quiet
    else
        mymachines setup bus --remove --quiet
    fi
    busctl call "${MANAGER[@]}" ListMachines >/dev/null
    leaders=()
    for ((i = 0; i < 400; i++)); do
        sleep 3000 >/dev/null 2>&1 </dev/null &
        leaders+=($!)
    done
    disown -a
    measure CreateMachine 400 create
    measure ListMachines 100 call ListMachines
    measure GetMachine 400 call GetMachine s m7
    measure GetMachineByPID 400 call GetMachineByPID u "${leaders[300]}"
    measure GetAll 400 get_all
    measure GetMachineOSRelease 60 call GetMachineOSRelease s .host
    measure KillMachine 60 call KillMachine ssi m7 leader 18
    measure UnregisterMachine 40 unregister_last
    kill -9 "${leaders[@]}"
    sleep 3
done
