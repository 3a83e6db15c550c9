#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# VMs do what they are told by their control socket, and containers by the signals that were named.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

# The record.
start box
for path in relative "/$(printf '%0107d' 0)" $'/\001'; do
    run mymachines register box --leader="$box" --control="$path"
    like "$status|$err" "1|mymachines: box: control socket '*' *" "--control=${path:0:3}... is refused"
done
fails "mymachines: box: poweroff signal 'SIGNO' is no signal" "no such signal" \
    mymachines register box --leader="$box" --poweroff-signal=SIGNO
mymachines register box --leader="$box" --control=/run/qmp --poweroff-signal=RTMIN+4 --reboot-signal=2 2>/dev/null
properties() {
    mymachines show "$1" -p Control,PoweroffSignal,RebootSignal
}
said="Control=/run/qmp
PoweroffSignal=SIGRTMIN+4
RebootSignal=SIGINT"
is "$(properties box)" "$said" "they are kept"
mymachines register box --leader="$box" --service=x 2>/dev/null
is "$(properties box)" "$said" "when it is registered again"
mymachines show box --json=short >"$TMPDIR/box.json"
mymachines unregister box
mymachines register --batch <"$TMPDIR/box.json" 2>/dev/null
is "$(properties box)" "$said" "and in JSON"
mymachines register box --leader="$box" --control= --poweroff-signal= 2>/dev/null
is "$(properties box)" "Control=
PoweroffSignal=
RebootSignal=SIGINT" "an empty value takes them back"

# Signals that were named.
is_gone() {
    ! grep -qs '^State:.[^ZX]' "/proc/$1/status"
}
mymachines register box --leader="$box" --poweroff-signal=SIGUSR2 2>/dev/null
fails "mymachines: box: cannot power it off: its first process ignores the signal for that; *" \
    "one that it ignores" mymachines poweroff box
run mymachines reboot box
is "$status|$err" "0|" "reboot by the signal that was named"
wait_until is_gone "$box"
ok $? "which it gets"
mymachines unregister box

# A VM of which nobody has said how to tell it anything.
sleep 1000 & vm=$!
mymachines register vm1 --class=vm --leader="$vm" 2>/dev/null
fails "mymachines: vm1: cannot power it off: it is a VM, and has no control socket; see register --control" \
    "poweroff without a socket" mymachines poweroff vm1
fails "mymachines: vm1: cannot reboot it: it is a VM, and has no control socket; see register --control" \
    "reboot without a socket" mymachines reboot vm1
control() {
    mymachines register vm1 --class=vm --leader="$vm" --control="$TMPDIR/$1" 2>/dev/null
}
control nothing
fails "mymachines: vm1: cannot power it off: $TMPDIR/nothing: No such file or directory" "no socket there" \
    mymachines poweroff vm1
# answer NAME TEXT: a socket that says this to whoever comes, and then waits
cat >"$TMPDIR/answer.py" <<'P'
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
while True:
    client, _ = server.accept()
    try:
        client.sendall(sys.argv[2].encode() * int(sys.argv[3]))
        if sys.argv[2]:
            client.recv(1 << 20)
            client.recv(1 << 20)
    except OSError:
        pass
    if not sys.argv[2]:
        held = client
P
answer() {
    python3 "$TMPDIR/answer.py" "$TMPDIR/$1" "$2" "${3:-1}" >/dev/null 2>&1 </dev/null &
    answerers+=("$!")
    wait_until test -S "$TMPDIR/$1"
    control "$1"
}
answerers=()
end() {
    kill -9 "${answerers[@]}" "$vm" "${qemu-}"
} >/dev/null 2>&1
trap end EXIT
answer silent ''
start_time=$(date +%s)
fails "mymachines: vm1: cannot pause it: $TMPDIR/silent doesn't answer; is somebody else connected to it?" \
    "a socket that says nothing" timeout 20 "$BUILDDIR/mymachines" pause vm1
ok "$([ $(($(date +%s) - start_time)) -le 10 ]; echo $?)" "is given up after a while"
answer words $'hello\n'
fails "mymachines: vm1: cannot pause it: $TMPDIR/words: Protocol error" "one that speaks something else" mymachines pause vm1
answer endless '{"QMP": ' 100000
fails "mymachines: vm1: cannot pause it: $TMPDIR/endless: Protocol error" "one that never ends its line" mymachines pause vm1
answer refusing $'{"QMP": {}}\n{"event": "X"}\n{"error": {"class": "x"}}\n'
fails "mymachines: vm1: cannot pause it: its emulator refuses to" "one that refuses" mymachines pause vm1
kill -9 "$vm"
wait "$vm" 2>/dev/null
fails "mymachines: vm1: cannot pause it: its leader has died" "a dead one's socket isn't used" mymachines pause vm1
mymachines unregister vm1

# A real one.
if ! command -v qemu-system-x86_64 >/dev/null; then
    skip "there is no qemu" "a real VM"
    done_testing
    exit
fi
start_qemu() {
    # It has no disk; its firmware waits for one.
    env -u LD_PRELOAD qemu-system-x86_64 -accel tcg -cpu qemu64 -M q35 -m 64 -nodefaults -display none "$@" \
        -qmp "unix:$TMPDIR/qmp,server=on,wait=off" >/dev/null 2>&1 </dev/null &
    qemu=$!
    wait_until test -S "$TMPDIR/qmp"
    mymachines register vm2 --class=vm --leader="$qemu" --control="$TMPDIR/qmp" 2>/dev/null
}
cat >"$TMPDIR/qmp.py" <<'P'
import json, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
f = s.makefile("rw")
f.readline()
for command in ("qmp_capabilities", sys.argv[2]):
    f.write(json.dumps({"execute": command}) + "\n")
    f.flush()
    while "return" not in (answer := json.loads(f.readline())):
        pass
print(answer["return"].get("status"))
P
status_of_vm() {
    python3 "$TMPDIR/qmp.py" "$TMPDIR/qmp" query-status
}
start_qemu -no-reboot
is "$(status_of_vm)" running "a real VM runs"
run mymachines pause vm2
is "$status|$err|$(status_of_vm)" "0||paused" "pause"
run mymachines resume vm2
is "$status|$err|$(status_of_vm)" "0||running" "resume"
run mymachines poweroff vm2
is "$status|$err" "0|" "its power button is pressed"
run mymachines reboot vm2
is "$status|$err" "0|" "reboot"
run timeout 20 "$BUILDDIR/mymachines" wait vm2
is "$status|$err" "0|" "which ends one with -no-reboot"
rm -f "$TMPDIR/qmp"
mymachines unregister vm2
start_qemu
run mymachines terminate vm2
is "$status|$err|$(mymachines list -a --no-legend)" "0||" "terminate"
wait_until is_gone "$qemu"
ok $? "ends the emulator"
done_testing
