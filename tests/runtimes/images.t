#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images, started by systemd-nspawn where no systemd runs: 'mymachines start', and the locks that
# nspawn holds meanwhile.
. "$SRCDIR/tests/runtimes/lib.sh"
. "$SRCDIR/tests/support/images.sh"
need systemd-nspawn
leaves_cgroups payload supervisor

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

# A disk that no container can be made of: as a VM. Its boot sector writes to the serial port, and then does nothing.
truncate -s 1M "$pool/vm,1.raw"
python3 - "$pool/vm,1.raw" <<'P'
import sys
code = b"\xfa\x31\xc0\x8e\xd8\xbe\x00\x7c\x81\xc6\x20\x00"  # cli; ds = 0; si = text
code += b"\xba\xf8\x03\xac\x84\xc0\x74\x03\xee\xeb\xf8"  # each byte to port 0x3f8
code += b"\xf4\xeb\xfd"  # hlt, again and again
code = code.ljust(0x20, b"\x90") + b"this disk has booted\r\n\0"
with open(sys.argv[1], "r+b") as disk:
    disk.write(code.ljust(510, b"\0") + b"\x55\xaa")
P
mymachines rename vm,1 vm1
run mymachines start --runner=qemu web2
like "$status|$err" "1|*web2: it is a directory, and QEMU starts disks*" "no directory is started as a VM"
run mymachines start vm1
like "$status|$err" "1|mymachines: vm1: did not start: *; --runner=qemu starts a disk as a VM" "a disk that nspawn doesn't start says what may"
if command -v qemu-system-x86_64 >/dev/null; then
    # Emulated: a VM's /dev/kvm may be there, and not work.
    [ ! -e /dev/kvm ] || mount --bind /dev/null /dev/kvm
    run mymachines start --runner=qemu vm1
    is "$status|$err" "0|" "start --runner=qemu returns"
    is "$(mymachines list --no-legend | awk '{ print $1, $2, $3 }')" "vm1 vm qemu" "it is registered as a VM"
    wait_until grep -q "this disk has booted" /var/log/mymachines/vm1.log
    ok $? "the VM boots the disk, and its console is in the log"
    like "$(value vm1 Control)" "$REGISTRY_DIRECTORY/qemu/vm1" "its control socket is known"
    run mymachines pause vm1
    is "$status|$err" "0|" "and it answers there"
    mymachines resume vm1
    run mymachines start --runner=qemu vm1
    like "$status|$err" "1|*vm1: runs already*" "it isn't started again"
    for verb in "rename vm1 vm2" "remove vm1" "read-only vm1"; do
        # shellcheck disable=SC2086
        run mymachines $verb
        like "$status|$err" "1|*vm1.raw is in use*" "an image that runs in QEMU is locked: $verb"
    done
    run mymachines terminate vm1
    is "$status" 0 "it is terminated"
    gone "a VM terminated" vm1
    mymachines read-only vm1
    run mymachines start --runner=qemu vm1
    is "$status|$err" "0|" "a read-only disk starts"
    mymachines terminate vm1
    gone "a VM of a read-only disk terminated" vm1
    mkdir "$TMPDIR/broken"
    printf '%s\n' '#!/bin/sh' 'sleep 1' 'echo "no such processor" >&2' 'exit 1' >"$TMPDIR/broken/qemu-system-x86_64"
    chmod 755 "$TMPDIR/broken/qemu-system-x86_64"
    run env PATH="$TMPDIR/broken:$PATH" mymachines start --runner=qemu vm1
    like "$status|$err" "1|*vm1: did not start: no such processor (log: *" "a VM that QEMU gives up has not started"
    # A VM that writes for ever, and one that sees where it writes.
    printf '%s\n' '#!/bin/sh' 'outputs=$(readlink "/proc/$$/fd/1" "/proc/$$/fd/2")' 'echo "$outputs" >"$TMPDIR/outputs"' \
        'head -c 9000000 /dev/zero | tr "\0" x' 'echo; echo "too much" >&2' 'exit 1' >"$TMPDIR/broken/qemu-system-x86_64"
    run env PATH="$TMPDIR/broken:$PATH" mymachines start --runner=qemu vm1
    like "$status|$err" "1|*vm1: did not start: too much (log: *" "of a VM that writes much, the last line is reported"
    ok "$([ "$(cat /var/log/mymachines/vm1.log* | wc -c)" -le 4194304 ]; echo $?)" "the log of a VM that writes much stays small"
    like "$(paste -sd, "$TMPDIR/outputs")" "pipe:*,pipe:*" "a VM has no descriptor of its log"
    mount -t tmpfs -o size=64k tmpfs /var/log/mymachines
    run env PATH="$TMPDIR/broken:$PATH" mymachines start --runner=qemu vm1
    like "$status|$err" "1|*vm1: did not start: *" "a VM isn't held up by a full disk"
    umount /var/log/mymachines
    rm "$TMPDIR/outputs"
    truncate -s 0 "$pool/vm1.raw"
    truncate -s 1M "$pool/vm1.raw"
    if [ -e /usr/share/OVMF/OVMF_CODE_4M.fd ]; then
        run mymachines start --runner=qemu vm1
        is "$status|$err" "0|" "a disk that a BIOS can't start is started by UEFI"
        wait_until grep -aq "BdsDxe.*Boot.*UEFI" /var/log/mymachines/vm1.log
        ok $? "UEFI looks for a program on the disk, and its console is in the log"
        mymachines terminate vm1
        gone "a VM with UEFI terminated" vm1
        mount -t tmpfs tmpfs /usr/share/OVMF
    fi
    run mymachines start --runner=qemu vm1
    like "$status|$err" "1|*vm1: the disk has no program for a BIOS, and no UEFI*(Debian's package ovmf)" "without UEFI, the error names its package"
    mymachines remove vm1
else
    skip "qemu-system-x86_64 isn't installed" "start --runner=qemu"
fi
run mymachines start --runner=lxc web2
is "$status" 2 "another runner is an error of the command line"
done_testing
