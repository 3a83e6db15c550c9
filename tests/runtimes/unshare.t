#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What has no hook, unshare(1) among it, is registered by 'mymachines run'.
. "$SRCDIR/tests/runtimes/lib.sh"

use_module
with_monitor

# start_unshared NAME VARIANT: sets runner
start_unshared() {
    # shellcheck disable=SC2016
    mymachines run "$1" --service=unshare -- "${into_holder[@]}" unshare --pid --net --uts --ipc --mount --propagation slave \
        --fork --kill-child sh -c 'mount -t proc proc "$1/proc"; exec chroot "$1" /sbin/init' x \
        "$TMPDIR/$2" </dev/null >/dev/null 2>&1 &
    runner=$!
    registered_as "$1"
    runs "$leader" '^/bin/sh /sbin/init'
}

for variant in plain userns multi; do
    what="unshare $variant" name="us-$variant-$$"
    rootfs "$TMPDIR/$variant" "$variant"
    chmod 755 "$TMPDIR"
    hold_ids "$variant"
    start_unshared "$name" "$variant"
    addresses "$leader"
    seen "$what" "$name" "$leader" unshare 10.77.0.2 fd77::2
    seen_ids "$what" "$name" "$leader" "$variant"
    wait_until sh -c "mymachines show --value -p RootDirectory $name | grep -qx '$TMPDIR/$variant'"
    is "$(value "$name" RootDirectory)" "$TMPDIR/$variant" "$what: its root directory is known"
    kill "$leader"
    wait "$runner"
    is $? 0 "$what: run ends as it does"
    gone "$what stopped" "$name"
    start_unshared "$name" "$variant"
    kill -9 "$leader"
    wait "$runner" 2>/dev/null
    gone "$what killed" "$name"
    let_go
done

done_testing
