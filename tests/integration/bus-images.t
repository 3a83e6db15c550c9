#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images by org.freedesktop.machine1: every method, and stock machinectl, beside the real machined.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
. "$SRCDIR/tests/support/images.sh"
need_root
for program in dbus-daemon busctl jq; do
    command -v $program >/dev/null || skip_all "$program isn't installed"
done
[ -x "$BUILDDIR/mymachines-bus" ] || skip_all "it was configured without libsystemd"
own_pool
start_bus
mkdir -p /run/systemd/system

mkdir -p "$pool"/{web1,.hidden}/etc
printf '%s\n' 'NAME="Test OS"' ID=testos $'EVIL=\e[31m' >$pool/web1/etc/os-release
echo web1.example.org >$pool/web1/etc/hostname
echo 0102030405060708090a0b0c0d0e0f10 >$pool/web1/etc/machine-id
printf '%s\n' 'PRETTY_HOSTNAME="Web one"' >$pool/web1/etc/machine-info
truncate -s 1M $pool/disk.raw

# What stock machinectl prints: with the real machined, which doesn't tell when a directory was modified, and
# with ours.
show_all() {
    machinectl list-images --no-pager | sed "s/\(directory.*UTC\) .*/\1/"
    machinectl list-images -a -o json | jq -c 'sort_by(.name) | map([.name, .type, .ro])'
    machinectl show-image web1 | grep -v ^Modif
    machinectl image-status web1 --no-pager | sed 's/; .* ago//' | grep -v Modified:
    machinectl image-status disk --no-pager | sed 's/; .* ago//'
    machinectl show-image
    for name in nosuch a/b ''; do
        machinectl show-image "$name"
        machinectl remove "$name"
    done
    machinectl clone web1 a/b
    machinectl rename web1 ''
    # The reasons of these are in our own words.
    machinectl clone web1 disk 2>&1 | cut -d: -f1
    machinectl rename web1 disk 2>&1 | cut -d: -f1
    machinectl set-limit disk 1G 2>&1 | cut -d: -f1
    machinectl remove .host
    busctl tree --list org.freedesktop.machine1 | grep /image/ | LC_ALL=C sort
} 2>&1
real=/lib/systemd/systemd-machined
if command -v machinectl >/dev/null && [ -x $real ]; then
    $real >/dev/null 2>&1 &
    machined=$!
    if wait_until sh -c "[ '$(server_pid)' = $machined ] || busctl status org.freedesktop.machine1 >/dev/null 2>&1"; then
        show_all >"$TMPDIR/real"
    fi
    kill $machined 2>/dev/null
    wait $machined 2>/dev/null
    show_all >"$TMPDIR/ours"
    is "$(cat "$TMPDIR/ours")" "$(cat "$TMPDIR/real")" "stock machinectl prints the same as with the real machined"
    run machinectl clone web1 web2
    is "$status|$err|$(cat $pool/web2/etc/hostname)" "0||web1.example.org" "machinectl clone"
    run machinectl rename web2 web3
    is "$status|$err|$(ls $pool)" "0||$(printf '%s\n' disk.raw web1 web3)" "machinectl rename"
    run machinectl read-only disk true
    is "$status|$err|$(stat -c %A $pool/disk.raw | tr -d 'r-')" "0||" "machinectl read-only"
    machinectl read-only disk false
    run machinectl clone --read-only disk copy
    is "$status|$err|$(mymachines show-image copy -p ReadOnly --value)" "0||yes" "machinectl clone --read-only"
    run machinectl remove web3 copy
    is "$status|$err|$(ls $pool)" "0||$(printf '%s\n' disk.raw web1)" "machinectl remove"
    run machinectl clean
    like "$status|$out|$err|$(ls -A $pool)" "0||Removed image '.hidden'*|$(printf '%s\n' disk.raw web1)" "machinectl clean"
    mkdir $pool/.hidden
    rm $pool/.#* 2>/dev/null
else
    skip "machinectl and systemd-machined aren't installed" "stock machinectl"
fi

