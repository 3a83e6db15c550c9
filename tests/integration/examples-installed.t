#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The files of examples/, which are installed beside README: each does what it says, as it stands there.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/pam.sh"
need_root
examples=$SRCDIR/examples

# A /etc, a /usr/share and a /bin/mymachines of this test's own; the installed path becomes the built program's.
mkdir -p "$TMPDIR/share"/{upper,work} "$TMPDIR/own"/{upper,work}
mount -t overlay -o "lowerdir=/usr/share,upperdir=$TMPDIR/share/upper,workdir=$TMPDIR/share/work" overlay /usr/share
mount -t overlay -o "lowerdir=/etc,upperdir=$TMPDIR/own/upper,workdir=$TMPDIR/own/work" overlay /etc
rm -rf /etc/libvirt/hooks /usr/share/containers/oci
set_up_pam
# put EXAMPLE FILE [MODE]
put() {
    mkdir -p "${2%/*}"
    sed "s|/usr/bin/mymachines|$BUILDDIR/mymachines|g" "$examples/$1" >"$2"
    chmod "${3-644}" "$2"
}

# Every file is in the table of README, and is installed.
is "$(cd "$examples" && ls)" "$({ sed -n 's/^| `\([^`]*\)`.*/\1/p' "$examples/README.md"; printf '%s\n' README.md local.mk; } | sort)" \
    "README.md has all examples"
is "$(cd "$examples" && ls | grep -v local.mk)" "$(sed -n '/^dist_examples_DATA/,$p' "$examples/local.mk" | grep -o '%D%/[^ ]*' | sed 's|%D%/||' | sort)" \
    "all examples are installed"

# What setup writes.
put podman-hook.json /usr/share/containers/oci/hooks.d/mymachines.json
put lxc-hooks.conf /usr/share/lxc/config/common.conf.d/mymachines.conf
put libvirt-hook /etc/libvirt/hooks/qemu.d/mymachines 755
put libvirt-hook /etc/libvirt/hooks/lxc.d/mymachines 755
sed -i 's/-- qemu/-- lxc/' /etc/libvirt/hooks/lxc.d/mymachines
put nsswitch.conf /etc/nsswitch.conf
for target in podman lxc libvirt nss; do
    run mymachines setup --check "$target"
    is "$status|$out" "0|$target: is set up" "setup finds its own work in the example for $target"
done

# Settings: each is known, has its default, and can be set.
put mymachines.conf "$SYSCONFDIR/mymachines.conf"
start web1
veth "$web1" ve-web1 101
ip addr add 10.99.1.1/24 dev ve-web1
inside "$web1" ip addr add 10.99.1.2/24 dev host0
run mymachines register web1 --leader="$web1"
is "$status|$(grep mymachines.conf <<<"$err")" "0|" "the settings are valid"
sed -i 's/^#\([A-Z][a-z]*=\)/\1/' "$SYSCONFDIR/mymachines.conf"
run mymachines register web1.lxc.example.org --leader="$web1" --replace
is "$status|$(grep mymachines.conf <<<"$err")" "0|" "the settings are valid without the comment signs"
is "$(grep -o '^[A-Z][a-z]*' "$SYSCONFDIR/mymachines.conf" | sort)" \
    "$(sed -n 's/^\.BR\?I\? \([A-Z][a-z]*\)= .*/\1/p' "$SRCDIR/man/mymachines.conf.5.in" | sort)" "all settings are in the example"
sed -i 's/^Monitor=.*/Monitor=perhaps/' "$SYSCONFDIR/mymachines.conf"
run mymachines register web1 --leader="$web1" --replace
like "$err" "*mymachines.conf:*'perhaps'*" "a wrong setting would be noticed"
rm "$SYSCONFDIR/mymachines.conf"
mymachines unregister web1

# A batch.
ip link add vnet0 type veth peer name vnet1
sed "s/4711/$web1/; s/4900/$$/" "$examples/machines.json" >"$TMPDIR/machines"
run mymachines register --batch --force <"$TMPDIR/machines"
is "$status|$(mymachines list --no-legend | tr -s " " | sed "s,\.\.\.\$,,")" "0|vm1 vm mymanager - - 192.168.122.9
web1 container mymanager $(host_os) 10.99.1.2" "the batch registers its machines"
is "$("$SRCDIR/tests/support/schema.py" "$SRCDIR/doc/mymachines.schema.json" registration --each <"$examples/machines.json" 2>&1)" \
    "" "the batch fits the schema"
mymachines unregister vm1

# PAM, at the end of the service's own lines.
if [ -e "$PAM_MODULE" ] && [ -z "$SANITIZERS" ]; then
    sed "s|pam_mymachines.so|$module|" "$examples/pam-lines" >>/etc/pam.d/su
    use_module
    run su tess -s /bin/sh -c 'id -u'
    is "$status|$out" "0|4242" "PAM: a user of the host logs in"
    run su inside -s /bin/sh -c 'id -u'
    like "$status|$out|$err" "1||*Permission denied*" "PAM: a user whose uid is a machine's doesn't"
else
    skip "su can't load the module" "PAM: users log in"
fi
forget

# A manager.
# shellcheck disable=SC2086
if $CC $SANITIZERS -Wall -Wextra -I"$SRCDIR/library" -o "$TMPDIR/manager" "$examples/manager.c" \
    -L"$BUILDDIR/.libs" -lmymachines 2>"$TMPDIR/warnings"; then
    is "$(cat "$TMPDIR/warnings")" "" "manager.c compiles without a warning"
    # manage COMMAND...: as box1
    manage() {
        PATH=$BUILDDIR:$PATH LD_LIBRARY_PATH=$BUILDDIR/.libs "$TMPDIR/manager" box1 "$@" 2>"$TMPDIR/stderr"
    }
    mkfifo "$TMPDIR/wait"
    manage sh -c "read -r _ <'$TMPDIR/wait'; exit 7" >"$TMPDIR/events" &
    manager=$!
    wait_until grep -qx 'box1 added:' "$TMPDIR/events"
    is "$(mymachines show box1 --value -p Class -p Service | tr '\n' ' ')" "manager container " "manager.c registers its machine"
    echo >"$TMPDIR/wait"
    wait "$manager"
    is "$?|$(cat "$TMPDIR/events")|$(mymachines list --all --no-legend)" "7|box1 added:
box1 removed:|" "manager.c ends with the command, and its machine is gone"
    run manage /nonexistent
    is "$status" 127 "manager.c runs a command that doesn't exist"
    run manage true extra arguments
    is "$status" 0 "manager.c runs a command that ends at once"
else
    ok 1 "manager.c compiles without a warning"
    sed 's/^/# /' "$TMPDIR/warnings"
fi
done_testing
