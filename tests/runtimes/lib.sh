# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the tests with real runtimes: what a machine is made of, and what is to be seen of it by all
# that looks, as it comes, as it is killed, and as it is stopped.
. "$SRCDIR/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"

need_root

# need PROGRAM...: or else there is nothing to test
need() {
    local program
    for program; do
        command -v "$program" >/dev/null || skip_all "$program isn't installed (scripts/install-deps --runtimes)"
    done
}

# installed: the program in a place of its own, where a test can take it away; hooks are set up for that
installed() {
    mkdir "$TMPDIR/installed"
    program=$TMPDIR/installed/mymachines
    cp "$BUILDDIR/mymachines" "$program"
    PATH=$TMPDIR/installed:$PATH
}

# The id maps of the variants, as words INNER:OUTER:COUNT
declare -A maps=([plain]='' [userns]='0:100000:65536'
    [multi]='0:100000:1000 1000:1000:1 1001:101001:64535')

# own_etc: an /etc that may be changed
own_etc() {
    mkdir "$TMPDIR/etc" "$TMPDIR/etc/upper" "$TMPDIR/etc/work"
    mount -t overlay -o "lowerdir=/etc,upperdir=$TMPDIR/etc/upper,workdir=$TMPDIR/etc/work" overlay /etc
}

# log_hooks: what they say goes to $TMPDIR/syslog. The devices stay the host's: runtimes want many.
log_hooks() {
    mkdir "$TMPDIR/pts" "$TMPDIR/dev" "$TMPDIR/dev/upper" "$TMPDIR/dev/work"
    mount --bind /dev/pts "$TMPDIR/pts"
    mount -t overlay -o "lowerdir=/dev,upperdir=$TMPDIR/dev/upper,workdir=$TMPDIR/dev/work" overlay /dev
    rm -f /dev/log
    mount --move "$TMPDIR/pts" /dev/pts
    syslog_to "$TMPDIR/syslog"
}

# own_directory PATH...: likewise, with what is there now
own_directory() {
    local path
    for path; do
        cp -a "$path" "$TMPDIR/kept"
        mount -t tmpfs -o mode=755 tmpfs "$path"
        cp -a "$TMPDIR/kept/." "$path/"
        rm -rf "$TMPDIR/kept"
    done
}

# with_monitor: hooks start it, as they do where nothing else is set
with_monitor() {
    [ -z "${SYSCONFDIR-}" ] || echo Monitor=yes >"$SYSCONFDIR/mymachines.conf"
}

# rootfs DIRECTORY VARIANT: a busybox system with an init that lives until it is told to end
rootfs() {
    local to=$1 applet
    mkdir -p "$to"/{bin,sbin,etc,proc,sys,dev,tmp,run,root,var,usr}
    cp "$(command -v busybox)" "$to/bin/busybox"
    for applet in sh sleep cat ip id ps hostname ls mount umount mkdir true env; do
        ln -s busybox "$to/bin/$applet"
    done
    cat >"$to/sbin/init" <<'INIT'
#!/bin/sh
trap 'exit 0' TERM INT HUP PWR
i=0
while [ $i -lt 3000 ]; do sleep 0.1; i=$((i + 1)); done
INIT
    chmod 755 "$to" "$to/sbin/init"
    printf '%s\n' root:x:0:0:root:/root:/bin/sh app:x:1000:1000:app:/:/bin/sh >"$to/etc/passwd"
    echo root:x:0: >"$to/etc/group"
    printf '%s\n' ID=busybox 'NAME="Busybox"' >"$to/etc/os-release"
    [ "$2" = plain ] || chown -hR 100000:100000 "$to"
}

# hold_ids VARIANT: a user namespace with these maps, for those that make none, or not of many ids;
# what comes behind into_holder is root in it. Until let_go.
hold_ids() {
    local text
    text=$(tr ': ' ' \n' <<<"${maps[$1]}")
    holder='' into_holder=()
    [ -n "$text" ] || return 0
    unshare --user sleep 100 >/dev/null 2>&1 </dev/null &
    holder=$!
    wait_until sh -c "[ \$(readlink /proc/$holder/ns/user) != \$(readlink /proc/self/ns/user) ]"
    # A map is taken in one write.
    env printf '%s\n' "$text" >"/proc/$holder/uid_map"
    env printf '%s\n' "$text" >"/proc/$holder/gid_map"
    # shellcheck disable=SC2034
    into_holder=(nsenter "--user=/proc/$holder/ns/user" --setuid 0 --setgid 0)
}

let_go() {
    [ -z "$holder" ] || kill "$holder"
}

