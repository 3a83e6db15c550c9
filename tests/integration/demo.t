#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# scripts/demo, README's first command: it runs to its end.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
command -v ping >/dev/null || skip_all "ping isn't installed"
case ${SANITIZERS-} in
*address*) skip_all "it shows stock programs, which weren't built with a sanitizer" ;;
esac

# It shows the monitor that a registration starts.
[ -z "${SYSCONFDIR-}" ] || echo Monitor=yes >"$SYSCONFDIR/mymachines.conf"
run timeout 300 bash "$SRCDIR/scripts/demo"
is "$status|$err" "0|" "the demo succeeds"
like "$out" "*(exit status 2: not found)*removed web1*the host is as it was." "the demo shows a machine come and go"

# A container, for one, sees no cgroup below its own.
mount -t tmpfs tmpfs /sys/fs/cgroup
run bash -euc '. "$SRCDIR/tests/support/containers.sh"; echo goes on'
is "$status|$out|$err" "0|goes on|" "what demo and tests share needs no cgroup below their own"
done_testing
