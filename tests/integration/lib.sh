# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the tests with real containers and stock tools: TAP, and what containers.sh has.
set -u
export LC_ALL=C TZ=UTC
. "$SRCDIR/tests/support/containers.sh"
n_tests=0

# ID and VERSION_ID of the host's os-release(5), which containers with its files have, too.
host_os() {
    (. /etc/os-release 2>/dev/null; echo "${ID:--} ${VERSION_ID:--}")
}

# ok STATUS NAME
ok() {
    n_tests=$((n_tests + 1))
    if [ "$1" = 0 ]; then echo "ok $n_tests - $2"; else echo "not ok $n_tests - $2"; fi
}

# is GOT EXPECTED NAME: the same text, line for line
is() {
    if [ "$1" = "$2" ]; then
        ok 0 "$3"
    else
        ok 1 "$3"
        diff <(printf '%s\n' "$2") <(printf '%s\n' "$1") | sed 's/^/# /'
    fi
}

# like GOT PATTERN NAME: a glob
like() {
    # shellcheck disable=SC2254
    case $1 in
    $2) ok 0 "$3" ;;
    *)
        ok 1 "$3"
        printf '%s\n' "got:      $1" "expected: $2" | sed 's/^/# /'
        ;;
    esac
}

# skip REASON NAME
skip() {
    n_tests=$((n_tests + 1))
    echo "ok $n_tests - $2 # SKIP $1"
}

skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}

# bash calls this, in a process of its own, where there is no such command. A test that misspells one can't fail.
command_not_found_handle() {
    echo "$1: command not found" | tee -a "$TMPDIR/.not-found" >&2
    return 127
}

done_testing() {
    # Whatever was tested behind it is worth nothing.
    [ "$n_in_vain" = 0 ] || ok 1 "$n_in_vain times something was waited for that never came"
    [ ! -e "$TMPDIR/.not-found" ] || ok 1 "commands that don't exist: $(sort -u "$TMPDIR/.not-found" | tr '\n' ' ')"
    echo "1..$n_tests"
}

# run COMMAND...: sets out, err and status
run() {
    local part
    out=$("$@" 2>"$TMPDIR/stderr")
    # shellcheck disable=SC2034
    status=$?
    # As $(cat ...) does it, without a process.
    err=
    while IFS= read -rd '' part || [ -n "$part" ]; do err+=$part; done <"$TMPDIR/stderr"
    while [[ $err == *$'\n' ]]; do err=${err%$'\n'}; done
}

# fails PATTERN NAME COMMAND...: exits with 1, says just one line, which the glob matches
fails() {
    local pattern=$1 name=$2 expected=1
    shift 2
    run "$@"
    # After a command line that can't be understood, it says in one more line how to get help.
    [[ $err != *$'\n'"Try 'mymachines"* ]] || expected=2
    if [ "$status" != $expected ]; then
        ok 1 "$name"
        echo "# status $status"
    elif [[ -n $out || ${err/$'\n'"Try 'mymachines"/} == *$'\n'* ]]; then
        ok 1 "$name"
        printf '%s\n' "stdout: $out" "stderr: $err" | sed 's/^/# /'
    else
        like "${err%%$'\n'*}" "$pattern" "$name"
    fi
}

# What most of these use. scripts/install-deps installs it; --build alone doesn't.
case $0 in
*/integration/* | */runtimes/*)
    for program in ip jq python3; do
        command -v $program >/dev/null || skip_all "$program isn't installed (scripts/install-deps)"
    done
    ;;
esac

# Root of the whole machine: containers with many ids, stock tools in a changed system.
need_root() {
    [ "$(tr -s ' ' </proc/self/uid_map)" = " 0 0 4294967295" ] && [ "$(id -u)" = 0 ] ||
        skip_all "needs root"
}

# forget: an empty registry
forget() {
    rm -rf "$REGISTRY_DIRECTORY"
}

# in_no_unit NAME: what register says of a machine that ps -o machine won't show
in_no_unit() {
    echo "mymachines: $1: is in no unit, so ps -o machine won't show it; --scope gives it one"
}

# own_dev: a /dev of the test's own, with terminals, and without the host's log
own_dev() {
    local node
    mkdir "$TMPDIR/dev"
    mount -t tmpfs -o mode=755 tmpfs "$TMPDIR/dev"
    for node in null zero full random urandom tty; do
        touch "$TMPDIR/dev/$node"
        mount --bind "/dev/$node" "$TMPDIR/dev/$node"
    done
    mkdir "$TMPDIR/dev/pts" "$TMPDIR/dev/shm"
    mount -t devpts -o newinstance,mode=620,ptmxmode=666,gid=5 devpts "$TMPDIR/dev/pts"
    ln -s pts/ptmx "$TMPDIR/dev/ptmx"
    ln -s /proc/self/fd "$TMPDIR/dev/fd"
    mount --move "$TMPDIR/dev" /dev
}

# syslog_to FILE: whoever listens at /dev/log writes it there, a line each; needs own_dev
syslog_to() {
    local stdin
    # It ends with this shell, as that with its standard input.
    exec {stdin}> >(exec python3 -c '
import select, socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
with open(sys.argv[1], "a", buffering=1) as to:
    while log in select.select([log, 0], [], [])[0]:
        print(log.recv(8192).decode(errors="replace").rstrip("\0\n"), file=to)
' "$1" >/dev/null 2>&1)
    wait_until test -S /dev/log
    chmod 666 /dev/log
}

# stop_process PID: and wait until it has stopped. kill(1) returns before, and it may still reap a child.
stop_process() {
    kill -STOP "$1"
    wait_until sh -c '! grep -q "^State:" "/proc/$0/status" 2>/dev/null || grep -q "^State:.[Tt]" "/proc/$0/status"' "$1"
}

# suspend_monitor PID: stop_process, but not while it has the registry's lock, for which each registration would wait
suspend_monitor() {
    local lock
    exec {lock}<>"$REGISTRY_DIRECTORY/lock"
    flock "$lock"
    stop_process "$1"
    exec {lock}>&-
}

# reuse_pid PID COMMAND...: kill this child of the shell's, and give its pid to another one
reuse_pid() {
    local pid=$1 i
    shift
    # Start times are counted in ticks of 10 ms; of one tick, two processes would be the same.
    sleep 0.03
    kill -9 "$pid"
    wait "$pid"
    for ((i = 0; i < 2000; i++)); do
        echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid
        "$@" >/dev/null 2>&1 </dev/null &
        [ "$!" = "$pid" ] && return 0
        kill -9 "$!"
        wait "$!"
    done
    return 1
} 2>/dev/null

# doctor asks the runtimes that are installed, some of which take long to answer: hide_runtimes hides them from it.
hidden=()
hide_runtimes() {
    local program path
    for program in lxc-start lxc podman; do
        if path=$(command -v "$program") && mount --bind /dev/null "$path"; then
            hidden+=("$path")
        fi
    done
}
show_runtimes() {
    [ ${#hidden[@]} = 0 ] || umount "${hidden[@]}"
    hidden=()
}
