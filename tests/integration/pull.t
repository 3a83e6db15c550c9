#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images from servers: signed ones become images, and of others nothing does.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
. "$SRCDIR/tests/support/image_server.sh"
. "$SRCDIR/tests/support/kill_steps.sh"
[ -x "$BUILDDIR/mymachines-import" ] || skip_all "this was configured without libarchive"
[ -x "$BUILDDIR/tests/support/fetcher" ] || skip_all "this was configured without libcurl"
command -v gpgv >/dev/null && command -v gpg >/dev/null || skip_all "gpg or gpgv isn't installed"
pool=/var/lib/machines
mkdir -p "$pool" && mount -t tmpfs -o mode=700,size=64m tmpfs "$pool" ||
    skip_all "cannot mount a file system over $pool"
serve_images || skip_all "cannot serve https here"
keys_begin
cd "$TMPDIR" || exit 1
# No keyring but this test's.
mkdir -p "$SYSCONFDIR/mymachines/keyring.d"
sign_with --quick-gen-key "Other <o@example.org>" ed25519 sign never
gpg -q --export o@example.org >other.gpg
for vendor in /etc/systemd/import-pubring.gpg /usr/lib/systemd/import-pubring.gpg /usr/lib/systemd/import-pubring.pgp; do
    [ ! -e "$vendor" ] || mount --bind other.gpg "$vendor"
done
sign_with --quick-gen-key "Publisher <p@example.org>" ed25519 sign never
key=$(gpg --batch --with-colons --list-keys p@example.org | awk -F: '$1 ~ "^fp" { print $10; exit }')

mkdir -p root/etc root/usr/bin
echo ID=test >root/etc/os-release
head -c 300000 /dev/urandom >root/usr/bin/program
tar -C root -czf "$SERVED/a/web1.tar.gz" .
head -c 1M /dev/urandom >"$SERVED/a/vm1.raw"
# publish: the list of all, and its signature
publish() {
    (cd "$SERVED/a" && sha256sum -- *.tar* *.raw >SHA256SUMS && rm -f SHA256SUMS.gpg)
    sign_with -u "$key" -o "$SERVED/a/SHA256SUMS.gpg" --detach-sign "$SERVED/a/SHA256SUMS"
}
publish
names() {
    (cd "$pool" && find . -mindepth 1 -maxdepth 1 ! -name '*.lck' -printf '%f ' | tr ' ' '\n' | sort | tr '\n' ' ')
}

run mymachines pull-tar "$a/web1.tar.gz"
like "$status $err" "1 *SHA256SUMS: it is signed by key $key, *gpg --export $key >$SYSCONFDIR/mymachines/keyring.d/*" \
    "an image of an unknown publisher is refused, with what to do"
is "$(names)" "" "nothing is left of it"
gpg -q --armor --export "$key" >"$SYSCONFDIR/mymachines/keyring.d/publisher.asc"
chmod 666 "$SYSCONFDIR/mymachines/keyring.d/publisher.asc"
run mymachines pull-tar "$a/web1.tar.gz"
like "$status $err" "1 *publisher.asc is not used: other users than root may write to it*" "a keyring that others may write isn't used"
chmod 644 "$SYSCONFDIR/mymachines/keyring.d/publisher.asc"

run mymachines pull-tar "$a/web1.tar.gz"
like "$status $err" "0 *web1: pull-tar done: *signed by $key (Publisher <p@example.org>)*" "a signed archive becomes an image"
diff -r root "$pool/web1" >/dev/null
ok $? "the image has what the archive has"
is "$(names)" "web1 " "the download is removed"
run mymachines pull-raw "$a/vm1.raw"
like "$status $err" "0 *vm1: pull-raw done*" "a signed disk becomes an image"
cmp -s "$SERVED/a/vm1.raw" "$pool/vm1.raw"
ok $? "the image is the disk"
is "$(stat -c %a "$pool/vm1.raw")" 600 "the disk is for root only"

