#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever is given or found: one clear line, exit status 1, and the registry as it was.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
use_module

start good
start other
mymachines register good --leader="$good" --address=192.0.2.1
saved=$TMPDIR/saved
cp -p "$REGISTRY_DIRECTORY/registry.mdb" "$saved"

# refused PATTERN NAME ARGUMENT...: of register, with the registry untouched
refused() {
    fails "mymachines: $1" "$2" mymachines register "${@:3}"
    cmp -s "$REGISTRY_DIRECTORY/registry.mdb" "$saved" ||
        ok 1 "the registry is as it was after: $2"
}

for name in localhost LOCALHOST web.localhost _gateway _outbound LOCAL tty1 ttyS0 console \
    10 0x1f 10.0.0.1 99999999999999999999 "$(hostname)" .host web. web..1 -web web- . \
    'web 1' web/1 'web:1' fe80::1 wäb $'web\n' $'web\e[31m' $'web\x01' '*' '' \
    "$(printf 'a%.0s' {1..65})" "$(printf 'a.%.0s' {1..40})a"; do
    shown=$(printf '%q' "$name")
    refused "register: '*' can't be a machine's name: it *" "name ${shown:0:30}" \
        --leader="$other" -- "$name"
done
refused "register: a name is missing" "no name" --leader="$other"
refused "register: takes one name only" "two names" --leader="$other" web1 web2
refused "web1: the leader is missing; add --leader=PID" "no leader" web1
longest=$(printf 'a%.0s' {1..64})
mymachines register "$longest" --leader="$other"
mymachines unregister "$longest"
cp -p "$REGISTRY_DIRECTORY/registry.mdb" "$saved"

for pid in 0 -1 2147483648 99999999999999999999; do
    refused "web1: leader *is not a process id" "leader $pid" web1 --leader=$pid
done
for pid in '' abc 12x ' ' 1.5; do
    refused "web1: leader '$pid' is not a process id" "leader '$pid'" web1 --leader="$pid"
done
refused "web1: leader 1: is the host's own init" "leader 1" web1 --leader=1
refused "web1: leader 2147483647: there is no such process" "an absent leader" web1 \
    --leader=2147483647
if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
    refused "web1: leader 2: is a kernel thread" "a kernel thread" web1 --leader=2
else
    skip "there are no kernel threads in this pid namespace" "a kernel thread"
fi
fails "mymachines: web1: leader *: is this very process" "the registrar itself" \
    bash -c 'exec mymachines register web1 --leader=$$'
