#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman, with runc, registers its containers by the hook that 'mymachines setup podman' installs.
. "$SRCDIR/tests/runtimes/podman.sh"

test_podman runc

# With --annotations, an annotation names it, and podman's name doesn't count; it gives one label.
driver=vfs storage=$TMPDIR/pod/vfs
start_container plain plain --network none --annotation org.mymachines.name=db.example
is "$(mymachines list --no-legend | cut -d' ' -f1)" db-example "podman: an annotation names the machine, without dots"
is "$(value db-example Aliases)" "${id:0:12}" "podman: the short id is an alias of a machine named by annotation"
remove plain
gone "podman: named by annotation" db-example

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

# A name that a machine can't have.
start_container localhost plain --network none
ok $? "podman: a container with a name that means something else starts"
is "$(mymachines list --all --no-legend | cut -d' ' -f1)" oci-localhost "podman: it is registered under a name made from that"
like "$(cat "$TMPDIR/syslog")" "*hook oci: $id: registered as oci-localhost*" "podman: the log has the name and the id"
remove localhost

done_testing
