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

# An editor may have given all lines of a file other ends.
for end in '\r\n' ''; do
    printf 'lxc.uts.name = a\r\nlxc.signal.halt = SIGTERM%b' "$end" >config
    cp config before
    mymachines setup --quiet lxc --config=config
    sed -i 's/\r*$/\r/' config
    cp config converted
    mymachines setup --quiet lxc --config=config
    is "$(grep -c lxc.hook config)" 2 "lxc: lines of ours that end in CR LF ${end:+"(and did before) "}are replaced"
    run mymachines setup --check lxc --config=config
    is "$status" 0 "lxc: then ${end:+"(and did before) "}it is set up"
    cp converted config
    mymachines setup --quiet lxc --config=config --remove
    ok "$(cmp -s config before; echo $?)" "lxc: lines of ours that end in CR LF ${end:+"(and did before) "}are removed"
done

# The last line of a setting counts.
configuration=$SYSCONFDIR/mymachines.conf
echo 'Monitor=no' >"$configuration"
mymachines setup --quiet varlink
echo 'Varlink = no' >>"$configuration"
run mymachines setup --check varlink
like "$status:$out" "1:varlink: $configuration: isn't set up*" "varlink: --check sees that a later line takes the setting back"
mymachines setup --quiet varlink
is "$(grep -v '^#' "$configuration" | xargs)" "Monitor=no Varlink = no Varlink=yes" "varlink: its lines move behind one that takes the setting back"
run mymachines setup varlink
is "$status:$out" "0:varlink: nothing to do" "varlink: then setup has nothing to do"
mymachines setup --quiet --remove varlink
is "$(xargs <"$configuration")" "Monitor=no Varlink = no" "varlink: --remove leaves the line of others that takes the setting back"

# Where a program doesn't say where it reads, nothing is written.
# written: the files of ours for podman and LXC
written() {
    find /usr/share/containers /usr/share/lxc -name 'mymachines*' 2>/dev/null
}
echo 'exec sleep 1000' >>programs/podman
PATH=$TMPDIR/programs:$PATH run mymachines setup --quiet podman
like "$status:$err:$(written)" "1:mymachines: setup: 'podman --help' doesn't say *; name it by --hooks-dir=:" \
    "podman: nothing is written if podman doesn't answer"
printf '%s\n' '#!/bin/sh' 'exit 7' | tee programs/podman >programs/lxc-config
chmod +x programs/lxc-config
PATH=$TMPDIR/programs:$PATH run mymachines setup --quiet podman
like "$status:$err:$(written)" "1:mymachines: setup: 'podman --help' doesn't say *exit status 7*; name it by --hooks-dir=:" \
    "podman: nothing is written if podman fails"
PATH=$TMPDIR/programs:$PATH run mymachines setup --quiet lxc
is "$status:$err:$(written)" "1:mymachines: setup: lxc-config failed with exit status 7:" "lxc: nothing is written if lxc-config fails"
is "$(PATH=$TMPDIR/programs:$PATH mymachines doctor | grep -oE '^unknown +runtimes +(podman|lxc): ' | xargs)" \
    "unknown runtimes lxc: unknown runtimes podman:" "doctor doesn't know about runtimes that don't answer"
rm programs/lxc-config
printf '#!/bin/sh\n' >programs/podman

# The profile is one of this host, whatever LXD's client talks to otherwise.
# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' 'echo "$*" | head -n 1 | cut -d " " -f 1-6 >>"${0%/*}/log"' '[ "$1" != query ] || echo "[]"' >programs/lxc
chmod +x programs/lxc
PATH=$TMPDIR/programs:$PATH mymachines setup --quiet lxd
PATH=$TMPDIR/programs:$PATH mymachines setup --quiet lxd --profile=web
is "$(sort -u programs/log)" "--project default profile get local:default raw.lxc
--project default profile get local:web raw.lxc
--project default profile set local:default raw.lxc
--project default profile set local:web raw.lxc
query local:/1.0/instances?recursion=1&all-projects=true" "lxd: the profile is one of this host's default project"
# Hooks of the snap's LXC run where the host's programs aren't: nothing is set up, and what was is removed.
of_snap="mymachines: setup: LXD is from its snap, whose hooks can't see the host's programs, *'mymachines register NAME --leader=PID'*"
mv programs/lxc programs/snap
ln -s snap programs/lxc
: >programs/log
PATH=$TMPDIR/programs:$PATH fails "$of_snap" "lxd: the snap's is refused" mymachines setup lxd
is "$(cat programs/log)" "" "lxd: the snap's isn't asked"
PATH=$TMPDIR/programs:$PATH run mymachines setup --quiet --remove lxd
is "$status:$err:$(cat programs/log)" "0::query local:/1.0/profiles?recursion=1&project=default" "lxd: what an earlier setup wrote is removed from the snap's, too"
rm programs/lxc
# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' 'SNAP_BIN="/snap/bin/$(basename "$0")"' 'exec "$SNAP_BIN" "$@"' >programs/lxc
chmod +x programs/lxc
PATH=$TMPDIR/programs:$PATH fails "$of_snap" "lxd: the script that starts the snap's is refused" mymachines setup lxd
# lxc_asks_nobody NAME ARGUMENT...: setup with these has nothing to do, and runs no client of LXD
lxc_asks_nobody() {
    : >programs/log
    PATH=$TMPDIR/programs:$PATH run mymachines setup "${@:2}"
    is "$status:$out:$err:$(cat programs/log)" "0:lxd: nothing to do::" "$1"
}
made=()
for directory in /snap /var/snap /var/lib/lxd; do
    [ -d $directory ] || { mkdir $directory && made+=("$directory"); }
    mount -t tmpfs none $directory
