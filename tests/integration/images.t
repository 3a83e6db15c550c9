#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images: found, shown, copied, renamed, marked and removed, on each file system that people have.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/images.sh"
need_root
for program in strace setfattr losetup; do
    command -v "$program" >/dev/null || skip_all "$program isn't installed"
done
own_pool

# images [OPTION...]: a line for each image: name, type, read-only
images() {
    mymachines list-images --no-legend "$@" | awk '{ print $1, $2, $3 }'
}
tree() {
    "$SRCDIR/tests/support/tree.py" "$1"
}
# blocks FILE...: kilobytes that they take
blocks() {
    du -sk "$@" | awk '{ sum += $1 } END { print sum }'
}
hidden() {
    find "$pool" -maxdepth 1 -name '.#*' -printf '%f\n' | sort
}

# What is found, and where.
run mymachines list-images
is "$status|$out|$err" "0|No images.|" "list-images without any"
mkdir "$pool/dir" "$pool/.hid" "$pool/.#x" "$pool/both" /run/machines
truncate -s 1M "$pool/disk.raw" "$pool/both.raw" "$pool/no-image" "$pool/.raw"
ln -s /nowhere "$pool/dangling"
ln -s "$pool/dir" "$pool/linked"
mkfifo "$pool/fifo"
mkdir "$pool/$(printf 'bad\nname')" "/run/machines/dir" "/run/machines/other"
is "$(images)" "both directory no
dir directory no
disk raw no
linked directory no
other directory no" "list-images"
is "$(images --all | head -n 2)" ".hid directory no
.host directory no" "list-images --all has hidden images and the host"
is "$(mymachines list-images | tail -n 2)" "
5 images listed." "list-images counts them"
is "$(mymachines show-image dir -p Path --value)" /run/machines/dir "the first of a name in systemd's order counts"
is "$(mymachines show-image disk)" "Name=disk
Path=$pool/disk.raw
Type=raw
ReadOnly=no
CreationTimestamp=$(date -d @"$(stat -c %W "$pool/disk.raw")" '+%a %F %T UTC')
ModificationTimestamp=$(date -d @"$(stat -c %Y "$pool/disk.raw")" '+%a %F %T UTC')
Usage=0
Limit=1048576
UsageExclusive=0
LimitExclusive=1048576" "show-image"
mkdir -p "$pool/both/etc"
printf 'PRETTY_NAME="Some System"\n' >"$pool/both/etc/os-release"
ln -s /etc/passwd "$pool/both/etc/hostname"
run mymachines image-status both disk
is "$status|$(grep -vE '(Created|Modified):' <<<"$out")" "0|both
	    Type: directory
	    Path: $pool/both
	      OS: Some System
	      RO: writable

disk
	    Type: raw
	    Path: $pool/disk.raw
	      RO: writable
	   Usage: 0B
	   Limit: 1.0M" "image-status; a link in an image doesn't lead out of it"
is "$(mymachines image-status)" "	    Path: $pool" "image-status without a name: the pool"
echo 0123456789abcdef0123456789abcdef >"$pool/both/etc/machine-id"
like "$(mymachines image-status both)" "*
      Machine ID: 0123456789abcdef0123456789abcdef
	      OS: *" "image-status shows the machine id"
printf '0123456789abcdef0123456789abcdefgh\n' >"$pool/both/etc/machine-id"
is "$(mymachines image-status both | grep -c Machine)" 0 "and nothing else for one"
is "$(mymachines show-image both -p Limit,LimitExclusive | paste -sd' ')" "Limit=infinity LimitExclusive=infinity" "no limit is infinity"
fails "mymachines: there is no image 'nothing'; see list-images" "an image that isn't there" mymachines show-image nothing
fails "mymachines: there is no image 'no-image'*" "a file without .raw is not an image" mymachines show-image no-image
fails "mymachines: the name '../x' has a slash in it*" "no path is a name" mymachines show-image ../x
for name in a/b .. .#x .host "$(printf 'a\tb')" "$(printf '\xff')" ''; do
    fails "mymachines: the name *: no image can be called so" "clone to '$name'" mymachines clone other "$name"
done
fails "mymachines: there is an image 'disk' already, $pool/disk.raw" "clone to a name that is taken" mymachines clone other disk
fails "mymachines: there is an image 'disk' already*" "rename to a name that is taken" mymachines rename both disk
fails "mymachines: .host is this host itself*" "the host can't be removed" mymachines remove .host
fails "mymachines: .host is this host itself*" "the host can't be renamed" mymachines rename .host x

# Only root may enter the pool.
chmod 711 "$pool"
fails "mymachines: users other than root may enter $pool (mode 0711)*run 'chmod 0700 $pool'" "a pool that others may enter" \
    mymachines clone other x
