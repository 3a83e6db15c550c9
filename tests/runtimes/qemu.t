#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# QEMU alone has no hook: 'mymachines run-qemu' registers it, with what its arguments say.
. "$SRCDIR/tests/runtimes/lib.sh"
need qemu-system-x86_64

use_module
installed
with_monitor
uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8

# vm [OPTION...]: in the place of a subshell. No disk and no kernel, but all that there is of it from outside
vm() {
    exec mymachines run-qemu -- qemu-system-x86_64 -name guest=web-vm -uuid "$uuid" -accel tcg -cpu qemu64 \
        -M q35 -m 64 -nodefaults -display none -pidfile "$TMPDIR/pid" \
        -netdev "tap,id=n0,ifname=qt$$,script=no,downscript=no" \
        -device virtio-net-pci,netdev=n0,mac=52:54:00:77:00:02 -qmp unix:qmp,server=on,wait=off "$@" </dev/null >/dev/null 2>&1
}

# learned: what the host's neighbours say of it
learned() {
    ip link set "qt$$" up
    ip addr replace 10.77.0.1/24 dev "qt$$"
    ip neigh replace 10.77.0.2 lladdr 52:54:00:77:00:02 dev "qt$$" nud reachable
    wait_until resolves_to ahostsv4 web-vm 10.77.0.2
    is "$(getent ahostsv4 web-vm | cut -d' ' -f1 | sort -u)" 10.77.0.2 "$1: getent knows its address"
}

cd "$TMPDIR" || exit
vm &
runner=$!
registered_as web-vm
wait_until test -s "$TMPDIR/pid"
seen qemu web-vm "$(cat "$TMPDIR/pid")" qemu
is "$(value web-vm Class) $(value web-vm Id)" "vm ${uuid//-/}" "qemu: its class and id are known"
wait_until sh -c "mymachines show --value -p NetworkInterfaces web-vm | grep -q ."
is "$(value web-vm NetworkInterfaces)" "$(ip -o link show "qt$$" | cut -d: -f1)" "qemu: its tap is known"
learned qemu
is "$(value web-vm Control)" "$TMPDIR/qmp" "qemu: its control socket is known"
run mymachines pause web-vm
is "$status:$err" "0:" "qemu: and works"
mymachines resume web-vm
kill "$runner"
wait "$runner"
is $? 0 "qemu: told to end, run-qemu tells it, and ends as it does"
gone "qemu stopped" web-vm

vm &
runner=$!
registered_as web-vm
kill -9 "$leader"
wait "$runner" 2>/dev/null
is $? 137 "qemu: killed, run-qemu ends as it does"
gone "qemu killed" web-vm

(vm -daemonize)
is $? 0 "qemu -daemonize: run-qemu ends, and it lives"
is "$(value web-vm Leader)" "$(cat "$TMPDIR/pid")" "qemu -daemonize: it is registered"
learned "qemu -daemonize"
kill "$(cat "$TMPDIR/pid")"
gone "qemu -daemonize, stopped" web-vm

start_one() {
    vm >/dev/null 2>&1 &
    runner=$!
    wait_until pid_is_there && pid=$(cat "$TMPDIR/pid") && wait_until catches_term "$pid"
}

pid_is_there() {
    [ -s "$TMPDIR/pid" ] && ! has_ended "$(cat "$TMPDIR/pid")"
}

stop_one() {
    kill "$runner"
    wait "$runner"
}

# Without the program there is no 'run-qemu'.
without_files run-qemu web-vm
half_upgraded run-qemu web-vm

done_testing