# An image that is there.
: >"$SERVED/requests"
run mymachines pull-tar "$a/web1.tar.gz"
like "$status $err" "1 *web1*" "an image that is there isn't replaced"
is "$(cat "$SERVED/requests")" "" "and nothing is fetched for it"
run mymachines pull-tar --force -q "$a/web1.tar.gz"
is "$status $err" "0 " "it is replaced with --force, and --quiet says nothing"
run mymachines pull-tar --read-only "$a/web1.tar.gz" ro
is "$status" 0 "an image can be read-only, and have another name"
touch "$pool/ro/x" 2>/dev/null && touched=1 || touched=0
chattr -i "$pool/ro" 2>/dev/null
case $err in
*warning* | *read-only*) skip "the file system has no immutable directories" "a read-only image can't be written" ;;
*) is $touched 0 "a read-only image can't be written" ;;
esac
rm -rf "$pool/ro"

# Names.
fails "mymachines: pull-tar: '' at the end of the address gives no name*add a NAME*" "an address without a file needs a name" \
    mymachines pull-tar "$a/"
fails "*'-x.tar.gz' at the end*" "a file's name that no machine can have needs a name" mymachines pull-tar "$a/-x.tar.gz"
fails "*only http and https are fetched*" "a file is not fetched" mymachines pull-tar file:///etc/passwd
run mymachines pull-tar "$a/web1.tar.gz?token=1#part" query
is "$status" 0 "an address can have a query and a part"
cp "$SERVED/a/vm1.raw" "$SERVED/a/Cloud-Base-41-1.4.x86_64.raw"
publish
run mymachines pull-raw "$a/Cloud-Base-41-1.4.x86_64.raw"
is "$status" 0 "a file's name with dots makes an image"
rm -rf "${pool:?}"/*
# Names of files as their publishers have them, and the images that follow. "-": it needs a NAME, before anything is fetched.
mkdir -p "$SERVED/a/names"
while read -r file image; do
    verb=pull-tar
    case $file in
    *.tar* | *.tgz | *.txz) cp "$SERVED/a/web1.tar.gz" "$SERVED/a/names/$file" ;;
    *) verb=pull-raw && cp "$SERVED/a/vm1.raw" "$SERVED/a/names/$file" ;;
    esac
    : >"$SERVED/requests"
    run mymachines $verb -q --verify=no "$a/names/$file"
    if [ "$image" = - ]; then
        like "$status|$err|$(cat "$SERVED/requests")" "1|*'$file' at the end of the address gives no name that a machine can have; add a NAME*|" \
            "a publisher's file that needs a NAME: $file"
        continue
    fi
    is "$status|$(mymachines list-images --no-legend | awk '{ print $1 }')" "0|$image" "a publisher's file gives an image its name: $file"
    # The name is one that a machine can have: what fails is that QEMU isn't found, or that it starts disks only.
    run env PATH="$BUILDDIR" mymachines start --runner=qemu "$image"
    like "$err" "mymachines: $image: *[qQ][eE][mM][uU]*" "start takes that name: $image"
    mymachines remove "$image"
done <<'I'
noble-server-cloudimg-amd64-root.tar.xz noble-server-cloudimg-amd64-root
noble-server-cloudimg-amd64.img noble-server-cloudimg-amd64
debian-13-genericcloud-amd64.qcow2 debian-13-genericcloud-amd64
debian-13-nocloud-amd64.raw debian-13-nocloud-amd64
Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2 Fedora-Cloud-Base-Generic-43-1.6.x86_64
Fedora-Container-Base-Generic-43-1.6.x86_64.oci.tar.xz Fedora-Container-Base-Generic-43-1.6.x86_64.oci
archlinux-bootstrap-x86_64.tar.zst archlinux-bootstrap-x86_64
Arch-Linux-x86_64-cloudimg-20260115.000000.qcow2 Arch-Linux-x86_64-cloudimg-20260115.000000
alpine-minirootfs-3.23.0-x86_64.tar.gz alpine-minirootfs-3.23.0-x86_64
stage3-amd64-systemd-20260118T170106Z.tar.xz stage3-amd64-systemd-20260118T170106Z
Rocky-10-GenericCloud-Base.latest.x86_64.qcow2 Rocky-10-GenericCloud-Base.latest.x86_64
void-x86_64-ROOTFS-20250202.tar.xz void-x86_64-ROOTFS-20250202
flatcar_production_qemu_image.img.bz2 flatcar_production_qemu_image
rootfs.tar.xz rootfs
image.tgz image
openSUSE-Tumbleweed-Minimal-VM.x86_64-1.0.0-kvm-and-xen-Snapshot20260115.qcow2 -
a..b.tar.gz -
.tar.gz -
I
rm -rf "${pool:?}"/* "$SERVED/a/names"

# Files that belong to it.
printf '%s\n' '[Exec]' 'Boot=yes' >"$SERVED/a/web1.nspawn"
echo 0123456789abcdef >"$SERVED/a/vm1.roothash"
head -c 2000 /dev/urandom >"$SERVED/a/vm1.verity"
echo notelisted >"$SERVED/a/vm1.roothash.p7s"
publish_sides() {
    (cd "$SERVED/a" && sha256sum -- *.tar* *.raw *.nspawn *.roothash *.verity >SHA256SUMS && rm -f SHA256SUMS.gpg)
    sign_with -u "$key" -o "$SERVED/a/SHA256SUMS.gpg" --detach-sign "$SERVED/a/SHA256SUMS"
}
publish_sides
run mymachines pull-tar "$a/web1.tar.gz" other
is "$status|$(names)|$(cat "$pool/other.nspawn")" "0|other other.nspawn |$(cat "$SERVED/a/web1.nspawn")" \
    "settings beside an archive come with it, under the image's name"
run mymachines pull-raw "$a/vm1.raw"
is "$status|$(names)" "0|other other.nspawn vm1.raw vm1.roothash vm1.verity " "hashes beside a disk come with it"
cmp -s "$SERVED/a/vm1.verity" "$pool/vm1.verity" && cmp -s "$SERVED/a/vm1.roothash" "$pool/vm1.roothash"
ok $? "they are what the publisher has"
run mymachines pull-tar "$a/how/no-settings/web1.tar.gz" busy
is "$status|$(find "$pool" -name 'busy*' -printf '%f\n')" "0|busy" "one that the server has trouble with doesn't keep the image away"
like "$err" "*web1.nspawn is left out: $a/how/no-settings/web1.nspawn: the server is busy*" "but a warning says so"
run mymachines pull-tar "$a/how/cut-settings/web1.tar.gz" cut
like "$status|$(find "$pool" -name 'cut*')|$err" "1||*web1.nspawn: *" "one whose connection breaks ends the pull"
: >"$SERVED/requests"
mymachines pull-tar "$a/how/cut-settings/web1.tar.gz" cut 2>/dev/null
like "$(grep web1.tar.gz "$SERVED/requests")" "* Range=bytes=$(($(stat -c %s "$SERVED/a/web1.tar.gz") - 1))-*" \
    "and the next one doesn't fetch all of the image again"
rm -rf "$pool"/busy "$pool"/.#download*
run mymachines pull-raw --force "$a/vm1.raw"
like "$err" "*vm1.roothash.p7s is left out: *" "one that the publisher doesn't list is left out, with a warning"
echo changed >>"$SERVED/a/vm1.roothash"
run mymachines pull-raw "$a/vm1.raw" vm2
like "$status $err" "1 *vm1.roothash doesn't have its publisher's sum*" "one that was changed ends the pull"
is "$(names)" "other other.nspawn vm1.raw vm1.roothash vm1.verity " "and leaves nothing"
publish_sides
rm "$SERVED/a/vm1.verity"
run mymachines pull-raw --force -q "$a/vm1.raw"
is "$status|$(names)|$(cat "$pool/vm1.roothash")" "0|other other.nspawn vm1.raw vm1.roothash |$(cat "$SERVED/a/vm1.roothash")" \
    "with --force they are replaced, and hashes that are no more go"
run mymachines pull-raw --verify=no "$a/vm1.raw" vm2
is "$status|$(find "$pool" -name 'vm2.*' -printf '%f\n' | sort | paste -sd,)" "0|vm2.raw,vm2.roothash,vm2.roothash.p7s" "with --verify=no all are taken"
sum=$(sha256sum "$SERVED/a/vm1.raw")
run mymachines pull-raw --verify="sha256:${sum%% *}" "$a/vm1.raw" vm3
is "$status|$(find "$pool" -name 'vm3.*' -printf '%f\n')" "0|vm3.raw" "a given sum is of the image alone: nothing else is taken"
rm -rf "${pool:?}"/* "$SERVED/a"/*.nspawn "$SERVED/a"/vm1.roothash*
cp "$SERVED/a/vm1.raw" "$SERVED/a/Fedora-Cloud-Base-Generic-41-1.4.x86_64.raw"
list=Fedora-Cloud-41-1.4-x86_64-CHECKSUM
(cd "$SERVED/a" && rm -f SHA256SUMS* && sha256sum --tag Fedora-*.raw >list)
sign_with -u "$key" -o "$SERVED/a/$list" --clear-sign "$SERVED/a/list"
run mymachines pull-raw "$a/Fedora-Cloud-Base-Generic-41-1.4.x86_64.raw" fedora
like "$status|$err" "0|*signed by $key*" "Fedora's list of checksums is found"
rm -rf "${pool:?}"/* "$SERVED/a"/Fedora-* "$SERVED/a/list"
publish

# Downloads that are kept.
cp "$SERVED/a/web1.tar.gz" good.tar.gz
# asked PATTERN NAME: what was asked of the server for the image itself since the last time
asked() {
    like "$(grep -E 'GET [^ ]*/(web1.tar.gz|vm1.raw)( |$)' "$SERVED/requests")" "$1" "$2"
    : >"$SERVED/requests"
}
hidden() {
    mymachines list-images --all --no-legend | awk '$1 != ".host" && $1 ~ /^[.]/ { print $1, $2, $3 }' | sed 's/\\x5c/\\/g'
}
: >"$SERVED/requests"
escaped=https:\\x2f\\x2flocalhost:$port_a\\x2f
etag() {
    printf '\\x22%.16s\\x22' "$(sha256sum <"$SERVED/a/$1")"
}
run mymachines pull-tar --keep-download=yes "$a/web1.tar.gz"
is "$status|$(diff -r root "$pool/web1")" "0|" "pull-tar --keep-download=yes makes an image"
is "$(hidden | cut -d' ' -f1,2)" ".tar-${escaped}web1\\x2etar\\x2egz.$(etag web1.tar.gz) directory" \
    "there is a hidden one, named by address and ETag"
