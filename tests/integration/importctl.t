#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program under the name of importctl.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/images.sh"
. "$SRCDIR/tests/support/image_server.sh"
need_root
[ -x "$BUILDDIR/mymachines-import" ] || skip_all "it was configured without libarchive"
own_pool
cd "$TMPDIR" || exit
ln -s "$BUILDDIR/mymachines" importctl
PATH=$PWD:$PATH
# fails_so WORDS NAME ARGUMENT...
fails_so() {
    run importctl "${@:3}"
    like "$status|${err%%$'\n'*}" "1|importctl: $1" "$2"
}

mkdir tree
echo one >tree/file
tar -C tree -cf one.tar .
run importctl -m import-tar -q one.tar
is "$status|$err|$(cat $pool/one/file)" "0||one" "import-tar"
run importctl import-fs --class=machine --read-only -q tree two
is "$status|$err|$(cat $pool/two/file)" "0||one" "import-fs, with the class as a word"
run importctl -mqN export-tar one one.tar.xz
is "$status|$err|$(tar -tf one.tar.xz | grep -c file)" "0||1" "letters together, in front of the verb"
is "$(importctl -m list-images | sed -n '1p; /^[0-9]* images/p' | tr -s ' ')" "CLASS NAME TYPE PATH RO CRTIME MTIME USAGE LIMIT
2 images listed." "list-images has importctl's columns"
is "$(importctl -m list-images --no-legend | awk '{ print $1, $2, $3, $4, $5 }' | paste -sd,)" \
    "machine one directory $pool/one rw,machine two directory $pool/two ro" "list-images"
is "$(importctl --json=short list-images | python3 -c 'import json, sys; print([(i["name"], i["ro"], i["path"]) for i in json.load(sys.stdin)])')" \
    "[('one', False, '$pool/one'), ('two', True, '$pool/two')]" "list-images --json has the same"
is "$(importctl)|$(mymachines list-transfers)" "No transfers.|No transfers." "without a verb: list-transfers"
mkfifo slow.tar
importctl -m import-tar slow.tar >/dev/null 2>&1 &
slow=$!
exec 7>slow.tar
head -c 600 one.tar >&7
is_listed() {
    importctl list-transfers | grep -q slow
}
wait_until is_listed
is "$(importctl list-transfers | sed -E '2s/[0-9]+ +[^ ]+ /ID PROGRESS /' | tr -s ' ')" "ID PROGRESS TYPE CLASS LOCAL REMOTE
ID PROGRESS import-tar machine slow slow.tar

1 transfers listed." "list-transfers has importctl's columns"
kill $slow
exec 7>&-
wait $slow
fails_so "there is no transfer 77" "cancel-transfer" cancel-transfer 77
fails_so "--verify=perhaps: the value isn't valid" "an option's value" pull-tar --verify=perhaps http://127.0.0.1:1/x.tar
for option in -P -S -C --class=sysext; do
    fails_so "list-images: $option: mymachines has images of machines only" "another class: $option" "$option" list-images
done
fails_so "list-images: --user=: mymachines has images of the system only" "--user" --user list-images
is "$(importctl list-images -j)|$(importctl -jm list-transfers)" "$(importctl list-images --json=short)|[]" "-j is --json=short"
run importctl -j import-fs -q tree three
is "$status|$out|$err" "0||" "-j has no effect where there is no list"
rm -rf $pool/three
is "$("$SRCDIR/tests/support/terminal" -- importctl -j list-images | tr -d '\r')" "$(importctl --json=pretty list-images)" \
    "on a terminal it is --json=pretty"
fails_so "list-images: --machine=web1: works on this host alone; *" "-M" -M web1 list-images
for verb in list register clone import; do
    fails_so "unknown verb '$verb'; *" "no verb of importctl's: '$verb'" "$verb"
done
fails_so "unrecognized option '--size-max=1M'" "no option of importctl's" import-tar --size-max=1M one.tar
if [ -x "$BUILDDIR/tests/support/fetcher" ] && serve_images; then
    cp one.tar "$SERVED/a/one.tar"
    kept() {
        find $pool -maxdepth 1 -name '.tar-*' | wc -l
    }
    importctl -m --verify=no -N pull-tar -q "$a/one.tar" pulled
    is "$?|$(cat $pool/pulled/file)|$(kept)" "0|one|0" "pull-tar -N keeps no download"
    importctl -m --verify=no --keep-download=no pull-tar -q "$a/one.tar" again
    is "$?|$(kept)" "0|0" "pull-tar --keep-download=no doesn't, either"
    importctl -m --verify=no pull-tar -q "$a/one.tar" third
    is "$?|$(cat $pool/third/file)|$(kept)" "0|one|1" "pull-tar keeps the download, as importctl(1) does"
    fails_so "--keep-download=perhaps: the value isn't valid" "--keep-download= is a boolean" pull-tar --keep-download=perhaps "$a/one.tar"
    kill "$server"
else
    skip "no server of images here" "pull-tar keeps the download, as importctl(1) does"
fi
like "$(importctl --help)" "Usage: importctl *import-tar *--verify=MODE*" "--help"
like "$(importctl --version)" "mymachines [0-9]*" "--version"
is "$(importctl complete -- can | tail -n +2 | cut -f1)" cancel-transfer "completions"
done_testing