chmod 700 "$pool"
chown 1000 "$pool"
fails "mymachines: $pool belongs to user 1000*run 'chown root:root $pool'" "a pool of somebody else's" mymachines clone other x
chown 0 "$pool"

# Links are removed, not what they lead to.
mymachines remove linked
is "$?|$(ls -d "$pool"/{dir,linked} 2>/dev/null)" "0|$pool/dir" "of an image that is a link, the link is removed"
mount -t tmpfs tmpfs "$pool/both/etc"
: >"$pool/both/etc/precious"
fails "mymachines: a file system is mounted at $pool/both/etc: unmount it first" "nothing is removed below a mount" mymachines remove both
is "$(ls "$pool/both/etc")" precious "and all is there still"
umount "$pool/both/etc"
rm -rf "${pool:?}"/* "$pool"/.[!.]* /run/machines

# Settings and hashes.
mkdir -p "$settings" "$pool/a"
echo '[Exec]' >"$settings/a.nspawn"
echo '[Files]' >"$pool/a.nspawn"
echo abc >"$pool/a.roothash"
mkdir "$pool/a.raw.tpmstate"
mymachines clone a b
is "$?|$(cat "$settings/b.nspawn" "$pool/b.nspawn" "$pool/b.roothash" | paste -sd,)" "0|[Exec],[Files],abc" \
    "clone copies settings and hashes"
ok "$([ ! -e "$pool/b.raw.tpmstate" ]; echo $?)" "clone doesn't copy the state of a TPM"
mymachines rename a c
is "$?|$(ls -d "$pool"/a* "$settings"/a* 2>/dev/null)|$(cat "$settings/c.nspawn" "$pool/c.nspawn" "$pool/c.roothash" |
    paste -sd,)|$(ls -d "$pool/c.raw.tpmstate")" "0||[Exec],[Files],abc|$pool/c.raw.tpmstate" "rename moves all of them"
echo mine >"$settings/d.nspawn"
fails "mymachines: cannot make d.nspawn: File exists" "rename doesn't replace other settings" mymachines rename c d
is "$(images)|$(cat "$settings/c.nspawn" "$settings/d.nspawn" | paste -sd,)" "b directory no
c directory no|[Exec],mine" "and leaves all as it was"
is "$(mymachines cat c)" "# $settings/c.nspawn
[Exec]" "cat prints the settings that nspawn would read"
rm "$settings/c.nspawn"
is "$(mymachines cat c.nspawn)" "# $pool/c.nspawn
[Files]" "cat prints those beside the image if there are no others"
fails "mymachines: there are no settings of an image 'x'" "cat of nothing" mymachines cat x
cat >"$TMPDIR/editor" <<'I'
#!/bin/sh
case $1 in -x) shift ;; esac
sed -i "s/.Files./[Network]/" "$1"
I
chmod 755 "$TMPDIR/editor"
EDITOR="$TMPDIR/editor -x" mymachines edit c
is "$?|$(cat "$settings/c.nspawn")|$(cat "$pool/c.nspawn")" "0|[Network]|[Files]" "edit begins with what there is, and changes root's own"
run timeout 60 env -u SYSTEMD_EDITOR -u EDITOR -u VISUAL mymachines edit b </dev/null
is "$status|$err" "1|mymachines: standard input and output aren't a terminal; set EDITOR to a program that doesn't need one" \
    "edit without a terminal starts no editor that nobody has chosen"
EDITOR=false fails "mymachines: the editor failed with exit status 1" "edit with an editor that fails" mymachines edit b
is "$(cat "$settings/b.nspawn")|$(ls -A "$settings" | grep -c '^\.#')" "[Exec]|0" "and nothing is changed or left"
# A private file of somebody's who edits it by a link.
mkdir "$TMPDIR/kept"
echo '[Files]' >"$TMPDIR/kept/real"
chmod 600 "$TMPDIR/kept/real"
chown 0:7 "$TMPDIR/kept/real"
setfattr -n trusted.mine -v x "$TMPDIR/kept/real"
ln -s "$TMPDIR/kept/real" "$settings/private.nspawn"
EDITOR="$TMPDIR/editor" run mymachines edit private
is "$status|$err|$(readlink "$settings/private.nspawn")|$(cat "$TMPDIR/kept/real")" "0||$TMPDIR/kept/real|[Network]" \
    "edit follows a link, which stays"
is "$(stat -c '%a %u:%g' "$TMPDIR/kept/real") $(getfattr --only-values -n trusted.mine "$TMPDIR/kept/real" 2>/dev/null)" "600 0:7 x" \
    "edit keeps owner, mode and attributes of a file"
cat >"$TMPDIR/spy" <<'I'
#!/bin/sh
stat -c %a "$1" >"$TMPDIR/copy-mode"
echo other >>"$settings/private.nspawn"
sed -i "s/.Network./[Exec]/" "$1"
I
chmod 755 "$TMPDIR/spy"
export settings
EDITOR="$TMPDIR/spy" fails "mymachines: the edited text stays in $settings/.#private.nspawn*: $settings/private.nspawn was changed meanwhile" \
    "edit doesn't replace what somebody else has written meanwhile" mymachines edit private
is "$(cat "$TMPDIR/copy-mode" "$TMPDIR/kept/real" "$settings"/.#private.nspawn* | paste -sd,)" "600,[Network],other,[Exec]" \
    "then both texts are there, and the copy is private"
rm "$settings"/.#private.nspawn*
chown 1000 "$TMPDIR/kept/real"
EDITOR="$TMPDIR/editor" fails "mymachines: $settings/private.nspawn: 'real' belongs to user 1000, *" "edit refuses a file of somebody else's" \
    mymachines edit private
ln -sf /dev/null "$settings/private.nspawn"
EDITOR="$TMPDIR/editor" fails "*private.nspawn: not a regular file" "edit leaves settings that are masked" mymachines edit private
is "$(readlink "$settings/private.nspawn")" /dev/null "and the link stays"
rm "$settings/private.nspawn"
mymachines remove b c
is "$?|$(ls -A "$pool" "$settings" | grep -v '^/' | grep .)" "0|d.nspawn" "remove takes all of them"
rm "$settings/d.nspawn"

# Names of such files: a directory with one would belong to another image.
mkdir -p "$pool/web/etc" "$pool/web.verity/etc" "$pool/web.nspawn"
truncate -s 1M "$pool/disk.raw"
echo abc >"$pool/web.roothash"
for name in web.verity2.verity x.nspawn x.oci-config x.usrhash.p7s x.raw.tpmstate; do
    fails "mymachines: the name '$name' is that of a file beside another image: *" "rename refuses a side file's name: $name" \
        mymachines rename web "$name"
    fails "mymachines: the name '$name' is that of a file beside another image: *" "clone refuses a side file's name: $name" \
        mymachines clone web "$name"
done
is "$(images)|$(ls "$pool" | paste -sd,)" "disk raw no
web directory no|disk.raw,web,web.nspawn,web.roothash,web.verity" "and nothing is changed or left"
mymachines clone disk copy.nspawn && mymachines rename disk disk.verity
is "$?|$(images)" "0|copy.nspawn raw no
disk.verity raw no
web directory no" "a disk may have such a name, because its file has another ending"
touch "$pool/other.verity"
mymachines rename web other
is "$?|$(ls "$pool" | paste -sd,)" "0|copy.nspawn.raw,disk.verity.raw,other,other.roothash,other.verity,web.nspawn,web.verity" \
    "rename moves files beside the image, and no directories with such names"
rm "$pool/other.verity"
mymachines rename other web
mymachines remove web disk.verity copy.nspawn
is "$?|$(ls "$pool" | paste -sd,)|$(ls "$pool/web.verity")" "0|web.nspawn,web.verity|etc" \
    "remove takes files beside the image, and no directories with such names"
rm -r "${pool:?}"/*

mkdir -p "$pool/deep/$(printf 'a/%.0s' {1..300})"
fails "mymachines: cannot copy a/a/*: it is deeper than 256 directories" "a tree that is deeper than any system's isn't cloned" \
    mymachines clone deep deeper
rm -r "$pool/deep"

# Every file system: clones are the same, whatever way they are made.
# clones NAME WHAT: a clone of an image that is a tree, writable and read-only
clones() {
    local what=$2 to
    run mymachines clone "$1" plain
    is "$status|$out|$err" "0||" "$what: clone"
    is "$(tree "$pool/plain")" "$(tree "$pool/$1")" "$what: the clone is the same"
    run mymachines clone --read-only "$1" fixed
    is "$status|$(images | grep -E '^(plain|fixed)' | awk '{ print $1, $3 }' | paste -sd,)" "0|fixed yes,plain no" \
        "$what: a clone is read-only if that was asked for"
    : 2>/dev/null >"$pool/fixed/new"
    is "$?|$(: >"$pool/plain/new"; echo $?)" "1|0" "$what: only the other one can be written to"
    ok "$([ "$(blocks "$pool/plain")" -le $(($(blocks "$pool/$1") + 64)) ]; echo $?)" "$what: the clone has its holes"
    # Without the capability that the mark of a directory needs, as in a container: a warning, and the image stays.
    run setpriv --bounding-set=-linux_immutable --inh-caps=-linux_immutable mymachines clone --read-only "$1" unmarked
    to=no && [ -n "$err" ] || to=yes
    is "$status|$(tree "$pool/unmarked" | cmp - <(tree "$pool/$1"))|$(images | grep '^unmarked')|$err" "0||unmarked $(
        [ $to = yes ] && echo "subvolume yes|" ||
            echo "directory no|mymachines: the image 'unmarked' is complete, but can't be marked read-only here: Operation not permitted")" \
        "$what: a clone stays if the mark isn't possible"
    mymachines remove unmarked
    mymachines rename fixed moved
    is "$?|$(images | grep -E '^(moved|fixed)')" "0|moved $(images | awk '$1 == "moved" { print $2 }') yes" \
        "$what: a read-only image is renamed, and stays so"
    mymachines read-only moved no
    is "$?|$(: >"$pool/moved/new"; echo $?)" "0|0" "$what: read-only no"
    mymachines read-only moved
    is "$?|$(images | awk '$1 == "moved" { print $3 }')" "0|yes" "$what: read-only"
    run mymachines remove moved plain
    is "$status|$err|$(ls "$pool" | grep -E 'moved|plain')|$(hidden)" "0|||" "$what: remove"
}
for type in tmpfs ext4 xfs btrfs; do
    mount_pool "$type" || { skip "$why" "images on $type"; continue; }
    make_tree "$pool/tree"
    clones tree "$type, directory"
    if [ "$type" = btrfs ]; then
        btrfs -q subvolume create "$pool/sub"
        make_tree "$pool/sub"
        clones sub "btrfs, subvolume"
        mymachines clone sub snapshot
        is "$(mymachines show-image snapshot -p Type --value)" subvolume "btrfs: a clone of a subvolume is one"
        fails "mymachines: quotas are off on the file system of $pool/sub: run 'btrfs quota enable $pool/sub'*" \
            "btrfs: no quotas are switched on" mymachines set-limit sub 1G
        is "$(btrfs qgroup show "$pool" 2>&1 | grep -c '^0/')" 0 "btrfs: they are off still"
        btrfs quota enable "$pool"
        mymachines set-limit sub 0.25G
        is "$?|$(mymachines show-image sub -p Limit --value)" "0|$((256 << 20))" "btrfs: set-limit"
        mymachines set-limit sub -
        is "$?|$(mymachines show-image sub -p Limit --value)" "0|infinity" "btrfs: no limit"
        btrfs quota disable "$pool"
        btrfs -q subvolume create "$pool/sub/nested"
        echo inner >"$pool/sub/nested/file"
        mkdir "$pool/sub/nested/deep" "$pool/sub/mounted"
        btrfs -q subvolume create "$pool/sub/nested/deep/er"
        btrfs -q subvolume create "$pool/sub/mounted/below"
        mkdir "$pool/sub/mounted/below/hidden"
        touch -d @1000000003 "$pool/sub/nested/deep" "$pool/sub"
        btrfs property set -ts "$pool/sub/nested" ro true
        mount -t tmpfs -o mode=700 tmpfs "$pool/sub/mounted/below"
        mymachines clone sub whole
        is "$?|$(cat "$pool/whole/nested/file")|$(stat -c %i,%Y "$pool"/whole{,/nested{,/deep{,/er}}} | cut -d, -f1 | tr '\n' ' ')" \
            "0|inner|256 256 $(stat -c %i "$pool/sub/nested/deep") 256 " \
            "btrfs: subvolumes in a subvolume are snapshots in the clone, too"
        is "$(stat -c %Y "$pool"/whole "$pool"/whole/nested/deep | tr '\n' ' ')|$(btrfs property get -ts "$pool/whole/nested" ro)" \
            "1000000003 1000000003 |ro=true" "btrfs: with the times around them, and read-only where they were"
        is "$(stat -c '%i %a' "$pool/whole/mounted/below" | sed 's/^256 /sub /; s/^[0-9]* /dir /')|$(ls -A "$pool/whole/mounted/below")" \
            "dir 700|" "btrfs: a subvolume that a mount hides is an empty directory"
        umount "$pool/sub/mounted/below"
        mymachines remove whole
        torn=''
        without=$(btrfs subvolume list "$pool" | wc -l)
        interrupt 0 mymachines clone sub whole >/dev/null 2>"$TMPDIR/count"
        steps=$(tail -n 1 "$TMPDIR/count")
        with=$(btrfs subvolume list "$pool" | wc -l)
        for ((n = steps / 2; n < steps; n += steps / 24 + 1)); do
            [ ! -d "$pool/whole" ] || mymachines remove whole || torn="$torn $n:remove"
            interrupt "$n" mymachines clone sub whole >/dev/null 2>&1
            [ ! -d "$pool/whole" ] || [ "$(cat "$pool/whole/nested/file")" = inner ] || torn="$torn $n"
            mymachines clean || torn="$torn $n:clean"
            [ "$(hidden)$(btrfs subvolume list "$pool" | wc -l)" = "$([ -d "$pool/whole" ] && echo "$with" || echo "$without")" ] ||
                torn="$torn $n:left"
        done
        is "$torn" "" "btrfs: killed between its snapshots, a clone of subvolumes is whole or isn't there"
        [ -d "$pool/whole" ] || mymachines clone sub whole
        rm -f /run/systemd/nspawn/locks/name-whole
        if [ -x "$BUILDDIR/mymachines-import" ]; then
            mymachines import-fs -q --read-only "$pool/sub" taken
            is "$?|$(images | grep '^taken')|$(cat "$pool/taken/nested/file")" "0|taken subvolume yes|inner" \
                "btrfs: import-fs makes snapshots"
            mymachines remove taken
        fi
        mymachines remove sub whole snapshot
        is "$?|$(ls "$pool")" "0|tree" "btrfs: subvolumes in subvolumes are removed, also read-only ones"
    else
        fails "mymachines: $pool/tree is not a subvolume of btrfs: only these have limits" "$type: set-limit" mymachines set-limit tree 1G
    fi
    truncate -s 40M "$pool/disk.raw"
    dd if=/dev/urandom of="$pool/disk.raw" bs=1M count=2 seek=1 conv=notrunc 2>/dev/null
    chmod 640 "$pool/disk.raw"
    sync -f "$pool"
    mymachines clone disk copy && mymachines clone --read-only disk fixed
    is "$?|$(cmp "$pool/disk.raw" "$pool/copy.raw" 2>&1)|$(stat -c %a,%s "$pool/copy.raw" "$pool/fixed.raw" | paste -sd' ')" \
        "0||640,41943040 440,41943040" "$type, raw: clone"
    ok "$([ "$(blocks "$pool/copy.raw")" -le 2100 ]; echo $?)" "$type, raw: the clone has its holes"
    is "$(images | grep -E '^(copy|fixed)')" "copy raw no
fixed raw yes" "$type, raw: read-only if that was asked for"
    if [ "$type" = btrfs ] || [ "$type" = xfs ]; then
        sync -f "$pool"
        like "$(filefrag -v "$pool/copy.raw")" "*shared*" "$type, raw: blocks are shared"
    fi
    # A device becomes a file.
    dd if="$pool/disk.raw" of="$TMPDIR/device" bs=1M count=8 conv=sparse 2>/dev/null
    loop=$(losetup -f --show "$TMPDIR/device") && ln -s "$loop" "$pool/device"
    mymachines clone device undone
    is "$?|$(cmp "$TMPDIR/device" "$pool/undone.raw")|$(images | grep -E '^(device|undone)')" "0||device block no
undone raw no" "$type: a device is cloned to a file"
    ok "$([ "$(blocks "$pool/undone.raw")" -le 2100 ]; echo $?)" "$type: with holes for its zeros"
    mymachines clone --read-only device fixed2
    is "$?|$(images | grep '^fixed2')" "0|fixed2 raw yes" "$type: the clone of a device is read-only if that was asked for"
    mymachines remove device fixed2
    is "$?|$([ -b "$loop" ] && echo there)" "0|there" "$type: a device is not removed with its link"
    losetup -d "$loop"
    run mymachines clean --all
    is "$status|$(tail -n 1 <<<"$out" | cut -d. -f1)|$(ls -A "$pool")" "0|Removed 5 images in total|" "$type: clean --all"
    is "$(mymachines clean)" "Removed 0 images in total. Total freed exclusive disk space: 0B." "$type: clean, where there is nothing"
    unmount_pool
done

# A pool that is full: nothing is left, and the image is as it was.
mount -t tmpfs -o mode=700,size=3M tmpfs "$pool"
mkdir "$pool/a"
head -c 2M /dev/urandom >"$pool/a/file"
fails "mymachines: cannot copy file: No space left on device" "clone on a full disk" mymachines clone a b
is "$(ls -A "$pool")|$(stat -c %s "$pool/a/file")" "a|2097152" "and nothing is left of it"
umount "$pool"

# Locks, as systemd's own programs hold them.
mkdir "$pool/a"
cat >"$TMPDIR/hold.py" <<'I'
import fcntl, os, struct, sys
# F_OFD_SETLK, F_WRLCK
fd = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR, 0o600)
fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", 1, 0, 0, 0, 0))
open(sys.argv[2], "w").close()
sys.stdin.read()
I
# held LOCK NAME: whoever holds one of these keeps the image
held() {
    rm -f "$TMPDIR/held"
    mkfifo "$TMPDIR/end"
    mkdir -p /run/systemd/nspawn/locks
    python3 "$TMPDIR/hold.py" "$1" "$TMPDIR/held" <"$TMPDIR/end" &
    exec 9>"$TMPDIR/end"
    wait_until test -e "$TMPDIR/held"
    fails "mymachines: $pool/a is in use: *" "$2: no rename" mymachines rename a b
    fails "mymachines: $pool/a is in use: *" "$2: no mark" mymachines read-only a
    fails "mymachines: $pool/a is in use: *" "$2: no removing" mymachines remove a
    run mymachines clean --all
    is "$status|$err|$(ls "$pool")" "0||a" "$2: clean --all leaves it alone"
    run mymachines clone a b
    is "$status|$err" "0|mymachines: $pool/a is in use: files that change meanwhile may be missing or incomplete in the copy" \
        "$2: it can be cloned, with a warning"
    mymachines remove b
    exec 9>&-
    wait $!
    rm "$TMPDIR/end"
}
held "$pool/.#a.lck" "a lock beside the image"
held "/run/systemd/nspawn/locks/inode-$(stat -c %d:%i "$pool/a")" "a lock of its inode"
run mymachines clean
rm "/run/systemd/nspawn/locks/inode-$(stat -c %d:%i "$pool/a")"
is "$status|$(ls -A "$pool")|$(ls /run/systemd/nspawn/locks)" "0|a|" "no lock file is left, also of others that were killed"
(exec 9>"/run/systemd/nspawn/locks/name-b"; python3 -c '
import fcntl, struct
fcntl.fcntl(9, 37, struct.pack("hhqqi4x", 1, 0, 0, 0, 0))'
    fails "mymachines: b is in use: *" "a name that another program is about to use isn't taken" mymachines clone a b | tail -n 20)
n_tests=$((n_tests + 1))
# Names that another program uses, to make or remove images with the files beside them.
mkdir "$pool/.#c.0123456789ab.old"
echo abc >"$pool/a.roothash"
echo abc >"$pool/c.roothash"
exec 8>/run/systemd/nspawn/locks/name-a 9>/run/systemd/nspawn/locks/name-c
python3 -c '
import fcntl, struct
for fd in 8, 9:
    fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", 1, 0, 0, 0, 0))'
fails "mymachines: a is in use: *" "an image whose name is locked isn't removed" mymachines remove a
fails "mymachines: a is in use: *" "an image whose name is locked isn't renamed" mymachines rename a d
run mymachines clean --all
is "$status|$err|$(ls -A "$pool" | paste -sd' ')" "0||.#c.0123456789ab.old a a.roothash c.roothash" \
    "clean --all keeps what belongs to names that are locked"
exec 8>&- 9>&-
run mymachines clean
is "$status|$err|$(ls -A "$pool" | paste -sd' ')" "0||a a.roothash" "clean removes it when they aren't locked any more"
mymachines remove a
is "$?|$(ls -A "$pool")|$(ls /run/systemd/nspawn/locks/name-[ac] 2>/dev/null)" "0||" "and no lock file of these names is left"

# A VM's image, when this host starts VMs; its QEMU only lives.
if [ "$(uname -m)" = x86_64 ]; then
    mkdir "$TMPDIR/bin"
    printf '%s\n' '#!/bin/sh' 'echo begins' 'exec sleep 1000' >"$TMPDIR/bin/qemu-system-x86_64"
    chmod 755 "$TMPDIR/bin/qemu-system-x86_64"
    { printf '\353\376'; head -c 1M /dev/zero; } >"$pool/vm.raw"
    mkdir -p /var/log/mymachines
    echo former >/var/log/mymachines/vm.log
    mkfifo "$TMPDIR/end"
    rm -f "$TMPDIR/held"
    python3 "$TMPDIR/hold.py" "$pool/.#vm.raw.lck" "$TMPDIR/held" <"$TMPDIR/end" &
    exec 9>"$TMPDIR/end"
    wait_until test -e "$TMPDIR/held"
    fails "mymachines: $pool/vm.raw is in use: *" "an image in use isn't started" \
        env PATH="$TMPDIR/bin:$PATH" mymachines start --runner=qemu vm
    is "$(cat /var/log/mymachines/vm.log)" former "and the log of the one that runs stays"
    exec 9>&-
    wait $!

    # Who starts it is in a cgroup of its own, which may end with the starter.
    for cgroup in /sys/fs/cgroup/{pids,unified,.}/; do
        mkdir "$cgroup/starter" 2>/dev/null && break
    done
    (
        echo "$BASHPID" >"$cgroup/starter/cgroup.procs"
        PATH=$TMPDIR/bin:$PATH exec "$BUILDDIR/mymachines" start --runner=qemu vm
    ) >/dev/null 2>&1 &
    starter=$!
    # Sets writer to the process that writes the log.
    has_writer() {
        local file
        for file in /proc/[0-9]*/fd/4; do
            if [ "$(readlink "$file")" = /var/log/mymachines/vm.log ]; then
                writer=${file#/proc/}
                writer=${writer%%/*}
                return 0
            fi
        done
        return 1
    }
    has_left() {
        [ "$writer" != "$starter" ] && ! grep -qx "$writer" "$cgroup/starter/cgroup.procs"
    }
    wait_until has_writer
    wait_until has_left
    ok $? "the process that writes the log leaves the starter's control group"
    wait_until grep -q begins /var/log/mymachines/vm.log
    ok $? "and writes it"
    { kill -9 "$starter"; wait "$starter"; } 2>/dev/null
    is_empty() {
        local pids
        mapfile -t pids <"$cgroup/starter/cgroup.procs"
        [ ${#pids[@]} = 0 ] || ! kill -9 "${pids[@]}"
    }
    wait_until is_empty
    wait_until rmdir "$cgroup/starter" 2>/dev/null
    wait_until test ! -e "/proc/$writer"
    ok $? "until the VM ends"
    rm -f "$pool"/vm.raw "$pool"/.#vm.raw.lck /run/systemd/nspawn/locks/*
else
    skip "VMs aren't started here" "an image in use isn't started"
fi

# Another process cleans the pool while an image is begun: here, the new directory isn't there when it is opened.
if can_trace; then
    mkdir -p "$pool/a"
    strace -qq -o "$TMPDIR/steps" -e trace=openat "$BUILDDIR/mymachines" clone a b
    at=$(grep -n '"\.#b\.' "$TMPDIR/steps" | head -n 1 | cut -d: -f1)
    mymachines remove b
    run strace -qq -o "$TMPDIR/steps" -e trace=openat -e "inject=openat:error=ENOENT:when=$at" "$BUILDDIR/mymachines" clone a b
    is "$status|$err|$(grep -c '"\.#b\..*INJECTED' "$TMPDIR/steps")|$(ls "$pool")" "0||1|a
b" "an image is begun once more if another process has cleaned its beginning away"
    mymachines remove a b
    mymachines clean
else
    skip "strace can't be used here" "an image is begun once more if another process has cleaned its beginning away"
fi

# Images for other processors: whatever starts them, the error tells for which. The kernel's list of handlers is this test's.
mount -t tmpfs tmpfs /proc/sys/fs/binfmt_misc
cat >"$TMPDIR/foreign.py" <<'I'
import struct, sys, uuid
# A program's header: of a class, an order of bytes and a machine. Or a disk: types of partitions, and what is in each.
def program(elf_class, order, machine):
    return b"\x7fELF" + bytes([elf_class, order, 1]) + bytes(9) + struct.pack("<>"[order - 1] + "HH", 2, machine) + bytes(200)
def disk(sector, *partitions):
    data = bytearray(4 << 20)
    data[sector:sector + 8] = b"EFI PART"
    data[sector + 72:sector + 80] = struct.pack("<Q", 2)
    for i, (kind, contents) in enumerate(partitions):
        at = 2 * sector + i * 128
        first = ((i + 1) << 20) // sector
        data[at:at + 16] = uuid.UUID(kind).bytes_le
        data[at + 32:at + 40] = struct.pack("<Q", first)
        data[first * sector:first * sector + len(contents)] = contents
    return data
sys.stdout.buffer.write(eval(sys.argv[1]))
I
foreign() {
    python3 "$TMPDIR/foreign.py" "$1"
}
mkdir -p "$pool/tree/sbin" "$pool/tree/usr/lib/systemd"
while IFS='|' read -r architecture header; do
    [ "$architecture" != "$(uname -m)" ] || continue
    foreign "program($header)" >"$pool/tree/usr/lib/systemd/systemd"
    ln -sf /usr/lib/systemd/systemd "$pool/tree/sbin/init"
    fails "mymachines: tree: its programs are for $architecture, and this host doesn't start these without qemu-user (Debian's package qemu-user-static)" \
        "a tree with programs for $architecture is not started" mymachines start tree
done <<'I'
aarch64|2, 1, 183
riscv64|2, 1, 243
s390x|2, 2, 22
ppc64le|2, 1, 21
ppc64|2, 2, 21
x86_64|2, 1, 62
I
foreign "program(2, 2, 22)" >"$pool/tree/usr/lib/systemd/systemd"
: >/proc/sys/fs/binfmt_misc/qemu-s390x
run timeout 60 mymachines start tree
ok "$([[ $status != 0 && $err != *"its programs"* ]]; echo $?)" "it is where the kernel has a handler for these"
arm64=b921b045-1df0-41c3-af44-4c6f280d3fae amd64=4f68bce3-e8cd-4db1-96e7-fbcaf984b709 uefi=c12a7328-f81f-11d2-ba4b-00a0c93ec93b
linux=0fc63daf-8483-4772-8e79-3d69d8477de4
for partitions in "512, ('$arm64', b'')" "4096, ('$linux', b''), ('$arm64', b'')" \
    "512, ('$uefi', b'x' * 70000 + b'BOOTAA64EFI'), ('$linux', b'')"; do
    foreign "disk($partitions)" >"$pool/disk.raw"
    fails "mymachines: disk: its disk is for aarch64, and VMs are started for x86_64 only; 'mymachines run-qemu' takes qemu-system-aarch64 (Debian's package qemu-system-arm)" \
        "a disk for aarch64 is not started as a VM: ${partitions:0:40}" mymachines start --runner=qemu disk
done
# One program is for both byte orders.
foreign "disk(512, ('c31c45e6-3f39-412e-80fb-4809c4980599', b''))" >"$pool/disk.raw"
fails "mymachines: disk: its disk is for ppc64le, and VMs are started for x86_64 only; 'mymachines run-qemu' takes qemu-system-ppc64 (Debian's package qemu-system-ppc)" \
    "a disk for ppc64le is not started as a VM" mymachines start --runner=qemu disk
for partitions in "512, ('$arm64', b''), ('$amd64', b'')" "512, ('$uefi', b'BOOTAA64EFI BOOTX64 EFI')" "512, ('$linux', b'')"; do
    foreign "disk($partitions)" >"$pool/disk.raw"
    run env PATH="$BUILDDIR" mymachines start --runner=qemu disk
    ok "$([[ $status != 0 && $err != *"its disk is for"* ]]; echo $?)" "a disk that x86_64 may start isn't refused for that: ${partitions:0:40}"
done
if can_trace; then
    foreign "disk(512, *[('$uefi', b'x')] * 3)" >"$pool/disk.raw"
    strace -qq -f -o "$TMPDIR/steps" -e trace=pread64 env PATH="$BUILDDIR" mymachines start --runner=qemu disk 2>/dev/null
    is "$(grep -c ', 8388608, ' "$TMPDIR/steps")" 1 "only the first partition for UEFI is searched"
else
    skip "strace can't be used here" "only the first partition for UEFI is searched"
fi
umount /proc/sys/fs/binfmt_misc
rm -rf "${pool:?}"/*

# Killed at any step: an image is there or not, and clean takes the rest.
mkdir "$pool/a"
for i in 1 2 3 4 5 6 7 8; do
    echo "$i" >"$pool/a/$i"
done
mkdir "$pool/a/d"
ln "$pool/a/1" "$pool/a/d/1"
echo '[Exec]' >"$settings/a.nspawn"
before=$(tree "$pool/a")
put_back() {
    rm -rf "${pool:?}"/* "$pool"/.#* "${settings:?}"/*
    cp -a "$TMPDIR/a" "$pool/a"
    echo '[Exec]' >"$settings/a.nspawn"
}
cp -a "$pool/a" "$TMPDIR/a"
# killed VERB... : at some thirty steps. Each image that is there is whole, and has its settings.
killed() {
    local n steps step name killed=0 torn='' left='' again=''
    put_back
    interrupt 0 mymachines "$@" >/dev/null 2>"$TMPDIR/count"
    steps=$(tail -n 1 "$TMPDIR/count")
    step=$((steps / 30 + 1))
    for ((n = 5; n < steps; n += step)); do
        put_back
        interrupt "$n" mymachines "$@" >/dev/null 2>&1
        [ $? = 137 ] && killed=$((killed + 1))
        for name in $(mymachines list-images --no-legend | awk '{ print $1 }'); do
            [ "$(tree "$pool/$name")" = "$before" ] && [ -e "$settings/$name.nspawn" ] || torn="$torn $n:$name"
        done
        [ "$1" = remove ] || [ -d "$pool/a" ] || [ "$1 $(ls -d "$pool/b")" = "rename $pool/b" ] || torn="$torn $n"
        # What was begun can be done now.
        [ ! -d "$pool/b" ] || mymachines remove b
        [ ! -d "$pool/a" ] || mymachines "$@" || again="$again $n"
        mymachines clean || left="$left $n"
        left="$left$(hidden)"
        [ "$1" != remove ] || left="$left$(ls -A "$pool" "$settings" | grep -v : | grep .)"
    done
    is "$torn|$left|$again|$([ "$killed" -gt 15 ]; echo $?)" "|||0" "$1, killed at $killed of its steps"
}
killed clone a b
killed rename a b
killed remove a
done_testing