getfattr -n trusted.mymachines.kept --absolute-names "$pool/web1" >/dev/null 2>&1
is $? 1 "the image itself isn't marked as what is kept"
asked "*GET /web1.tar.gz*" "the archive was fetched"
echo mine >"$pool/web1/mine"
run mymachines pull-tar --keep-download=yes "$a/web1.tar.gz" web2
like "$status $err" "0 *signed by $key*it was kept, and has not changed since" "a second pull says that it takes what was kept"
is "$(diff -r root "$pool/web2")" "" "it gives what was fetched, not what became of it"
asked "*GET /web1.tar.gz *If-None-Match=*" "the server was asked whether it has changed"
like "$(getfattr --absolute-names -n trusted.mymachines.kept "$pool"/.tar-* 2>/dev/null)" "*sha256:*web1.tar.gz*" "its sum is noted"
run mymachines pull-tar --keep-download=yes "$a/web1.tar.gz" web2
like "$status $err" "1 *there is an image 'web2' already*" "no image is replaced by what is kept"
run mymachines pull-tar --keep-download=yes --force --read-only "$a/web1.tar.gz" web2
is "$status" 0 "it is replaced with --force"
: >"$SERVED/requests"
# The server says that nothing has changed, but the publisher's list is another one.
cp "$SERVED/a/SHA256SUMS" list
sed -i 's/^[0-9a-f]*\( .*web1.tar.gz\)/'"$(sha256sum </dev/null | cut -d' ' -f1)"'\1/' "$SERVED/a/SHA256SUMS"
run mymachines pull-tar --verify=checksum --keep-download=yes "$a/web1.tar.gz" web3
like "$status $err" "1 *doesn't have its publisher's sum*" "what is kept is held to the publisher's list of now"
cp list "$SERVED/a/SHA256SUMS"
# One that was kept unchecked does not avoid a check.
mymachines clean >/dev/null
mymachines pull-tar --verify=no --keep-download=yes -q "$a/web1.tar.gz" - 2>/dev/null
is "$(ls -d "$pool"/.tar-* | wc -l)|$(mymachines list-images --no-legend | awk '{ print $1 }' | paste -sd,)" "1|web1,web2" \
    "with '-' for a name, there is only what is kept"
