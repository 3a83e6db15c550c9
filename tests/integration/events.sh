# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the tests of what happens by itself: a monitor in the foreground, and the events that
# mymachines watch prints.
monitor='' watcher='' events=''

# monitor_pid: of the one that runs, by the lock that it has
monitor_pid() {
    lock_holder "$REGISTRY_DIRECTORY/monitor.lock"
}

nobody_monitors() {
    ! monitor_pid >/dev/null
}

# end_monitors: until there is none. One that ends starts another one if the registry has changed meanwhile.
is_monitored_no_more() {
    local pid
    pid=$(monitor_pid) || return 0
    kill "$pid"
    return 1
}
end_monitors() {
    wait_until is_monitored_no_more
}

# No process may outlive the test, nor hold what it prints to.
end_watching() {
    kill -9 $monitor $watcher
    # One that a registration has started is in nobody's list of jobs.
    monitor_pid >/dev/null && kill -9 "$(monitor_pid)"
} >/dev/null 2>&1

# follow: what is there, and what happens from now on, comes to `event`
follow() {
    [ -z "$watcher" ] || kill "$watcher"
    [ -z "$events" ] || exec {events}<&-
    rm -f "$TMPDIR/events"
    mkfifo "$TMPDIR/events"
    mymachines watch --initial >"$TMPDIR/events" 2>/dev/null </dev/null &
    watcher=$!
    exec {events}<"$TMPDIR/events"
}

# event GLOB: waits for the next one that matches, at most a minute for a line
event() {
    local line seen=
    while read -r -t 60 line <&"$events"; do
        # shellcheck disable=SC2254
        case $line in
        $1) return 0 ;;
        esac
        seen="$seen#   $line"$'\n'
    done
    echo "# no event $1 among"
    printf %s "$seen"
    return 1
}

# happens GLOB NAME: a test that it does
happens() {
    event "$1"
    ok $? "$2"
}

# background COMMAND...: without a hold on the test's output; sets `started`
background() {
    "$@" >/dev/null 2>&1 </dev/null {events}<&- &
    # shellcheck disable=SC2034
    started=$!
}

start_monitor() {
    mymachines monitor "$@" >"$TMPDIR/monitor.out" 2>"$TMPDIR/monitor.err" </dev/null &
    monitor=$!
    wait_until monitor_pid
}

# stop_monitor SIGNAL: sets status
stop_monitor() {
    kill "-$1" "$monitor"
    wait "$monitor"
    # shellcheck disable=SC2034
    status=$?
    monitor=''
} 2>/dev/null

# A real server, and a client that does with the machine's interface what it is told.
has_dhcp() {
    command -v dnsmasq >/dev/null && busybox --list 2>/dev/null | grep -qx udhcpc || return
    cat >"$TMPDIR/dhcp-script" <<'S'
#!/bin/sh
case $1 in
deconfig) ip -4 addr flush dev "$interface" ;;
bound | renew) ip addr replace "$ip/${mask:-24}" dev "$interface" ;;
esac
S
    chmod +x "$TMPDIR/dhcp-script"
}

# dhcp_server INTERFACE RANGE LEASES: sets started. Neither it nor the client is to be sanitized.
dhcp_server() {
    background env -u LD_PRELOAD dnsmasq --no-daemon --conf-file=/dev/null --port=0 \
        --interface="$1" --bind-interfaces --dhcp-range="$2,2m" --dhcp-leasefile="$3" \
        --user=root --group=root
}

# dhcp_client PID INTERFACE: in the network namespace of PID; sets started
dhcp_client() {
    background env -u LD_PRELOAD nsenter --net="/proc/$1/ns/net" busybox udhcpc -f -i "$2" \
        -s "$TMPDIR/dhcp-script" -t 20 -T 1
}

# addresses NAME: as the registry has them
addresses() {
    mymachines show "$1" -p Addresses --value
}