# A process that nobody waits for.
exec {zombies}> >(exec python3 -c '
import os, sys, time
pid = os.fork()
if pid == 0: os._exit(0)
open(sys.argv[1], "w").write(str(pid))
sys.stdin.read()' "$TMPDIR/zombie")
wait_until grep -q '^[0-9]*) *Z\|) Z' /dev/null -s "/proc/$(wait_until test -s "$TMPDIR/zombie"; cat "$TMPDIR/zombie")/stat"
refused "web1: leader *: is a zombie" "a zombie" web1 --leader="$(cat "$TMPDIR/zombie")"
exec {zombies}>&-
python3 -c '
import threading, time, sys
t = threading.Thread(target=lambda: time.sleep(1000), daemon=True); t.start()
open(sys.argv[1], "w").write(str(t.native_id)); t.join()' "$TMPDIR/thread" &
python=$!
wait_until test -s "$TMPDIR/thread"
refused "web1: leader *: is a thread, not a process" "a thread" web1 \
    --leader="$(cat "$TMPDIR/thread")"
kill "$python"

try() {
    local shown
    shown=$(printf '%q ' "${@:2}")
    refused "web1: $1" "${shown:0:60}" web1 --leader="$other" "${@:2}"
}
try "class 'host' is neither container nor vm" --class=host
try "class '' is neither container nor vm" --class=
try "service 'a b' has a blank" --service='a b'
try "service 'a\\\\x1bb' has a control or non-ASCII byte" --service=$'a\eb'
try "service '*' is longer than 255 bytes" --service="$(printf 'a%.0s' {1..256})"
try "id '42' is not a UUID" --id=42
try "id '00000000000000000000000000000000' is not a UUID" --id=00000000000000000000000000000000
try "id '*' is not a UUID" --id=00112233445566778899aabbccddeefg
try "root directory 'x' is not an absolute path" --root=x
try "root directory '/\\\\x0a' has a control byte" --root=$'/\n'
try "root directory '*' is longer than 4095 bytes" --root="$(printf '/%.0s' {1..4096})"
try "unit 'x' is not the name of a service or scope" --unit=x
try "unit 'a/b.scope' is not the name of a service or scope" --unit=a/b.scope
try "unit '.scope' is not the name of a service or scope" --unit=.scope
try "ssh key '*' is not an absolute path" --ssh-key=key
try "ssh address '*' has a blank" --ssh-address=' x'
try "vsock CID '2' is not a number from 3 to 4294967294" --vsock-cid=2
try "vsock CID '4294967295' is not a number from 3 to 4294967294" --vsock-cid=4294967295
try "vsock CID 'x' is not a number from 3 to 4294967294" --vsock-cid=x
try "alias 'tty1' would be taken for a terminal" --alias=tty1
try "alias 'web1' is the machine's own name" --alias=web1
try "alias 'web1' is the machine's own name" --alias=WEB1
try "interface 'nosuch0' doesn't exist on the host" --interface=nosuch0
try "interface '99999' doesn't exist on the host" --interface=99999
try "address '10.0.0' is not an IP address" --address=10.0.0
try "address '10.0.0.2/24' is not an IP address" --address=10.0.0.2/24
try "address 'web1' is not an IP address" --address=web1
try "address 'fe80::g' is not an IP address" --address=fe80::g
try "address '127.0.0.1' can't be a machine's" --address=127.0.0.1
try "address '::1' can't be a machine's" --address=::1
try "address '0.0.0.0' can't be a machine's" --address=0.0.0.0
try "address 'ff02::1' can't be a machine's" --address=ff02::1
try "address 'fe80::1' is link-local: write it with %INTERFACE of the host's" --address=fe80::1
try "address 'fe80::1%nosuch0' has an interface that doesn't exist on the host" \
    --address=fe80::1%nosuch0
for map in uid gid; do
    try "$map map extent '0:100000' isn't INNER:OUTER:COUNT, *" --$map-map=0:100000
    try "$map map extent 'x' isn't INNER:OUTER:COUNT, *" --$map-map=x
    try "$map map extent '0:100000:0' isn't INNER:OUTER:COUNT, *" --$map-map=0:100000:0
    try "$map map extent '0:100000:-1' isn't INNER:OUTER:COUNT, *" --$map-map=0:100000:-1
    try "$map map extent '0:4294967290:100' runs past id 4294967295" --$map-map=0:4294967290:100
    try "$map map extent '4294967295:100000:2' runs past id 4294967295" \
        --$map-map=4294967295:100000:2
    try "$map map extent '0:100000:4294967296' isn't INNER:OUTER:COUNT, *" \
        --$map-map=0:100000:4294967296
    try "$map map has extents that overlap" --$map-map=0:100000:10 --$map-map=9:200000:10
    try "$map map has extents that overlap" --$map-map=0:100000:10 --$map-map=10:100009:1
    extents=()
    for ((i = 0; i < 341; i++)); do
        extents+=("--$map-map=$((2 * i)):$((100000 + 2 * i)):1")
    done
    try "$map map has more than 340 extents" "${extents[@]}"
    unset 'extents[340]'
    run mymachines register web1 --leader="$other" "${extents[@]}"
    is "$status|$err" "0|$(in_no_unit web1)" "340 extents are taken"
    mymachines unregister web1
    cp -p "$REGISTRY_DIRECTORY/registry.mdb" "$saved"
done

# Usage.
for words in "nosuch" "list web1" "list --nosuch" "list --json=yaml" "list --max-addresses=-1" \
    "list --max-addresses=x" "show --json=short -p Name" "show --nosuch" "which" \
    "which -1" "unregister" "register --batch web1" "register --batch --class=vm" \
    "register web1 --nosuch=1" "register web1 --leader" "--nosuch"; do
    # shellcheck disable=SC2086
    run mymachines $words
    is "$status|$out" "2|" "mymachines $words"
done
run mymachines which 0
is "$status|$out|$err" "1||mymachines: '0' is not a process id" "which 0"
ok "$(cmp -s "$REGISTRY_DIRECTORY/registry.mdb" "$saved"; echo $?)" "and nothing has changed"

# Batches.
batch() {
    fails "mymachines: $1" "batch: $2" bash -c 'mymachines register --batch <"$0"' "$TMPDIR/batch"
    cmp -s "$REGISTRY_DIRECTORY/registry.mdb" "$saved" || ok 1 "the registry is as it was"
}
line() {
    printf '%s\n' "$2" >"$TMPDIR/batch"
    batch "$1" "${2:0:60}"
}
line "line 1: no JSON: *" "nonsense"
line "line 1: no JSON: *" '{"name":"web1","leader":'
line "line 1: isn't a JSON object" '[]'
line "line 1: a name is missing" "{\"leader\":$other}"
line "line 1: web1: the leader is missing; add --leader=PID" '{"name":"web1"}'
line "line 1: field 'colour' is unknown" '{"colour":"red"}'
line "line 1: 'localhost' can't be a machine's name: it *" '{"name":"localhost"}'
line "line 1: field 'leader' isn't a whole number" '{"name":"web1","leader":"x"}'
line "line 1: web1: leader 2147483647: there is no such process" \
    '{"name":"web1","leader":2147483647}'
line "line 1: web1: uid map has extents that overlap" \
    "{\"name\":\"web1\",\"leader\":$other,\"uidMap\":[{\"inner\":0,\"outer\":1,\"count\":2},{\"inner\":1,\"outer\":9,\"count\":2}]}"
head -c 2000000 /dev/zero | tr '\0' ' ' >"$TMPDIR/batch"
echo '{"name":"web1"}' >>"$TMPDIR/batch"
batch "line 1: is longer than 1 MiB" "a line of 2 MB"
head -c 100000 /dev/urandom >"$TMPDIR/batch"
batch "line *" "noise"
printf '{"name":"web1"}\0' >"$TMPDIR/batch"
batch "line 1: *" "a NUL"
printf '%*s' 5000 '' | tr ' ' '[' >"$TMPDIR/batch"
batch "line 1: no JSON: *" "deep nesting"

# No privilege.
cp "$BUILDDIR/mymachines" "$TMPDIR/mymachines"
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups "$TMPDIR/mymachines")
start others --share=user --share=mnt --share=net -- setpriv --reuid=65534 --regid=65534 \
    --clear-groups sleep 1000
