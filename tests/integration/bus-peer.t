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
boot_debian "peer$$"
wait_until debian_is_up || skip_all "systemd doesn't boot here"
version=$(px 'machinectl --version' </dev/null | awk 'NR == 1 { print $2 }')
[ "$version" = 252 ] || skip_all "the differences are those from systemd 252, and this is ${version:-unknown}"

install_in_debian
compare_image_verbs 23
compare_on_bus
done_testing
