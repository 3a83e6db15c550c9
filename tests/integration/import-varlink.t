#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# io.systemd.Import: images from a server of this test's, callers that leave, and transfers that others have started.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/bus.sh"
. "$SRCDIR/tests/support/images.sh"
. "$SRCDIR/tests/support/image_server.sh"
need_root
[ -x "$BUILDDIR/mymachines-import-varlink" ] || skip_all "it was configured without libarchive"
if [ ! -x "$BUILDDIR/tests/support/fetcher" ] || ! serve_images; then
    skip_all "no server of images here"
fi
command -v jq >/dev/null || skip_all "jq isn't installed"
own_pool
cd "$TMPDIR" || exit 1
mkdir -p tree/etc
echo one >tree/etc/one
tar -C tree -cf "$SERVED/a/web1.tar" .
truncate -s 1M "$SERVED/a/vm1.raw"
echo boot | dd of="$SERVED/a/vm1.raw" conv=notrunc 2>/dev/null
head -c 10000 /dev/urandom >"$SERVED/a/bad.tar"
(cd "$SERVED/a" && sha256sum -- * >SHA256SUMS)
sum=$(sha256sum "$SERVED/a/vm1.raw" | cut -d' ' -f1)

socket=/run/systemd/io.systemd.Import
serve() {
    python3 "$SRCDIR/tests/support/activate" $socket -- "$BUILDDIR/mymachines-import-varlink" 2>server.err &
    server=$!
    wait_until listening $socket
}
# import METHOD PARAMETERS [once|oneway]: the replies, or the error
import() {
    python3 "$SRCDIR/tests/integration/import_varlink.py" $socket "$@"
}
# pull TYPE ADDRESS [MEMBER...]: of an image of machines
pull() {
    local members=
    [ $# = 2 ] || members=$(printf ', %s' "${@:3}")
    import Pull "{\"type\": \"$1\", \"remote\": \"$2\", \"class\": \"machine\"$members}"
}
# listed: ids, types and images of all transfers
listed() {
    import ListTransfers '{}' | jq -c '[.type, .local, .class]' 2>/dev/null
}
is_over() {
    [ "$(import ListTransfers '{}')" = NoTransfers ]
}
no='"verify": "no"'
serve

python3 "$SRCDIR/tests/integration/import_varlink.py" $socket check http://127.0.0.1:1/x.raw >tap
sed '/^1\.\./d' tap
n_tests=$(grep -cE '^(not )?ok ' tap)
is "$(tail -n 1 tap)" "1..$n_tests" "the client of the tests came to its end"
wait_until is_over

# Images, by https.
pull tar "$a/web1.tar" '"local": "web1"' '"verify": "checksum"' >replies
is "$(sed -n '1s/[0-9]*$/ID/p; $p' replies)|$(cat $pool/web1/etc/one)" "id ID
done|one" "Pull fetches an archive, and tells its number first and its end last"
like "$(cat replies)" "*log 6 web1: pull-tar done: 3 entries*" "and log messages meanwhile"
is "$(pull tar "$a/web1.tar" '"local": "web1"' "$no" | sed 1d)" \
    "log 3 pull-tar: there is an image 'web1' already, $pool/web1
TransferFailed" "an image of that name: the last message has the reason"
is "$(pull tar "$a/web1.tar" '"local": "web1"' "$no" '"force": true' '"readOnly": true' | tail -n 1)|$(mymachines show-image web1 -p ReadOnly --value)" \
    "done|yes" "force and readOnly"
is "$(pull raw "$a/vm1.raw" "\"verify\": \"sha256:$sum\"" | tail -n 1)|$(cmp "$SERVED/a/vm1.raw" $pool/vm1.raw)" "done|" \
    "a disk, checked by a given sum; without a name it has that of the address"
is "$(pull raw "$a/vm1.raw" '"local": "vm2"' "$no" '"keepDownload": true' '"imageRoot": "/var/lib/machines/"' | tail -n 1)|$(find $pool -name '.raw-*' | wc -l)" \
    "done|1" "keepDownload"