done
# shellcheck disable=SC2016
sed -i '2i echo "installs the snap" >>"${0%/*}/log"' programs/lxc
lxc_asks_nobody "lxd: the script that would install the snap isn't run to remove" --remove lxd
ln -s /bin/true programs/lxd
: >programs/log
PATH=$TMPDIR/programs:$PATH run mymachines setup --remove --all
like "$out:$(cat programs/log)" "*lxd: nothing to do*:" "lxd: the script that would install the snap isn't run by --remove --all"
# Where the snap is, the snap's client is asked.
mkdir /snap/bin
mv programs/snap /snap/bin/lxc
PATH=$TMPDIR/programs:$PATH run mymachines setup --quiet --remove lxd
is "$status:$err:$(cat programs/log):$(cat /snap/bin/log)" "0:::query local:/1.0/profiles?recursion=1&project=default" \
    "lxd: what an earlier setup wrote is removed by the snap's client"
# A distribution's client may talk to the snap's daemon.
mkdir -p /var/snap/lxd/common/lxd
: >/var/snap/lxd/common/lxd/unix.socket
cp /snap/bin/lxc programs/lxc
: >programs/log
PATH=$TMPDIR/programs:$PATH fails "$of_snap" "lxd: a distribution's client of the snap's daemon is refused" mymachines setup lxd
is "$(cat programs/log)" "" "lxd: a distribution's client of the snap's daemon isn't asked"
: >/var/lib/lxd/unix.socket
PATH=$TMPDIR/programs:$PATH LXD_DIR=/var/snap/lxd/common/lxd fails "$of_snap" "lxd: a client that LXD_DIR directs to the snap's daemon is refused" \
    mymachines setup lxd
