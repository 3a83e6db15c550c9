# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers made of namespaces, and the built module in the place where glibc finds it, for the
# tests and the demo. All of it in the caller's own mount and network namespaces.
# Needs BUILDDIR, NSS_MODULE and TMPDIR; SANITIZERS and CC where the module was built with some.
export PATH="$BUILDDIR:$BUILDDIR/tests/support:/usr/sbin:/usr/bin:/sbin:/bin"

# has_ended PID: the process isn't there, or is a zombie whose other threads have ended, too
has_ended() {
    local stat='' fields
    { IFS= read -rd '' stat <"/proc/$1/stat"; } 2>/dev/null
    # From the third field of proc(5) on: the state is the first of these, and num_threads the eighteenth.
    # shellcheck disable=SC2206 # they are split on purpose
    fields=(${stat##*) })
    [[ -z $stat || ${fields[0]} == X || (${fields[0]} == Z && ${fields[17]} -le 1) ]]
}

# own_pgrep, own_pkill: of this test's processes outside of containers. Other tests run beside it, with
# the same programs.
own_pgrep() {
    pgrep --ns $$ --nslist mnt "$@"
}
own_pkill() {
    pkill --ns $$ --nslist mnt "$@"
}

# pause SECONDS: what sleep(1) does, without a process, as much of the tests' time goes into making those.
# Nobody writes into this pipe.
pause() {
    [ -p "$TMPDIR/.pause" ] || mkfifo "$TMPDIR/.pause" 2>/dev/null || { sleep "$1"; return; }
    IFS= read -rt "$1" <>"$TMPDIR/.pause" || :
}

# wait_until COMMAND...: at most a minute; counts what never comes in n_in_vain
n_in_vain=0
wait_until() {
    local end=$((SECONDS + 60)) tries=0 interval=0.02
    until "$@" >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$end" ]; then
            echo "# gave up waiting for: $*"
            n_in_vain=$((n_in_vain + 1))
            return 1
        fi
        # Less often where it takes long: to look is work, too.
        [ $((tries++)) != 10 ] || interval=0.1
        pause $interval
    done
}

# listening PATH: somebody listens at this socket; between bind(2) and listen(2) it refuses its clients
listening() {
    awk -v path="$1" -v target="$(readlink -f "$1")" \
        '$4 == "00010000" && ($8 == path || $8 == target) { found = 1 } END { exit !found }' /proc/net/unix
}

# can_trace: strace works here, and sees what it would see elsewhere
can_trace() {
    [ -z "${SANITIZERS-}" ] && command -v strace >/dev/null && strace -qq -o /dev/null true 2>/dev/null
}

# What was at the top of each cgroup hierarchy when the test began: that isn't ours to remove.
cgroups_before=$(ls -d /sys/fs/cgroup/{,*/}*/ 2>/dev/null || :)

# remove_cgroups NAME...: those of these names at the top, which a runtime has made since the test
# began. Fails while one is still in use.
remove_cgroups() {
    local name cgroup status=0
    for name; do
        for cgroup in /sys/fs/cgroup/{,*/}"$name"/; do
            [ -d "$cgroup" ] || continue
            grep -qxF "$cgroup" <<<"$cgroups_before" && continue
            find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null
            [ ! -d "$cgroup" ] || status=1
        done
    done
    return $status
}

# leaves_cgroups NAME...: a runtime makes these at the top, and leaves them there. They are removed at
# the end, however the test ends, once the runtime's last process has left them.
leaves_cgroups() {
    # shellcheck disable=SC2064
    trap "wait_until remove_cgroups $*" EXIT
}

# set_format REGISTRY VERSION: make it one of another version of the format, as a later program may
set_format() {
    python3 - "$@" <<'PYTHON'
import os, struct, sys
with open(sys.argv[1], "r+b") as file:
    file.seek(-16, 2)
    file.write(struct.pack("<I", int(sys.argv[2])))
    file.seek(-112, 2)
    generation = struct.unpack("<Q", file.read(8))[0]
os.utime(sys.argv[1], ns=(generation, generation))
PYTHON
}

# mount_over FILE TARGET: the target may be missing, as it is in a fresh Debian. Then a directory of
# our own is put over the target's first, so that the host's isn't changed.
mount_over() {
    local directory
    if [ ! -e "$2" ]; then
        directory=$(dirname "$2")
        mkdir -p "$TMPDIR/over$directory"/{upper,work}
        mount -t overlay overlay "$directory" -o \
            "lowerdir=$directory,upperdir=$TMPDIR/over$directory/upper,workdir=$TMPDIR/over$directory/work"
        : >"$2"
    fi
    mount --bind "$1" "$2"
}

# The built module where every program finds it, setuid ones, too: by the linker's cache.
use_module() {
    mkdir -p "$TMPDIR/nss"
    cp "$NSS_MODULE" "$TMPDIR/nss/libnss_mymachines.so.2"
    chmod 755 "$TMPDIR" "$TMPDIR/nss"
    printf '%s\n' "$TMPDIR/nss" 'include /etc/ld.so.conf' >"$TMPDIR/ld.so.conf"
    ldconfig -X -C "$TMPDIR/ld.so.cache" -f "$TMPDIR/ld.so.conf" 2>/dev/null
    printf '%s\n' 'passwd: files mymachines' 'group: files mymachines' \
        'shadow: files mymachines' 'hosts: files mymachines' >"$TMPDIR/nsswitch.conf"
    printf '%s\n' '127.0.0.1 localhost' >"$TMPDIR/hosts"
    # A missing file needs an overlay, which would hide what was mounted below it: so these come first.
    mount_over "$TMPDIR/hosts" /etc/hosts
    mount_over "$TMPDIR/nsswitch.conf" /etc/nsswitch.conf
    mount_over "$TMPDIR/ld.so.cache" /etc/ld.so.cache
    case ${SANITIZERS-} in
    *address*)
        # Programs that weren't built with it need it before the module does.
        LD_PRELOAD=$($CC -print-file-name=libasan.so)
        # These wait for ever with it.
        pgrep() {
            env -u LD_PRELOAD pgrep "$@"
        }
        pkill() {
            env -u LD_PRELOAD pkill "$@"
        }
        export LD_PRELOAD ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
        ;;
    esac
}

# start VARIABLE [OPTION...]: a container; the variable gets its leader's pid
start() {
    local -n its_leader=$1
    local fifo=$TMPDIR/fifo.$1 stdin
    shift
    rm -f "$fifo"
    mkfifo "$fifo"
    # Standard input ends with this shell, and the container with it.
    exec {stdin}> >(exec container "$@" >"$fifo")
    # shellcheck disable=SC2034
    read -r its_leader <"$fifo"
}

# inside PID COMMAND...: in its network namespace
inside() {
    local pid=$1
    shift
    nsenter --net="/proc/$pid/ns/net" "$@"
}

# No waiting for duplicates of addresses that nobody else can have.
no_dad() {
    echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad
    echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
}

# veth PID NAME INDEX: a pair of interfaces, host0 in the container and NAME here. Indexes and
# hardware addresses are fixed, so that link-local addresses and scope ids are.
veth() {
    inside "$1" bash -c "$(declare -f no_dad); no_dad"
    no_dad
    ip link add name "$2" index "$3" address "02:00:00:00:01:$(printf %02x "$3")" type veth \
        peer name host0 index 2 address "02:00:00:00:02:$(printf %02x "$3")" netns "$1"
    ip link set "$2" up
    inside "$1" ip link set lo up
    inside "$1" ip link set host0 up
    wait_until has_address "$1" "fe80::ff:fe00:2$(printf %02x "$3")"
}

routes_to_itself() {
    ip -6 route get "$1" | grep -q '^local '
}
# host_address6 ADDRESS/LENGTH INTERFACE: on the host. The kernel routes an IPv6 address to itself only some time after ip(8).
host_address6() {
    ip addr add "$1" dev "$2" nodad
    wait_until routes_to_itself "${1%/*}"
}

# own_subnets NAME NUMBER: the container NAME, by an interface ve-NAME. Here are 10.99.NUMBER.1 and
# fd99:NUMBER::1, in there 10.99.NUMBER.2 and fd99:NUMBER::2
own_subnets() {
    local -n its_leader=$1
    local here=ve-$1 four=10.99.$2 six=fd99:$2:
    veth "$its_leader" "$here" $((100 + $2))
    ip addr add "$four.1/24" dev "$here"
    host_address6 "$six:1/64" "$here"
    inside "$its_leader" ip addr add "$four.2/24" dev host0
    inside "$its_leader" ip addr add "$six:2/64" dev host0 nodad
}

# pair PID NAME SUBNET...: a pair of interfaces by which the host routes these subnets to the
# container: NAME here and pair0 in there, without addresses of their own
pair() {
    local pid=$1 name=$2 subnet
    shift 2
    ip link add name "$name" type veth peer name pair0 netns "$pid"
    ip link set "$name" addrgenmode none up
    inside "$pid" ip link set pair0 addrgenmode none up
    inside "$pid" ip link set lo up
    for subnet; do
        ip route add "$subnet" dev "$name"
    done
}

# has_address PID ADDRESS: it's there and usable
has_address() {
    inside "$1" ip -o addr show | grep -F " $2/" | grep -qv tentative
}
