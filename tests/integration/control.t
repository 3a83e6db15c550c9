#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Power and pause: VMs by their control socket, containers by the given signals.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

# The record.
start box
for path in relative "/$(printf '%0107d' 0)" $'/\001'; do
    run mymachines register box --leader="$box" --control="$path"
    like "$status|$err" "1|mymachines: box: control socket '*' *" "register refuses --control=${path:0:3}..."
done
fails "mymachines: box: poweroff signal 'SIGNO' is not a signal" "register refuses an unknown --poweroff-signal" \
    mymachines register box --leader="$box" --poweroff-signal=SIGNO
mymachines register box --leader="$box" --control=/run/qmp --poweroff-signal=RTMIN+4 --reboot-signal=2 2>/dev/null
properties() {
    mymachines show "$1" -p Control,PoweroffSignal,RebootSignal
}
expected="Control=/run/qmp
PoweroffSignal=SIGRTMIN+4
RebootSignal=SIGINT"
is "$(properties box)" "$expected" "register keeps the control socket and the signals"
mymachines register box --leader="$box" --service=x 2>/dev/null
is "$(properties box)" "$expected" "registering again keeps the control socket and the signals"
mymachines show box --json=short >"$TMPDIR/box.json"
mymachines unregister box
mymachines register --batch <"$TMPDIR/box.json" 2>/dev/null
is "$(properties box)" "$expected" "JSON keeps the control socket and the signals"
mymachines register box --leader="$box" --control= --poweroff-signal= 2>/dev/null
is "$(properties box)" "Control=
PoweroffSignal=
RebootSignal=SIGINT" "an empty value removes the control socket and a signal"

# Given signals.
mymachines register box --leader="$box" --poweroff-signal=SIGUSR2 2>/dev/null
fails "mymachines: box: cannot power it off: its first process ignores the signal for that; *" \
    "poweroff fails if the leader ignores the given signal" mymachines poweroff box
run mymachines reboot box
is "$status|$err" "0|" "reboot uses the given signal"
wait_until has_ended "$box"
ok $? "the leader gets the given reboot signal"
mymachines unregister box

# A VM without a control socket.
sleep 1000 & vm=$!
mymachines register vm1 --class=vm --leader="$vm" 2>/dev/null
fails "mymachines: vm1: cannot power it off: it is a VM, and has no control socket; see register --control" \
    "poweroff of a VM without a control socket fails" mymachines poweroff vm1
fails "mymachines: vm1: cannot reboot it: it is a VM, and has no control socket; see register --control" \
    "reboot of a VM without a control socket fails" mymachines reboot vm1
control() {
    mymachines register vm1 --class=vm --leader="$vm" --control="$TMPDIR/$1" 2>/dev/null
}
control nothing
fails "mymachines: vm1: cannot power it off: $TMPDIR/nothing: No such file or directory" "poweroff fails if the control socket doesn't exist" \
    mymachines poweroff vm1
# answer NAME TEXT: make a socket that sends this text to each client, and then waits
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
    wait_until listening "$TMPDIR/$1"
    control "$1"
}
answerers=()
end() {
    kill -9 "${answerers[@]}" "$vm" "${qemu-}"
} >/dev/null 2>&1
trap end EXIT
answer silent ''
start_time=$(date +%s)
fails "mymachines: vm1: cannot pause it: $TMPDIR/silent doesn't answer; is another program connected to it?" \
    "pause fails if the control socket doesn't answer" timeout 90 "$BUILDDIR/mymachines" pause vm1
ok "$([ $(($(date +%s) - start_time)) -le 60 ]; echo $?)" "pause gives up on a control socket after a while"
answer words $'hello\n'
fails "mymachines: vm1: cannot pause it: $TMPDIR/words: Protocol error" "pause fails if the control socket doesn't speak QMP" mymachines pause vm1
answer endless '{"QMP": ' 100000
fails "mymachines: vm1: cannot pause it: $TMPDIR/endless: Protocol error" "pause fails if the control socket sends an endless line" mymachines pause vm1
answer refusing $'{"QMP": {}}\n{"event": "X"}\n{"error": {"class": "x"}}\n'
fails "mymachines: vm1: cannot pause it: its emulator refuses to" "pause fails if the emulator refuses" mymachines pause vm1
# A VM that dies before the socket answers: what answers may be another VM's.
cat >"$TMPDIR/late.py" <<'P'
import os, select, socket, sys
path, pid, log = sys.argv[1], int(sys.argv[2]), sys.argv[3]
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen()
client, _ = server.accept()
pidfd = os.pidfd_open(pid)
os.kill(pid, 9)
select.select([pidfd], [], [])
client.sendall(b'{"QMP": {}}\n')
for line in client.makefile("r"):
    with open(log, "a") as f:
        f.write(line)
    client.sendall(b'{"return": {}}\n')
P
python3 "$TMPDIR/late.py" "$TMPDIR/late" "$vm" "$TMPDIR/late.log" >/dev/null 2>&1 </dev/null &
answerers+=("$!")
wait_until listening "$TMPDIR/late"
control late
fails "mymachines: vm1: cannot pause it: its leader has died" "pause fails if the VM dies before its socket answers" mymachines pause vm1
is "$(jq -r .execute "$TMPDIR/late.log")" qmp_capabilities "what answers for a VM that has died gets no command"
wait "$vm" 2>/dev/null
fails "mymachines: vm1: cannot pause it: its leader has died" "pause doesn't use the control socket of a VM that has died" mymachines pause vm1
mymachines unregister vm1

# A real VM.
if ! command -v qemu-system-x86_64 >/dev/null; then
    skip "there is no qemu" "a real VM"
    done_testing
    exit
fi
start_qemu() {
# Without a disk, the firmware waits for one.
    env -u LD_PRELOAD qemu-system-x86_64 -accel tcg -cpu qemu64 -M q35 -m 64 -nodefaults -display none "$@" \
        -qmp "unix:$TMPDIR/qmp,server=on,wait=off" >/dev/null 2>&1 </dev/null &
    qemu=$!
    wait_until listening "$TMPDIR/qmp"
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
is "$status|$err|$(status_of_vm)" "0||paused" "pause stops the processors of a real VM"
run mymachines resume vm2
is "$status|$err|$(status_of_vm)" "0||running" "resume continues a real VM"
run mymachines poweroff vm2
is "$status|$err" "0|" "poweroff of a real VM succeeds"
run mymachines reboot vm2
is "$status|$err" "0|" "reboot of a real VM succeeds"
run timeout 20 "$BUILDDIR/mymachines" wait vm2
is "$status|$err" "0|" "reboot ends a real VM that runs with -no-reboot"
rm -f "$TMPDIR/qmp"
mymachines unregister vm2
start_qemu
run mymachines terminate vm2
is "$status|$err|$(mymachines list -a --no-legend)" "0||" "terminate ends a real VM and unregisters it"
wait_until has_ended "$qemu"
ok $? "terminate ends the emulator of a real VM"
done_testing