PATH=$TMPDIR/programs:$PATH mymachines setup --quiet lxd
is "$(head -n 1 programs/log)" "--project default profile get local:default raw.lxc" "lxd: a distribution's own daemon is set up beside a snap"
umount /var/snap /var/lib/lxd /snap
[ ${#made[@]} = 0 ] || rmdir "${made[@]}"
rm programs/lxc programs/lxd

# What can't be changed is shown, to be changed by hand, and nothing is left behind.
printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >nsswitch.conf
rm -f /etc/nsswitch.conf*
cp nsswitch.conf /etc/
mount --bind /etc/nsswitch.conf /etc/nsswitch.conf
run mymachines setup --quiet nss
like "$status:$out:$err" "1::*
+hosts: files mymachines dns
*cannot write /etc/nsswitch.conf: *mounted over it*" "nss: a change that a mount prevents is shown"
is "$(ls /etc/nsswitch.conf*)" /etc/nsswitch.conf "nss: no backup stays of a change that a mount prevents"
echo earlier >/etc/nsswitch.conf.before-mymachines
chmod 640 /etc/nsswitch.conf.before-mymachines
run mymachines setup --quiet nss
is "$status:$(stat -c %a /etc/nsswitch.conf.before-mymachines):$(cat /etc/nsswitch.conf.before-mymachines)" "1:640:earlier" \
    "nss: an earlier backup stays if a mount prevents the change"
umount /etc/nsswitch.conf
rm /etc/nsswitch.conf*
mkdir readonly
mount -t tmpfs none readonly
cp nsswitch.conf readonly/
mount -o remount,ro readonly
ln -s "$TMPDIR/readonly/nsswitch.conf" /etc/nsswitch.conf
run mymachines setup --quiet nss
like "$status:$err" "1:*
+hosts: files mymachines dns
*cannot write /etc/nsswitch.conf: Read-only file system" "nss: a change of a file on a read-only file system is shown"
is "$(ls /etc/nsswitch.conf*)" /etc/nsswitch.conf "nss: no backup stays of a change of a file on a read-only file system"
umount readonly
rm /etc/nsswitch.conf
cp nsswitch.conf /etc/

# Each machine that is left out is reported, and --check doesn't succeed.
mount -t tmpfs none /var/lib/lxc 2>/dev/null || { mkdir -p /var/lib/lxc && mount -t tmpfs none /var/lib/lxc; }
mkdir /var/lib/lxc/one /var/lib/lxc/other /var/lib/lxc/odd /var/lib/lxc/good
echo 'lxc.uts.name = a' | tee /var/lib/lxc/{one,other,good}/config >/dev/null
echo ';x' >/var/lib/lxc/odd/config
chown 12345 /var/lib/lxc/one/config /var/lib/lxc/other/config
# named: the containers that standard error names
named() {
    grep -o 'container [a-z]*' <<<"$err" | sort | xargs
}
run mymachines setup --quiet lxc
is "$status:$(named)" "0:container odd container one container other" "lxc: each container that is left out is reported"
run mymachines setup --check lxc
is "$status:$out:$(named)" "1::container odd container one container other" "lxc: --check fails if containers are left out, and names them"
is "$(PATH=$TMPDIR/programs:$PATH mymachines doctor | grep -oE 'warning +runtimes +lxc: container [a-z]*' | sort | sed 's/.*lxc: //' | xargs)" \
    "container odd container one container other" "doctor names each container of LXC that is left out"
run mymachines setup --quiet --remove lxc
is "$status:$err:$(grep -c lxc.hook /var/lib/lxc/good/config)" "0::0" "lxc: --remove reports no container that has no lines of ours"
run mymachines setup --check --remove lxc
is "$status:$out:$err" "0:lxc: is removed:" "lxc: --check --remove succeeds if no container has lines of ours"
mymachines setup --quiet lxc 2>/dev/null
chown 12345 /var/lib/lxc/good/config
run mymachines setup --quiet --remove lxc
like "$err" "mymachines: setup: lxc: lines in the configuration of container good stay: *" \
    "lxc: --remove reports a container whose lines can't be removed safely"
run mymachines setup --check --remove lxc
is "$status" 1 "lxc: --check --remove fails if lines of ours are left"
umount /var/lib/lxc

unit=/etc/systemd/system/systemd-nspawn@
mkdir -p "${unit}one.service.d" "${unit}other.service.d"
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/systemd-nspawn --boot --machine=%i' >"${unit}.service"
printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=/usr/bin/systemd-nspawn --machine=%i' |
    tee "${unit}one.service.d/override.conf" >"${unit}other.service.d/override.conf"
run mymachines setup --quiet nspawn
is "$status:$(grep -o 'so systemd-nspawn@[a-z]*' <<<"$err" | sort | xargs)" \
    "0:so systemd-nspawn@one so systemd-nspawn@other" "nspawn: each instance that is left out is reported"
run mymachines setup --check nspawn
is "$status:$out" "1:" "nspawn: --check fails if instances are left out"
mymachines setup --quiet --remove nspawn
is "$(find /etc/systemd/system -name 'systemd-nspawn@.service.d')" "" "nspawn: the directory that setup has made is removed"
rm -r "${unit}"*

# A file of ours that somebody has changed isn't lost.
podman=/usr/share/containers/oci/hooks.d/mymachines.json
script=/etc/libvirt/hooks/qemu.d/mymachines
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/systemd-nspawn --boot --machine=%i' >"${unit}.service"
# stays TARGET FILE WHAT: a changed file is neither removed nor replaced
stays() {
    local what=$1: before
    before=$(cat "$2")
    fails "mymachines: setup: $2: setup wrote this file, and somebody has changed it since; *" "$what a file of ours that has $3 is not removed" \
        mymachines setup --quiet --remove "$1"
    fails "mymachines: setup: $2: setup wrote this file, and somebody has changed it since; *" "$what a file of ours that has $3 is not replaced" \
        mymachines setup --quiet --strict "$1"
    is "$(cat "$2")" "$before" "$what a file of ours that has $3 stays"
    rm "$2"
    mymachines setup --quiet "$1"
}
mymachines setup --quiet libvirt nspawn podman
sed -i '1a# mine' "$script"
stays libvirt "$script" "another line"
# shellcheck disable=SC2016
printf 'logger "domain $1"' >>"$script"
stays libvirt "$script" "half a line behind"
sed -i '$d' "$script"
stays libvirt "$script" "a line less"
echo 'Nice=5' >>"${unit}.service.d/mymachines.conf"
stays nspawn "${unit}.service.d/mymachines.conf" "another line"
jq '.when = { annotations: { a: "b" } }' "$podman" >changed.json
cp changed.json "$podman"
stays podman "$podman" "another condition"
# Another installation's are ours, and those of other options.
sed -i "s|$BUILDDIR/mymachines|/opt/mymachines|g" "$script" "$podman" "${unit}.service.d/mymachines.conf"
run mymachines setup --quiet --strict libvirt nspawn podman
is "$status:$err:$(grep -l /opt/mymachines "$script" "$podman" "${unit}.service.d/mymachines.conf")" "0::" "files of another installation are replaced"
run mymachines setup --quiet --remove libvirt nspawn podman
is "$status:$err:$(ls "$script" "$podman" "${unit}.service.d/mymachines.conf" 2>/dev/null)" "0::" "files of setup with other options are removed"
rm "${unit}.service"

done_testing
