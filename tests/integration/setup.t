#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines setup writes what is its own, leaves what isn't, and takes it out again. What runtimes
# do with it, the tests with runtimes see.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

mkdir -p "$TMPDIR/etc/upper" "$TMPDIR/etc/work" "$TMPDIR/usr/upper" "$TMPDIR/usr/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$TMPDIR/etc/upper,workdir=$TMPDIR/etc/work" overlay /etc
mount -t overlay -o "lowerdir=/usr/share,upperdir=$TMPDIR/usr/upper,workdir=$TMPDIR/usr/work" overlay /usr/share
rm -rf /etc/libvirt/hooks /usr/share/containers/oci /etc/nsswitch.conf.before-mymachines \
    /etc/systemd/system/systemd-nspawn@.service.d
mkdir -p /usr/share/lxc/config/common.conf.d
# hook ARGUMENT...: the line that runs it
hook() {
    echo "[ ! -x $BUILDDIR/mymachines ] || $BUILDDIR/mymachines hook $* || :"
}
cd "$TMPDIR" || exit

# snapshot: all that could be changed
snapshot() {
    find /etc /usr/share/containers /usr/share/lxc "$TMPDIR/bundle" -xdev \( -type f -o -type l \) \
        -printf '%p %m %u %g\n' 2>/dev/null | sort
    find /etc /usr/share/containers /usr/share/lxc "$TMPDIR/bundle" -xdev -type f -exec cat {} + 2>/dev/null | md5sum
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
    like "$out" "$target: * isn't set up" "$target: in words"
    run mymachines setup "$target" --dry-run "$@"
    is "$status" 0 "$target: a dry run"
    like "$out" "*+++ ${files[0]}"$'\n*' "$target: a dry run shows the change"
    is "$(snapshot)" "$before" "$target: and makes none"
    run mymachines setup "$target" "$@"
    is "$status:$err" "0:" "$target: is set up"
    like "$out" "*+++ ${files[0]}"$'\n*' "$target: the change is shown"
    for file in "${files[@]}"; do
        ok "$([ -s "$file" ]; echo $?)" "$target: ${file##*/} is there"
    done
    after=$(snapshot)
    run mymachines setup "$target" "$@"
    is "$status:$out" "0:$target: nothing to do" "$target: twice is no more than once"
    is "$(snapshot)" "$after" "$target: and changes nothing"
    run mymachines setup "$target" --check "$@"
    is "$status:$out" "0:$target: is set up" "$target: --check says that it is set up"
    run mymachines setup "$target" --remove --quiet "$@"
    is "$status:$out:$err" "0::" "$target: is removed"
    is "$(snapshot)" "$before" "$target: and all is as it was"
    run mymachines setup "$target" --remove --check "$@"
    is "$status:$out" "0:$target: is removed" "$target: --check says that it is removed"
}

podman=/usr/share/containers/oci/hooks.d/mymachines.json
cycle podman $podman
mymachines setup --quiet podman
is "$(jq -c '[.stages, .when, .hook.args[2]]' $podman)" \
    "[[\"createRuntime\",\"poststop\"],{\"always\":true},\"$(hook oci --service=podman)\"]" "podman: as oci-hooks(5) has it"
mymachines setup --quiet --strict podman
is "$(jq -r .hook.args[2] $podman)" "exec $BUILDDIR/mymachines hook oci --service=podman --strict" "podman: --strict hooks"
mymachines setup --quiet --remove podman
mkdir "$TMPDIR/hooks.d"
cycle podman "$TMPDIR/hooks.d/mymachines.json" -- --hooks-dir="$TMPDIR/hooks.d"