mymachines clean >/dev/null
is "$(pull raw "$a/vm1.raw" '"local": "-"' "$no" | tail -n 1)|$(find $pool -name '.raw-*' | wc -l)|$(ls $pool)" "done|1|vm1.raw
vm2.raw
web1" "the name -: only the download is kept"
like "$(pull tar "$a/web1.tar" '"local": "web2"')" "*log 3 pull-tar: *sign*TransferFailed" "the default is to check the signature"
like "$(pull tar "$a/bad.tar" '"local": "web2"' "$no")" "*log 3 pull-tar: *bad.tar is not a tar archive*TransferFailed" "what isn't an archive"
like "$(pull tar "$a/nosuch.tar" '"local": "web2"' "$no")" "*log 3 pull-tar: *404*TransferFailed" "what the server hasn't"
like "$(pull oci localhost:1/x '"local": "web2"')" "*log 3 pull-oci: *localhost:1*TransferFailed" "an image of a registry that doesn't answer"
like "$(pull raw 'http://localhost:1/\u001b[31m' "$no")" \
    "*log 3 pull-raw: 'http://localhost:1/"'\\'"x1b?31m' is not a valid URL*TransferFailed" "a message about control characters has them escaped once"
is "$(ls $pool)" "vm1.raw
vm2.raw
web1" "a failed one leaves nothing"
is "$(import Pull "{\"type\": \"tar\", \"remote\": \"$a/web1.tar\", \"local\": \"once\", \"class\": \"machine\", $no}" once | sed 's/[0-9]*$/ID/')" \
    "id ID" "without more: the number alone"
has_image() {
    [ -e "$pool/$1" ]
}
wait_until has_image once
ok $? "and the transfer goes on"
# The image is there before its transfer is over, and until then the same can't be fetched again.
wait_until is_over
import Pull "{\"type\": \"tar\", \"remote\": \"$a/web1.tar\", \"local\": \"oneway\", \"class\": \"machine\", $no}" oneway
wait_until has_image oneway
ok $? "also if no reply is wanted"
wait_until is_over

# Values that aren't right.
while IFS='|' read -r expected name parameters; do
    is "$(import Pull "{\"type\": \"tar\", \"remote\": \"$a/web1.tar\", \"class\": \"machine\"${parameters:+, }$parameters}")" "$expected" "$name"
done <<T
InvalidParameter local|a name with a slash|"local": "a/b"
InvalidParameter local|a name of a lock|"local": ".#web1.lck"
InvalidParameter local|the host's name|"local": ".host"
InvalidParameter local|a name with a control character|"local": "a\u001b[31m"
InvalidParameter remote|an address that is a file's|"remote": "file:///etc/passwd"
InvalidParameter remote|another scheme|"remote": "ftp://localhost/x.tar"
InvalidParameter remote|an option for an address|"remote": "--verify=no"
InvalidParameter verify|an unknown way to check|"verify": "perhaps"
InvalidParameter verify|a sum that is too short|"verify": "sha256:00"
InvalidParameter verify|a sum with another character|"verify": "sha512:${sum}x"
InvalidParameter verify|an option for a way to check|"verify": "no --force"
InvalidParameter type|a zip archive|"type": "zip"
InvalidParameter class|an unknown class|"class": "thing"
errno EOPNOTSUPP: mymachines has images of machines only|another class|"class": "sysext"
InvalidParameter imageRoot|a directory that isn't absolute|"imageRoot": "var/lib/machines"
errno EOPNOTSUPP: images are made in /var/lib/machines only|another directory|"imageRoot": "/var/lib/machines/../x"
InvalidParameter verify|a signature of a registry's image|"type": "oci", "remote": "x", "verify": "signature"
InvalidParameter keepDownload|a registry's image, kept|"type": "oci", "remote": "x", "keepDownload": true
InvalidParameter remote|no image of a registry|"type": "oci", "remote": ""
T
is "$(import ListTransfers '{"class": "portable"}')|$(import ListTransfers '{"class": null}')" "NoTransfers|NoTransfers" "ListTransfers: of other classes there are none"
is "$(import ListTransfers '{}' once)" ExpectedMore "ListTransfers needs more replies than one"

# One that takes long.
slow=$a/how/slow/vm1.raw
# begin FILE: its replies are in there
begin() {
    : >"$1"
    pull raw "$slow" '"local": "slow"' "$no" >"$1" &
    caller=$!
    wait_until grep -q "progress between" "$1"
}
# leave: that caller is killed
leave() {
    pkill -9 -P $caller
    wait $caller
} 2>/dev/null
begin replies
is "$(listed)|$(import ListTransfers '{"class": "machine"}' | jq '.percent > 0 and .percent < 1')" '["pull_raw","slow","machine"]|true' \
    "ListTransfers has it"
