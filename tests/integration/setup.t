#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines setup writes what is its own, leaves what isn't, and takes it out again. What runtimes
# do with it, the tests with runtimes see.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

mkdir -p "$TMPDIR/usr/upper" "$TMPDIR/usr/work"
# A copy: packages may be installed meanwhile.
cp -a /etc "$TMPDIR/etc" && mount --bind "$TMPDIR/etc" /etc
mount -t overlay -o "lowerdir=/usr/share,upperdir=$TMPDIR/usr/upper,workdir=$TMPDIR/usr/work" overlay /usr/share
rm -rf /etc/libvirt/hooks /usr/share/containers/oci /etc/nsswitch.conf.before-mymachines \
    /etc/systemd/system/systemd-nspawn@.service.d
mkdir -p /usr/share/lxc/config/common.conf.d
# hook ARGUMENT...: the line that runs it
hook() {
    local rest=
    [ "$1" = lxc ] || rest='; while read -r _; do :; done'
    echo "[ ! -x $BUILDDIR/mymachines ] || $BUILDDIR/mymachines hook $* || :$rest"
}
cd "$TMPDIR" || exit

# snapshot: all that could be changed
snapshot() {
    find /etc /usr/share/containers /usr/share/lxc "$TMPDIR/bundle" -xdev \( -type f -o -type l \) \
        -printf '%p %m %u %g\n' 2>/dev/null | sort
    find /etc /usr/share/containers /usr/share/lxc "$TMPDIR/bundle" -xdev -type f -print0 2>/dev/null |
        sort -z | xargs -0 cat | md5sum
}

# cycle TARGET FILE... [-- OPTION...]: check, dry run, set up, twice, and remove
cycle() {
    local target=$1 files=() before after file
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        files+=("$1")
        shift
    done
    shift
    before=$(snapshot)
    run mymachines setup "$target" --check "$@"
    is "$status" 1 "$target: --check says that it isn't set up"
    like "$out" "$target: * isn't set up" "$target: --check names the file that isn't set up"
    run mymachines setup "$target" --dry-run "$@"
    is "$status" 0 "$target: a dry run succeeds"
    like "$out" "*+++ ${files[0]}"$'\n*' "$target: a dry run shows the change"
    is "$(snapshot)" "$before" "$target: a dry run changes nothing"
    run mymachines setup "$target" "$@"
    is "$status:$err" "0:" "$target: is set up"
    like "$out" "*+++ ${files[0]}"$'\n*' "$target: the change is shown"
    for file in "${files[@]}"; do
        ok "$([ -s "$file" ]; echo $?)" "$target: ${file##*/} is there"
    done
    after=$(snapshot)
    run mymachines setup "$target" "$@"
    is "$status:$out" "0:$target: nothing to do" "$target: setup twice has nothing to do"
    is "$(snapshot)" "$after" "$target: setup twice changes nothing"
    run mymachines setup "$target" --check "$@"
    is "$status:$out" "0:$target: is set up" "$target: --check says that it is set up"
    run mymachines setup "$target" --remove --quiet "$@"
    is "$status:$out:$err" "0::" "$target: is removed"
    is "$(snapshot)" "$before" "$target: after remove, everything is as it was"
    run mymachines setup "$target" --remove --check "$@"
    is "$status:$out" "0:$target: is removed" "$target: --check says that it is removed"
}

podman=/usr/share/containers/oci/hooks.d/mymachines.json
cycle podman $podman
mymachines setup --quiet podman
is "$(jq -c '[.stages, .when, .hook.args[2]]' $podman)" \
    "[[\"createRuntime\",\"poststop\"],{\"always\":true},\"$(hook oci --service=podman)\"]" "podman: the file has the form of oci-hooks(5)"
mymachines setup --quiet --strict podman
is "$(jq -r .hook.args[2] $podman)" "exec $BUILDDIR/mymachines hook oci --service=podman --strict" "podman: the hook of --strict may fail"
mymachines setup --quiet --annotations podman
is "$(jq -r .hook.args[2] $podman)" "$(hook oci --service=podman --annotations)" "podman: hooks with --annotations"
# crun starts no container whose hook doesn't read all that it writes.
for program in /nosuch/mymachines /bin/false "$BUILDDIR/mymachines"; do
    line=$(hook oci --service=podman)
    head -c 200000 /dev/zero | sh -c "${line//"$BUILDDIR/mymachines"/$program}" 2>/dev/null
    is "${PIPESTATUS[*]}" "0 0" "podman: the hook's input is read to its end, with $program"
done
fails "mymachines: setup: --annotations isn't for lxc" "lxc: --annotations is not for it" mymachines setup lxc --annotations
mymachines setup --quiet --remove podman
mkdir "$TMPDIR/hooks.d"
cycle podman "$TMPDIR/hooks.d/mymachines.json" -- --hooks-dir="$TMPDIR/hooks.d"

# podman's own directories, as containers.conf(5) names them: the file is where podman reads it.
mkdir -p "$TMPDIR/podman" "$TMPDIR/hooks.1" "$TMPDIR/hooks.2"
# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' 'echo "      --events-backend string  (default file)"' 'cat "${0%/*}/help"' >"$TMPDIR/podman/podman"
chmod +x "$TMPDIR/podman/podman"
# reads TEXT: set up with a podman whose help has this at its option; shows which files there are
reads() {
    echo "      --hooks-dir strings   Set the OCI hooks directory path (may be set multiple times)$1" >"$TMPDIR/podman/help"
    PATH=$TMPDIR/podman:$PATH mymachines setup --quiet podman
    find "$TMPDIR"/hooks.? $podman -name mymachines.json 2>/dev/null | sed "s|^$TMPDIR/||" | xargs
}
is "$(reads " (default [$TMPDIR/hooks.1,$TMPDIR/hooks.2])")" "hooks.1/mymachines.json" \
    "podman: the file is in the first directory that podman reads"