cycle libvirt /etc/libvirt/hooks/lxc.d/mymachines /etc/libvirt/hooks/qemu.d/mymachines
mkdir -p /etc/libvirt/hooks/qemu.d
echo '#!/bin/sh' >/etc/libvirt/hooks/qemu.d/another
mymachines setup --quiet libvirt
is "$(stat -c %a /etc/libvirt/hooks/qemu.d/mymachines)" 755 "libvirt: its hook can be executed"
mymachines setup --quiet --remove libvirt
is "$(ls /etc/libvirt/hooks/qemu.d)" another "libvirt: another's hook stays"

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
is "$(cat config)" $'lxc.uts.name = c1\n# no newline at the end\nlxc.signal.halt = SIGTERM' "lxc: and taken out there"

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
            "[\"$(hook oci --service=runc)\"]" "runc: its hooks, bundle $number $style"
        is "$(jq -c '.hooks | keys' bundle/config.json | grep -c createRuntime.*poststop)" 1 "runc: in both stages"
        [ "$style" = --compact-output ] || ok "$(grep -q '^[[:blank:]]*"createRuntime"' bundle/config.json; echo $?)" \
            "runc: on lines of their own"
    done
done <<'BUNDLES'
{"ociVersion": "1.0.2", "process": {"args": ["/bin/sh", "a]}{[\\\""], "rlimits": [{"hard": "BIG"}]}, "a/b": "ä\u0001"}
{"hooks": {"poststop": [{"path": "/bin/true"}], "prestart": []}, "last": -0.5e3}
{"hooks": {"createRuntime": [{"path": "/bin/true"}, {"path": "/bin/sh", "args": ["x"]}]}}
{"hooks": {"createRuntime": [{"path": "/bin/true"}], "poststop": [{"path": "/bin/false"}]}}
BUNDLES
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
is "$(cat bundle/config.json)" "$(sed -z 's/,\n {"path": "\/bin\/sh", "args": \["sh", "-c", "\[[^}]*}//' before)" "runc: others' stay as they are"

if [ -e /lib/systemd/system/systemd-nspawn@.service ]; then
    cycle nspawn /etc/systemd/system/systemd-nspawn@.service.d/mymachines.conf
else
    skip "systemd-container isn't installed (scripts/install-deps --runtimes)" "nspawn"
fi
unit=/etc/systemd/system/systemd-nspawn@.service
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/systemd-nspawn --boot \' '  --machine=%i' >$unit
mymachines setup --quiet nspawn
is "$(tail -n 2 $unit.d/mymachines.conf)" \
    "ExecStart=\"$BUILDDIR/mymachines\" run %i -- systemd-nspawn --register=no --boot \\"$'\n  --machine=%i' \
    "nspawn: the admin's own unit counts, with continued lines"
mymachines setup --quiet --remove nspawn
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/other --boot' >$unit
fails "mymachines: setup: no systemd-nspawn@.service that starts systemd-nspawn was found" \
    "nspawn: a unit that starts something else" mymachines setup nspawn
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
hosts:   files mymachines mdns4_minimal [NOTFOUND=return] dns' "nss: where it belongs"
is "$(cat /etc/nsswitch.conf.before-mymachines)" "$(cat before)" "nss: a backup is kept"
is "$(find /etc -maxdepth 1 -name '.nss*')" "" "nss: and nothing else"
sed -i 's/^shadow:.*/shadow:  files systemd/' /etc/nsswitch.conf
mymachines setup --quiet --remove nss
is "$(cat /etc/nsswitch.conf)" "$(sed 's/^shadow:.*/shadow:  files systemd/' before)" "nss: changes made meanwhile stay"
ok "$([ -e /etc/nsswitch.conf.before-mymachines ]; echo $?)" "nss: and the backup, as it differs"
rm /etc/nsswitch.conf.before-mymachines
mkdir "$TMPDIR/elsewhere"
mv /etc/nsswitch.conf "$TMPDIR/elsewhere/nsswitch.conf"
ln -s "$TMPDIR/elsewhere/nsswitch.conf" /etc/nsswitch.conf
mymachines setup --quiet nss
is "$(readlink /etc/nsswitch.conf):$(grep -c mymachines "$TMPDIR/elsewhere/nsswitch.conf")" \
    "$TMPDIR/elsewhere/nsswitch.conf:3" "nss: through a symbolic link, which stays"
mymachines setup --quiet --remove nss
echo 'passwd: files [NOTFOUND' >/etc/nsswitch.conf
fails "mymachines: setup: /etc/nsswitch.conf: passwd: glibc doesn't understand this line; put it right first" \
    "nss: a line that glibc doesn't understand" mymachines setup nss