is "$(mymachines list-transfers --json=short | jq '.[0].id')" "$(sed -n 's/^id //p' replies)" "mymachines lists it by the same number"
is "$(pull raw "$slow" '"local": "other"' "$no")" "AlreadyInProgress $slow" "the same can't be fetched twice at once"
is "$(pull tar "$a/web1.tar" '"local": "else"' "$no" | tail -n 1)" "done" "something else can"
mymachines cancel-transfer "$(sed -n 's/^id //p' replies)"
wait $caller
is "$(tail -n 1 replies)" TransferCancelled "one that is cancelled"
wait_until is_over
is "$(find $pool -name '*slow*')" "" "leaves nothing"
begin replies
kill -9 "$(mymachines list-transfers --json=short | jq '.[0].pid')"
wait $caller
is "$(tail -n 1 replies)" TransferFailed "one whose process was killed has failed"
wait_until is_over

# A caller that leaves.
begin replies
leave
is "$(listed)" '["pull_raw","slow","machine"]' "one whose caller has left goes on"
is "$(pull raw "$slow" '"local": "other"' "$no")" "AlreadyInProgress $slow" "and is in progress for others"
: >"$SERVED/go-on"
wait_until has_image slow.raw
is "$(cmp "$SERVED/a/vm1.raw" $pool/slow.raw)" "" "to its end"
wait_until is_over
rm "$SERVED/go-on" $pool/slow.raw

# A caller that reads late gets all replies.
python3 - "$SERVED/a/names.tar" <<'P'
import io, sys, tarfile
with tarfile.open(sys.argv[1], "w") as archive:
    for i in range(20):
        member = tarfile.TarInfo(f"file{i}")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
P
python3 - $socket "$a/names.tar" >deaf <<'P'
import os, sys, time
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client
with Client(sys.argv[1], timeout=60) as client, Client(sys.argv[1]) as other:
    client.send("io.systemd.Import.Pull", {"remote": sys.argv[2], "local": "deaf", "type": "tar", "class": "machine", "verify": "no"}, more=True)
    while other.call("io.systemd.Import.ListTransfers", {}, more=True).get("error") != "io.systemd.Import.NoTransfers" or \
            not os.path.exists("/var/lib/machines/deaf"):
        time.sleep(0.05)
    replies = []
    while not replies or replies[-1].get("continues"):
        replies.append(client.receive())
print("id" in replies[0]["parameters"], replies[-1])
P
is "$(cat deaf)" "True {'parameters': {}}" "a caller that reads late gets all"

# Transfers that others have started.
mkfifo slow.tar
exec 8<>slow.tar
mymachines import-tar -q slow.tar one &
own=$!
is_listed() {
    listed | grep -q "$1"
}
wait_until is_listed import_tar
is "$(import ListTransfers '{}' | jq -c '[.type, .local, .remote, .percent < 0]')" '["import_tar","one","slow.tar",true]' \
    "ListTransfers has one that a person has started"
kill $own
wait $own
mymachines pull-raw -q --verify=no "$slow" person &
own=$!
wait_until is_listed pull_raw
is "$(pull raw "$slow" '"local": "other"' "$no")" "AlreadyInProgress $slow" "what a person fetches isn't fetched again at once"
kill $own
wait $own
wait_until is_over
if command -v dbus-daemon >/dev/null && command -v busctl >/dev/null && [ -x "$BUILDDIR/mymachines-import-bus" ]; then
    [ ! -x /usr/lib/polkit-1/polkitd ] || polkit_rules <<'R'
