#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# crun registers its containers, by the hooks that 'mymachines setup crun' puts into their bundles.
. "$SRCDIR/tests/runtimes/oci.sh"

# Where cgroups are of both versions, it takes neither: let it see the second alone.
[ ! -d /sys/fs/cgroup/unified ] || mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup
test_oci crun

done_testing
