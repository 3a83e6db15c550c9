#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# runc registers its containers, by the hooks that 'mymachines setup runc' puts into their bundles.
. "$SRCDIR/tests/runtimes/oci.sh"

leaves_cgroups machine.slice
test_oci runc

# In a cgroup that is a unit's, stock ps sees it as well.
bundle "$TMPDIR/scope" plain "/machine.slice/machine-scope$$.scope"
mymachines setup --quiet runc --bundle="$TMPDIR/scope"
create scope "scope$$" && oci start "scope$$"
is "$(ps -o machine= -p "$pid" | tr -d ' ')" "scope$$" "stock ps -o machine names it, by its cgroup"
is "$(value "scope$$" Unit)" "machine-scope$$.scope" "its unit is known"
kill -9 "$pid"
gone "in a unit" "scope$$"
wait_until oci delete "scope$$"

done_testing
