#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# io.systemd.MachineImage: all methods, by a client of the tests, at the path that clients know it by.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/images.sh"
need_root
own_pool
mkdir -p "$pool"/{web1,.hidden}/etc
printf '%s\n' 'NAME="Test OS"' ID=testos $'EVIL=\e[31m' >$pool/web1/etc/os-release
echo web1.example.org >$pool/web1/etc/hostname
echo 0102030405060708090a0b0c0d0e0f10 >$pool/web1/etc/machine-id
echo 'PRETTY_HOSTNAME="Web one"' >$pool/web1/etc/machine-info
truncate -s 1M $pool/disk.raw $pool/.disk2.raw

# The monitor holds the socket, and the second path leads to it.
printf '%s\n' Monitor=yes Varlink=yes >"$SYSCONFDIR/mymachines.conf"
own_dev
start leader
mymachines register held --leader="$leader" 2>/dev/null
images=/run/systemd/machine/io.systemd.MachineImage
wait_until listening $images
python3 "$SRCDIR/tests/integration/machine-images.py" $images >"$TMPDIR/tap"
sed '/^1\.\./d' "$TMPDIR/tap"
n_tests=$(grep -cE '^(not )?ok ' "$TMPDIR/tap")
is "$(tail -n 1 "$TMPDIR/tap")" "1..$n_tests" "the client of the tests came to its end"
is "$(readlink $images)" io.systemd.Machine "the monitor makes a link for clients that ask for images"
mymachines unregister held
is_gone() {
    [ ! -L $images ]
}
wait_until is_gone
ok $? "the link goes with the socket"
done_testing
