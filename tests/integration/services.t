#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 'mymachines run' as a service of systemd: the same unit once with systemd-nspawn alone and once
# with it run by us, in a Debian that boots systemd. Each state is compared with that without us.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/booted.sh"
need_root
need_debian
command -v busybox >/dev/null || skip_all "busybox isn't installed"
end() {
    end_debian
    # nspawn makes them in the hierarchy of version 1, which the Debian in there doesn't see.
    local slice=/sys/fs/cgroup/systemd/machine.slice unit
    for unit in "$slice"/{stock,ours}.service; do
        [ ! -d "$unit" ] || find "$unit" -depth -type d -exec rmdir {} +
    done
    rmdir "$slice"
} >/dev/null 2>&1
trap end EXIT
boot_debian "svc$$"
wait_until debian_is_up || skip_all "systemd doesn't boot here"

# A container of busybox. Its init writes down what it gets, and takes its time to end.
root=$TMPDIR/rootfs
mkdir -p "$root"/{bin,sbin,etc,proc,sys,dev,tmp,run,root,var,usr}
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in sh sleep ls; do ln -s busybox "$root/bin/$applet"; done
echo ID=test >"$root/etc/os-release"
cat >"$root/sbin/init" <<'I'
#!/bin/sh
ending=
trap 'echo TERM >>/log' TERM
# What nspawn sends when it is told to end; told a second time, it doesn't wait any more.
trap 'ending=1' PWR
echo "sockets:$LISTEN_FDS,$([ "$LISTEN_PID" = $$ ] && echo mine)" >/log
cat /proc/self/oom_score_adj >>/log
# A signal that comes between the test and the wait ends no wait: never wait for long.
while [ -z "$ending" ]; do sleep 0.2 & wait $!; done
sleep 0.5
echo ended in order >>/log
I
ln -s busybox "$root/bin/cat"
chmod 755 "$root/sbin/init"
tar -C "$root" -c . | px 'for i in stock ours; do
    mkdir -p "/var/lib/machines/$i"
done
cd /var/lib/machines/stock && tar x && cp -a . ../ours'

# A launcher and a program that talk to systemd: nspawn, and a script that reloads.
px 'mkdir -p /usr/local/etc; echo Monitor=no >/usr/local/etc/mymachines.conf
cat >/usr/local/bin/program <<P
#!/bin/bash
trap "systemd-notify --status=reloaded" HUP
trap "exit 7" TERM
systemd-notify --ready --status="pid \$\$"
while :; do sleep 1000 & wait \$!; done
P
chmod +x /usr/local/bin/program
for i in stock ours; do
    run=
    [ "$i" = stock ] || run="/run/build/mymachines run $i --"
    cat >"/run/systemd/system/$i.service" <<U
[Service]
Type=notify
WatchdogSec=2s
KillMode=mixed
Delegate=yes
Slice=machine.slice
OOMScoreAdjust=123
ExecStart=$run systemd-nspawn --quiet --register=no --keep-unit --directory=/var/lib/machines/$i --machine=$i --kill-signal=SIGPWR --console=pipe /sbin/init
U
    printf "%s\n" "[Socket]" "ListenStream=/run/$i.sock" >"/run/systemd/system/$i.socket"
    cat >"/run/systemd/system/$i-program.service" <<U
[Service]
Type=notify
ExecStart=$run /usr/local/bin/program
ExecReload=/bin/kill -HUP \$MAINPID
U
done
systemctl daemon-reload' </dev/null

# show UNIT PROPERTY,...
show() {
    px 'systemctl show -p "$1" "$0" | sort' "$@" </dev/null
}

# state UNIT: how it is, and the program that systemd deals with
state() {
    show "$1" ActiveState,SubState,Result,ExecMainCode,ExecMainStatus,NRestarts,StatusText
    px 'cat "/proc/$(systemctl show -p MainPID --value "$0")/comm" 2>/dev/null || echo no process' "$1" </dev/null
}

# is_in_state UNIT STATE
is_in_state() {
    [ "$(show "$1" ActiveState)" = "ActiveState=$2" ]
}

# same NAME: both units are in the same state, which a look at the container tells, too
same() {
    local stock ours
    stock=$(state stock.service; px 'cat /var/lib/machines/stock/log' </dev/null)
    ours=$(state ours.service; px 'cat /var/lib/machines/ours/log' </dev/null)
    is "$ours" "$stock" "service: $1"
}