is "$(reads " (default [$TMPDIR/hooks.1,${podman%/*}/])")" "$podman" "podman: the file is in the usual directory if podman reads it"
is "$(reads " (default [$TMPDIR/hooks.2,$TMPDIR/hooks.2])")" "hooks.2/mymachines.json" \
    "podman: the file leaves the usual directory if podman doesn't read it"
PATH=$TMPDIR/podman:$PATH mymachines setup --quiet --remove podman
is "$(find "$TMPDIR"/hooks.? -type f)" "" "podman: the file is removed from where podman reads it"
is "$(reads "")" "$podman" "podman: the file is in the usual directory if podman names none"
mymachines setup --quiet --remove podman
if command -v podman >/dev/null; then
    mkdir -p /etc/containers
    printf '[engine]\nhooks_dir = [\n  # mine\n  "%s",\n]\n' "$TMPDIR/hooks.1" >/etc/containers/containers.conf
    cycle podman "$TMPDIR/hooks.1/mymachines.json"
    is "$(find /usr/share/containers/oci -type f 2>/dev/null)" "" "podman: nothing is written where podman doesn't read it"
    rm /etc/containers/containers.conf
else
    skip "podman isn't installed" "podman: the directory that containers.conf names"
fi

# Where /usr is a read-only image.
mkdir "$TMPDIR/image"
mount -t tmpfs none "$TMPDIR/image"
mkdir "$TMPDIR/image/used"
reads " (default [$TMPDIR/image/used])" >/dev/null
mount -o remount,ro "$TMPDIR/image"
is "$(reads " (default [$TMPDIR/image/used,$TMPDIR/hooks.2])"; ls "$TMPDIR/image/used")" "
mymachines.json" "podman: a file that a read-only file system has already is enough"
is "$(reads " (default [$TMPDIR/image/a/b,$TMPDIR/hooks.2])")" "hooks.2/mymachines.json" \
    "podman: the file is in another directory if the first one is on a read-only file system"
rm "$TMPDIR/hooks.2/mymachines.json"
reads " (default [$TMPDIR/image/a/b])" 2>/dev/null
PATH=$TMPDIR/podman:$PATH fails "mymachines: setup: $TMPDIR/image/a/b is on a read-only file system; have podman read another directory, too, *hooks_dir = ?\"$TMPDIR/image/a/b\", \"/etc/containers/oci/hooks.d\"?" \
    "podman: what to do is shown if there is no other" mymachines setup podman
is "$(PATH=$TMPDIR/podman:$PATH mymachines doctor | grep -o "warning  *runtimes  *podman doesn't register its machines" | wc -l)" 1 \
    "doctor sees that podman can't have its file there"
umount "$TMPDIR/image"
mount --bind /usr/share/lxc/config/common.conf.d /usr/share/lxc/config/common.conf.d
mount -o remount,bind,ro /usr/share/lxc/config/common.conf.d
fails "mymachines: setup: /usr/share/lxc/config/common.conf.d: Read-only file system; name a container's configuration by --config=" \
    "lxc: a read-only directory is refused" mymachines setup lxc
umount /usr/share/lxc/config/common.conf.d

cycle libvirt /etc/libvirt/hooks/lxc.d/mymachines /etc/libvirt/hooks/qemu.d/mymachines
is "$(find /etc/libvirt/hooks -mindepth 1)" "" "libvirt: the directories that setup has made are removed"
mkdir -p "$TMPDIR/elsewhere"
mkdir -m 750 /etc/libvirt/hooks/qemu.d
ln -s "$TMPDIR/elsewhere" /etc/libvirt/hooks/lxc.d
mymachines setup --quiet libvirt
mymachines setup --quiet --remove libvirt
is "$(ls /etc/libvirt/hooks):$(ls -d "$TMPDIR/elsewhere")" "lxc.d
qemu.d:$TMPDIR/elsewhere" "libvirt: a directory that is a link stays, and so does one that isn't as setup makes it"
rm -r /etc/libvirt/hooks/?*.d
mkdir -p /etc/libvirt/hooks/qemu.d
echo '#!/bin/sh' >/etc/libvirt/hooks/qemu.d/another
mymachines setup --quiet libvirt
is "$(stat -c %a /etc/libvirt/hooks/qemu.d/mymachines)" 755 "libvirt: its hook can be executed"
# libvirt passes over a hook that can't be, which chmod or a copy may have left.
chmod 640 /etc/libvirt/hooks/qemu.d/mymachines
run mymachines setup --check libvirt
is "$status:$out" "1:libvirt: /etc/libvirt/hooks/qemu.d/mymachines: isn't set up" "libvirt: --check sees that its hook can't be executed"
run mymachines setup libvirt
like "$status:$err:$out" "0::/etc/libvirt/hooks/qemu.d/mymachines: it can't be executed, and should be*" "libvirt: setup says that its hook can't be executed"
is "$(stat -c %a /etc/libvirt/hooks/qemu.d/mymachines)" 750 "libvirt: setup lets those execute its hook who may read it"
mymachines setup --quiet --remove libvirt
is "$(ls /etc/libvirt/hooks/qemu.d)" another "libvirt: a hook of somebody else's stays"

cycle lxc /usr/share/lxc/config/common.conf.d/mymachines.conf
printf 'lxc.uts.name = c1\n# no newline at the end' >"$TMPDIR/config"
chmod 640 "$TMPDIR/config"
mymachines setup --quiet lxc --config=config
is "$(stat -c %a config):$(head -n 2 config | tr '\n' ';')" "640:lxc.uts.name = c1;# no newline at the end;" \
    "lxc: a container's own configuration: what was there stays, and its mode"
echo 'lxc.signal.halt = SIGTERM' >>config
mymachines setup --quiet lxc --config=config --strict
is "$(grep -c 'hook lxc --strict' config):$(tail -n 1 config)" "2:lxc.signal.halt = SIGTERM" \
    "lxc: the lines are replaced where they are"
mymachines setup --quiet lxc --config=config --remove
is "$(cat config)" $'lxc.uts.name = c1\n# no newline at the end\nlxc.signal.halt = SIGTERM' "lxc: the lines are removed where they are"

# What somebody has written behind the lines, and in what way.
printf 'lxc.uts.name = c1\n' >config
mymachines setup --quiet lxc --config=config
printf 'lxc.signal.halt = SIGTERM' >>config
cp config before
run mymachines setup lxc --config=config
is "$status:$out" "0:lxc: nothing to do" "lxc: a last line without a newline behind ours changes nothing"
mymachines setup --quiet lxc --config=config --strict
mymachines setup --quiet lxc --config=config
ok "$(cmp -s config before; echo $?)" "lxc: a last line without a newline stays so when ours are replaced"
mymachines setup --quiet lxc --config=config --remove
printf 'lxc.uts.name = c1\nlxc.signal.halt = SIGTERM' >before
ok "$(cmp -s config before; echo $?)" "lxc: a last line without a newline stays so when ours are removed"

# Containers whose template includes nothing, and what isn't LXC's own format.
mkdir -p "$TMPDIR/containers/busy" "$TMPDIR/containers/debian" "$TMPDIR/included"
mount -t tmpfs none /var/lib/lxc 2>/dev/null || { mkdir -p /var/lib/lxc && mount -t tmpfs none /var/lib/lxc; }
mkdir /var/lib/lxc/busy /var/lib/lxc/debian /var/lib/lxc/both
echo 'lxc.uts.name = busy' >/var/lib/lxc/busy/config
echo "lxc.include = $TMPDIR/included" | tee /var/lib/lxc/debian/config >/var/lib/lxc/both/config
echo "lxc.include=/usr/share/lxc/config/common.conf.d/" >"$TMPDIR/included/a.conf"
printf '%s\n' 'lxc.uts.name = both' 'lxc.include = /usr/share/lxc/config/common.conf.d' >/var/lib/lxc/both/config
cp -r /var/lib/lxc "$TMPDIR/containers.before"
mymachines setup --quiet lxc
is "$(grep -lr lxc.hook.start-host /var/lib/lxc)" /var/lib/lxc/busy/config \
    "lxc: a container that doesn't include the common configuration has the lines itself"
mymachines setup --quiet lxc --remove
ok "$(diff -r /var/lib/lxc "$TMPDIR/containers.before" >/dev/null; echo $?)" "lxc: containers' configurations are as they were"
# A key without a value takes out all hooks before it.
common=/usr/share/lxc/config/common.conf.d/
included="lxc.include = $common"
lxc_container() {
    mkdir "/var/lib/lxc/$1"
    printf '%s\n' "lxc.rootfs.path = dir:$TMPDIR" "${@:2}" >"/var/lib/lxc/$1/config"
}
lxc_container all "$included" 'lxc.hook ='
lxc_container quoted "$included" ' lxc.hook	= "" '
lxc_container one "$included" 'lxc.hook.post-stop ='
lxc_container other "$included" 'lxc.hook.pre-start ='
lxc_container comment "$included" '#lxc.hook ='
lxc_container before 'lxc.hook =' "$included"
lxc_container again "$included" 'lxc.hook =' "lxc.include = \"$common\""
mkdir "$TMPDIR/taking"
echo "$included" >"$TMPDIR/taking/a.conf"
echo 'lxc.hook =' >"$TMPDIR/taking/b.conf"
echo 'lxc.hook =' >"$TMPDIR/taking/unread"
lxc_container directory "lxc.include = $TMPDIR/taking"
# Each of them includes all of them.
mkdir "$TMPDIR/circle"
for ((i = 0; i < 30; i++)); do echo "lxc.include = $TMPDIR/circle" >"$TMPDIR/circle/$i.conf"; done
lxc_container circle "lxc.include = $TMPDIR/circle"
lxc_container file "$included" "lxc.include = $TMPDIR/taking/b.conf"
lxc_container own 'lxc.uts.name = own'
rm -r "$TMPDIR/containers.before"
cp -r /var/lib/lxc "$TMPDIR/containers.before"
mymachines setup --quiet lxc
echo 'lxc.hook.start-host =' >>/var/lib/lxc/own/config
is "$(mymachines setup lxc --check)" "lxc: /var/lib/lxc/own/config: isn't set up" "lxc: --check sees that the lines are taken out behind them"
mymachines setup --quiet lxc
is "$(cd /var/lib/lxc && grep -l '^lxc.hook.*mymachines' */config | sort | sed 's|/config||' | paste -sd' ')" \
    "all busy circle directory file one own quoted" "lxc: a configuration that takes our hooks out has the lines itself"
is "$(mymachines setup lxc --check)" "lxc: is set up" "lxc: then it is set up"
cp -r /var/lib/lxc "$TMPDIR/containers.after"
mymachines setup --quiet lxc
ok "$(diff -r /var/lib/lxc "$TMPDIR/containers.after" >/dev/null; echo $?)" "lxc: setup twice leaves them as setup once"
if command -v lxc-info >/dev/null; then
    runs_ours() {
        lxc-info -P /var/lib/lxc -n "$1" -c "lxc.hook.$2" 2>&1 | grep -q mymachines && echo "$1"
    }
    for hook in start-host post-stop; do
        is "$(for name in all quoted one other comment before again directory file own; do runs_ours "$name" "$hook"; done | paste -sd' ')" \
            "all quoted one other comment before again directory file own" "lxc: LXC runs our hook $hook of each"
    done
else
    skip "LXC isn't installed" "lxc: LXC runs our hooks of each"
fi
mymachines setup --quiet lxc --remove
sed -i '$d' /var/lib/lxc/own/config
ok "$(diff -r /var/lib/lxc "$TMPDIR/containers.before" >/dev/null; echo $?)" \
    "lxc: containers' configurations are as they were, where something is taken out in them"
chown 12345 /var/lib/lxc/busy
run mymachines setup --quiet lxc
like "$status:$err" "0:mymachines: setup: lxc: container busy doesn't include *, so it isn't registered: *'busy' belongs to user 12345*" \
    "lxc: a container whose configuration can't be edited safely is reported"
mymachines setup --quiet lxc --remove 2>/dev/null
umount /var/lib/lxc
# Containers are where LXC itself keeps them.
mkdir -p "$TMPDIR/lxc-elsewhere/busy" "$TMPDIR/lxc-config"
echo 'lxc.uts.name = busy' >"$TMPDIR/lxc-elsewhere/busy/config"
cp "$TMPDIR/lxc-elsewhere/busy/config" "$TMPDIR/busy.before"
if command -v lxc-config >/dev/null; then
    mkdir -p /etc/lxc
    echo "lxc.lxcpath = $TMPDIR/lxc-elsewhere" >>/etc/lxc/lxc.conf
else
    printf '%s\n' '#!/bin/sh' "[ \"\$1\" != lxc.lxcpath ] || echo $TMPDIR/lxc-elsewhere" >"$TMPDIR/lxc-config/lxc-config"
    chmod +x "$TMPDIR/lxc-config/lxc-config"
fi
PATH=$TMPDIR/lxc-config:$PATH mymachines setup --quiet lxc
is "$(grep -c lxc.hook.start-host "$TMPDIR/lxc-elsewhere/busy/config")" 1 "lxc: a container in the directory of lxc.system.conf(5) has the lines"
PATH=$TMPDIR/lxc-config:$PATH mymachines setup --quiet lxc --remove
ok "$(cmp -s "$TMPDIR/lxc-elsewhere/busy/config" "$TMPDIR/busy.before"; echo $?)" \
    "lxc: a container in the directory of lxc.system.conf(5) is as it was after remove"
[ ! -e /etc/lxc/lxc.conf ] || sed -i '/^lxc.lxcpath/d' /etc/lxc/lxc.conf
printf '%s\n' 'arch: amd64' 'hostname: testing' '' '[snapshot]' 'arch: amd64' >config
cp config before
fails_with_lines() {
    run mymachines setup --quiet lxc --config=config
    like "$status:$err" "1:mymachines: setup: config: isn't in LXC's own format, *lxc.hook.start-host = *" "$1"
    ok "$(cmp -s config before; echo $?)" "$1: it stays as it is"
}
fails_with_lines "lxc: a file of Proxmox'"
mymachines setup --quiet lxc --config=config --remove
ok "$(cmp -s config before; echo $?)" "lxc: nothing is removed from a file of Proxmox'"

mkdir "$TMPDIR/bundle"
number=0
while read -r json; do
    number=$((number + 1))
    for style in --tab --compact-output '--indent 3'; do
        # jq would round the numbers, so they are put in behind it.
        # shellcheck disable=SC2086
        jq $style . <<<"$json" | sed 's/"BIG"/123456789012345678901234567890/' >bundle/config.json
        cycle runc "$TMPDIR/bundle/config.json" -- --bundle="$TMPDIR/bundle"
        mymachines setup --quiet runc --bundle="$TMPDIR/bundle"
        is "$(jq -c '[.hooks[][] | select(.args[0]? == "sh") | .args[2]] | unique' bundle/config.json)" \
            "[\"$(hook oci --service=runc)\"]" "runc: bundle $number $style has our hooks"
        is "$(jq -c '.hooks | keys' bundle/config.json | grep -c 'createRuntime.*poststop')" 1 "runc: the hooks are in both stages"
        [ "$style" = --compact-output ] || ok "$(grep -q '^[[:blank:]]*"createRuntime"' bundle/config.json; echo $?)" \
            "runc: the hooks are on lines of their own"
    done
done <<'BUNDLES'
{"ociVersion": "1.0.2", "process": {"args": ["/bin/sh", "a]}{[\\\""], "rlimits": [{"hard": "BIG"}]}, "a/b": "ä\u0001"}
{"hooks": {"poststop": [{"path": "/bin/true"}], "prestart": []}, "last": -0.5e3}
{"hooks": {"createRuntime": [{"path": "/bin/true"}, {"path": "/bin/sh", "args": ["x"]}]}}
{"hooks": {"createRuntime": [{"path": "/bin/true"}], "poststop": [{"path": "/bin/false"}]}}
BUNDLES
echo '{}' >bundle/config.json
mymachines setup --quiet --annotations runc --bundle=bundle
mymachines setup --quiet --remove runc --bundle=bundle
is "$(cat bundle/config.json)" '{}' "runc: hooks with --annotations are removed as well"
# Only what is wholly ours is ours.
cat >bundle/config.json <<CONFIG
{"hooks": {"createRuntime": [{"path": "/usr/bin/echo", "args": ["echo", "a", "mymachines, see hook oci --service=x || :"]},
 {"path": "/bin/sh", "args": ["sh", "-c", "/opt/fw up; mymachines hook oci --service=x || :"]},
 {"path": "/bin/sh", "args": ["sh", "-c", "[ ! -x /old/mymachines ] || /old/mymachines hook oci --service=x || :"]}]}}
CONFIG
cp bundle/config.json before
(cd bundle && mymachines setup --quiet runc)
is "$(jq -r '.hooks.createRuntime[].args[2]' bundle/config.json)" "mymachines, see hook oci --service=x || :
/opt/fw up; mymachines hook oci --service=x || :
$(hook oci --service=runc)" "runc: in the current directory; hooks of another installation are replaced, and no others"
mymachines setup --quiet runc --bundle=bundle --remove
is "$(cat bundle/config.json)" "$(sed -z 's/,\n {"path": "\/bin\/sh", "args": \["sh", "-c", "\[[^}]*}//' before)" "runc: hooks of others stay as they are"

if [ -e /lib/systemd/system/systemd-nspawn@.service ]; then
    cycle nspawn /etc/systemd/system/systemd-nspawn@.service.d/mymachines.conf
else
    skip "systemd-container isn't installed (scripts/install-deps --runtimes)" "nspawn"
fi
unit=/etc/systemd/system/systemd-nspawn@.service
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/systemd-nspawn --boot \' '  --machine=%i' >$unit
mymachines setup --quiet nspawn
# started INSTANCE FILE: the words that systemd would start by the last line of a drop-in, without sh(1)
started() {
    local line
    line=$(tail -n 1 "$2" | sed -e 's/^ExecStart=-*//' -e 's/\$\$/$/g' -e "s/%i/$1/g")
    mkdir -p "$TMPDIR/nspawn"
    printf '%s\n' '#!/bin/sh' 'echo nspawn "$@"' >"$TMPDIR/nspawn/systemd-nspawn"
    chmod +x "$TMPDIR/nspawn/systemd-nspawn"
    (PATH=$TMPDIR/nspawn:$PATH; eval "${line//\/usr\/bin\/systemd-nspawn/$TMPDIR\/nspawn\/systemd-nspawn}") 2>/dev/null
}
is "$(started web1 $unit.d/mymachines.conf)" "nspawn --register=no --boot --machine=web1" \
    "nspawn: the admin's own unit counts, with continued lines"
is "$(grep -c "\"$BUILDDIR/mymachines\" %i " $unit.d/mymachines.conf)" 1 "nspawn: mymachines runs it"
sed "s|\"$BUILDDIR/mymachines\"|/nonesuch/mymachines|" $unit.d/mymachines.conf >gone.conf
is "$(started web1 gone.conf)" "nspawn --boot --machine=web1" "nspawn: without the program, the container starts as before"
# As after an upgrade that was cut off.
for size in 0 100 5000; do
    head -c "$size" "$BUILDDIR/mymachines" >part
    chmod +x part
    sed "s|\"$BUILDDIR/mymachines\"|$PWD/part|" $unit.d/mymachines.conf >part.conf
    is "$(started web1 part.conf)" "nspawn --boot --machine=web1" \
        "nspawn: with $size bytes of the program, the container starts as before"
