#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# org.freedesktop.machine1 beside the real systemd-machined, in a Debian that boots systemd: stock tools say
# the same, and callers hear the same errors, but for the differences that README.md beside these tests explains.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/booted.sh"
need_root
need_debian
[ -x "$BUILDDIR/mymachines-bus" ] || skip_all "it was configured without libsystemd"
trap end_debian EXIT
boot_debian "peer$$"
wait_until debian_is_up || skip_all "systemd doesn't boot here"
version=$(px 'machinectl --version' </dev/null | awk 'NR == 1 { print $2 }')
[ "$version" = 252 ] || skip_all "the differences are those from systemd 252, and this is ${version:-unknown}"

px 'mkdir -p /usr/local/etc /tmp/x; echo Monitor=no >/usr/local/etc/mymachines.conf
    cp /run/build/mymachines /run/build/mymachines-bus /usr/local/bin; cat >/tmp/x/words' <"$SRCDIR/tests/integration/bus-peer.sh"
px 'machinectl list >/dev/null; exec bash /tmp/x/words' </dev/null >"$TMPDIR/real" 2>&1
is "$(grep -c '^= 0' "$TMPDIR/real") $(tail -n 1 "$TMPDIR/real")" "32 end" "systemd-machined answers"
px 'mymachines setup bus --quiet; exec bash /tmp/x/words' </dev/null >"$TMPDIR/ours" 2>&1
# Properties of later versions.
sed -i -E '/^(LeaderPIDFDId|Supervisor|SupervisorPIDFDId|UID|VSockCID)=/d' "$TMPDIR/ours"
is "$(diff "$TMPDIR/real" "$TMPDIR/ours" | grep '^[<>]')" "$(cat <<'D'
< Failed to copy: No such file or directory
> Failed to copy: /etc/nosuch: No such file or directory
< Failed to copy: File exists
> Failed to copy: /tmp/x/hostname: exists already; --force replaces files
< Failed to get shell PTY: Operation not supported
> Failed to get shell PTY: Opening terminals is only supported on container machines.
< Failed to get login PTY: Operation not supported
> Failed to get login PTY: Opening terminals is only supported on container machines.
< RegisterMachine string:a_b array:byte: string:t string:container uint32:PID string:: org.freedesktop.DBus.Error.InvalidArgs
< UnregisterMachine string:a_b: org.freedesktop.machine1.NoSuchMachine
> RegisterMachine string:a_b array:byte: string:t string:container uint32:PID string:: success
> UnregisterMachine string:a_b: success
< Call failed: File exists
< = 1
> o "/org/freedesktop/machine1/machine/db1"
> = 0
< Call failed: Unit machine-vm1.scope was already loaded or has a fragment file.
< = 1
> o "/org/freedesktop/machine1/machine/vm1"
> = 0
< Call failed: No machine 'vm1' known
< = 1
> = 0
< Call failed: Unit machine-vm1.scope was already loaded or has a fragment file.
< = 1
> o "/org/freedesktop/machine1/machine/vm1"
> = 0
< Could not get path to machine: No machine 'vm1' known
< = 1
> vm1
> 	   Since: DATE; AGO
> 	  Leader: PID (sleep)
> 	 Service: test; class vm
> 	    Unit: machine-vm1\x2dPID.scope
> 		  `-PID sleep 1000
> = 0
< Could not terminate machine: No machine 'vm1' known
< = 1
> = 0
D
)" "stock machinectl and callers get to hear the same, but for what is different on purpose"
done_testing
