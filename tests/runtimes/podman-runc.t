#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman, with runc, registers its containers by the hook that 'mymachines setup podman' installs.
. "$SRCDIR/tests/runtimes/podman.sh"

test_podman runc

# Where somebody names it, podman's own name doesn't count; without any, its short id does.
driver=vfs storage=$TMPDIR/pod/vfs
start_container plain plain --network none --annotation org.mymachines.name=db.example
is "$(mymachines list --no-legend | cut -d' ' -f1)" db.example "the annotation names it"
is "$(value db.example Aliases)" "${id:0:12}" "its short id is an alias then"
remove plain
gone "named by annotation" db.example

# A network of podman's own: its addresses are there already when the hook runs.
if command -v /usr/lib/podman/netavark >/dev/null; then
    driver=overlay storage=$TMPDIR/pod/overlay
    pod network create --ipv6 --subnet 10.86.0.0/24 --subnet fd86::/64 net1 >/dev/null
    start_container bridged plain --network net1
    address=$(pod inspect -f '{{.NetworkSettings.Networks.net1.IPAddress}}' bridged)
    seen "in a network of podman's" bridged "$pid" podman "$address" "$(pod inspect -f '{{.NetworkSettings.Networks.net1.GlobalIPv6Address}}' bridged)"
    pod stop -t 5 bridged >/dev/null
    gone "in a network of podman's, stopped" bridged
    remove bridged
else
    skip "netavark isn't installed (scripts/install-deps --runtimes)" "in a network of podman's"
fi

# A name that a machine can't have: logged, and the container runs.
start_container localhost plain --network none
ok $? "a container with a name that means something else starts"
is "$(mymachines list --all --no-legend)" "" "and isn't registered"
like "$(cat "$TMPDIR/syslog")" \
    "*'localhost' can't be a machine's name*annotation org.mymachines.name*" "which is logged, with what to do"
remove localhost

end_podman
