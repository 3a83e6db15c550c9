#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# org.freedesktop.import1: every method, and stock machinectl, beside the real importd.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
. "$SRCDIR/tests/support/images.sh"
. "$SRCDIR/tests/support/image_server.sh"
need_root
need_bus
[ -x "$BUILDDIR/mymachines-import-bus" ] || skip_all "it was configured without libarchive"
command -v jq >/dev/null || skip_all "jq isn't installed"
[ ! -x /usr/lib/polkit-1/polkitd ] || polkit_rules <<'R'
polkit.addRule(function(action, subject) {
    if (action.id.indexOf("org.freedesktop.import1.") == 0 && (subject.user == "daemon" || subject.user == "bin"))
        return action.lookup("local") == "forbidden" ? polkit.Result.NO : polkit.Result.YES;
});
R
own_pool
start_bus
# These ids of daemon and bin are one user's.
echo someone:1:2 >/etc/subuid
mkdir -p /run/systemd/system
cd "$TMPDIR" || exit 1
mkdir -p tree/etc
echo one >tree/etc/one
tar -C tree -cf one.tar .
truncate -s 1M one.raw
echo boot | dd of=one.raw conv=notrunc 2>/dev/null
head -c 10000 /dev/urandom >bad.tar

I=org.freedesktop.import1
# manager METHOD [ARGUMENT...]: a call of the Manager's
manager() {
    busctl --timeout=30 call $I /org/freedesktop/import1 $I.Manager "$@"
}
# answered_by PROGRAM
answered_by() {
    local pid
    pid=$(busctl --json=short call org.freedesktop.DBus / org.freedesktop.DBus GetConnectionUnixProcessID s $I 2>/dev/null | jq '.data[0]')
    [ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$1")" ]
}