polkit.addRule(function(action, subject) {
    if (action.id == "org.freedesktop.import1.pull" && subject.user == "daemon")
        return action.lookup("local") == "forbidden" || action.lookup("remote").indexOf("http") != 0 ||
            action.lookup("class") != "machine" || action.lookup("verify") != "no" ||
            ["tar", "raw"].indexOf(action.lookup("type")) < 0 ? polkit.Result.NO : polkit.Result.YES;
});
R
    start_bus
    path=$(python3 "$SRCDIR/tests/integration/import_call.py" --no-wait ImportTar hsbb slow.tar two 0 0)
    like "$path" "/org/freedesktop/import1/transfer/_*" "one by the bus begins"
    wait_until is_listed import_tar
    is "$(import ListTransfers '{}' | jq -c '[.type, .local, .remote]')" '["import_tar","two",""]' "ListTransfers has one that was started by the bus"
    begin replies
    is "$(busctl --json=short call org.freedesktop.import1 /org/freedesktop/import1 org.freedesktop.import1.Manager ListTransfers |
        jq -c '[.data[0][] | [.[1], .[3]]]')" '[["import-tar","two"],["pull-raw","slow"]]' "the bus lists those of Varlink"
    is "$(python3 "$SRCDIR/tests/integration/import_call.py" --no-wait PullRaw sssb "$slow" other no 0)" \
        org.freedesktop.import1.TransferInProgress "and doesn't fetch the same at once"
    busctl call org.freedesktop.import1 /org/freedesktop/import1 org.freedesktop.import1.Manager CancelTransfer u "$(sed -n 's/^id //p' replies)"
    wait $caller
    is "$(tail -n 1 replies)" TransferCancelled "the bus cancels one of Varlink"
    busctl call org.freedesktop.import1 /org/freedesktop/import1 org.freedesktop.import1.Manager CancelTransfer u "${path##*_}"
    wait_until is_over

    # Who may call.
    is "$(as_daemon python3 "$SRCDIR/tests/integration/import_varlink.py" $socket ListTransfers '{}')" NoTransfers "everybody may list"
    user_pull() {
        as_daemon python3 "$SRCDIR/tests/integration/import_varlink.py" $socket Pull \
            "{\"type\": \"raw\", \"remote\": \"$1\", \"local\": \"$2\", \"class\": \"machine\", \"verify\": \"${3:-no}\"}" "${@:4}"
    }
    is "$(user_pull "$a/vm1.raw" forbidden)" PermissionDenied "a user whom polkit doesn't allow it"
    is "$(user_pull "$a/vm1.raw" daemons checksum)" PermissionDenied "polkit is told how it is checked"
    if ldd "$BUILDDIR/mymachines-import-varlink" | grep -q libsystemd && [ -x /usr/lib/polkit-1/polkitd ]; then
        is "$(user_pull "$a/vm1.raw" daemons | tail -n 1)" "done" "a user whom polkit allows it"
        for i in {1..17}; do
            user_pull "$slow?$i" "many$i" no once
        done >many
        is "$(tail -n 1 many)|$(grep -c '^id ' many)" "errno EBUSY: This user has too many running transfers.|16" "a user has 16 transfers at once"
        begin replies
        like "$(head -n 1 replies)" "id *" "which keeps nobody else from having some"
        # shellcheck disable=SC2046
        mymachines cancel-transfer $(mymachines list-transfers --json=short | jq '.[].id')
        wait $caller
        wait_until is_over
        # While polkit asks, the caller leaves: nothing begins.
        pid=$(busctl --json=short call org.freedesktop.DBus / org.freedesktop.DBus GetConnectionUnixProcessID s org.freedesktop.PolicyKit1 | jq '.data[0]')
        stop_process "$pid"
        user_pull "$a/vm1.raw" left >left &
        caller=$!
        asks() {
            ps -o stat= --ppid "$server" | grep -qv Z
        }
        wait_until asks
        leave
        asks_not() {
            ! asks
        }
        wait_until asks_not
        kill -CONT "$pid"
        is "$(user_pull "$a/vm1.raw" stayed | tail -n 1)|$(find $pool -name 'left*')" "done|" "a user who leaves before polkit has answered starts nothing"
    else
        skip "polkitd isn't installed" "a user whom polkit allows it"
    fi
else
    skip "there is no bus here" "transfers by the bus"
fi

# The service is told to end: it answers its callers first.
begin replies
kill $server
# Longer than it gives calls that it has no reason to wait for.
sleep 3
: >"$SERVED/go-on"
wait $caller
is "$(tail -n 1 replies)" "done" "a service that is told to end answers those who wait"
wait $server
is "$?" 0 "then it ends"
rm -f "$SERVED/go-on" $pool/slow.raw $socket
# And if it is killed, transfers go on.
serve
begin replies 2>/dev/null
kill -9 $server
wait $server 2>/dev/null
wait $caller
: >"$SERVED/go-on"
wait_until has_image slow.raw
ok $? "a transfer goes on when its service is killed"
is "$(cat server.err)" "" "nothing is complained about"
done_testing