# addresses PID: give it an eth0 with the two that `seen` looks for, behind a veth
addresses() {
    inside "$1" bash -c "$(declare -f no_dad); no_dad"
    ip link add "rt$1" type veth peer name eth0 netns "$1"
    ip addr add 10.77.0.1/24 dev "rt$1"
    ip addr add fd77::1/64 dev "rt$1" nodad
    ip link set "rt$1" up
    inside "$1" ip link set lo up
    inside "$1" ip link set eth0 up
    inside "$1" ip addr add 10.77.0.2/24 dev eth0
    inside "$1" ip addr add fd77::2/64 dev eth0 nodad
}

# value NAME PROPERTY
value() {
    mymachines show --value -p "$2" "$1" 2>&1
}

# registered_as NAME: it comes to be; the hook is through when its runtime is
registered_as() {
    wait_until mymachines show "$1" >/dev/null
    leader=$(value "$1" Leader)
}

# catches_term PID: it handles what it is told to end by
catches_term() {
    grep -q '^SigCgt:.*[4-7c-f]...$' "/proc/$1/status"
}

# runs PID COMMAND: it has come to execute this
runs() {
    wait_until sh -c "tr '\\0' ' ' </proc/$1/cmdline | grep -q '$2'"
    # Before our init has set its trap, the kernel drops what the first process of a namespace is sent.
    [[ $2 != *init ]] || wait_until catches_term "$1"
}

resolves_to() {
    [ "$(getent "$1" "$2" | cut -d' ' -f1 | sort -u | tr '\n' ' ')" = "$3 " ]
}

# seen WHAT NAME PID SERVICE [ADDRESS4 ADDRESS6]: by all that looks
seen() {
    local what=$1 name=$2 pid=$3 service=$4 map
    is "$(value "$name" Leader)" "$pid" "$what: its leader is the container's first process"
    is "$(value "$name" Service)" "$service" "$what: its service is $service"
    like "$(mymachines list --no-legend)" "$name * $service*" "$what: list has it, and nothing else"
    is "$(mymachines list --no-legend | grep -c "$service")" 1 "$what: list has it once"
    if [ -n "${5-}" ]; then
        # They come after the hook, mostly, and by the monitor.
        wait_until resolves_to ahostsv4 "$name" "$5"
        is "$(getent ahostsv4 "$name" | cut -d' ' -f1 | sort -u)" "$5" "$what: getent knows its IPv4 address"
        wait_until sh -c "getent ahostsv6 $name | grep -q '^$6 '"
        like "$(getent ahostsv6 "$name")" "*$6 *" "$what: and its IPv6 address"
        is "$(getent hosts "$5" | tr -s ' ' | cut -d' ' -f2)" "$name" "$what: and its name by the address"
    fi
    is "$(mymachines which "$pid")" "$name" "$what: which knows whose the leader is"
    like " $(mymachines ps -M "$name" -o pid= | tr -s ' \n' ' ')" "* $pid *" "$what: ps -M has the leader"
    [ "$(value "$name" Class)" = container ] || return 0
    is "$(value "$name" OS)" busybox "$what: its system is known"
    # shellcheck disable=SC2016
    is "$(mymachines shell "$name" sh -c 'echo $(id -u) $HOME' </dev/null 2>&1)" "0 /root" \
        "$what: shell goes there, as its root"
}

# seen_ids WHAT NAME PID VARIANT: its users have names
seen_ids() {
    local what=$1 name=$2 pid=$3 map=${maps[$4]}
    is "$(value "$name" UIDMap)" "$map" "$what: its uid map is known"
    is "$(value "$name" GIDMap)" "$map" "$what: its gid map is known"
    [ -n "$map" ] || return 0
    is "$(getent passwd "vu-$name-33" | cut -d: -f3)" 100033 "$what: getent knows its users"
    is "$(getent group "vg-$name-33" | cut -d: -f3)" 100033 "$what: and groups"
    is "$(ps -o user:40= -p "$pid")" "vu-$name-0" "$what: ps names its root"
    [ "$4" != multi ] ||
        is "$(getent passwd "vu-$name-2000" | cut -d: -f3)" 102000 "$what: users of the third extent, too"
}

# gone WHAT: nothing is registered any more, and nothing is seen
gone() {
    wait_until sh -c '! mymachines list --all --no-legend | grep -q .'
    wait_until sh -c '! ls /run/systemd/machines | grep -q .'
    is "$(mymachines list --all --json=short)" '[]' "$1: the registry is empty"
    is "$(getent hosts "$2")" "" "$1: its name is gone"
    is "$(ls /run/systemd/machines 2>/dev/null)" "" "$1: nothing is exported any more"
}

# What hooks have said, in all this time: nothing. The monitor speaks of those that were killed.
said_nothing() {
    is "$(grep -v 'has died; unregistered$' "$TMPDIR/syslog" 2>/dev/null)" "" "$1"
}