done
# Drop-ins of the admin's count, and those of instances.
printf '%s\n' '[Service]' 'ExecStart=' '# A comment' 'ExecStart=-/usr/bin/systemd-nspawn --boot --bind=/srv/data --machine=%i' >$unit.d/local.conf
mymachines setup --quiet nspawn
is "$(started web1 $unit.d/mymachines.conf)" "nspawn --register=no --boot --bind=/srv/data --machine=web1" \
    "nspawn: the command is that of the admin's drop-in"
like "$(tail -n 1 $unit.d/mymachines.conf)" "ExecStart=-/bin/sh *" "nspawn: the admin's prefix for failures stays"
# Only what systemd reads counts, and as systemd reads it.
mv $unit.d/local.conf local.conf
printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=/usr/bin/systemd-nspawn --hidden' >$unit.d/.zz.conf
mymachines setup --quiet nspawn
is "$(started web1 $unit.d/mymachines.conf)" "nspawn --register=no --boot --machine=web1" "nspawn: a hidden file doesn't count as a drop-in"
rm $unit.d/.zz.conf
{ printf '\357\273\277'; printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=/usr/bin/systemd-nspawn --marked'; } >$unit.d/local.conf
mymachines setup --quiet nspawn
like "$(started web1 $unit.d/mymachines.conf)" "*--marked*" "nspawn: a drop-in may begin with a byte order mark"
cp local.conf $unit.d/local.conf
shared=/etc/systemd/system/systemd-.service.d
mkdir $shared
printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=/usr/bin/systemd-nspawn --shared' | tee $shared/local.conf >$shared/lz.conf
mymachines setup --quiet nspawn
like "$(started web1 $unit.d/mymachines.conf)" "*--shared*" "nspawn: a drop-in of all units of systemd- counts"
rm $shared/lz.conf
mymachines setup --quiet nspawn
like "$(started web1 $unit.d/mymachines.conf)" "*--bind=/srv/data*" "nspawn: a drop-in of the unit hides one of this name that it shares"
rm -r $shared
mv $unit.d/local.conf $unit.d/override.conf
mymachines setup --quiet nspawn
is "$(ls $unit.d)" $'override.conf\nzz-mymachines.conf' "nspawn: our drop-in sorts behind the admin's"
rm $unit.d/override.conf
mymachines setup --quiet nspawn
is "$(ls $unit.d)" mymachines.conf "nspawn: our drop-in is renamed when the admin's has gone"
mkdir -p "${unit%.service}build.service.d"
printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=/usr/bin/systemd-nspawn --machine=%i' >"${unit%.service}build.service.d/override.conf"
run mymachines setup nspawn
is "$status" 0 "nspawn: an instance with a command of its own is not a failure"
like "$err" "mymachines: setup: nspawn: *systemd-nspawn@build.service.d/override.conf sets a command of its own, so systemd-nspawn@build.service doesn't register its machine; *" \
    "nspawn: an instance with a command of its own is reported"
mv "${unit%.service}build.service.d/override.conf" "${unit%.service}build.service.d/10-local.conf"
replaced() {
    fails "mymachines: setup: systemd-nspawn@build.service has a command of its own, from $1, which the drop-in $unit.d/$2 would replace; *" \
        "nspawn: an instance's command is not replaced: $3" mymachines setup nspawn
}
replaced "*/10-local.conf" mymachines.conf "its drop-in"
# However it comes to be that one.
mv "${unit%.service}build.service.d" "$PWD/linked"
ln -s "$PWD/linked" "${unit%.service}build.service.d"
replaced "*/10-local.conf" mymachines.conf "its drop-ins are in a linked directory"
rm "${unit%.service}build.service.d"
mkdir "${unit%.service}build.service.d"
printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=/usr/bin/systemd-nspawn --template --machine=%i' >$unit.d/override.conf
printf '%s\n' '[Service]' 'MemoryMax=1G' >"${unit%.service}build.service.d/override.conf"
replaced "*systemd-nspawn@.service" zz-mymachines.conf "its drop-in hides that of all, and sets none"
own=/run/systemd/system/systemd-nspawn@build.service.d
mkdir -p "$own"
mv "${unit%.service}build.service.d/override.conf" "$own/override.conf"
run mymachines setup nspawn
is "$status:$err" "0:" "nspawn: a drop-in of all in /etc hides that of an instance in /run"
rm -r "$own"
ln -sf /dev/null "${unit%.service}build.service.d/override.conf"
replaced "*systemd-nspawn@.service" zz-mymachines.conf "it masks the drop-in of all"
rm -r $unit.d/override.conf "${unit%.service}build.service.d"
cp $unit linked.service
echo 'ExecStart=/usr/bin/systemd-nspawn --linked' >>linked.service
sed -i '0,/^ExecStart/{/^ExecStart/d}' linked.service
ln -s "$PWD/linked.service" "${unit%.service}build.service"
replaced "*systemd-nspawn@build.service" mymachines.conf "its unit is a link"
ln -sf "$unit" "${unit%.service}build.service"
run mymachines setup nspawn
is "$status:$err" "0:" "nspawn: an instance may be a link to the template"
ln -sf /dev/null "${unit%.service}build.service"
run mymachines setup nspawn
is "$status:$err" "0:" "nspawn: a masked instance has no command that could be replaced"
rm "${unit%.service}build.service"
mkdir "${unit%.service}build.service.d"
ln -s /dev/null "${unit%.service}build.service.d/mymachines.conf"
run mymachines setup nspawn
is "$status" 0 "nspawn: an instance that hides our drop-in is not a failure"
like "$err" "*@build.service.d/mymachines.conf hides the drop-in $unit.d/mymachines.conf, so systemd-nspawn@build.service doesn't register its machine; *" \
    "nspawn: an instance that hides our drop-in is reported"
rm -r "${unit%.service}build.service.d"
printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=/usr/bin/systemd-nspawn --last' >$unit.d/zzz.conf
fails "mymachines: setup: $unit.d/zzz.conf would replace the command of the drop-in $unit.d/zz-mymachines.conf; *" \
    "nspawn: a drop-in that is read last is reported" mymachines setup nspawn
rm $unit.d/zzz.conf
mymachines setup --quiet --remove nspawn
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/other --boot' >$unit
fails "mymachines: setup: no systemd-nspawn@.service that starts systemd-nspawn was found" \
    "nspawn: a unit that starts something else is refused" mymachines setup nspawn
rm $unit

printf '%s\n' '# Mine.' 'passwd:  files systemd' 'group:   files [SUCCESS=merge] systemd' 'shadow:  files' \
    'hosts:   files mdns4_minimal [NOTFOUND=return] dns' >/etc/nsswitch.conf
cycle nss /etc/nsswitch.conf
cp /etc/nsswitch.conf before
mymachines setup --quiet nss
is "$(cat /etc/nsswitch.conf)" '# Mine.
passwd:  files mymachines systemd
group:   files [SUCCESS=merge] mymachines [SUCCESS=merge] systemd
shadow:  files
hosts:   files mymachines mdns4_minimal [NOTFOUND=return] dns' "nss: mymachines is at its place in each line"
is "$(cat /etc/nsswitch.conf.before-mymachines)" "$(cat before)" "nss: a backup is kept"
is "$(find /etc -maxdepth 1 -name '.nss*')" "" "nss: no temporary file stays"
sed -i 's/^shadow:.*/shadow:  files systemd/' /etc/nsswitch.conf
mymachines setup --quiet --remove nss
is "$(cat /etc/nsswitch.conf)" "$(sed 's/^shadow:.*/shadow:  files systemd/' before)" "nss: changes made meanwhile stay"
ok "$([ -e /etc/nsswitch.conf.before-mymachines ]; echo $?)" "nss: a backup that differs stays"
rm /etc/nsswitch.conf.before-mymachines
# The vendor's own word stays in each line that had it, whatever others have changed since.
cp before mine
printf '%s\n' 'passwd: files mymachines systemd' 'group: files systemd' 'hosts: files mymachines dns' >/etc/nsswitch.conf
mymachines setup --quiet nss
sed -i 's/^hosts:.*/hosts: files mymachines resolve dns/' /etc/nsswitch.conf
run mymachines setup --quiet --remove nss
is "$status:$err:$(cat /etc/nsswitch.conf)" $'0::passwd: files mymachines systemd\ngroup: files systemd\nhosts: files mymachines resolve dns' \
    "nss: mymachines that was there before setup stays in a file that has been changed since"
run mymachines setup --check --remove nss
is "$status:$out" "0:nss: is removed" "nss: mymachines that was there before setup isn't left over"
rm /etc/nsswitch.conf.before-mymachines
mv mine /etc/nsswitch.conf
mkdir "$TMPDIR/elsewhere"
mv /etc/nsswitch.conf "$TMPDIR/elsewhere/nsswitch.conf"
ln -s "$TMPDIR/elsewhere/nsswitch.conf" /etc/nsswitch.conf
mymachines setup --quiet nss
is "$(readlink /etc/nsswitch.conf):$(grep -c mymachines "$TMPDIR/elsewhere/nsswitch.conf")" \
    "$TMPDIR/elsewhere/nsswitch.conf:3" "nss: a symbolic link of root's is followed and stays"
mymachines setup --quiet --remove nss
# authselect makes it a link to what it generates.
mkdir -p /etc/authselect
printf '%s\n' '# Mine.' 'passwd: files sss' 'group: files' 'hosts: files dns' >/etc/authselect/nsswitch.conf
ln -sf authselect/nsswitch.conf /etc/nsswitch.conf
before=$(snapshot)
run mymachines setup --check nss
like "$status:$out:$err" "1::mymachines: setup: /etc/nsswitch.conf: authselect generates this file, *'authselect create-profile NAME *
passwd: files sss mymachines
group: files mymachines
hosts: files mymachines dns" "nss: behind a link to what authselect generates, --check says what to do"
run mymachines setup --quiet nss
is "$status:$(snapshot)" "1:$before" "nss: what a link to authselect's directory leads to isn't changed"
rm -r /etc/authselect
rm /etc/nsswitch.conf
echo 'passwd: files [NOTFOUND' >/etc/nsswitch.conf
fails "mymachines: setup: /etc/nsswitch.conf: passwd: glibc doesn't understand this line; put it right first" \
    "nss: a line that glibc doesn't understand is refused" mymachines setup nss
rm -f /etc/nsswitch.conf
mymachines setup --quiet nss
is "$(cat /etc/nsswitch.conf)" $'passwd: files mymachines\ngroup: files mymachines\nhosts: files mymachines dns' \
    "nss: a new file has glibc's own defaults"
mymachines setup --quiet --remove nss
is "$(ls -d /etc/nsswitch.conf* 2>/dev/null)" "" "nss: a file that setup has made is removed"
mount -t tmpfs none /usr/etc 2>/dev/null || { mkdir -p "$TMPDIR/usretc/upper" "$TMPDIR/usretc/work" &&
    mount -t overlay -o "lowerdir=/usr,upperdir=$TMPDIR/usretc/upper,workdir=$TMPDIR/usretc/work" overlay /usr && mkdir -p /usr/etc; }
printf '%s\n' 'passwd:		files systemd' 'hosts:		files mdns_minimal [NOTFOUND=return] dns' 'services:	files usrfiles' \
    >/usr/etc/nsswitch.conf
mymachines setup --quiet nss
is "$(cat /etc/nsswitch.conf)" "passwd:		files mymachines systemd
hosts:		files mymachines mdns_minimal [NOTFOUND=return] dns
services:	files usrfiles
group: files mymachines" "nss: a file that hides the vendor's in /usr/etc begins as a copy of it"
mymachines setup --quiet nss --remove
is "$(ls -d /etc/nsswitch.conf* 2>/dev/null)" "" "nss: removed, the vendor's file counts again"
# An update of the vendor's would be hidden by what setup has made of the old one.
mymachines setup --quiet nss
cp /etc/nsswitch.conf made
echo 'netgroup:	nis' >>/usr/etc/nsswitch.conf
mymachines setup --quiet nss --remove
is "$(ls -d /etc/nsswitch.conf* 2>/dev/null)" "" "nss: removed, the vendor's new file counts, too"
mymachines setup --quiet nss
{ echo '# mine'; cat made; } >/etc/nsswitch.conf
mymachines setup --quiet nss
mymachines setup --quiet nss --remove
is "$(cat /etc/nsswitch.conf*)" "# mine
$(sed 's/ mymachines//' made)" "nss: a file that setup has made and somebody has changed stays, without mymachines"
# One that somebody has put into its place is theirs.
rm /etc/nsswitch.conf
mymachines setup --quiet nss
cp before /etc/nsswitch.conf
mymachines setup --quiet nss
is "$(ls /etc/nsswitch.conf*)" $'/etc/nsswitch.conf\n/etc/nsswitch.conf.before-mymachines' "nss: a file in place of the one that setup has made has a backup"
mymachines setup --quiet nss --remove
ok "$(cmp -s before /etc/nsswitch.conf; echo $?)" "nss: a file in place of the one that setup has made is as it was"
# What somebody has written like setup, setup hasn't made.
mymachines setup --quiet nss
rm /etc/nsswitch.conf.before-mymachines
cp made /etc/nsswitch.conf
mymachines setup --quiet nss --remove
ok "$(cmp -s made /etc/nsswitch.conf; echo $?)" "nss: a file that setup hasn't made stays"
rm /etc/nsswitch.conf
# Where the vendor's file has mymachines and glibc reads it, no other is needed. A libc that does so has its path.
printf '%s\n' 'passwd: files mymachines' 'group: files mymachines' 'hosts: files mymachines dns' >/usr/etc/nsswitch.conf
run mymachines setup --check nss
is "$status" 1 "nss: the vendor's file doesn't count where glibc doesn't read it"
nsswitch_findings() {
    mymachines doctor --json=short | jq -r '.[] | select(.check == "nsswitch") | "\(.status): \(.message)"'
}
like "$(nsswitch_findings)" "error: there is no /etc/nsswitch.conf, *" "doctor doesn't judge a vendor's file that glibc doesn't read"
libc=$(ldd "$(command -v getent)" | awk '/libc\.so/ { print $3 }')
cp "$libc" "$TMPDIR/libc" && printf '/usr/etc/nsswitch.conf\0' >>"$TMPDIR/libc" && mount --bind "$TMPDIR/libc" "$libc"
is "$(mymachines setup --check nss):$(mymachines setup nss)" "nss: is set up:nss: nothing to do" "nss: the vendor's file may have mymachines itself"
ok "$([ ! -e /etc/nsswitch.conf ]; echo $?)" "nss: a vendor's file that has mymachines isn't copied"
is "$(nsswitch_findings)" "ok: passwd: mymachines is asked
ok: group: mymachines is asked
ok: hosts: mymachines is asked" "doctor judges the vendor's nsswitch.conf if there is none in /etc"
sed -i 's/^hosts: .*/hosts: files dns/' /usr/etc/nsswitch.conf
is "$(nsswitch_findings | tail -n 1)" "error: hosts: mymachines isn't in /usr/etc/nsswitch.conf" "doctor names the vendor's file"
# What a person has to edit is a copy: an update replaces the vendor's file.
printf '%s\n' 'passwd: files systemd sss mymachines' 'group: files mymachines' 'hosts: files [NOTFOUND] mymachines' >/usr/etc/nsswitch.conf
copy="cp /usr/etc/nsswitch.conf /etc/nsswitch.conf, and"
is "$(mymachines doctor --json=short | jq -r '.[] | select(.check == "nsswitch").remedy' | sort -u)" \
    "$copy edit /etc/nsswitch.conf" "doctor has a copy of the vendor's file edited"
fails "mymachines: setup: /usr/etc/nsswitch.conf: hosts: glibc doesn't understand this line; put it right in a copy, /etc/nsswitch.conf, first" \
    "nss: a vendor's file that glibc can't read is named" mymachines setup nss
sed -i 's/^hosts: .*/hosts: files mymachines/' /usr/etc/nsswitch.conf
is "$(mymachines doctor --json=short | jq -r '.[] | select(.check == "nsswitch" and .remedy).remedy')" \
    "$copy move systemd to the end of the line" "doctor has the order of services changed in a copy of the vendor's file"
umount -l "$libc"
rm /usr/etc/nsswitch.conf
# Lines that setup has added go again, as well as the newline.
printf 'passwd: files\nhosts: files dns' >/etc/nsswitch.conf
cp /etc/nsswitch.conf before
mymachines setup --quiet nss
is "$(cat /etc/nsswitch.conf)" $'passwd: files mymachines\nhosts: files mymachines dns\ngroup: files mymachines' \
    "nss: a missing line is added"
mymachines setup --quiet nss --remove
ok "$(cmp -s before /etc/nsswitch.conf; echo $?)" "nss: removed, an added line and newline are gone"
# Directories of accounts come before us, and systemd behind.
printf '%s\n' 'passwd: files mymachines sss systemd' 'group: files mymachines [SUCCESS=merge] systemd' 'hosts: files dns' >/etc/nsswitch.conf
mymachines setup --quiet nss
is "$(head -n 1 /etc/nsswitch.conf)" "passwd: files sss mymachines systemd" "nss: setup moves mymachines behind sss"
mymachines setup --quiet nss --remove
is "$(head -n 1 /etc/nsswitch.conf)" "passwd: files mymachines sss systemd" "nss: what had mymachines before is as it was"
before=$(snapshot)
run mymachines setup nss --remove
is "$status:$out:$(snapshot)" "0:nss: nothing to do:$before" "nss: without a backup, mymachines is somebody else's"
rm /etc/nsswitch.conf

# Half a block is somebody's text.
printf "# Begin of what 'mymachines setup' wrote\nlxc.mine = 1\n" >config
cp config before
mymachines setup --quiet lxc --config=config
mymachines setup --quiet lxc --config=config
is "$(head -n 2 config)" "$(cat before)" "lxc: half a block stays"
mymachines setup --quiet lxc --config=config --remove
is "$(cat config)" "$(cat before)" "lxc: half a block is as it was after remove"

# Files of others that have our names.
for file in "podman $podman" "libvirt /etc/libvirt/hooks/qemu.d/mymachines" \
    "nspawn /etc/systemd/system/systemd-nspawn@.service.d/mymachines.conf"; do
    mkdir -p "$(dirname "${file#* }")"
    echo mine >"${file#* }"
    fails "mymachines: setup: ${file#* }: setup did not write this file; move it away first" "${file%% *}: a file of somebody else's with our name is refused" \
        mymachines setup "${file%% *}" --remove
    is "$(cat "${file#* }")" mine "${file%% *}: a file of somebody else's with our name stays"
    rm "${file#* }"
done

# What others own isn't edited, nor read: they could exchange it meanwhile.
user() {
    setpriv --reuid=12345 --regid=12345 --clear-groups "$@"
}
chmod 755 "$TMPDIR"
echo 'root:secret' >"$TMPDIR/shadow"
chmod 600 "$TMPDIR/shadow"
mkdir "$TMPDIR/theirs"
chown 12345 "$TMPDIR/theirs"
user ln -s "$TMPDIR/shadow" "$TMPDIR/theirs/config"
fails "mymachines: setup: $TMPDIR/theirs/config: 'theirs' belongs to user 12345, so only that user can edit this safely*" \
    "lxc: a link in somebody else's directory is not followed" mymachines setup lxc --config="$TMPDIR/theirs/config"
rm "$TMPDIR/theirs/config"
echo '{}' >"$TMPDIR/theirs/config.json"
fails "mymachines: setup: $TMPDIR/theirs/config.json: 'theirs' belongs to user 12345*" \
    "runc: root's file in somebody else's directory is not edited" mymachines setup runc --bundle="$TMPDIR/theirs"
is "$(cat "$TMPDIR/theirs/config.json")" '{}' "runc: root's file in somebody else's directory stays as it is"
chown root "$TMPDIR/theirs"
chown 12345 "$TMPDIR/theirs/config.json"
fails "mymachines: setup: $TMPDIR/theirs/config.json: 'config.json' belongs to user 12345*" \
    "runc: somebody else's file is not edited" mymachines setup runc --bundle="$TMPDIR/theirs"
rm "$TMPDIR/theirs/config.json"
ln -s "$TMPDIR/shadow" "$TMPDIR/theirs/config"
chown -h 12345 "$TMPDIR/theirs/config"
fails "mymachines: setup: $TMPDIR/theirs/config: 'config' belongs to user 12345*" \
    "lxc: somebody else's link is not followed" mymachines setup lxc --config="$TMPDIR/theirs/config"
rm "$TMPDIR/theirs/config"
: >"$TMPDIR/theirs/config"
chmod 777 "$TMPDIR/theirs"
fails "mymachines: setup: $TMPDIR/theirs/config: everybody may write to directory 'theirs', so it isn't safe to edit files there*" \
    "lxc: a file in a directory for everyone to write is not edited" mymachines setup lxc --config="$TMPDIR/theirs/config"
chmod 1777 "$TMPDIR/theirs"
mymachines setup --quiet lxc --config="$TMPDIR/theirs/config"
is "$(grep -c lxc.hook "$TMPDIR/theirs/config")" 2 "lxc: root's file in a directory like /tmp is edited"
ln -f "$TMPDIR/shadow" "$TMPDIR/theirs/config"
fails "mymachines: setup: $TMPDIR/theirs/config: it has another name elsewhere, *" \
    "lxc: a hard link in a directory like /tmp is not edited" mymachines setup lxc --config="$TMPDIR/theirs/config"
chgrp 12345 "$TMPDIR/theirs"
chmod 2775 "$TMPDIR/theirs"
fails "mymachines: setup: $TMPDIR/theirs/config: it has another name elsewhere, *" \
    "lxc: a hard link in a directory of a group's is not edited" mymachines setup lxc --config="$TMPDIR/theirs/config"
is "$(cat "$TMPDIR/shadow"; stat -c %a "$TMPDIR/shadow")" $'root:secret\n600' "lxc: files of root's that links led to are as they were"
# Where root alone writes, it is root's doing: the other name keeps what it had.
chgrp 0 "$TMPDIR/theirs"
chmod 755 "$TMPDIR/theirs"
echo 'lxc.uts.name = c1' >"$TMPDIR/twice"
ln -f "$TMPDIR/twice" "$TMPDIR/theirs/config"
mymachines setup --quiet lxc --config="$TMPDIR/theirs/config"
is "$(grep -c lxc.hook "$TMPDIR/theirs/config"):$(cat "$TMPDIR/twice")" "2:lxc.uts.name = c1" "lxc: a hard link of root's is edited, and its other name isn't"
chmod 755 "$TMPDIR/theirs"
rm "$TMPDIR/theirs/config"
mkfifo "$TMPDIR/theirs/config"
fails "mymachines: setup: cannot read $TMPDIR/theirs/config: not a regular file" "lxc: a FIFO is not read" \
    timeout 20 mymachines setup lxc --config="$TMPDIR/theirs/config"
rm "$TMPDIR/theirs/config"
printf 'a\0b' >"$TMPDIR/theirs/config"
fails "mymachines: setup: cannot read $TMPDIR/theirs/config: it contains a NUL, so it is not text" "lxc: a file with a NUL is not edited" \
    mymachines setup lxc --config="$TMPDIR/theirs/config"
truncate -s 1G "$TMPDIR/theirs/config"
fails "mymachines: setup: cannot read $TMPDIR/theirs/config: *too large*" "lxc: a file of a gigabyte is not read" \
    mymachines setup lxc --config="$TMPDIR/theirs/config"
# Owner, mode and attributes stay, but for the set-user-id bits.
echo 'lxc.uts.name = c1' >"$TMPDIR/theirs/config"
chown 0:12345 "$TMPDIR/theirs/config"
chmod 6750 "$TMPDIR/theirs/config"
setfattr -n user.note -v mine "$TMPDIR/theirs/config" 2>/dev/null
setfattr -n trusted.long -v "$(printf 'x%.0s' {1..3000})" "$TMPDIR/theirs/config" 2>/dev/null
attributes=$(getfattr -d -m - "$TMPDIR/theirs/config" 2>/dev/null)
mymachines setup --quiet lxc --config="$TMPDIR/theirs/config"
is "$(stat -c '%u:%g %a' "$TMPDIR/theirs/config")" "0:12345 750" "lxc: owner and mode stay, without set-user-id bits"
is "$(getfattr -d -m - "$TMPDIR/theirs/config" 2>/dev/null)" "$attributes" "lxc: extended attributes stay"

# A path that the shell, JSON and systemd would have their own ideas of.
odd="$TMPDIR/a b'c\"d\$e%f"
mkdir "$odd"
cp "$BUILDDIR/mymachines" "$odd/"
echo '{}' >bundle/config.json
: >config
"$odd/mymachines" setup --quiet podman libvirt
"$odd/mymachines" setup --quiet runc --bundle=bundle
"$odd/mymachines" setup --quiet lxc --config=config
for line in "$(jq -r .hook.args[2] $podman)" "$(jq -r '.hooks.poststop[0].args[2]' bundle/config.json)" \
    "$(sed -n 's/^lxc.hook.post-stop = /exec /p' config)"; do
    out=$(sh -c "$line" 2>&1 </dev/null)
    like "$?:$out" "0:mymachines: hook *" "run by its line: ${line:0:40}..."
done
out=$(/etc/libvirt/hooks/qemu.d/mymachines web1 started begin - </dev/null 2>&1)
like "$?:$out" "0:mymachines: hook libvirt: web1: no XML: *" "a program with an odd path is run by libvirt's script"
mkdir "$TMPDIR/"$'new\nline'
cp "$BUILDDIR/mymachines" "$TMPDIR/"$'new\nline/'
fails "mymachines: setup: the path of this program can't be determined, or contains a control character" "a path of the program with a newline is refused" \
    "$TMPDIR/"$'new\nline/mymachines' setup nss
# Whatever becomes of the program, and of its libraries.
for program in '' '#!/nonesuch' garbage; do
    printf '%s' "$program" >"$odd/mymachines"
    sh -c "$(jq -r .hook.args[2] $podman)" >/dev/null 2>&1 </dev/null
    is $? 0 "a program that is ${program:-empty} keeps nothing from starting"
done
rm -r "$odd"
sh -c "$(jq -r .hook.args[2] $podman)" </dev/null
is $? 0 "a program that has gone keeps nothing from starting"
mymachines setup --quiet --remove podman libvirt

# However it ends in the middle, the file is the old one or the new one.
printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >old
cp old /etc/nsswitch.conf
mymachines setup --quiet nss && cp /etc/nsswitch.conf new && cp old /etc/nsswitch.conf
other=0
for ((i = 0; i < 40; i++)); do
    mymachines setup --quiet nss >/dev/null 2>&1 &
    sleep "0.00$((i % 10))"
    kill -9 $! && wait $!
    cmp -s /etc/nsswitch.conf old || cmp -s /etc/nsswitch.conf new || other=$((other + 1))
    cp old /etc/nsswitch.conf
done 2>/dev/null
is $other 0 "killed in the middle, nsswitch.conf is the old or the new one"
is "$(mymachines setup --quiet nss 2>&1; cat /etc/nsswitch.conf)" "$(cat new)" "after kills in the middle, setup succeeds"

# All that setup has written goes at once. LXD, which may be installed and not running, has nothing of ours.
mkdir "$TMPDIR/client"
printf '#!/bin/sh\necho "[]"\n' >"$TMPDIR/nspawn/lxc"
printf '#!/bin/sh\nexit 1\n' >"$TMPDIR/client/lxc"
chmod +x "$TMPDIR/nspawn/lxc" "$TMPDIR/client/lxc"
cp old /etc/nsswitch.conf
rm -f /etc/nsswitch.conf.before-mymachines
before=$(snapshot)
mymachines setup --quiet podman libvirt lxc nss
ok "$([ "$(snapshot)" != "$before" ]; echo $?)" "several targets are set up at once"
PATH=$TMPDIR/nspawn:$PATH run mymachines setup --remove --all --quiet
is "$status:$err" "0:" "--remove --all removes everything"
is "$(snapshot)" "$before" "--remove --all leaves everything as it was before setup"
lxd=$(command -v lxd) && mount --bind /dev/null "$lxd"
PATH=$TMPDIR/client:$PATH run mymachines setup --remove --all --quiet
is "$status:$err" "0:" "--remove --all asks no client of LXD without LXD itself"
[ -z "$lxd" ] || umount "$lxd"
fails "mymachines: setup: --all is for --remove alone, without names" "--all without --remove" mymachines setup --all
mymachines setup --quiet nss
fails "mymachines: setup: --all is for --remove alone, without names" "--all with a name" mymachines setup --remove --all nss

fails "mymachines: setup: name a runtime, bus, nss or varlink" "setup without a target is refused" mymachines setup
fails "mymachines: setup: 'docker' can't be set up; *" "an unknown target is refused" mymachines setup docker
fails "mymachines: setup: qemu has no hook; start it by 'mymachines run-qemu'" "a runtime without hooks is refused, with the verb to use" mymachines setup qemu
fails "mymachines: setup: --bundle= isn't for podman" "an option of another target is refused" mymachines setup podman --bundle=/
fails "mymachines: setup: nonesuch/config.json: there is none; name a bundle by --bundle=" "a missing bundle is refused" \
    mymachines setup runc --bundle=nonesuch
fails "mymachines: setup: --hooks-dir=: is empty" "an option with an empty value is refused" mymachines setup podman --hooks-dir=
fails "mymachines: setup: nonesuch: there is none" "a missing configuration is refused" mymachines setup lxc --config=nonesuch
for content in '' '[]' '{"hooks": 7}' '{"hooks": {"poststop": {}}}' '{' '{"a": "\u0000"}' "{'a': 1}" '{"a": NaN}' \
    '{"ho\u006fks": {}}' '{"Hooks": {"poststop": []}}' '{"hooks": {"postStop": []}}' '{"hooks": null}' \
    '{ /* crun takes it */ "a": 1 }' $'{ // so\n "a": 1 }'; do
    printf '%s' "$content" >bundle/config.json
    run mymachines setup runc --bundle="$TMPDIR/bundle"
    like "$status|$out|$err" "1||mymachines: setup: $TMPDIR/bundle/config.json: isn't an OCI configuration that can be edited: *; write into it yourself:
\"hooks\": {*" "runc: a bundle with ${content@Q} is refused"
    is "$(cat bundle/config.json)" "$content" "a bundle that is refused stays as it is"
    fails "mymachines: setup: $TMPDIR/bundle/config.json: isn't an OCI configuration that can be edited: *" \
        "runc: nothing is removed from a bundle with ${content@Q}" mymachines setup --remove runc --bundle="$TMPDIR/bundle"
done
# What is to be written is what setup writes elsewhere.
echo '{"hooks": null}' >bundle/config.json
run mymachines setup runc --bundle="$TMPDIR/bundle"
echo '{}' >bundle/config.json
mymachines setup --quiet runc --bundle="$TMPDIR/bundle"
is "$(jq -c . <<<"{ ${err#*yourself:} }")" "$(jq -c . bundle/config.json)" "runc: the lines to write are those that setup writes"
mkdir "$TMPDIR/full"
mount -t tmpfs -o size=8k tmpfs "$TMPDIR/full"
echo 'lxc.uts.name = c1' | tee config >"$TMPDIR/full/config"
head -c 4096 /dev/zero >"$TMPDIR/full/other"
run timeout 60 "$BUILDDIR/mymachines" setup --quiet lxc --config="$TMPDIR/full/config"
is "$status:${err##*$'\n'}" "1:mymachines: cannot write $TMPDIR/full/config: No space left on device" "a full file system is reported"
is "$(ls -A "$TMPDIR/full"):$(cat "$TMPDIR/full/config")" "config"$'\n'"other:$(cat config)" "nothing changes on a full file system"
umount "$TMPDIR/full"
# Where a link leads nowhere, nothing is made. Behind a link that leads somewhere, directories are.
mv /etc/nsswitch.conf "$TMPDIR/nsswitch.away"
ln -s "$TMPDIR/unmounted/etc/nsswitch.conf" /etc/nsswitch.conf
run mymachines setup --quiet nss
is "$status:${err##*$'\n'}" "1:mymachines: cannot write /etc/nsswitch.conf: it, or a directory of it, is a link to what doesn't exist" \
    "a link that leads nowhere is not written through"
ok "$([ ! -e "$TMPDIR/unmounted" ]; echo $?)" "no directory is made where a link leads nowhere"
ok "$([ ! -e /etc/nsswitch.conf.made-by-mymachines ]; echo $?)" "nothing tells of a file that wasn't made"
rm /etc/nsswitch.conf
mv "$TMPDIR/nsswitch.away" /etc/nsswitch.conf
mkdir "$TMPDIR/hooks.3"
ln -s "$TMPDIR/unmounted" "$TMPDIR/hooks.lost"
ln -s hooks.4 "$TMPDIR/hooks.link"
ln -s hooks.3 "$TMPDIR/hooks.4"
run mymachines setup --quiet podman --hooks-dir="$TMPDIR/hooks.lost/a"
is "$status:$(ls -d "$TMPDIR/unmounted" 2>/dev/null)" "1:" "a directory that is a link to nowhere is not made"
mymachines setup --quiet podman --hooks-dir="$TMPDIR/hooks.link/a/b"
ok "$([ -f "$TMPDIR/hooks.3/a/b/mymachines.json" ]; echo $?)" "directories are made behind links that lead somewhere"
# What root may not change, either. A kill may have left a temporary file.
rm -f /etc/.nsswitch.conf.*
cp /etc/nsswitch.conf "$TMPDIR/mounted"
mount --bind "$TMPDIR/mounted" /etc/nsswitch.conf
before=$(cat /etc/nsswitch.conf)
run mymachines setup --quiet nss --remove
is "$status:${err##*$'\n'}:$(cat /etc/nsswitch.conf)" \
    "1:mymachines: cannot write /etc/nsswitch.conf: Device or resource busy (something is mounted over it):$before" \
    "a file with a mount over it is reported, and nothing changes"
umount /etc/nsswitch.conf
# unchangeable ATTRIBUTE LETTER TARGET WHAT FILE: it and its directory get the attribute, and the target is removed
unchangeable() {
    local path who="it has"
    for path in "$5" "${5%/*}"; do
        chattr "+$2" "$path"
        run mymachines setup --quiet --remove "$3"
        chattr "-$2" "$path"
        is "$status:${err##*$'\n'}" "1:mymachines: cannot $4 $5: $who the attribute $1; take it away first by chattr -$2" \
            "$3: $who the attribute $1, which is reported"
        who="its directory has"
    done
}
if chattr +i /etc/nsswitch.conf 2>/dev/null; then
    chattr -i /etc/nsswitch.conf
    script=/etc/libvirt/hooks/lxc.d/mymachines
    mymachines setup --quiet libvirt
    for attribute in "immutable i" "append-only a"; do
        # shellcheck disable=SC2086
        unchangeable $attribute nss write /etc/nsswitch.conf
        # shellcheck disable=SC2086
        unchangeable $attribute libvirt remove $script
    done
    is "$(cat /etc/nsswitch.conf):$(ls $script)" "$before:$script" "files that attributes keep stay as they are"
    mymachines setup --quiet --remove libvirt
else
    skip "this file system knows no immutable files" "an immutable file is reported"
fi
is "$(find /etc -maxdepth 1 -name '.nsswitch*')" "" "no temporary file stays of what can't be written"
mount -o remount,bind,ro /etc
before=$(cat /etc/nsswitch.conf)
run mymachines setup --quiet nss --remove
is "$status:${err##*$'\n'}:$(cat /etc/nsswitch.conf)" "1:mymachines: cannot write /etc/nsswitch.conf: Read-only file system:$before" \
    "a read-only file system is reported, and nothing changes"
mount -o remount,bind,rw /etc
run setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILDDIR/mymachines" setup --quiet libvirt
like "$status:${err##*$'\n'}" "1:mymachines: cannot write /etc/libvirt/hooks/lxc.d/mymachines: Permission denied (this needs root)" \
    "for somebody who isn't root, the failure says that it needs root"

done_testing