rm "$SERVED/a/SHA256SUMS.gpg"
run mymachines pull-tar --keep-download=yes "$a/web1.tar.gz" web3
like "$status $err" "1 *no signature*" "what was kept unchecked isn't taken where a signature is needed"
publish
run mymachines pull-tar --keep-download=yes "$a/web1.tar.gz" web3
like "$status $err" "0 *signed by $key*it was kept*" "it is, if it has the sum that is signed"
sum=$(sha512sum "$SERVED/a/web1.tar.gz")
: >"$SERVED/requests"
run mymachines pull-tar --keep-download=yes --verify="sha512:${sum%% *}" "$a/web1.tar.gz" web4
is "$status" 0 "with a sum of another kind, it is right"
asked "*If-None-Match*GET /web1.tar.gz*" "then it is fetched again"
run mymachines pull-raw --keep-download=yes "$a/vm1.raw"
is "$status|$(cmp "$SERVED/a/vm1.raw" "$pool/vm1.raw")|$(hidden | grep '^.raw' | cut -d. -f1-2)" \
    "0||.raw-${escaped}vm1\\x2eraw" "pull-raw --keep-download=yes"
is "$(hidden | grep '^.raw')" ".raw-${escaped}vm1\\x2eraw.$(etag vm1.raw) raw yes" "what is kept is read-only"
is "$(stat -c %a "$pool/vm1.raw")" 600 "the image is not"
cp "$SERVED/a/vm1.raw" vm1.old
head -c 1M /dev/urandom >"$SERVED/a/vm1.raw"
publish
run mymachines pull-raw --keep-download=yes --force "$a/vm1.raw"
is "$status|$(cmp "$SERVED/a/vm1.raw" "$pool/vm1.raw")|$(hidden | grep -c '^.raw')" "0||2" "a disk that has changed on the server is fetched"
# Servers without an ETag, or with a weak one: the second pull is as right as the first.
for how in plain cut-weak; do
    mymachines pull-tar --verify=no --keep-download=yes --force "$a/how/$how/web1.tar.gz" twice 2>/dev/null
    echo more >>"$SERVED/a/web1.tar.gz"
    : >"$SERVED/requests"
    mymachines pull-tar --verify=no --keep-download=yes --force "$a/how/$how/web1.tar.gz" twice 2>/dev/null
    asked "* GET /how/$how/web1.tar.gz Accept-Encoding=identity" "without a strong ETag, it is fetched each time: $how"
    cp good.tar.gz "$SERVED/a/web1.tar.gz" 2>/dev/null