rm -f /etc/nsswitch.conf
mymachines setup --quiet nss
is "$(cat /etc/nsswitch.conf)" $'passwd: files mymachines\ngroup: files mymachines\nhosts: files mymachines dns' \
    "nss: without a file, with glibc's own defaults"

# Half a block is somebody's text.
printf "# Begin of what 'mymachines setup' wrote\nlxc.mine = 1\n" >config
cp config before
mymachines setup --quiet lxc --config=config
mymachines setup --quiet lxc --config=config
is "$(head -n 2 config)" "$(cat before)" "lxc: half a block stays"
mymachines setup --quiet lxc --config=config --remove
is "$(cat config)" "$(cat before)" "lxc: and is as it was"

# Files of others that have our names.
for file in "podman $podman" "libvirt /etc/libvirt/hooks/qemu.d/mymachines" \
    "nspawn /etc/systemd/system/systemd-nspawn@.service.d/mymachines.conf"; do
    mkdir -p "$(dirname "${file#* }")"
    echo mine >"${file#* }"
    fails "mymachines: setup: ${file#* }: isn't what setup writes; move it away first" "${file%% *}: somebody else's file" \
        mymachines setup "${file%% *}" --remove
    is "$(cat "${file#* }")" mine "${file%% *}: stays"
    rm "${file#* }"
done

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
like "$?:$out" "0:mymachines: hook libvirt: web1: no XML: *" "run by its script"
mkdir "$TMPDIR/"$'new\nline'
cp "$BUILDDIR/mymachines" "$TMPDIR/"$'new\nline/'
fails "mymachines: setup: the path of this program can't be told, or has a control byte" "a path with a newline" \
    "$TMPDIR/"$'new\nline/mymachines' setup nss
# Whatever becomes of the program, and of its libraries.
for program in '' '#!/nonesuch' garbage; do
    printf '%s' "$program" >"$odd/mymachines"
    sh -c "$(jq -r .hook.args[2] $podman)" >/dev/null 2>&1 </dev/null
    is $? 0 "a program that is ${program:-empty} keeps nothing from starting"
done
rm -r "$odd"
sh -c "$(jq -r .hook.args[2] $podman)" </dev/null
is $? 0 "nor one that has gone"
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
is "$(mymachines setup --quiet nss 2>&1; cat /etc/nsswitch.conf)" "$(cat new)" "and it can be set up after that"

fails "mymachines: setup: what to set up is missing" "nothing" mymachines setup
fails "mymachines: setup: 'docker' is nothing that can be set up; *" "something else" mymachines setup docker
fails "mymachines: setup: qemu has no hook; start it by 'mymachines run-qemu'" "what has no hook" mymachines setup qemu
fails "mymachines: setup: --bundle= isn't for podman" "another's option" mymachines setup podman --bundle=/
fails "mymachines: setup: nonesuch/config.json: there is none; name a bundle by --bundle=" "no bundle" \
    mymachines setup runc --bundle=nonesuch
fails "mymachines: setup: an option has an empty value" "an empty directory" mymachines setup podman --hooks-dir=
fails "mymachines: setup: nonesuch: there is none" "no configuration" mymachines setup lxc --config=nonesuch
for content in '' '[]' '{"hooks": 7}' '{"hooks": {"poststop": {}}}' '{' '{"a": "\u0000"}'; do
    printf '%s' "$content" >bundle/config.json
    fails "mymachines: setup: $TMPDIR/bundle/config.json: isn't an OCI configuration: *" "a bundle with ${content@Q}" \
        mymachines setup runc --bundle="$TMPDIR/bundle"
    is "$(cat bundle/config.json)" "$content" "and that stays as it is"
done
mount -o remount,ro /etc
before=$(cat /etc/nsswitch.conf)
run mymachines setup --quiet nss --remove
is "$status:$err:$(cat /etc/nsswitch.conf)" "1:mymachines: cannot write /etc/nsswitch.conf: Read-only file system:$before" \
    "where nothing can be written"
mount -o remount,rw /etc
run setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILDDIR/mymachines" setup --quiet libvirt
like "$status:$err" "1:mymachines: cannot write /etc/libvirt/hooks/lxc.d/mymachines: Permission denied (this needs root)" \
    "for somebody who isn't root"

done_testing