fails "mymachines: $REGISTRY_DIRECTORY/lock: Permission denied (this needs root)" \
    "an ordinary user can't register" "${nobody[@]}" register web1 --leader="$others" --class=vm
fails "mymachines: $REGISTRY_DIRECTORY/lock: Permission denied (this needs root)" \
    "an ordinary user can't unregister" "${nobody[@]}" unregister good
is "$("${nobody[@]}" list --no-legend)" "good container - $(host_os) 192.0.2.1" "an ordinary user can list"
ok "$(cmp -s "$REGISTRY_DIRECTORY/registry.mdb" "$saved"; echo $?)" "and nothing has changed"

# A full disk: a file system with room for this registry and not for another.
mount -t tmpfs -o size=64k,mode=755 tmpfs "$REGISTRY_DIRECTORY"
mymachines register good --leader="$good" --address=192.0.2.1
cat /dev/zero >"$REGISTRY_DIRECTORY/filler" 2>/dev/null
cp -p "$REGISTRY_DIRECTORY/registry.mdb" "$saved"
refused "$REGISTRY_DIRECTORY/.registry.mdb.new: No space left on device" "a full disk" web1 \
    --leader="$other"
is "$(getent hosts good)" "192.0.2.1       good" "with a full disk, the old registry is read"
# shellcheck disable=SC2012
is "$(ls -A "$REGISTRY_DIRECTORY" | sort | tr '\n' ' ')" "filler lock registry.mdb " \
    "nothing is left behind"
umount "$REGISTRY_DIRECTORY"
cp -p "$REGISTRY_DIRECTORY/registry.mdb" "$saved"