done
run mymachines pull-tar --verify=no --keep-download=yes "$a/web1.tar.gz?token=secret" asked
is "$status|$(find "$pool" -name '*secret*')" "0|" "no query of an address is in a name"
run mymachines pull-tar --verify=no --keep-download=yes "$a/$(printf 'x%.0s' {1..200})/../web1.tar.gz" long
is "$status|$(diff -r root "$pool/long")" "0|" "an address may be longer than a name"
run mymachines pull-tar --keep-download=maybe "$a/web1.tar.gz" no
is "$status" 2 "--keep-download= is a boolean"
mymachines remove "$(hidden | awk '/^.raw/ { print $1; exit }')"
is "$?|$(hidden | grep -c '^.raw')" "0|1" "what is kept can be removed by its name"
mymachines clean >/dev/null
is "$(hidden)" "" "clean removes what is kept"
mymachines clean --all >/dev/null
publish

# What isn't an image, or isn't the one.
run mymachines pull-tar "$a/how/page/web1.tar.gz"
like "$status $err" "1 *answered with text/html (980 bytes), which is text and not an image" "a page in the place of an image is refused"
run mymachines pull-raw "$a/how/empty/vm1.raw"
like "$status $err" "1 *the file is empty*" "an empty file is refused"
run mymachines pull-tar "$a/vm1.raw"
like "$status $err" "1 *is not a tar archive" "a disk isn't taken for an archive"
rm -rf "${pool:?}"/*
echo more >>"$SERVED/a/web1.tar.gz"
run mymachines pull-tar "$a/web1.tar.gz"
like "$status $err" "1 *doesn't have its publisher's sum*" "an archive that was changed is refused"
sum=$(sha256sum <good.tar.gz)
run mymachines pull-tar --verify="sha256:${sum%% *}" "$a/web1.tar.gz"
like "$status $err" "1 *isn't the expected file*" "and one that doesn't have the given sum"
is "$(names)" "" "nothing is left of these"
run mymachines pull-tar --verify=no "$a/web1.tar.gz"
like "$status $err" "0 *not checked*" "it is taken with --verify=no, which is reported"
cp good.tar.gz "$SERVED/a/web1.tar.gz"
rm "$SERVED/a/SHA256SUMS.gpg"
run mymachines pull-tar --force "$a/web1.tar.gz"
like "$status $err" "1 *no signature*--verify=checksum" "a list without a signature isn't enough"
run mymachines pull-tar --force --verify=checksum "$a/web1.tar.gz"
like "$status $err" "0 *which is not signed" "it is for --verify=checksum, which is reported"
publish
run mymachines pull-tar --verify=sha1:x "$a/web1.tar.gz"
is "$status" 2 "an unknown --verify= is an error of the command line"

# Cut, and killed.
rm -rf "${pool:?}"/*
run mymachines pull-tar "$a/how/cut/web1.tar.gz"
is "$status" 0 "a download that is cut again and again is made whole"
rm -rf "${pool:?}"/*
partial() {
    find "$pool" -name '.#download.*' -size +100k
}
is_partial() {
    [ -n "$(partial)" ]
}
for signal in KILL TERM; do
    rm -f "$SERVED/go-on"
    mymachines pull-tar "$a/how/slow/web1.tar.gz" >/dev/null 2>slow.err </dev/null &
    pid=$!
    wait_until is_partial
    like "$(stat -c %a "$(partial)")" 600 "a download is for root only: $signal"
    like "$(mymachines list-transfers)" "*pull-tar*web1*$a/how/slow/web1.tar.gz*" "it is listed: $signal"
    run mymachines pull-tar "$a/how/slow/web1.tar.gz" other
    like "$status $err" "1 *fetched already*" "the same address isn't fetched twice at a time: $signal"
    kill -$signal $pid
    wait $pid 2>/dev/null
    [ ! -e "$pool/web1" ] && [ -n "$(partial)" ]
    ok $? "what came of it stays, and is not an image: $signal"
    touch "$SERVED/go-on"
    : >"$SERVED/requests"
    run mymachines pull-tar "$a/how/slow/web1.tar.gz"
    is "$status" 0 "the next pull is right: $signal"
    diff -r root "$pool/web1" >/dev/null
    ok $? "the image has what the archive has: $signal"
    like "$(cat "$SERVED/requests")" "*/web1.tar.gz Range=bytes=1* If-Range=*" "it asks for the rest: $signal"
    rm -rf "${pool:?}"/* "${pool:?}"/.#*
done

# Without an ETag it can't be continued.
rm -f "$SERVED/go-on"
mymachines pull-tar "$a/how/slow-no-etag/web1.tar.gz" >/dev/null 2>slow.err </dev/null &
pid=$!
wait_until is_partial
kill -TERM $pid
wait $pid 2>/dev/null
is "$?|$(names)" "143|" "nothing is left of a download that was cancelled and can't be continued"

# Lists that never end, and pages about missing ones: a signal ends the transfer in the midst of them.
server_was_asked() {
    grep -q "/how/$variant/$file " "$SERVED/requests"
}
while read -r signal variant file; do
    : >"$SERVED/requests"
    mymachines pull-tar "$a/how/$variant/web1.tar.gz" >/dev/null 2>drip.err </dev/null &
    pid=$!
    wait_until server_was_asked
    kill -"$signal" $pid
    wait_until has_ended "$pid" || kill -KILL $pid
    wait $pid 2>/dev/null
    is "$?|$(names)" "$((128 + $(kill -l "$signal")))|" "a server that drips can't keep a transfer from being cancelled: $variant"
done <<'I'
TERM all-drip SHA256SUMS
TERM all-drip-missing web1.tar.gz.sha256
HUP all-drip SHA256SUMS
I

# Whoever may read the process's command line sees no secret of the address.
rm -f "$SERVED/go-on"
mymachines pull-tar "${a/:\/\//://you:hidden@}/how/slow/web1.tar.gz?token=hidden" >/dev/null 2>slow.err </dev/null &
pid=$!
wait_until is_partial
is "$(ps -o args= -p $pid)" "mymachines pull-tar -- ${a/:\/\//://**********@}/how/slow/web1.tar.gz?************" \
    "ps shows neither the user nor the query of an address"
kill $pid
wait $pid 2>/dev/null
rm -rf "${pool:?}"/* "${pool:?}"/.#*

# Killed at steps that change something. With a sum that was given, and without: with what belongs to the image.
if can_trace; then
    echo '[Exec]' >"$SERVED/a/web1.nspawn"
    mkdir -p small/etc
    echo ID=small >small/etc/os-release
    tar -C small -czf "$SERVED/a/web1.tar.gz" .
    head -c 64K /dev/urandom >"$SERVED/a/vm1.raw"
    echo 0123 >"$SERVED/a/vm1.roothash"
    (cd "$SERVED/a" && sha256sum -- web1.* vm1.* >SHA256SUMS)
    judge_tar() {
        if [ -e "$pool/web1" ] && ! { diff -r small "$pool/web1" && cmp "$SERVED/a/web1.nspawn" "$pool/web1.nspawn"; } >/dev/null; then
            bad="$bad, $1"
        fi
        [ ! -e "$pool/web1" ] || mymachines remove web1
    }
    # One is there all the time: the former or the new one. Between two steps, the former's hash is beside the new one,
    # which nothing starts then.
    judge_raw() {
        if ! cmp -s "$SERVED/a/vm1.raw" "$pool/vm1.raw"; then
            [ "$(cat "$pool/vm1.raw")|$(cat "$pool/vm1.roothash")" = "former|4567" ] || bad="$bad, $1"
        elif [ -e "$pool/vm1.roothash" ]; then
            grep -qx 4567 "$pool/vm1.roothash" || cmp -s "$SERVED/a/vm1.roothash" "$pool/vm1.roothash" || bad="$bad, $1"
        fi
        printf former >"$pool/vm1.raw"
        echo 4567 >"$pool/vm1.roothash"
    }
    bad=
    kill_at_each 9 judge_tar pull-tar --quiet --verify=checksum -- "$a/web1.tar.gz"
    is "$bad" "" "pull-tar, killed at any of $killed steps: an image is whole, or isn't there"
    is "$placed|$([ "$killed" -gt 20 ]; echo $?)" "1|0" "pull-tar has more than 20 steps, and gets its name in one"
    judge_raw 0
    bad=
    kill_at_each 9 judge_raw pull-raw --quiet --force --verify=checksum -- "$a/vm1.raw"
    is "$bad" "" "pull-raw --force, killed at any of $killed steps: there is the former image, or the new one"
    is "$placed|$([ "$killed" -gt 20 ]; echo $?)" "1|0" "pull-raw has more than 20 steps, and gets its name in one"
    # Of what is kept, too: whatever is there, the next pull makes of it what the archive has.
    judge_keep() {
        judge_tar "$1"
        mymachines pull-tar --quiet --keep-download=yes --verify=checksum "$a/web1.tar.gz" 2>/dev/null &&
            diff -r small "$pool/web1" >/dev/null || bad="$bad, $1 then"
        mymachines remove web1
        [ $((killed % 2)) = 1 ] || mymachines clean >/dev/null
    }
    bad=
    kill_at_each 17 judge_keep pull-tar --quiet --keep-download=yes --verify=checksum -- "$a/web1.tar.gz"
    is "$bad" "" "pull-tar --keep-download=yes, killed at any of $killed steps"
    mymachines remove vm1
    mymachines clean >/dev/null 2>&1
    is "$(names | tr ' ' '\n' | grep -v '^web1.nspawn$' | grep .)" "" "nothing else is left of these"
    rm -rf "${pool:?}"/* "$SERVED/a"/*.nspawn "$SERVED/a"/*.roothash
    cp good.tar.gz "$SERVED/a/web1.tar.gz"
    publish
else
    skip "strace can't be used here" "killed at any step, an image is whole or isn't there"
fi

# A full disk, and an image that is there.
run mymachines pull-tar "$a/web1.tar.gz"
truncate -s 80M "$SERVED/a/big.raw"
printf x | dd of="$SERVED/a/big.raw" conv=notrunc 2>/dev/null
publish
run mymachines pull-raw "$a/big.raw"
like "$status $err" "1 *no space is left on the file system of $pool: * more are needed" "a full disk is named, with what is missing"
is "$(names)" "web1 " "nothing is left, and the other image is there"
kill "$server"
done_testing