# both SCRIPT: with the name of each as $0
both() {
    px "$1" stock </dev/null >/dev/null 2>&1
    px "$1" ours </dev/null >/dev/null 2>&1
}

# Whether it has set its traps.
init_is_up() {
    px 'grep -q sockets "/var/lib/machines/$0/log"' "$1" </dev/null
}

both 'systemctl start "$0.socket" && systemctl start "$0.service"'
wait_until init_is_up stock
wait_until init_is_up ours
same "nspawn starts and is ready, with the same sockets and score"
like "$(state ours.service)" "*ActiveState=active*StatusText=Container running.*systemd-nspawn*" \
    "service: systemd deals with nspawn itself"
is_registered() {
    px 'exec /run/build/mymachines show ours -p Leader' </dev/null >/dev/null 2>&1
}
wait_until is_registered
is "$(px '/run/build/mymachines show ours -p Unit,Service,RootDirectory' </dev/null)" \
"Service=systemd-nspawn
Unit=ours.service
RootDirectory=/var/lib/machines/ours" "service: its machine is registered, with the service as its unit"
groups() {
    px 'cd "/sys/fs/cgroup/machine.slice/$0.service" && cat cgroup.subtree_control cgroup.procs && find . -type d | sort' \
        "$1" </dev/null
}
is "$(groups ours)" "$(groups stock)" "service: nspawn can delegate the same controllers"
# Longer than the time of the watchdog.
sleep 5
same "nspawn is still alive after the time of its watchdog"
both 'systemctl stop "$0.service"'
same "stopped"
like "$(state ours.service)" "*ActiveState=inactive*Result=success*" "service: stopped is inactive"
like "$(px 'cat /var/lib/machines/ours/log' </dev/null)" "*ended in order" "service: its init ended in order"
is "$(px '/run/build/mymachines list --all --no-legend; ls -A /run/mymachines | grep notify || :' </dev/null)" "" \
    "service: after the stop, neither a machine nor a socket is left"

# ended_after NAME SCRIPT: start both, do that to ours, systemd's own to stock
ended_after() {
    both 'rm -f "/var/lib/machines/$0/log"; systemctl start "$0.service"'
    wait_until is_registered
    wait_until init_is_up stock
    wait_until init_is_up ours
    px "$2" </dev/null >/dev/null 2>&1
    px "$3" </dev/null >/dev/null 2>&1
    wait_until is_in_state stock.service inactive
    wait_until is_in_state ours.service inactive
    same "$1"
}
ended_after "each process gets the signal of 'systemctl kill' once" \
    'systemctl kill stock.service' 'systemctl kill ours.service'
ended_after "'mymachines terminate' is as 'systemctl stop'" \
    'systemctl stop stock.service' '/run/build/mymachines terminate ours'
ended_after "'mymachines kill --kill-whom=leader' reaches the container's init" \
    'kill -PWR "$(pgrep -f -x "/bin/sh /sbin/init" -P "$(systemctl show -p MainPID --value stock.service)")"' \
    '/run/build/mymachines kill --kill-whom=leader --signal=PWR ours'

# A program that is ready, reloads, and ends with a status of its own.
both 'systemctl start "$0-program.service"'
program() {
    local pid
    pid=$(show "$1-program.service" MainPID)
    state "$1-program.service" | sed "s/\\<pid ${pid#*=}\\>/its pid/"
}
is "$(program ours)" "$(program stock)" "service: a program is ready, and its own pid is the service's"
like "$(program ours)" "*StatusText=its pid*" "service: its notification comes from the main process"
both 'systemctl reload "$0-program.service"'
is_reloaded() {
    [ "$(show "$1-program.service" StatusText)" = StatusText=reloaded ]
}
wait_until is_reloaded stock
wait_until is_reloaded ours
ok $? "service: reloading reaches the program"
both 'systemctl stop "$0-program.service"'
is "$(program ours)" "$(program stock)" "service: the program's exit status is the service's"
like "$(program ours)" "*ExecMainStatus=7*" "service: which was 7"

# Without a registry that can be written, the service still starts.
px 'rm -rf /run/mymachines; touch /run/mymachines; systemctl start ours.service; systemctl start stock.service' \
    </dev/null >/dev/null 2>&1
wait_until init_is_up stock
wait_until init_is_up ours
same "the container starts if the registry can't be written"
px 'rm /run/mymachines; systemctl stop ours.service stock.service' </dev/null >/dev/null 2>&1
done_testing