# Files that aren't a registry. The tools report that and change nothing; NSS goes on with the next service.
spoiled() {
    local what=$1 words=$2
    for arguments in "register web1 --leader=$other" "unregister good" "list" "show good" \
        "which $good" "refresh" "register --batch"; do
        # shellcheck disable=SC2086
        fails "mymachines: $REGISTRY_DIRECTORY/registry.mdb: $words*" "$what: ${arguments%% *}" \
            bash -c 'exec mymachines "$@" </dev/null' x $arguments
    done
    for key in "hosts good" "hosts 192.0.2.1" "passwd 100000" "passwd vu-good-0" "group 100000"; do
        # shellcheck disable=SC2086
        run getent $key
        is "$status|$out|$err" "2||" "$what: getent $key"
    done
    is "$(getent hosts localhost)" "127.0.0.1       localhost" "$what: other services answer"
    rm -rf "$REGISTRY_DIRECTORY/registry.mdb"
}
registry=$REGISTRY_DIRECTORY/registry.mdb
printf '' >"$registry" && spoiled "empty" "it is damaged; replace it by 'mymachines refresh --discard', and register the machines again"
head -c 5000 "$saved" >"$registry" && spoiled "cut off" "it is damaged"
cp "$saved" "$registry" && touch "$registry" && spoiled "touched" "it is damaged"
# overwrite POSITION BYTES: in the registry; a negative position counts from the end
overwrite() {
    python3 -c '
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]), 2 if sys.argv[2].startswith("-") else 0)
    f.write(bytes.fromhex(sys.argv[3]))' "$registry" "$@"
}
cp -p "$saved" "$registry" && overwrite 9000 ff && spoiled "written to" "it is damaged"
head -c 60000 /dev/urandom >"$registry" && spoiled "garbage" "it is damaged"
mkdir "$registry" && spoiled "a directory" "it is not a regular file"
mkfifo "$registry" && spoiled "a FIFO" "it is not a regular file"
ln -s "$saved" "$registry" && spoiled "a link" "it is a symbolic link"
cp -p "$saved" "$registry" && chown 1234 "$registry" && spoiled "another's" "it isn't root's alone to write"
cp -p "$saved" "$registry" && chmod 666 "$registry" && spoiled "world-writable" "it isn't root's alone to write"
# What another version or machine might leave there: at its own time.
patch() {
    cp -p "$saved" "$registry"
    overwrite "$@"
    touch -r "$saved" "$registry"
}
patch -16 63000000 && spoiled "another version" "it has another format version"
patch -16 63000000
run mymachines refresh --discard
is "$status|$err" "0|mymachines: $registry: it has another format version; replaced by a new one: machines that were in it have to be registered again" \
    "refresh --discard replaces a registry that can't be read"
is "$(mymachines list --no-legend)|$?" "|0" "a registry that was replaced is empty"
run mymachines refresh --discard
is "$status|$err" "0|" "refresh --discard leaves a good registry alone"
patch -16 00000000
run mymachines register web1 --leader="$other"
like "$status|$err" "0|mymachines: $registry: it has another format version; replaced by a new one: *" \
    "registering replaces a registry of an older version"
is "$(mymachines list --no-legend | cut -d' ' -f1)" web1 "a registry of an older version is replaced by a new one"
patch -12 01020304 && spoiled "another byte order" "it was written by a program of another byte order"
chmod 777 "$REGISTRY_DIRECTORY"
refused_directory=$(mymachines register web1 --leader="$other" 2>&1)
is "$?|$refused_directory" "1|mymachines: $REGISTRY_DIRECTORY: it isn't root's alone to write" \
    "a directory that others may write"
chmod 755 "$REGISTRY_DIRECTORY"

# What is left of an earlier boot is not a registry.
patch -96 0102030405060708090a0b0c0d0e0f10
run mymachines list
is "$status|$out|$err" "0|No machines.|" "a registry of an earlier boot lists nothing"
run mymachines register web1 --leader="$other"
is "$status|$err" "0|$(in_no_unit web1)" "a registry of an earlier boot is replaced"
is "$(mymachines list --no-legend)" "web1 container - $(host_os) -" "a registry that replaces one of an earlier boot has the new machine"
run getent hosts good
is "$status" 2 "a registry that replaces one of an earlier boot has none of its machines"
done_testing
