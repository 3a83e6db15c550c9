#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images that podman saves become machines that systemd-nspawn runs as the image asks for.
. "$SRCDIR/tests/runtimes/lib.sh"
. "$SRCDIR/tests/support/images.sh"
need systemd-nspawn podman
leaves_cgroups payload supervisor
[ -x "$BUILDDIR/tests/support/fetcher" ] || skip_all "this was configured without libcurl"

own_etc
own_pool
use_module
with_monitor
mkdir -p "$TMPDIR/pod"
pod() {
    env -i PATH="$PATH" HOME="$TMPDIR/pod" podman --root "$TMPDIR/pod/vfs" --runroot "$TMPDIR/pod/run" --tmpdir "$TMPDIR/pod/tmp" \
        --network-config-dir "$TMPDIR/pod/net" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file "$@" </dev/null
}
listing() {
    (cd "$1" && find . -mindepth 1 ! -path './proc/*' ! -path './sys/*' -printf '%P|%y|%m|%U:%G|%l|%n\n' | sed '/|d|/s/[0-9]*$//' | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum --)
}

# Two layers: the second one adds, replaces and takes away.
rootfs "$TMPDIR/root" plain
mkdir -p "$TMPDIR/root/srv/old" "$TMPDIR/root/usr/lib"
echo old >"$TMPDIR/root/srv/old/file"
echo gone >"$TMPDIR/root/srv/gone"
tar -C "$TMPDIR/root" -cf "$TMPDIR/root.tar" .
pod import -q -c 'ENV GREETING="hello world"' -c 'WORKDIR /srv' \
    -c 'CMD ["/bin/sh", "-c", "echo \"$GREETING\" >/ran; pwd >>/ran; echo \"$@\" >>/ran; exec sleep 1000", "sh", "two words"]' \
    "$TMPDIR/root.tar" base:1 >/dev/null 2>"$TMPDIR/pod.log" || skip_all "podman can't make an image here: $(tail -n 1 "$TMPDIR/pod.log")"
pod create -q --name c base:1 >/dev/null 2>>"$TMPDIR/pod.log"
mounted=$(pod mount c)
rm -r "$mounted/srv/gone" "$mounted/srv/old"
mkdir "$mounted/srv/old"
echo new >"$mounted/srv/old/other"
ln "$mounted/srv/old/other" "$mounted/srv/linked"
chown 7:8 "$mounted/srv/old"
pod umount c >/dev/null
pod commit -q c app:1 >/dev/null 2>>"$TMPDIR/pod.log"
is "$(pod image inspect -f '{{len .RootFS.Layers}}' app:1)" 2 "the image has two layers"
mkdir "$TMPDIR/flat"
pod create -q --name flat app:1 >/dev/null 2>>"$TMPDIR/pod.log"
pod export flat | tar -C "$TMPDIR/flat" -xf -
listing "$TMPDIR/flat" >"$TMPDIR/expected"

for format in oci-archive oci-dir docker-archive docker-dir; do
    rm -rf "$TMPDIR/saved"
    pod save -q --format $format -o "$TMPDIR/saved" app:1 2>"$TMPDIR/pod.log" >/dev/null
    run mymachines import-oci --force "$TMPDIR/saved" web1
    if [ $format = docker-dir ]; then
        # One of containers/image's own, which nobody else reads.
        like "$status|$err" "1|*not a list of images*" "a directory of another kind is told"
        continue
    fi
    is "$status|$(listing "$pool/web1" | diff - "$TMPDIR/expected")" "0|" "what podman saves is what it exports: $format"
done
run mymachines start web1
is "$status|$err" "0|$err" "the image starts"
is "$(mymachines list --no-legend | awk '{ print $1 }')" web1 "and is registered"
ran() {
    [ "$(wc -l <"$pool/web1/ran")" = 3 ]
}
wait_until ran
is "$(cat "$pool/web1/ran")" "hello world
/srv
two words" "its command runs in its directory, with its environment"
mymachines terminate web1
gone "the image terminated" web1
done_testing