# What stock machinectl does, without the words of whoever does it: the real importd's and ours.
transfer_all() {
    local name
    machinectl list-transfers --no-pager
    machinectl cancel-transfer 99 | cut -d: -f1
    for name in one.tar one.tar a/b; do
        machinectl import-tar one.tar "$(basename $name .tar)"
        echo "$?"
    done
    machinectl import-tar --force --read-only one.tar one
    echo "$? $(lsattr -d $pool/one | cut -c5)"
    machinectl import-tar - two <one.tar
    echo "$? $(cat $pool/two/etc/one)"
    # shellcheck disable=SC2002
    cat one.tar | machinectl import-tar - three
    echo "$? $(cat $pool/three/etc/one)"
    machinectl import-fs tree four
    echo "$? $(cat $pool/four/etc/one)"
    machinectl import-raw one.raw disk
    echo "$? $(cmp one.raw $pool/disk.raw)"
    machinectl export-tar two out.tar.gz
    echo "$? $(tar -tzf out.tar.gz | sort | paste -sd,)"
    machinectl export-tar two - | tar -t | sort | paste -sd,
    machinectl export-raw disk out.raw.xz
    echo "$? $(xz -dc out.raw.xz | cmp - one.raw)"
    machinectl export-tar nosuch no.tar
    echo "$?"
    machinectl import-tar bad.tar bad
    echo "$?"
    machinectl pull-tar http://127.0.0.1:1/y.tar
    echo "$?"
    chattr -i $pool/*/ 2>/dev/null
    ls $pool
    rm -rf "${pool:?}"/*
} 2>/dev/null
if command -v machinectl >/dev/null && [ -x /lib/systemd/systemd-importd ]; then
    /lib/systemd/systemd-importd >/dev/null 2>&1 &
    importd=$!
    wait_until answered_by /lib/systemd/systemd-importd && transfer_all >real
    kill $importd
    wait $importd 2>/dev/null
    transfer_all >ours
    is "$(cat ours)" "$(cat real)" "stock machinectl does the same as with the real importd"
    run machinectl import-tar one.tar one
    like "$status|$err" "0|*one: import-tar done: 3 entries*" "machinectl shows what mymachines-import says"
    run machinectl import-tar one.tar one
    like "$status|$err" "1|*import-tar: there is an image 'one' already, $pool/one" "and the reason of a failure"
    rm -rf $pool/one
else
    skip "machinectl and systemd-importd aren't installed" "stock machinectl"
fi
answered_by "$BUILDDIR/mymachines-import-bus" || manager ListTransfers >/dev/null
answered_by "$BUILDDIR/mymachines-import-bus"
ok $? "mymachines-import-bus answers, started by the bus"

# From here on, with a server's certificate that is this test's own.
end_server() {
    kill "$(busctl --json=short call org.freedesktop.DBus / org.freedesktop.DBus GetConnectionUnixProcessID s $I | jq '.data[0]')"
    wait_until sh -c "! busctl status $I >/dev/null 2>&1"
}
end_server
fetches=
if [ -x "$BUILDDIR/tests/support/fetcher" ] && serve_images; then
    fetches=1
    cp one.tar "$SERVED/a/web1.tar"
    cp one.raw "$SERVED/a/vm1.raw"
    (cd "$SERVED/a" && sha256sum -- * >SHA256SUMS)
fi
"$BUILDDIR/mymachines-import-bus" 2>server.err &
server=$!
wait_until answered_by "$BUILDDIR/mymachines-import-bus"
# import METHOD SIGNATURE ARGUMENT...: the signals of the transfer, or the name of the error
import() {
    python3 "$SRCDIR/tests/integration/import_call.py" "$@"
}
is "$(import ImportTar hsbb one.tar one 0 0 | sed 's/, in .*//')" \
    "TransferNew
LogMessage 6 one: import-tar done: 3 entries, 4 B
TransferRemoved done" "ImportTar: the signals come in their order"
is "$(import ImportTar hsbb bad.tar two 0 0 | cut -c1-55)" \
    "TransferNew
LogMessage 3 import-tar: this is not a tar archive: it 
TransferRemoved failed" "a failure's reason has the priority of an error"
is "$(import ImportTarEx hsst one.tar one machine 3 | tail -n 1)|$(mymachines show-image one -p ReadOnly --value)" "TransferRemoved done|yes" \
    "ImportTarEx: flags to replace, and to make it read-only"
is "$(import ImportRaw hsbb one.raw disk 0 0 | tail -n 1)|$(cmp one.raw $pool/disk.raw)" "TransferRemoved done|" "ImportRaw"
is "$(import ImportRawEx hsst one.raw disk machine 1 | tail -n 1)" "TransferRemoved done" "ImportRawEx"
is "$(import ImportFileSystem hsbb tree two 0 0 | tail -n 1)|$(cat $pool/two/etc/one)" "TransferRemoved done|one" "ImportFileSystem"
is "$(import ImportFileSystemEx hsst tree two machine 1 | tail -n 1)" "TransferRemoved done" "ImportFileSystemEx"
is "$(import ExportTar shs two out.tar gzip | tail -n 1)|$(tar -tzf out.tar | sort | paste -sd,)" "TransferRemoved done|./,./etc/,./etc/one" "ExportTar"
: >out.tar
is "$(import ExportTarEx sshst two machine out.tar '' 0 | tail -n 1)|$(tar -tf out.tar | sort | paste -sd,)" "TransferRemoved done|./,./etc/,./etc/one" "ExportTarEx"
is "$(import ExportRaw shs disk out.raw '' | tail -n 1)|$(cmp out.raw one.raw)" "TransferRemoved done|" "ExportRaw"
is "$(import ExportRawEx sshst disk machine out.raw.xz xz 0 | tail -n 1)|$(xz -dc out.raw.xz | cmp - one.raw)" "TransferRemoved done|" "ExportRawEx"
is "$(import ExportTar shs two out.tar rar | head -n 2 | tail -n 1)" "LogMessage 3 --format=rar: the value isn't valid" "an unknown format"
if [ "$fetches" ]; then
    sum=$(sha256sum one.raw | cut -d' ' -f1)
    is "$(import PullTar sssb "$a/web1.tar" web1 checksum 0 | tail -n 1)|$(cat $pool/web1/etc/one)" "TransferRemoved done|one" "PullTar"
    is "$(import PullTarEx sssst "$a/web1.tar" web1 machine no 1 | tail -n 1)" "TransferRemoved done" "PullTarEx"
    is "$(import PullRaw sssb "$a/vm1.raw" vm1 checksum 0 | tail -n 1)|$(cmp one.raw $pool/vm1.raw)" "TransferRemoved done|" "PullRaw"
    is "$(import PullRawEx sssst "$a/vm1.raw" vm1 machine "sha256:$sum" 3 | tail -n 1)|$(mymachines show-image vm1 -p ReadOnly --value)" \
        "TransferRemoved done|yes" "PullRawEx, checked by a given sum"
    is "$(import PullTarEx sssst "$a/web1.tar" web1 machine checksum 5 | tail -n 1)|$(find $pool -maxdepth 1 -name '.tar-*' | wc -l)" \
        "TransferRemoved done|1" "PullTarEx with the flag to keep the download"
    is "$(import PullRawEx sssst "$a/vm1.raw" '' machine checksum 4 | tail -n 1)|$(find $pool -maxdepth 1 -name '.raw-*' | wc -l)" \
        "TransferRemoved done|1" "PullRawEx without a name: only the download is kept"
    mymachines clean >/dev/null
    like "$(import PullTar sssb "$a/web1.tar" web2 '' 0)" "*LogMessage 3 pull-tar: *sign*TransferRemoved failed" "without a word, the signature is checked"
else
    skip "no server of images here" "PullTar and PullRaw"
fi

# Transfers that go on.
mkfifo slow
exec 8<>slow
path=$(import --no-wait ImportTar hsbb slow three 0 0)
id=${path##*_}
# transfer PATH: what is listed of it
transfer() {
    manager --json=short ListTransfers | jq -c "[.data[0][] | select(.[5] == \"$1\") | .[0:4]]"
}
is "$(transfer "$path")" "[[$id,\"import-tar\",\"\",\"three\"]]" "ListTransfers has it from the reply on"
is_noted() {
    [ "$(mymachines list-transfers --json=short | jq ".[] | select(.id == $id) | .local")" = '"three"' ]
}
wait_until is_noted
ok $? "mymachines lists it by the same number"
is "$(transfer "$path")" "[[$id,\"import-tar\",\"\",\"three\"]]" "ListTransfers has it once"
is "$(manager --json=short ListTransfersEx st machine 0 | jq -c '.data[0] | map(.[1:5])')" '[["import-tar","","three","machine"]]' "ListTransfersEx"
is "$(manager ListTransfersEx st sysext 0)" "a(ussssdo) 0" "of other classes there are none"
is "$(busctl get-property $I "$path" $I.Transfer Id Local Remote Type Verify)" "u $id
s \"three\"
s \"\"
s \"import-tar\"
s \"\"" "a transfer's properties"
is "$(busctl tree --list $I | grep "transfer/")" "$path" "its object is listed"
run manager CancelTransfer u "$id"
is "$status" 0 "CancelTransfer"
is_over() {
    [ "$(manager ListTransfers)" = "a(usssdo) 0" ]
}
wait_until is_over
ok $? "it ends"
is "$(ls $pool | grep -c three)" 0 "and leaves no image"
import ImportTar hsbb slow three 0 0 >cancelled &
waits=$!
begun() {
    path=$(manager --json=short ListTransfers | jq -r '.data[0][0][5]')
    [ "$path" != null ]
}
wait_until begun
busctl call $I "$path" $I.Transfer Cancel
wait $waits
is "$(cat cancelled)" "TransferNew
TransferRemoved canceled" "Cancel, and what is told of it"
mymachines import-tar -q slow four &
own=$!
wait_until begun
like "$(busctl get-property $I "$path" $I.Transfer Remote)" "s \"slow\"" "a transfer that a person has started has an object"
busctl call $I "$path" $I.Transfer Cancel
wait $own
is $? 143 "and can be cancelled"
import ImportTar hsbb slow five 0 0 >steps &
waits=$!
wait_until begun
kill -9 "$(mymachines list-transfers --json=short | jq '.[0].pid')"
wait $waits
is "$(tail -n 1 steps)" "TransferRemoved failed" "a process that was killed has failed"
wait_until is_over
ok $? "and is listed no more"
if [ "$fetches" ]; then
    import PullRaw sssb "$a/how/slow/vm1.raw" six no 0 >steps &
    waits=$!
    wait_until grep -q ProgressUpdate steps
    is "$(grep -c "ProgressUpdate between" steps)|$(import --no-wait PullRaw sssb "$a/how/slow/vm1.raw" seven no 0)" \
        "1|$I.TransferInProgress" "ProgressUpdate tells how far it is; the same can't be fetched twice at once"
    : >"$SERVED/go-on"
    wait $waits
    is "$(tail -n 1 steps)" "TransferRemoved done" "it is done then"
fi

E=org.freedesktop.DBus.Error
is "$(import --no-wait ImportTar hsbb slow seven 0 0 | cut -c1-33)" "/org/freedesktop/import1/transfer" "one that goes on"
while IFS='|' read -r expected name arguments; do
    eval "set -- $arguments"
    is "$(import --no-wait "$@")" "$expected" "$name"
done <<T
$E.InvalidArgs|a local name with a slash|ImportTar hsbb one.tar a/b 0 0
$E.InvalidArgs|an empty local name|ImportTar hsbb one.tar '' 0 0
$E.InvalidArgs|a directory as an archive|ImportTar hsbb tree x 0 0
$E.InvalidArgs|a device as an archive|ImportTar hsbb /dev/null x 0 0
$E.InvalidArgs|an archive as a directory|ImportFileSystem hsbb one.tar x 0 0
$E.InvalidArgs|an unknown flag|ImportTarEx hsst one.tar x machine 8
$E.InvalidArgs|a flag of fetching|ImportTarEx hsst one.tar x machine 4
$E.InvalidArgs|a flag for exporting|ExportTarEx sshst one machine out.tar '' 1
$E.InvalidArgs|an unknown class|ImportTarEx hsst one.tar x thing 0
$E.NotSupported|another class|ImportTarEx hsst one.tar x sysext 0
$E.InvalidArgs|an address that is a file's|PullTar sssb file:///etc/passwd x no 0
$E.InvalidArgs|an unknown way to check|PullTar sssb http://127.0.0.1:1/x.tar x perhaps 0
T
is "$(busctl call $I /org/freedesktop/import1 $I.Manager CancelTransfer u 4000000000 2>&1)" "Call failed: there is no transfer 4000000000" "a transfer that isn't there"
like "$(busctl call $I /org/freedesktop/import1/transfer/_4000000000 $I.Transfer Cancel 2>&1)" "*Unknown object*" "and its object"
is "$(manager --json=short ListImages st machine 0 | jq -c '.data[0] | map(select(.[1] == "two") | .[0:4])')" \
    "[[\"machine\",\"two\",\"directory\",\"$pool/two\"]]" "ListImages"
is "$(manager ListImages st confext 0)" "a(ssssbtttttt) 0" "of other classes there are none"

# Who may call.
for arguments in "ImportTar hsbb one.tar forbidden 0 0" "ExportTar shs forbidden anybodys ''" "PullTar sssb http://127.0.0.1:1/x.tar forbidden no 0"; do
    eval "set -- $arguments"
    [ "$1" != ExportTar ] || { : >anybodys; chmod 666 anybodys; }
    like "$(as_daemon python3 "$SRCDIR/tests/integration/import_call.py" --no-wait "$@" 2>&1)" "$E.[AI]*ed" "a user whom polkit doesn't allow $1"
done
if [ -x /usr/lib/polkit-1/polkitd ]; then
    chmod 666 slow
    is "$(as_daemon python3 "$SRCDIR/tests/integration/import_call.py" ImportTar hsbb one.tar daemons 0 0 | tail -n 1)" \
        "TransferRemoved done" "a user whom polkit allows it"
    for i in {1..17}; do
        as_daemon python3 "$SRCDIR/tests/integration/import_call.py" --no-wait ImportTar hsbb slow "many$i" 0 0
    done >many
    is "$(tail -n 1 many)|$(grep -c transfer/ many)" "$E.LimitsExceeded|16" "a user has 16 transfers at once"
    is "$(setpriv --reuid=bin --regid=bin --init-groups python3 "$SRCDIR/tests/integration/import_call.py" \
        --no-wait ImportTar hsbb slow more 0 0)" "$E.LimitsExceeded" "all subordinate ids of the user together"
    is "$(import --no-wait ImportTar hsbb slow roots 0 0 | cut -c1-33)" "/org/freedesktop/import1/transfer" "which keeps nobody else from having some"
else
    skip "polkitd isn't installed" "a user whom polkit allows it"
fi

# The transfers that it has started go on without it.
kill $server
wait $server 2>/dev/null
ids=$(mymachines list-transfers --json=short | jq '.[].id')
like "$ids" "[1-9]*" "when it ends, the transfers go on"
# shellcheck disable=SC2086
mymachines cancel-transfer $ids
has_none() {
    [ "$(mymachines list-transfers --json=short)" = "[]" ]
}
wait_until has_none
ok $? "and can be cancelled"
is "$(find $pool -name '*many*' -o -name '*roots*')" "" "without leaving anything"
done_testing