# starts_and_stops WHAT NAME yes|no: whatever we do, and whether it is registered meanwhile. The test
# has start_one NAME, which sets pid, and stop_one NAME.
starts_and_stops() {
    local what=$1 name=$2
    pid=''
    start_one "$name"
    ok $? "$what: it starts"
    has_ended "$pid"
    is $? 1 "$what: it runs"
    if [ "$3" = yes ]; then
        wait_until "$BUILDDIR/mymachines" show "$name"
        is "$("$BUILDDIR/mymachines" show --value -p Leader "$name" 2>&1)" "$pid" "$what: it is registered"
    else
        "$BUILDDIR/mymachines" show "$name" >/dev/null 2>&1
        is $? 1 "$what: it isn't registered"
    fi
    stop_one "$name"
    ok $? "$what: it stops"
    wait_until has_ended "$pid"
    ok $? "$what: it has ended"
}

# without_program WHAT NAME: hooks find none, or one that an upgrade was killed while writing
without_program() {
    mv "$program" "$program.away"
    starts_and_stops "$1 without the program" "$2" no
    head -c 5000 "$program.away" >"$program"
    chmod 755 "$program"
    starts_and_stops "$1 with a part of the program" "$2" no
    # As without its libraries: the file is there, and can't be executed.
    echo '#!/nonexistent/interpreter' >"$program"
    starts_and_stops "$1 with a program that has lost what loads it" "$2" no
    mv "$program.away" "$program"
}

# without_files WHAT NAME: all else of ours, one thing at a time
without_files() {
    local what=$1 name=$2 directory
    mv "$TMPDIR/nss/libnss_mymachines.so.2" "$TMPDIR/module"
    starts_and_stops "$what without the module" "$name" yes
    mv "$TMPDIR/module" "$TMPDIR/nss/libnss_mymachines.so.2"
    if [ -n "${SYSCONFDIR-}" ]; then
        mv "$SYSCONFDIR/mymachines.conf" "$TMPDIR/settings.kept"
        starts_and_stops "$what without the configuration" "$name" yes
        mv "$TMPDIR/settings.kept" "$SYSCONFDIR/mymachines.conf"
    fi
    forget
    rm -rf /run/systemd/machines
    starts_and_stops "$what without the registry's directory" "$name" yes
    forget
    echo >"$REGISTRY_DIRECTORY"
    starts_and_stops "$what with a file in the place of that" "$name" no
    rm "$REGISTRY_DIRECTORY"
    mkdir -p "$REGISTRY_DIRECTORY" /run/systemd/machines
    for directory in "$REGISTRY_DIRECTORY" /run/systemd/machines; do
        mount --bind "$directory" "$directory"
        mount -o remount,bind,ro "$directory"
    done
    starts_and_stops "$what with these read-only" "$name" no
    umount "$REGISTRY_DIRECTORY" /run/systemd/machines
    forget
    mkdir -p "$REGISTRY_DIRECTORY"
    mount -t tmpfs -o mode=755,size=4k tmpfs "$REGISTRY_DIRECTORY"
    head -c 4096 /dev/zero >"$REGISTRY_DIRECTORY/all"
    starts_and_stops "$what with a full file system" "$name" no
    umount "$REGISTRY_DIRECTORY"
    # Of a format that only a later program knows, which has gone again.
    mymachines refresh
    set_format "$REGISTRY_DIRECTORY/registry.mdb" 1000
    starts_and_stops "$what with a registry of a later format" "$name" no
    forget
}

# monitor_is_of INODE: it runs the program of this file
monitor_is_of() {
    local monitor
    monitor=$(monitor_pid) && [ "$(stat -Lc %i "/proc/$monitor/exe")" = "$1" ]
}

# half_upgraded WHAT NAME: the program is another one than that of the monitor that runs, and then it
# is the former one again
half_upgraded() {
    local what=$1 name=$2 stays
    start stays
    mymachines register stays --leader="$stays" 2>/dev/null
    wait_until monitor_is_of "$(stat -c %i "$program")"
    ok $? "$what: a monitor runs"
    cp "$program" "$program.former"
    cp "$program" "$program.new"
    mv "$program.new" "$program"
    starts_and_stops "$what with a monitor of a former program" "$name" yes
    wait_until monitor_is_of "$(stat -c %i "$program")"
    ok $? "$what: the monitor is of the new program then"
    mv "$program.former" "$program"
    starts_and_stops "$what with the former program again" "$name" yes
    wait_until monitor_is_of "$(stat -c %i "$program")"
    ok $? "$what: the monitor is of the former program then"
    is "$(value stays Leader)" "$stays" "$what: a machine that runs meanwhile stays registered"
    kill -9 "$stays"
    wait_until sh -c '! mymachines list --all --no-legend | grep -q .'
}

# without_us WHAT NAME: no absence of anything of ours keeps a machine from starting and stopping.
# What hooks say of that is not a complaint.
without_us() {
    local log=$TMPDIR/syslog
    [ ! -e "$log" ] || cp "$log" "$log.before"
    without_program "$@"
    without_files "$@"
    half_upgraded "$@"
    [ ! -e "$log" ] || cat "$log.before" >"$log"
}
