#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# systemd-nspawn, without a bus: run by 'mymachines run', as by the line that 'mymachines setup
# nspawn' gives to its unit.
. "$SRCDIR/tests/runtimes/lib.sh"
need systemd-nspawn
leaves_cgroups payload supervisor

own_etc
use_module
installed
with_monitor

# start_nspawn NAME VARIANT: sets runner
start_nspawn() {
    local ids=()
    # It takes one extent only.
    [ "$2" = plain ] || ids=(--private-users=100000:65536 --private-users-ownership=off)
    mymachines run "$1" -- systemd-nspawn -q --register=no --keep-unit -D "$TMPDIR/$2" -M "$1" \
        --network-veth "${ids[@]}" --kill-signal=SIGTERM --console=pipe /sbin/init \
        </dev/null >"$TMPDIR/nspawn.log" 2>&1 &
    runner=$!
    registered_as "$1"
    runs "$leader" '/bin/sh /sbin/init'
}

for variant in plain userns; do
    what="nspawn $variant" name="ns-$variant"
    rootfs "$TMPDIR/$variant" "$variant"
    start_nspawn "$name" "$variant"
    ip addr add 10.77.0.1/24 dev "ve-$name"
    ip addr add fd77::1/64 dev "ve-$name" nodad
    ip link set "ve-$name" up
    inside "$leader" ip link set host0 up
    inside "$leader" ip addr add 10.77.0.2/24 dev host0
    inside "$leader" ip addr add fd77::2/64 dev host0 nodad
    seen "$what" "$name" "$leader" systemd-nspawn 10.77.0.2 fd77::2
    seen_ids "$what" "$name" "$leader" "$variant"
    is "$(value "$name" RootDirectory)" "$TMPDIR/$variant" "$what: its root directory is known"
    kill "$runner"
    wait "$runner"
    is $? 0 "$what: told to end, run tells nspawn, and ends as it does"
    gone "$what stopped" "$name"
    start_nspawn "$name" "$variant"
    kill -9 "$leader"
    wait "$runner"
    gone "$what killed" "$name"
done

# The unit's own line, as systemd would run it, and with its socket for notifications.
run mymachines setup --quiet nspawn
is "$status:$out:$err" "0::" "nspawn is set up"
dropin=/etc/systemd/system/systemd-nspawn@.service.d/mymachines.conf
if command -v systemd-analyze >/dev/null; then
    cp "$(find /lib/systemd/system /usr/lib/systemd/system -name 'systemd-nspawn@.service' | head -n 1)" "$TMPDIR/x@.service"
    mkdir "$TMPDIR/x@.service.d"
    cp "$dropin" "$TMPDIR/x@.service.d/"
    is "$(systemd-analyze verify --man=no "$TMPDIR/x@1.service" 2>&1 | grep -i mymachines)" "" \
        "systemd has nothing against the drop-in"
fi
line=$(sed -n 's/^ExecStart=\(..*\)/\1/p' "$dropin")
like "$line" '/bin/sh -c *run *--register=no * %i systemd-nspawn * --machine=%i' "the drop-in's command runs the unit's command by mymachines"
mkdir -p /var/lib/machines 2>/dev/null
mount -t tmpfs -o mode=755 tmpfs /var/lib/machines
rootfs /var/lib/machines/unit1 plain
ln -s init /var/lib/machines/unit1/sbin/halt
python3 - "$TMPDIR/notify" "$TMPDIR/notified" >/dev/null 2>&1 </dev/null <<'LISTEN' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    with open(sys.argv[2], "a") as to:
        to.write(s.recv(4096).decode() + "\n")
LISTEN
listener=$!
wait_until test -S "$TMPDIR/notify"
# Of its options, -U and the journal want what isn't here.
words=$(sed 's/%i/unit1/g; s/\$\$/$/g; s/ -U / /; s/--link-journal=try-guest/--link-journal=no --console=pipe/' <<<"$line")
NOTIFY_SOCKET=$TMPDIR/notify sh -c "exec $words" </dev/null >"$TMPDIR/nspawn.log" 2>&1 &
runner=$!
registered_as unit1
seen "the unit's line" unit1 "$leader" systemd-nspawn
wait_until grep -q READY=1 "$TMPDIR/notified"
ok $? "systemd is told that it is ready"
kill -9 "$leader"
wait "$runner"
gone "the unit's line" unit1
kill "$listener"

# The same line for other names.
start_one() {
    [ -d "/var/lib/machines/$1" ] || cp -a /var/lib/machines/unit1 "/var/lib/machines/$1"
    # Without the program, it would register with machined.
    sh -c "exec ${words//unit1/$1} --register=no --kill-signal=SIGTERM" </dev/null >"$TMPDIR/nspawn.log" 2>&1 &
    runner=$!
    wait_until init_of "$runner" && pid=$(init_of "$runner") && wait_until catches_term "$pid"
}

# init_of PID: among its descendants
init_of() {
    local child
    for child in $(ps -o pid= --ppid "$1"); do
        if [ "$(tr '\0' ' ' <"/proc/$child/cmdline")" = "/bin/sh /sbin/init " ]; then
            echo "$child"
            return
        fi
        init_of "$child" && return
    done
    return 1
} 2>/dev/null

stop_one() {
    kill "$runner"
    wait "$runner"
}

without_us nspawn unit2
mymachines setup --quiet nspawn --remove
ok "$([ ! -e "$dropin" ]; echo $?)" "--remove takes the drop-in away"

done_testing
