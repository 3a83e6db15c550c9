#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# bubblewrap has no hook: 'mymachines run' registers what it makes.
. "$SRCDIR/tests/runtimes/lib.sh"
need bwrap

use_module
with_monitor

# start_bwrap NAME VARIANT: sets runner
start_bwrap() {
    mymachines run "$1" --service=bubblewrap -- "${into_holder[@]}" bwrap --unshare-pid --unshare-net --unshare-uts --unshare-ipc \
        --bind "$TMPDIR/$2" / --proc /proc --dev /dev --as-pid-1 --die-with-parent /sbin/init \
        </dev/null >/dev/null 2>&1 &
    runner=$!
    registered_as "$1"
    runs "$leader" '^/bin/sh /sbin/init'
}

for variant in plain userns multi; do
    what="bubblewrap $variant" name="bw-$variant-$$"
    rootfs "$TMPDIR/$variant" "$variant"
    chmod 755 "$TMPDIR"
    hold_ids "$variant"
    start_bwrap "$name" "$variant"
    addresses "$leader"
    seen "$what" "$name" "$leader" bubblewrap 10.77.0.2 fd77::2
    seen_ids "$what" "$name" "$leader" "$variant"
    kill "$leader"
    wait "$runner"
    is $? 0 "$what: run ends as it does"
    gone "$what stopped" "$name"
    start_bwrap "$name" "$variant"
    kill -9 "$leader"
    wait "$runner"
    is $? 137 "$what: killed, run ends as bwrap does"
    gone "$what killed" "$name"
    let_go
done

done_testing
