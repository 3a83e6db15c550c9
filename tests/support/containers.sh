# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers made of namespaces, and the built module in the place where glibc finds it, for the
# tests and the demo. All of it in the caller's own mount and network namespaces.
# Needs BUILDDIR, NSS_MODULE and TMPDIR; SANITIZERS and CC where the module was built with some.
export PATH="$BUILDDIR:$BUILDDIR/tests/support:/usr/sbin:/usr/bin:/sbin:/bin"

# wait_until COMMAND...: at most ten seconds
wait_until() {
    local i
    for ((i = 0; i < 500; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.02
    done
    echo "# gave up waiting for: $*"
    return 1
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
    mount --bind "$TMPDIR/ld.so.cache" /etc/ld.so.cache
    mount --bind "$TMPDIR/nsswitch.conf" /etc/nsswitch.conf
    mount --bind "$TMPDIR/hosts" /etc/hosts
    case ${SANITIZERS-} in
    *address*)
        # Programs that weren't built with it need it before the module does.
        LD_PRELOAD=$($CC -print-file-name=libasan.so)
        export LD_PRELOAD ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
        ;;
    esac
}

# start VARIABLE [OPTION...]: a container; the variable gets its leader's pid
start() {
    local -n leader=$1
    local fifo=$TMPDIR/fifo.$1 stdin
    shift
    rm -f "$fifo"
    mkfifo "$fifo"
    # Standard input ends with this shell, and the container with it.
    exec {stdin}> >(exec container "$@" >"$fifo")
    # shellcheck disable=SC2034
    read -r leader <"$fifo"
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

# has_address PID ADDRESS: it's there and usable
has_address() {
    inside "$1" ip -o addr show | grep -F " $2/" | grep -qv tentative
}
