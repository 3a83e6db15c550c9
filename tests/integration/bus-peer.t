#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# org.freedesktop.machine1 beside the real systemd-machined, in a Debian that boots systemd: stock tools say
# the same, and callers hear the same errors, but for the differences that README.md beside these tests explains.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/booted.sh"
. "$SRCDIR/tests/support/peer.sh"
need_root
need_debian
[ -x "$BUILDDIR/mymachines-bus" ] || skip_all "it was configured without libsystemd"
trap end_debian EXIT
boot_peer peer 252

install_in_debian
compare_image_verbs 23
compare_on_bus
done_testing