M=org.freedesktop.machine1
IMAGES=/org/freedesktop/machine1/image
E=org.freedesktop.DBus.Error
# image NAME METHOD [ARGUMENT...]: a call of an image's object
image() {
    busctl --timeout=30 call $M "/org/freedesktop/machine1/image/$1" $M.Image "${@:2}"
}
is "$(machine1 GetImage s web1)" 'o "/org/freedesktop/machine1/image/web1"' "GetImage"
is "$(machine1 GetImageHostname s web1)|$(image web1 GetHostname)" 's "web1.example.org"|s "web1.example.org"' "GetImageHostname"
is "$(machine1 GetImageMachineID s web1)|$(image web1 GetMachineID)" \
    "ay 16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16|ay 16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16" "GetImageMachineID"
is "$(machine1 GetImageMachineInfo s web1)|$(image web1 GetMachineInfo)" \
    'a{ss} 1 "PRETTY_HOSTNAME" "Web one"|a{ss} 1 "PRETTY_HOSTNAME" "Web one"' "GetImageMachineInfo"
is "$(machine1 GetImageOSRelease s web1)|$(image web1 GetOSRelease)" \
    'a{ss} 2 "NAME" "Test OS" "ID" "testos"|a{ss} 2 "NAME" "Test OS" "ID" "testos"' \
    "GetImageOSRelease leaves out what a terminal wouldn't survive"
ln -sf /etc/passwd $pool/web1/etc/machine-info
is "$(image web1 GetMachineInfo)" "a{ss} 0" "a link in an image doesn't lead out of it"
run image web1 Clone sb web2 false
is "$status|$(ls $pool)" "0|$(printf '%s\n' disk.raw web1 web2)" "Clone"
run image web2 Rename s 9.web
is "$status|$(ls $pool)" "0|$(printf '%s\n' 9.web disk.raw web1)" "Rename"
run image _39_2eweb MarkReadOnly b true
is "$status|$(mymachines show-image 9.web -p ReadOnly --value)" "0|yes" "MarkReadOnly"
is "$(busctl get-property $M /org/freedesktop/machine1/image/_39_2eweb $M.Image ReadOnly Type)" "$(printf 'b true\ns "directory"')" "properties"
run image _39_2eweb Remove
is "$status|$(ls $pool)" "0|$(printf '%s\n' disk.raw web1)" "Remove"
like "$(image _39_2eweb Remove 2>&1)" "*Unknown object*" "an image that isn't there has no object"
is "$(machine1 CleanPool s hidden)|$(ls -A $pool)" "a(st) 1 \".hidden\" 18446744073709551615|$(printf '%s\n' disk.raw web1)" "CleanPool"

error_name() {
    python3 "$SRCDIR/tests/integration/bus_error.py" "$@"
}
exec 7>"$pool/.#web1.lck"
python3 -c 'import fcntl, struct; fcntl.fcntl(7, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))'
while IFS='|' read -r expected name arguments; do
    eval "set -- $arguments"
    is "$(error_name "$@")" "$expected" "$name"
done <<T
$M.NoSuchImage|remove: no such image|RemoveImage s nosuch
$E.InvalidArgs|remove: a name with a slash|RemoveImage s a/b
$E.InvalidArgs|clone: an invalid name|CloneImage ssb web1 a/b false
$E.InvalidArgs|rename: an invalid name|RenameImage ss web1 ''
$E.FileExists|clone: a name that is taken|CloneImage ssb disk web1 false
$E.FileExists|rename: a name that is taken|RenameImage ss disk web1
System.Error.EROFS|remove: the host|RemoveImage s .host
System.Error.EBUSY|remove: an image in use|RemoveImage s web1
$E.NotSupported|set-limit: not btrfs|SetImageLimit st disk 1000000
$E.NotSupported|set-limit of the pool|SetPoolLimit t 1000000
$E.InvalidArgs|clean: an unknown mode|CleanPool s some
$E.NotSupported|a disk is not looked into|GetImageOSRelease s disk
T
exec 7>&-
as_user() {
    setpriv --reuid=daemon --regid=daemon --init-groups "$@"
}
for call in "RemoveImage s web1" "RenameImage ss web1 x" "CloneImage ssb web1 x false" "MarkImageReadOnly sb web1 true" \
    "SetImageLimit st web1 1" "SetPoolLimit t 1" "CleanPool s all"; do
    # shellcheck disable=SC2086
    like "$(as_user python3 "$SRCDIR/tests/integration/bus_error.py" $call)" "$E.[AI]*ed" "an ordinary user may not call ${call%% *}"
