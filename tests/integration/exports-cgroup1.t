#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# exports.t with the name=systemd hierarchy of cgroup version 1, which libsystemd consults where
# cgroup2 isn't mounted.
if ! [ -d /sys/fs/cgroup/systemd ] || ! umount -l /sys/fs/cgroup/unified 2>/dev/null; then
    echo "1..0 # SKIP this host's cgroups aren't hybrid"
    exit
fi
. "${SRCDIR:?run this by make check}/tests/integration/exports.t"
