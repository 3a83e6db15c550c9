#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images in and out: what hostile archives try, what a tree keeps on its way, and what is left when an
# import is killed or the disk is full.
# shellcheck disable=SC2016
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/images.sh"
. "$SRCDIR/tests/support/kill_steps.sh"
need_root
[ -x "$BUILDDIR/mymachines-import" ] || skip_all "it was configured without libarchive"
command -v python3 >/dev/null || skip_all "python3 isn't installed"
pool=/var/lib/machines
# A file system over the host's pool, of this test's mount namespace alone.
mkdir -p "$pool" && mount -t tmpfs -o mode=700 tmpfs "$pool" || skip_all "cannot mount a file system over $pool"
cd "$TMPDIR" || exit
mkdir outside
echo victim >outside/victim

# hostile KIND [OPTION...]: import such an archive as t
hostile() {
    local kind=$1
    shift
    python3 "$SRCDIR/tests/support/hostile_tar.py" "$kind" "$PWD/outside" >hostile.tar
    run mymachines import-tar --force "$@" hostile.tar t
}
names() {
    (cd "$pool/${1-}" && find . -mindepth 1 -printf '%P ' | tr ' ' '\n' | sort | tr '\n' ' ')
}
# listing DIRECTORY: all that a tree has, byte by byte; a line break in a name is one here, too
listing() {
    (
        cd "$1" || exit
        find . ! -type s -printf '%P|%y|%m|%U:%G|%T@|%l|%n|%s\n' | sed '/|d|/s/[0-9]*$//' | LC_ALL=C sort
        find . ! -type s -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m '^(user|security|system)' -e hex -- 2>&1
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum --
        find . -type f -printf '%i %P\n' | LC_ALL=C sort -k2 | awk '{ if (!($1 in n)) n[$1] = ++c; $1 = n[$1]; print }'
    )
}

# --- hostile archives ---
while read -r kind words; do
    hostile "$kind" --size-max=8M --entries-max=200
    [[ $status = 1 && $err = *"import-tar: "*"$words"* ]]
    ok $? "an archive is refused: $kind"
done <<'E2'
dotdot the name has '..' in it
dotdot-link-target its target: the name has '..' in it
hard-link-out which isn't there
hard-link-by-link which isn't there
link-out a link on the way leads nowhere
link-up a link on the way leads nowhere
dangling a link on the way leads nowhere
missing-target hard link to 'nowhere', which isn't there
root-is-a-link the root directory can be only a directory
bomb larger than 8.0 MiB; --size-max= sets the limit
many more than 200 entries; --entries-max= sets the limit
no-id is not an id
sparse-blocks larger than 8.0 MiB; --size-max= sets the limit
header-huge Special header too large
long-name File name too long
control-bytes 'a\x1b]0;title\x07/../x'
E2
is "$(names)" "" "nothing is left of a refused archive"
is "$(ls outside) $(cat outside/victim)" "victim victim" "no archive reaches what is outside of its image"

hostile second-through-first
is "$status|$(cat $pool/t/victim)|$(stat -c %a $pool/t/victim)|$(names t/victims)" "0|victim|600|" \
    "a second entry replaces a link of its name, and not what that leads to"
is "$(cd $pool/t && stat -c '%n %F' file hard dir fifo link dotted)" \
    "$(printf '%s\n' 'file regular file' 'hard regular file' 'dir directory' 'fifo fifo' 'link symbolic link' 'dotted regular file')" \
    "a second entry has its own kind"
hostile follow-inside
is "$status|$(readlink $pool/t/lib)|$(cat $pool/t/usr/lib/x)" "0|/usr/lib|x" "a link on the way is followed inside the image"
hostile directory-replaced
is "$status|$(names t)" "0|d g g/h " "a file replaces a directory, and a missing directory is made"
hostile directory-again
is "$status|$(cd $pool/t && find . -name '[01]' -printf '%f %T@ ' | tr ' ' '\n' | sed 's/\..*//' | sort | tr '\n' ' ')" \
    "0|0 1 19998 19999 " "of a directory that appears twice the later times count"