done
is "$(ls $pool)|$(as_user busctl --json=short call $MACHINE1 ListImages 2>/dev/null | jq -c '.data[0] | map(.[0])')" \
    "$(printf '%s\n' disk.raw web1)|[\".host\",\"disk\",\"web1\"]" "and may list images, all of which are there still"

# A file system that doesn't answer delays those alone who ask about images, and them not for ever.
object_error() {
    busctl --timeout=30 call $M "$1" "org.freedesktop.DBus.${2%.*}" "${2#*.}" "${@:3}" 2>&1
}
is "$(object_error $IMAGES/nosuch Properties.Get ss $M.Image Name)" "Call failed: Unknown object '$IMAGES/nosuch'." \
    "an image that isn't there has no properties"
is "$(object_error $IMAGES/nosuch Properties.GetAll s '')|$(object_error $IMAGES/nosuch Introspectable.Introspect)" \
    "Call failed: Unknown object '$IMAGES/nosuch'.|Call failed: Unknown object '$IMAGES/nosuch'." "an image that isn't there has no description"
is "$(object_error $IMAGES/a_2fb Introspectable.Introspect)" "Call failed: Unknown object '$IMAGES/a_2fb'." \
    "nor has what can't be an image"
is "$(busctl introspect $M $IMAGES/web1 $M.Image | awk '$2 == "method" { print $1 }' | sort | head -n 3 | xargs)" \
    ".Clone .GetHostname .GetMachineID" "an image that is there has"
is "$(object_error $IMAGES/_2ehost Introspectable.Introspect | grep -c MarkReadOnly)" 1 "so has the host's"
like "$(object_error $IMAGES/web1 Properties.Get ss $M.Image Nosuch)" "*or property Nosuch*" "an image has no other properties"
like "$(object_error $IMAGES/web1 Properties.GetAll s $M.Nosuch)" "*Unknown interface*" "an image has no other interfaces"
is "$(busctl get-property $MACHINE1 PoolPath PoolUsage)" "$(printf 's "%s"\nt 18446744073709551615' $pool)" "properties of the pool"
if [ -c /dev/fuse ]; then
    mkdir $pool/hung
    python3 "$SRCDIR/tests/support/silent_fuse.py" $pool/hung >"$TMPDIR/fuse" 2>&1 </dev/null &
    fuse=$!
    wait_until grep -q . "$TMPDIR/fuse"
fi
if grep -qx ready "$TMPDIR/fuse" 2>/dev/null; then
    machine1 ListMachines >/dev/null
    # ask NAME COMMAND...: in the background
    callers=()
    ask() {
        "${@:2}" >"$TMPDIR/hung-$1" 2>&1 &
        callers+=($!)
    }
    ask ListImages machine1 ListImages
    ask GetImage machine1 GetImage s hung
    ask RemoveImage machine1 RemoveImage s hung
    ask Clone image hung Clone sb hung2 false
    ask Get object_error $IMAGES/hung Properties.Get ss $M.Image Name
    ask GetAll object_error $IMAGES/hung Properties.GetAll s ''
    ask IntrospectImage object_error $IMAGES/hung Introspectable.Introspect
    ask Introspect object_error $IMAGES Introspectable.Introspect
    has_children() {
        [ "$(pgrep -c -P "$(server_pid)")" -ge ${#callers[@]} ]
    }
    wait_until has_children
    is "$(machine1 ListMachines | cut -c 1-14)" 'a(ssso) 1 ".ho' "a disk that hangs delays no call about machines"
    is "$(machine1 GetImage s web1)" "o \"$IMAGES/web1\"" "nor one about another image"
    wait "${callers[@]}"
    is "$(cat "$TMPDIR"/hung-* | sort | uniq -c | sed 's/^ *//')" \
        "${#callers[@]} Call failed: the machine or image has not answered in time" "a call about that disk ends in an error"
    kill -9 $fuse
else
    skip "FUSE can't be mounted here" "a disk that hangs delays no call about machines"
fi
done_testing
