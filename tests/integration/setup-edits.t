#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines setup edits what others have made difficult: files with access lists or line ends of their
# own, settings that count elsewhere, programs that don't answer.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

mkdir -p "$TMPDIR/usr/upper" "$TMPDIR/usr/work"
# A copy: packages may be installed meanwhile.
cp -a /etc "$TMPDIR/etc" && mount --bind "$TMPDIR/etc" /etc
mount -t overlay -o "lowerdir=/usr/share,upperdir=$TMPDIR/usr/upper,workdir=$TMPDIR/usr/work" overlay /usr/share
mkdir -p /usr/share/lxc/config/common.conf.d
cd "$TMPDIR" || exit
# Doctor looks at runtimes that are installed.
mkdir programs
printf '#!/bin/sh\n' | tee programs/lxc-start >programs/podman
chmod +x programs/*

# The file that replaces another one has that one's attributes, and no more: its directory gives all new
# files an access list.
if command -v setfacl >/dev/null && mkdir listed && setfacl -d -m u:12345:rw listed 2>/dev/null; then
    echo 'lxc.uts.name = a' >listed/config
    setfacl -b listed/config
    chmod 640 listed/config
    mymachines setup --quiet lxc --config=listed/config
    is "$(grep -c lxc.hook listed/config):$(getfacl -cp listed/config | xargs)" "2:user::rw- group::r-- other::---" \
        "lxc: a file without an access list gets none from its directory"
    setfacl -m g:12345:r listed/config
    before=$(getfacl -cp listed/config)
    mymachines setup --quiet lxc --config=listed/config --remove
    is "$(grep -c lxc.hook listed/config):$(getfacl -cp listed/config)" "0:$before" "lxc: an access list stays as it is"
else
    skip "no access lists here" "lxc: access lists"
fi

done_testing