case ${SANITIZERS-} in
*address*) skip "a sanitizer keeps memory that is free" "a directory that appears again takes no more memory" ;;
*)
    # In kilobytes. Its paths are 70 megabytes.
    peak=$(python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' mymachines import-tar --force hostile.tar t)
    ok "$([ "$peak" -lt 40000 ]; echo $?)" "a directory that appears again takes no more memory"
    echo "# $peak kB"
    ;;
esac
hostile absolute
is "$status|$(names t)" "0|escaped " "an absolute name begins in the image"
hostile lone
is "$status|$(names t)|$(stat -c '%u %Y' $pool/t)" "0|root.x86_64 usr usr/lib usr/lib/os-release |7 1000000000" \
    "what is in the one directory of an archive becomes the image"
run sh -c "mymachines import-tar - stdin <hostile.tar"
is "$status|$(names stdin)" "0|$(names t)" "an archive from standard input gives the same tree"
hostile selinux
like "$status|$err" "0|*: 20 SELinux labels were left out; --selinux keeps labels*" "labels that are left out are one line"
hostile lost-attributes
like "$status|$err" "0|*: 2 extended attributes (of the system) were lost: *" "attributes that can't be set are one line"
if command -v getcap >/dev/null; then
    hostile capability
    is "$status|$(cd $pool/t && getcap schily libarchive | tr '\n' ' ')" \
        "0|schily cap_net_raw=ep libarchive cap_net_raw=ep " "a capability arrives in both spellings"
else
    skip "getcap isn't installed" "a capability arrives in both spellings"
fi
rm -rf "${pool:?}"/*

# --- what isn't an archive ---
echo '<!DOCTYPE html><title>404</title>' >page.html
run mymachines import-tar page.html page
like "$status|$err" "1|*this is not a tar archive: it begins with '<!DOCTYPE html><'*" "a page in the place of an archive is told"
: >empty
run mymachines import-tar empty
like "$status|$err" "1|*there is nothing in it*" "an empty file is not an archive"
run mymachines import-tar outside
like "$status|$err" "1|*is a directory; pack it*" "a directory is not an archive"
run sh -c 'mymachines import-tar - </dev/null'
like "$status|$err" "1|*standard input needs a name*" "an archive from standard input needs a name"
is "$(names)" "" "what isn't an archive gets no name"

# --- a tree, there and back ---
mkdir -p tree/a/empty tree/etc tree/usr tree/only/below "tree/d$(printf '\377')"
echo long >"tree/$(printf 'x%.0s' $(seq 255))"
echo a >tree/Főtanúsítvány.crt
echo b >"tree/$(printf 'a\nb')"
echo c >"tree/$(printf 'e\314\201')"
echo d >"tree/$(printf 'd\377/caf\351')"
truncate -s 20M tree/sparse
printf data | dd of=tree/sparse bs=1 seek=5000000 conv=notrunc 2>/dev/null
truncate -s 3M tree/hole
head -c 300000 /dev/urandom >tree/usr/random
ln tree/usr/random tree/etc/hard
ln -s /etc/passwd tree/a/absolute
ln -s ../../.. tree/a/up
ln -s "$(printf 'e\314\201\377')" tree/a/bytes
mkfifo tree/a/fifo
mknod tree/a/null c 1 3
mknod tree/a/disk b 259 70000
cp /bin/true tree/a/cap
setcap cap_net_raw+ep tree/a/cap 2>/dev/null
setfattr -n user.here -v value tree/usr 2>/dev/null # not on every tmpfs
if command -v setfacl >/dev/null; then
    setfacl -m u:1000:rwx,g:33:r tree/usr/random
    setfacl -d -m u:1000:rwx tree/a/empty
fi
chown 5:6 tree/a/empty
chown -h 3:4 tree/a/absolute
chmod 4755 tree/etc/hard
chmod 1777 tree/a
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
# What is in a directory that gives ACLs, and has none itself.
if command -v setfacl >/dev/null; then
    mkdir tree/gives && setfacl -d -m u:1000:rwx,m::rwx tree/gives
    echo x >tree/gives/file && mkdir tree/gives/below && mkfifo tree/gives/fifo && ln -s file tree/gives/link
    setfacl -b tree/gives/{file,below,fifo} && chmod 640 tree/gives/{file,fifo} && chmod 750 tree/gives/below
fi
find tree -depth -exec touch -h -d @1000000000.25 {} +
(cd tree && tar -S --numeric-owner --format=posix --acls --xattrs --xattrs-include='*' -cf ../tree.tar . 2>/dev/null)
cp -a tree original
rm original/socket
touch -d @1000000000.25 original
listing original >expected

for locale in C C.UTF-8 ru_RU.KOI8-R ''; do
    LC_ALL=$locale mymachines import-tar -q --force tree.tar tree 2>/dev/null
    LC_ALL=$locale mymachines export-tar -q tree "out-$locale.tar" 2>/dev/null
    LC_ALL=$locale mymachines import-tar -q --force "out-$locale.tar" again 2>/dev/null
    is "$(listing $pool/tree | diff - expected)" "" "an import keeps all that an archive has, with LC_ALL='$locale'"
    is "$(listing $pool/again | diff - expected)" "" "an export and its import keep all that an image has, with LC_ALL='$locale'"
done
is "$(stat -c '%a %U' out-C.tar)" "600 root" "an exported file is for root alone"
is "$(sha256sum <out-C.tar)" "$(sha256sum <out-.tar)" "the same image gives the same archive"
mkdir by-tar && tar --numeric-owner --acls --xattrs --xattrs-include='*' -xf out-C.tar -C by-tar 2>/dev/null
is "$(listing by-tar | diff - expected)" "" "tar(1) unpacks what was exported"
is "$(stat -c %b $pool/again/sparse $pool/again/hole | paste -sd+ | awk -F+ '{ print ($1 + $2 < 1000) }')" 1 "holes stay holes"
if command -v setfacl >/dev/null; then
    # Nor do ACLs come from the pool.
    setfacl -d -m u:1000:rwx $pool
    mymachines import-tar -q --force tree.tar tree
    mymachines clone tree again2
    mymachines import-raw -q --force tree/sparse gives
    is "$(listing $pool/tree | diff - expected)|$(listing $pool/again2 | diff - expected)|$(getfacl -cp $pool/gives.raw | grep -c 1000)" "||0" \
        "an image gets no ACLs that the pool gives"
    mymachines remove again2 gives
    setfacl -k $pool
fi
cp -a tree/socket $pool/tree/ 2>/dev/null || python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/var/lib/machines/tree/socket")'
run mymachines export-tar tree out.tar
like "$status|$err" "0|*1 socket was left out*tree: export-tar done: *entries*" "a socket is left out, with a line"
run mymachines import-tar -q --force --no-devices out.tar bare
like "$status|$err|$(find $pool/bare -type b -o -type c)" "0|*2 devices were left out*|" "--no-devices leaves devices out"

# --- a directory of this host ---
ln -s original named
run mymachines import-fs named/.
like "$status|$err|$(listing $pool/original | diff - expected)" "0|original: import-fs done: *entries*|" \
    "import-fs keeps all that a directory has, and its name"
run mymachines import-fs original
like "$status|$err" "1|*there is an image 'original' already*" "import-fs replaces no image without --force"
run sh -c 'mymachines import-fs -q --force --read-only - original <tree'
is "$status|$err|$(mymachines show-image original -p ReadOnly --value)|$(stat -c %F $pool/original/socket)" "0||yes|socket" \
    "import-fs takes the directory that standard input is, and a socket in it"
run mymachines import-fs out-C.tar
like "$status|$err" "1|*import-fs: cannot open 'out-C.tar' as a directory: Not a directory*" "import-fs takes no file"
run mymachines import-fs /
like "$status|$err" "1|*an image from / needs a name*" "import-fs of / needs a name"
mkdir nothing
run mymachines import-fs nothing
like "$status|$err|$(ls -A $pool/nothing)" "0|nothing: import-fs done, in *|" "import-fs of an empty directory"
run timeout -s INT 0.05 mymachines import-fs / all
is "$(ls -A $pool | grep all)" "" "import-fs that is stopped leaves nothing"
mymachines remove original nothing

# --- compression, by the first bytes ---
tar -C original/etc --format=posix -cf small.tar .
(cd original/etc && find . -type f -exec sha256sum {} +) >small
check_compressed() {
    mymachines import-tar -q --force - c <compressed
    is "$( (cd $pool/c && find . -type f -exec sha256sum {} +) | diff - small)" "" "$1"
    rm -rf "${pool:?}/c"
}
head -c 100000 small.tar >part1
tail -c +100001 small.tar >part2
for program in gzip xz zstd bzip2; do
    if ! command -v $program >/dev/null; then
        skip "$program isn't installed" "an archive in $program"
        continue
    fi
    $program -c small.tar >compressed
    check_compressed "an archive in $program"
    { $program -c part1; $program -c part2; } >compressed
    check_compressed "an archive in $program, in two parts one after the other"
    mymachines export-tar -q --format=$program tree - >packed 2>/dev/null
    $program -dc packed 2>/dev/null | tar -tf - >/dev/null 2>&1
    ok $? "an export in $program is one that $program reads"
done
{ gzip -c small.tar; head -c 5000 /dev/urandom; } >compressed
check_compressed "an archive in gzip with garbage behind it"
if command -v zstd >/dev/null; then
    { printf '\x50\x2a\x4d\x18\x04\0\0\0skip'; zstd -c small.tar; } >compressed
    check_compressed "an archive in zstd, behind a frame to skip"
fi
{ cat small.tar; head -c 3000000 /dev/urandom; } >compressed
check_compressed "an archive with garbage behind it"
gzip -c small.tar | head -c 50000 >compressed
run mymachines import-tar compressed cut
like "$status|$err|$(names cut 2>/dev/null)" "1|*the archive is damaged*|" "an archive that is cut is refused"

# --- disks ---
truncate -s 40M disk.raw
head -c 2000000 /dev/urandom | dd of=disk.raw bs=4096 seek=1000 conv=notrunc 2>/dev/null
truncate -s 64M disk.raw
# blocks IMAGE: whether it is the disk, in at most 1 % more than its data
is_disk() {
    cmp "$pool/$1.raw" disk.raw && [ "$(stat -c %b "$pool/$1.raw")" -le $((2020000 / 512 + 16)) ] &&
        [ "$(stat -c %a "$pool/$1.raw")" = 600 ]
}
run mymachines import-raw disk.raw
is_disk disk
ok $? "import-raw keeps a disk and its holes"
xz -0 -T1 -c disk.raw >d.raw.xz
run mymachines import-raw -q d.raw.xz
is_disk d
ok $? "import-raw from xz writes no zeros"
run sh -c 'mymachines import-raw -q --read-only - piped <disk.raw'
is_disk piped 2>/dev/null || cmp $pool/piped.raw disk.raw
ok $? "import-raw takes a disk from standard input"
is "$(stat -c %A $pool/piped.raw | tr -d 'r-')" "" "import-raw --read-only takes the bits for writing away"
mymachines export-raw -q disk e.raw
is "$(cmp e.raw disk.raw)|$(stat -c %a e.raw)" "|600" "export-raw gives the same bytes, for root alone"
# nonblocking in|out FILE VERB...: see there
nonblocking() {
    local way=$1 file=$2
    shift 2
    python3 "$SRCDIR/tests/support/nonblocking.py" "$way" "$file" mymachines "$@"
}
head -c 1M /dev/urandom >random.raw
nonblocking in random.raw import-raw -q - nonblocking
is "$?|$(cmp random.raw $pool/nonblocking.raw)" "0|" "a pipe that another program made non-blocking is waited for"
nonblocking out again.raw export-raw -q nonblocking -
is "$?|$(cmp random.raw again.raw)" "0|" "and one that is written to"
rm random.raw again.raw $pool/nonblocking.raw
[ "$(stat -c %b e.raw)" -le $((2020000 / 512 + 16)) ]
ok $? "export-raw keeps holes"
mymachines export-raw -q disk e.raw.gz
is "$(gzip -dc e.raw.gz | cmp - disk.raw)" "" "export-raw compresses as the name says"
run mymachines export-raw tree x.raw
like "$status|$err" "1|*the image is a directory: use export-tar*" "a directory isn't exported as a disk"
mymachines export-tar -q tree - 2>self.err >$pool/tree/self.tar
like "$?|$(cat self.err)" "1|*itself*" "an archive doesn't get itself into it"
mymachines export-tar -q tree - 2>pipe.err | head -c 1 >/dev/null
like "${PIPESTATUS[0]}|$(cat pipe.err)" "1|mymachines: export-tar: *: cannot write: Broken pipe" "a pipe that nobody reads any more is an error"
# Where files can't be without a name, as on NFS. nameless_open COMMAND...: which of its calls of openat(2) would make one
nameless_open() {
    strace -qq -e trace=openat "$@" 2>&1 | grep -E '^openat' | grep -n O_TMPFILE | cut -d: -f1
}
if can_trace; then
    mkdir elsewhere
    at=$(nameless_open "$BUILDDIR/mymachines-import" export-raw --quiet -- disk elsewhere/x.raw)
    strace -f -qq -o refused -e trace=openat -e "inject=openat:error=EOPNOTSUPP:when=$at" \
        "$BUILDDIR/mymachines-import" export-raw --quiet -- disk elsewhere/x.raw
    is "$?|$(grep -c 'O_TMPFILE.*INJECTED' refused)|$(cmp elsewhere/x.raw disk.raw)|$(stat -c %a elsewhere/x.raw)|$(ls -A elsewhere)" "0|1||600|x.raw" \
        "an export is under a hidden name where it can't be without one"
    echo old >elsewhere/x.raw
    strace -f -qq -o refused -e trace=openat,fsync -e "inject=openat:error=EOPNOTSUPP:when=$at" -e inject=fsync:error=EIO \
        "$BUILDDIR/mymachines-import" export-raw --quiet -- disk elsewhere/x.raw 2>named.err
    like "$?|$(cat named.err)|$(cat elsewhere/x.raw)|$(ls -A elsewhere)" "1|*cannot write 'elsewhere/x.raw': Input/output error|old|x.raw" \
        "and nothing of it is left after a failure"
else
    skip "strace can't be used here" "an export is under a hidden name where it can't be without one"
fi
rm $pool/tree/self.tar
run mymachines export-tar disk x.tar
like "$status|$err" "1|*the image is a raw disk: use export-raw*" "a disk isn't exported as an archive"
run mymachines import-raw page.html
like "$status|$err" "1|*HTML by its first bytes*" "a page in the place of a disk is told"
{ printf KDMV; head -c 4092 /dev/zero; } >x.vmdk
run mymachines import-raw x.vmdk
like "$status|$err" "1|*VMDK by its first bytes*" "a disk in VMDK is refused"
truncate -s 4096 no-disk
for row in 'PK\003\004|zip' '7z\274\257\047\034|7z' '\004\042M\030|lz4' 'LZIP|lzip'; do
    printf '%b' "${row%|*}" | dd of=no-disk conv=notrunc 2>/dev/null
    run mymachines import-raw no-disk
    like "$status|$err" "1|*neither a raw disk nor qcow2, but ${row#*|} by its first bytes" "a disk that is packed in another way is refused: ${row#*|}"
done
for archive in small.tar small.tar.gz; do
    [ "$archive" = small.tar ] || gzip -c small.tar >small.tar.gz
    run mymachines import-raw $archive
    like "$status|$err" "1|*import-raw: this is neither a raw disk nor qcow2, but tar by its first bytes; see import-tar" "no archive is taken for a disk: $archive"
done
for disk in /dev/zero hole.raw hole.raw.gz; do
    truncate -s 17M hole.raw
    gzip -c hole.raw >hole.raw.gz
    run timeout 100 mymachines import-raw --size-max=16M $disk hole
    like "$status|$err" "1|*the disk is larger than 16.0 MiB; --size-max= sets the limit" "zeros without end aren't a disk: $disk"
done
run mymachines import-raw -q --size-max=17M hole.raw
is "$status|$err" "0|" "a disk of the largest size is imported"
rm $pool/hole.raw
head -c 1000 /dev/urandom >odd.raw
run mymachines import-raw odd.raw
like "$status|$err" "1|*whole sectors*" "a file that isn't whole sectors is not a disk"
if command -v qemu-img >/dev/null; then
    qemu-img convert -q -c -f raw -O qcow2 disk.raw good.qcow2
    run mymachines import-raw -q good.qcow2
    is_disk good
    ok $? "qcow2 is converted, and holes stay holes"
    if can_trace; then
        strace -f -qq -o steps -e trace=execve,prlimit64,unshare "$BUILDDIR/mymachines-import" import-raw --quiet -- good.qcow2 limited
        pid=$(awk '/execve\(.*"qemu-img"/ && / = 0$/ { print $1 }' steps)
        is "$(sed -n "/^$pid .*execve.* = 0\$/q; s/^$pid *//p" steps | grep -oE 'CLONE_NEWNET|RLIMIT_(AS|CPU|FSIZE|CORE), .rlim_cur=[0-9*]+' | xargs)" \
            "CLONE_NEWNET RLIMIT_AS, {rlim_cur=2097152*1024 RLIMIT_CPU, {rlim_cur=3600 RLIMIT_FSIZE, {rlim_cur=65536*1024 RLIMIT_CORE, {rlim_cur=0" \
            "qemu-img has limits of memory, time and size, and no network"
        like "$(grep "^$pid .*execve.* = 0\$" steps)" '*"convert", "-f", "qcow2", "-O", "raw", "/proc/self/fd/*' "and is told the format"
        mymachines remove limited
    else
        skip "strace can't be used here" "qemu-img has limits of memory, time and size, and no network"
    fi
    gzip -c good.qcow2 >gz.qcow2.gz
    run mymachines import-raw -q gz.qcow2.gz
    is_disk gz
    ok $? "qcow2 in gzip is converted"
    qemu-img create -q -f qcow2 -b "$PWD/outside/victim" -F raw backed.qcow2 1M
    run mymachines import-raw backed.qcow2
    like "$status|$err" "1|*difference to another file*" "qcow2 with a backing file is refused"
    qemu-img create -q -f qcow2 -o data_file="$PWD/data.raw" external.qcow2 1M
    run mymachines import-raw external.qcow2
    like "$status|$err" "1|*has its data in another file*" "qcow2 with an external data file is refused"
    qemu-img create -q -f qcow2 huge.qcow2 500G
    run mymachines import-raw huge.qcow2
    like "$status|$err" "1|*has 500.0 GiB, more than 256.0 GiB; --size-max= sets the limit*" "qcow2 that is too large is refused"
    # patch FILE OFFSET BYTES: a header as no program writes it
    patch() {
        cp good.qcow2 "$1"
        printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
    }
    patch bad1.qcow2 36 '\xff\xff\xff\xff'
    patch bad2.qcow2 56 '\x7f\xff\xff\xff'
    patch bad3.qcow2 20 '\0\0\0\x3f'
    patch bad4.qcow2 32 '\0\0\0\1'
    patch bad5.qcow2 72 '\xff\0\0\0'
    for i in 1 2 3 4 5; do
        run mymachines import-raw bad$i.qcow2
        like "$status|$err|$(names | grep -c bad)" "1|*import-raw: the qcow2 disk *|0" "qcow2 with an impossible header is refused: $i"
    done
else
    skip "qemu-img isn't installed (Debian: qemu-utils)" "qcow2 is converted, and refused where it isn't whole"
fi
is "$(ls -A $pool | grep '^\.')" "" "no import or export leaves anything hidden"

# --- names ---
run mymachines import-tar small.tar
is "$status|$(names small | head -c 4)" "0|hard" "without a name, an image has its file's"
run mymachines import-tar small.tar
like "$status|$err" "1|*small*" "an image isn't replaced without --force"
run mymachines import-tar small.tar .#x
like "$status" 1 "a name that no image can have is refused"
run mymachines import-tar small.tar small.verity
like "$status|$err|$(names small.verity 2>/dev/null)" "1|*the name 'small.verity' is that of a file beside another image*|" \
    "a directory isn't made with the name of a file beside another image"
mkdir -p "$pool/small.verity/etc"
run mymachines import-tar --force small.tar
is "$status|$(ls "$pool/small.verity")" "0|etc" "replacing an image removes no directory with such a name"
mkdir "$pool/mounted" && mount -t tmpfs tmpfs "$pool/mounted"
head -c 512 /dev/zero >sector
run mymachines import-raw --force sector mounted
like "$status|$err|$(cd "$pool" && echo mounted* .#m*)" "1|*cannot give the image its name 'mounted': *|mounted .#m*" \
    "a disk that can't replace a mount point isn't there"
umount "$pool/mounted"
for words in "import-tar small.tar -" "import-raw disk.raw -" "import-fs outside -"; do
    # shellcheck disable=SC2086
    run mymachines $words
    like "$status|$err" "1|*: no machine can be called '-'" "'-' isn't taken as a name: $words"
done
rm -rf "${pool:?}"/*

# --- transfers ---
mkfifo pipe
mymachines import-tar pipe slow >/dev/null 2>slow.err &
slow=$!
exec 7>pipe
head -c 20000 small.tar >&7
listed() {
    mymachines list-transfers --no-legend | grep -q ' import-tar .*slow .*pipe'
}
wait_until listed
ok $? "list-transfers shows an import that goes on"
# is_confined PID-OF-ITS-PARENT: the last step of its confinement is done
is_confined() {
    local worker
    worker=$(pgrep -P "$1") && grep -q '^NoNewPrivs:.*1' "/proc/$worker/status"
}
wait_until is_confined $slow
# What the process that does the work may do: its root directory and network, capabilities that count and that programs could get.
# confinement PID-OF-ITS-PARENT
confinement() {
    local worker
    worker=$(pgrep -P "$1" | head -n 1)
    echo "$(readlink "/proc/$worker/root" | sed 's/[0-9a-f]\{12\}/RANDOM/; s/[a-zA-Z0-9]\{6\} (deleted)/RANDOM/')" \
        "$([ "$(readlink "/proc/$worker/ns/net")" != "$(readlink /proc/self/ns/net)" ] && echo own)" \
        "$(awk '/^Cap(Prm|Eff|Bnd)|^NoNew/ { printf "%s ", $2 }' "/proc/$worker/status")"
}
# chown, dac_override, fowner, fsetid, mknod, setfcap
is "$(confinement $slow)" "$pool/.#slow.RANDOM own 000000008800001b 000000008800001b 000000008800001b 1 " \
    "what unpacks has the empty target for its root, no network, few capabilities, and gets no more"
case ${SANITIZERS-} in
*address*) skip "a sanitizer wants more memory than that" "what unpacks has a limit of memory" ;;
*)
    is "$(awk '/^Max data size/ { print $4 }' "/proc/$(pgrep -P "$slow" | head -n 1)/limits")" $((2 << 30)) "what unpacks has a limit of memory"
    ;;
esac
id=$(mymachines list-transfers --no-legend | awk '{ print $1 }')
is "$(mymachines list-transfers --json=short | python3 -c 'import json, sys; t = json.load(sys.stdin)[0]; print(t["type"], t["local"], t["remote"])')" \
    "import-tar slow pipe" "list-transfers prints JSON"
run mymachines cancel-transfer "$id"
wait "$slow"
is "$status $? $(ls -A $pool)" "0 143 " "cancel-transfer ends an import by SIGTERM, and nothing is left of it"
exec 7>&-
is "$(mymachines list-transfers --no-legend)" "" "a transfer that was stopped isn't listed"
run mymachines cancel-transfer "$id"
like "$status|$err" "1|*there is no transfer $id*" "a transfer that has ended can't be stopped"
mymachines import-tar pipe slow >/dev/null 2>&1 &
slow=$!
exec 7>pipe
wait_until listed
kill -9 "$slow"
wait "$slow" 2>/dev/null
exec 7>&-
# The process that does its work ends a moment later.
is_forgotten() {
    [ -z "$(mymachines list-transfers --no-legend; ls $REGISTRY_DIRECTORY/transfers)" ]
}
wait_until is_forgotten
ok $? "a transfer whose process was killed is forgotten"
mymachines import-raw pipe slow >/dev/null 2>&1 &
slow=$!
exec 7>pipe
head -c 4096 /dev/urandom >&7
wait_until is_confined $slow
is "$(confinement $slow)" "/run/mymachines-empty-RANDOM own 0000000000000000 0000000000000000 0000000000000000 1 " \
    "what reads a disk has an empty root, no network, and no capabilities"
kill "$slow"
wait "$slow" 2>/dev/null
exec 7>&-
mkdir $pool/out && head -c 3000000 /dev/urandom >$pool/out/file
mymachines export-tar -q out - >pipe 2>/dev/null &
slow=$!
exec 7<pipe
wait_until is_confined $slow
is "$(confinement $slow)" "$pool/out own 0000000000000004 0000000000000004 0000000000000004 1 " \
    "what packs has the image for its root, no network, and may only read"
kill "$slow"
wait "$slow" 2>/dev/null
exec 7<&-
rm -rf "${pool:?}"/* $pool/.[!.]*

# --- killed at each step that changes something ---
mkdir ten
for i in 1 2 3 4 5 6 7; do echo "$i" >"ten/$i"; done
ln ten/1 ten/8
ln -s 1 ten/9
mkdir ten/10
touch -d @1000000000 ten/* ten
tar -C ten --format=posix -cf ten.tar .
listing ten >whole
if can_trace; then
    bad=
    # The old one, which is the same, or none at first; never a part of it.
    judge() {
        if [ -e $pool/ten ] && ! listing $pool/ten | cmp -s - whole; then
            bad="$bad, $1"
        fi
        # Only whoever was killed himself leaves something, and under no image's name.
        if [ $status -lt 128 ] && ls -A $pool | grep -q '^\.#ten\.[0-9a-f]'; then
            bad="$bad, $1 leaves $(ls -A $pool | tr '\n' ' ')"
        fi
        rm -rf $pool/.#*
    }
    kill_at_each 5 judge import-tar --quiet --force -- ten.tar ten
    is "$bad" "" "killed at any of $killed steps, an image is whole or isn't there"
    is "$placed|$([ "$killed" -gt 20 ]; echo $?)" "1|0" "an import of ten files has more than 20 steps, and gets its name in one"
else
    skip "strace can't be used here" "killed at any step, an image is whole or isn't there"
fi
rm -rf "${pool:?}"/*

# --- a disk that is full ---
truncate -s 20M small.img
if mke2fs -q -t ext4 -O ^has_journal small.img 2>/dev/null && mount -o loop small.img $pool 2>/dev/null; then
    chmod 700 $pool
    mymachines import-tar -q ten.tar t 2>/dev/null
    before=$(ls -A $pool)
    head -c 30000000 /dev/urandom >big.bin
    tar -cf big.tar big.bin
    run mymachines import-tar --force big.tar t
    like "$status|$err" "1|*no space is left on the file system of '$pool', after *; another * would follow*" \
        "an import to a full disk says so"
    run mymachines import-raw --size-max=1G big.bin r
    truncate -s 30000128 big.bin
    run mymachines import-raw big.bin r
    like "$status|$err" "1|*no space is left on the file system of '$pool', after *" "a disk to a full disk says so"
    run mymachines import-raw --force - r <<<"$(head -c 100 /dev/zero | tr '\0' x)"
    is "$(ls -A $pool)" "$before" "nothing is left where the disk was full"
    is "$(listing $pool/t | diff - whole)" "" "an image that was to be replaced is as it was"
    umount $pool
    mymachines import-tar -q big.tar t 2>/dev/null
    mkdir full && mount -t tmpfs -o size=1M tmpfs full
    echo old >full/out.tar
    run mymachines export-tar t full/out.tar
    like "$status|$err|$(ls -A full)|$(cat full/out.tar)" "1|*no space is left on the file system of 'full/out.tar'*|out.tar|old" \
        "an export to a full disk says so, and leaves the former file"
    umount full
else
    skip "cannot mount an image of a file system" "an import to a full disk says so"
fi
umount $pool
# On file systems that share blocks, and count late.
for type in xfs btrfs; do
    mount_pool $type || { skip "$why" "a full disk on $type"; continue; }
    mymachines import-tar -q ten.tar t 2>/dev/null
    listing $pool/t >there
    fallocate -l $(($(df --output=avail -B1 $pool | tail -n 1) - 15000000)) $pool/fill 2>/dev/null
    sync -f $pool
    for image in "import-tar --force big.tar t" "import-raw big.bin r" "import-fs --force full t"; do
        [ -e full/big.bin ] || { mkdir -p full && head -c 100000000 /dev/urandom >full/big.bin && cp full/big.bin . && tar -cf big.tar big.bin; }
        # shellcheck disable=SC2086
        run mymachines $image
        like "$status|$err|$(mymachines list-images --no-legend | awk '{ print $1 }')|$(listing $pool/t | diff - there)" \
            "1|*no space is left on the file system of '$pool', after *|t|" "a full $type says so, and leaves what was there: $image"
    done
    is "$(ls -A $pool | sort | tr '\n' ' ')" "fill t " "nothing is left where the $type was full"
    if [ $type = btrfs ]; then
        rm $pool/fill
        btrfs quota enable $pool && btrfs qgroup limit 8M $pool
        run mymachines import-raw big.bin r
        like "$status|$err|$(ls -A $pool)" "1|*no space is left on the file system of '$pool', after *|t" "a quota that is used up says the same"
    fi
    unmount_pool
done
done_testing
