# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A system bus of a test's own, without systemd: stock dbus-daemon with its stock configuration, and
# the built mymachines-bus, which it starts when somebody asks. Needs lib.sh.

MACHINE1="org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager"

# need_bus: skip all tests where there can't be one
need_bus() {
    local program
    for program in dbus-daemon dbus-monitor busctl setpriv python3; do
        command -v $program >/dev/null || skip_all "$program isn't installed"
    done
    [ -x "$BUILDDIR/mymachines-bus" ] || skip_all "it was configured without libsystemd"
}

# need_polkit: skip all tests where there is none
need_polkit() {
    [ -x /usr/lib/polkit-1/polkitd ] || skip_all "polkitd isn't installed"
}

# polkit_rules: rules of this test's own, from standard input; before start_bus
polkit_rules() {
    own_bus_files
    mkdir -p /etc/polkit-1/rules.d
    cat >/etc/polkit-1/rules.d/01-test.rules
    # polkitd runs as a user of its own.
    chmod 755 /etc/polkit-1/rules.d
    chmod 644 /etc/polkit-1/rules.d/01-test.rules
}

# own_bus_files: changes of what the bus, systemd and polkit read are this test's
own_bus_files() {
    local directory
    [ ! -e "$TMPDIR/changes" ] || return 0
    for directory in /etc /usr/local/share /usr/share/polkit-1; do
        [ ! -d "$directory" ] || mount_directory "$directory"
    done
    rm -f /etc/dbus-1/system.d/mymachines* /usr/local/share/dbus-1/system-services/org.freedesktop.*1.service
}

# start_daemon: sets bus to the pid of a stock dbus-daemon
start_daemon() {
    mkdir -p /run/dbus
    dbus-daemon --system --nofork --nopidfile >/dev/null 2>"$TMPDIR/bus.log" &
    bus=$!
    wait_until listening /run/dbus/system_bus_socket
}

# start_bus: with us as the one that answers
start_bus() {
    own_bus_files
    mymachines setup bus --quiet || echo "# cannot set up the bus"
    start_daemon
}

# mount_directory DIRECTORY: changes of it are this test's
mount_directory() {
    local lower=$1
    while [ ! -d "$lower" ]; do
        lower=$(dirname "$lower")
    done
    mkdir -p "$TMPDIR/changes$lower"/{upper,work}
    mount -t overlay overlay "$lower" -o \
        "lowerdir=$lower,upperdir=$TMPDIR/changes$lower/upper,workdir=$TMPDIR/changes$lower/work"
    mkdir -p "$1"
}

# machine1 METHOD [ARGUMENT...]: a call of the Manager's
machine1() {
    # shellcheck disable=SC2086
    busctl --timeout=30 call $MACHINE1 "$@"
}

# bus_error METHOD SIGNATURE ARGUMENT...: the name of the error of such a call, or "success"
bus_error() {
    python3 "$SRCDIR/tests/integration/bus_error.py" "$@"
}

# as_daemon COMMAND...: as an ordinary user
as_daemon() {
    setpriv --reuid=daemon --regid=daemon --init-groups "$@"
}

# server_pid: of the mymachines-bus that answers
server_pid() {
    busctl --json=short call org.freedesktop.DBus / org.freedesktop.DBus GetConnectionUnixProcessID s \
        org.freedesktop.machine1 2>/dev/null | jq '.data[0]'
}
