#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images, started by systemd-nspawn where no systemd runs: 'mymachines start', and the locks that
# nspawn holds meanwhile.
. "$SRCDIR/tests/runtimes/lib.sh"
. "$SRCDIR/tests/support/images.sh"
need systemd-nspawn

own_etc
own_pool
use_module
with_monitor
rootfs "$pool/web1" plain
run mymachines clone web1 web2
is "$status:$out:$err" "0::" "an image is cloned"

# The command returns when the machine runs; its output isn't the runner's.
run mymachines start web1
is "$status" 0 "start returns"
is "$(mymachines list --no-legend | awk '{ print $1 }')" web1 "the machine that an image was started as is registered"
leader=$(value web1 Leader)
is "$(tr '\0' ' ' <"/proc/$leader/cmdline")" "/bin/sh /sbin/init " "its leader is the image's own init"
is "$(value web1 RootDirectory)" "$pool/web1" "its root directory is the image"
is "$(mymachines shell web1 /bin/sh -c 'echo inside' 2>/dev/null </dev/null | tr -d '\r')" inside "shell enters it"

# While it runs.
run mymachines start web1
like "$status|$err" "1|*web1*" "an image that runs isn't started again"
run mymachines rename web1 web3
like "$status|$err" "1|*web1*" "an image that runs isn't renamed"
run mymachines remove web1
like "$status|$err" "1|*web1*" "an image that runs isn't removed"
ok "$([ -x "$pool/web1/sbin/init" ]; echo $?)" "and is still whole"

run mymachines terminate web1
is "$status" 0 "it is terminated"
gone "an image terminated" web1
is_removed() {
    mymachines remove web1 2>"$TMPDIR/removal"
}
wait_until is_removed
is "$(mymachines list-images --no-legend | awk '$1 != ".host" { print $1 }')" web2 "an image that ran is removed"

# What can't start says why, and nothing stays behind.
rm -r "$pool/web2/sbin"
run mymachines start web2
is "$status" 1 "an image without a system doesn't start"
like "$err" "*web2*" "and the reason is reported"
is "$(mymachines list --all --no-legend)" "" "no machine is registered"
remove_nspawn_cgroups
done_testing
