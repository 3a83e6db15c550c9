#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines copy-to and copy-from: what arrives, and that nothing else does, whatever a machine does
# meanwhile.
# shellcheck disable=SC2016,SC2154
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
need_root
command -v busybox >/dev/null || skip_all "busybox isn't installed"
PATH=$PATH:$SRCDIR/tests/support
own_dev

rootfs "$TMPDIR/plain" 0
rootfs "$TMPDIR/one" 200000
rootfs "$TMPDIR/three" 300000
start_rootfs plain "$TMPDIR/plain" --share=user
start_rootfs one "$TMPDIR/one" --map=0:200000:65536
start_rootfs three "$TMPDIR/three" --map=0:300000:1000 --map=1000:1000:1 --map=1001:301001:64535
for machine in plain one three; do
    mymachines register "$machine" --leader="${!machine}" 2>/dev/null
done
cleanup() {
    kill -9 "$plain" "$one" "$three" "${busy-}"
} 2>/dev/null
trap cleanup EXIT
cd "$TMPDIR" || exit

copy() {
    run timeout -k 5 30 mymachines "$@" </dev/null
}
# listing DIRECTORY: all there is of what is in there
listing() {
    (cd "$1" && find . -printf '%P %y %m %U:%G %Ts %l %b\n' | sort)
    (cd "$1" && find . -type f -exec sh -c 'echo "$1 $(cksum <"$1")"' - {} \; | sort)
}
# as_owners UID:GID...: the listing, with owners as the machine makes them: OLD=NEW
as_owners() {
    local change expressions=(-e '')
    for change in "$@"; do
        expressions+=(-e "s/ ${change%=*} / ${change#*=} /")
    done
    sed "${expressions[@]}"
}

# A tree with all that can be in one.
mkdir -p tree/a/empty "tree/name with $(printf '\1\n\377')é"
printf 'content\n' >tree/a/file
: >tree/a/nothing
head -c 3000000 /dev/urandom >tree/big
truncate -s 100M tree/sparse
printf data | dd of=tree/sparse bs=1 seek=50000000 conv=notrunc 2>/dev/null
ln -s ../nowhere tree/a/dangling
ln -s /etc/passwd tree/a/absolute
mkfifo -m 620 tree/fifo
chmod 751 tree/a
chmod 600 tree/a/file
chown 1000:1000 tree/a/file
chown 0:29 tree/big
chown -h 1000:0 tree/a/dangling
chmod 4755 tree/a/nothing
chmod 1777 tree/a/empty
setfattr -n user.here -v value tree/a/file
setfattr -n user.directory -v value tree/a
setcap cap_net_raw+ep tree/a/nothing 2>/dev/null
find tree -depth -exec touch -h -d @1000000000.25 {} +
before=$(listing tree)

for machine in plain one three; do
    root=$TMPDIR/$machine
    copy copy-to "$machine" tree /srv
    is "$status|$out|$err" "0||" "$machine: a tree is copied"
    case $machine in
    plain) changes=() ;;
    one) changes=(1000:1000=200000:200000 0:29=200000:200000 1000:0=200000:200000 0:0=200000:200000) ;;
    three) changes=(0:0=300000:300000 1000:1000=1000:1000 0:29=300000:300000 1000:0=1000:300000) ;;
    esac
    is "$(listing "$root/srv")" "$(as_owners "${changes[@]}" <<<"$before")" \
        "$machine: types, modes, owners, times, links, holes and contents"
    is "$(getfattr --absolute-names --only-values -n user.here "$root/srv/a/file")$(getfattr \
        --absolute-names --only-values -n user.directory "$root/srv/a")" valuevalue "$machine: attributes of users"
    is "$(getcap "$root/srv/a/nothing")" "" "$machine: but no capabilities"
    copy copy-from "$machine" /srv "$TMPDIR/back-$machine"
    is "$status|$out|$err" "0||" "$machine: and back"
    # Nothing runs as somebody else.
    is "$(listing "back-$machine")" "$(listing "$root/srv" | sed 's/ 4755 / 755 /')" \
        "$machine: the same, with the host's ids for the machine's, and without setuid"
    rm -rf "back-$machine"

    # Single files, and what is there already.
    copy copy-to "$machine" tree/a/file /tmp/file
    is "$status|$(cat "$root/tmp/file")" "0|content" "$machine: a file"
    echo other >other
    copy copy-to "$machine" other /tmp/file
    is "$status|$err|$(cat "$root/tmp/file")" \
        "1|mymachines: $machine: /tmp/file: is already there; --force replaces files|content" \
        "$machine: one that is there stays"
    copy copy-to --force "$machine" other /tmp/file
    is "$status|$err|$(cat "$root/tmp/file")" "0||other" "$machine: but with --force"
    echo here >file
    copy copy-from "$machine" /tmp/file file
    is "$status|$err|$(cat file)" "1|mymachines: file: is already there; --force replaces files|here" \
        "$machine: so it is here"
    copy copy-from "$machine" /tmp/file file --force
    is "$status|$err|$(cat file)" "0||other" "$machine: and with --force"
    is "$(find "$root" "$TMPDIR" -xdev -name '.mymachines-*')" "" "$machine: no file is left"
    rm file
done

# Where machinectl would have it.
mkdir "$TMPDIR/here"
echo x >here/same
copy copy-to plain "$TMPDIR/here/same"
like "$status|$err" "1|mymachines: plain: cannot get to $TMPDIR/here/same: *" "the same path needs its directory"
mkdir -p "plain/$TMPDIR/here"
copy copy-to plain "$TMPDIR/here/same"
is "$status|$(cat "plain/$TMPDIR/here/same")" "0|x" "without a second path, it is the same"
rm "plain/$TMPDIR/here/same"
(cd here && mymachines copy-to plain same)
is "$?|$(cat "plain/$TMPDIR/here/same")" "0|x" "also of one in the working directory"
echo back >"plain/$TMPDIR/here/same"
copy copy-from plain --force "$TMPDIR/here/same"
is "$status|$(cat here/same)" "0|back" "and back"
copy copy-from plain /etc/./passwd ./here/
is "$status|$err" "1|mymachines: ./here/: cannot replace it: Is a directory" "a file for a directory"
mkdir -p plain/tmp/into/a
echo kept >plain/tmp/into/a/kept
chmod 711 plain/tmp/into
copy copy-to plain tree/ /tmp/into/
is "$status|$(cat plain/tmp/into/a/{kept,file})|$(stat -c %a plain/tmp/into)" "0|kept
content|711" "a tree into one that is there"
copy copy-to plain tree /tmp/into
like "$status|$err" "1|mymachines: plain: /tmp/into/*: is already there; --force replaces files" "but not over it"
copy copy-to plain tree /tmp/into --force
is "$status|$err" "0|" "unless by force"
echo file >plain/tmp/into2
copy copy-to plain tree /tmp/into2 --force
is "$status|$err" "1|mymachines: plain: /tmp/into2: cannot open the directory: Not a directory" \
    "a directory in the place of a file"
copy copy-from plain /etc/.. "$TMPDIR/whole"
is "$status|$(ls whole)" "0|$(ls plain)" "a whole machine"
like "$err" "*mymachines: plain: /etc/../proc: is a file system of the kernel's, which isn't copied*" \
    "without what the kernel makes up"
like "$err" "*mymachines: plain: /etc/../dev/null: is a device, which isn't copied*" "or devices, which is said"
rm -rf whole
copy copy-from plain /proc/version version
is "$status|$(cat version)" "0|$(cat /proc/version)" "a file of the kernel's that was named"

# Mistakes.
for direction in to from; do
    fails "mymachines: copy-$direction: takes the name of a machine and one path or two" \
        "copy-$direction: one word" mymachines copy-$direction plain
    fails "mymachines: copy-$direction: takes the name of a machine and one path or two" \
        "copy-$direction: four words" mymachines copy-$direction plain /a /b /c
    fails "mymachines: no machine 'nonesuch' is registered" "copy-$direction: no machine" \
        mymachines copy-$direction nonesuch /etc/passwd
    fails "mymachines: plain: to enter a machine needs root" "copy-$direction: a user of the host" \
        setpriv --reuid=1000 --regid=1000 --clear-groups mymachines copy-$direction plain /etc/passwd /tmp/x
done
fails "mymachines: copy-to: the path in the machine must be absolute, 'x' isn't" "no path in a machine" \
    mymachines copy-to plain tree x
fails "mymachines: copy-from: the path in the machine must be absolute, 'x' isn't" "nor from one" \
    mymachines copy-from plain x
fails "mymachines: nonesuch: No such file or directory" "no source here" mymachines copy-to plain nonesuch /x
fails "mymachines: nonesuch/x: No such file or directory" "nor its directory" \
    mymachines copy-to plain nonesuch/x /x
fails "mymachines: plain: /nonesuch: No such file or directory" "no source there" \
    mymachines copy-from plain /nonesuch x
fails "mymachines: plain: cannot get to /nonesuch/x: No such file or directory" "nor its directory there" \
    mymachines copy-from plain /nonesuch/x x
fails "mymachines: nonesuch/x: No such file or directory" "no destination here" \
    mymachines copy-from plain /etc/passwd nonesuch/x
fails "mymachines: /dev/null: is a socket or device, which isn't copied" "a device here" \
    mymachines copy-to plain /dev/null /tmp/null
fails "mymachines: plain: /dev/zero is a socket or device, which isn't copied" "a device there" \
    mymachines copy-from plain /dev/zero zero
fails "mymachines: one: cannot get to /etc/x?x1b*: *" "an escape in a name isn't printed" \
    mymachines copy-to one tree/a/file $'/etc/x\e[31m/x'
start emulator --share=user --share=net --share=mnt
mymachines register vm1 --leader="$emulator" --class=vm --address=192.0.2.9
fails "mymachines: vm1: is a virtual machine, whose files can't be reached from here; use scp" "a VM" \
    mymachines copy-from vm1 /etc/passwd x

# The machine's root can't write everywhere, and so neither can who copies.
mkdir -m 755 one/hosts three/hosts
for machine in one three; do
    fails "mymachines: $machine: /hosts/x: cannot make it: Permission denied" \
        "$machine: a directory of the host's root" mymachines copy-to $machine tree/a/file /hosts/x
    install -m 600 tree/a/file $machine/hosts/secret
    fails "mymachines: $machine: /hosts/secret: cannot open it: Permission denied" \
        "$machine: and a file of his" mymachines copy-from $machine /hosts/secret x
done
chmod 644 one/hosts/secret
copy copy-from one /hosts/secret x
is "$status|$(stat -c %u x)" "0|0" "one that is only read is root's"
rm -f x
echo nobody >one/tmp/nobody
chown 265534:265534 one/tmp/nobody
copy copy-from one /tmp/nobody x
is "$(stat -c %u:%g x)" 0:0 "and so is nobody's"
rm x

# A machine whose root may do less.
start limited --share=user -- capsh --drop=cap_fowner,cap_dac_override,cap_fsetid,cap_chown -- -c 'exec sleep 100000'
mymachines register limited --leader="$limited" 2>/dev/null
wait_until eval "[ \$(tr '\0' ' ' </proc/$limited/cmdline | cut -c1-5) = sleep ]"
copy copy-to limited tree/a "$TMPDIR/limited"
is "$status|$err|$(listing limited)" "0||$(listing tree/a)" "a root with few capabilities"
rm -rf limited
install -d -o 1000 -m 700 limited
copy copy-to limited tree/a/file "$TMPDIR/limited/file"
is "$status|$err" "1|mymachines: limited: $TMPDIR/limited/file: cannot make it: Permission denied" "can't go everywhere"
kill -9 "$limited"

# Links, and links that come and go, lead to the machine's own.
mkdir victim
echo secret >victim/secret
victim=$(listing victim)
for machine in plain one; do
    root=$TMPDIR/$machine
    for link in "$TMPDIR/victim" "../../../../../../../../$TMPDIR/victim" "/proc/1/root/$TMPDIR/victim"; do
        ln -sfn "$link" "$root/tmp/link"
        copy copy-to "$machine" tree/a/file /tmp/link/file
        like "$status|$err" "1|mymachines: $machine: cannot get to /tmp/link/file: *" \
            "$machine: to where a link to $link leads"
        copy copy-from "$machine" /tmp/link/secret x
        like "$status|$err" "1|mymachines: $machine: cannot get to /tmp/link/secret: *" "$machine: or from there"
        copy copy-to "$machine" tree/a /tmp/link
        like "$status|$err" "1|mymachines: $machine: /tmp/link: cannot open the directory: Not a directory" \
            "$machine: a directory in its place"
    done
    ln -sfn /etc "$root/tmp/link"
    copy copy-from "$machine" /tmp/link/passwd x
    is "$status|$(cat x)" "0|$(cat "$root/etc/passwd")" "$machine: one of its own is followed"
    rm -f x
    copy copy-from "$machine" /tmp/link x
    is "$status|$(readlink x)" "0|/etc" "$machine: but at the end it is copied"
    rm -f x

    # What is moved here is a file of the machine's, a link to the host's, and nothing.
    mkdir "$root/tmp/swap"
    chown --reference="$root" "$root/tmp/swap"
    mymachines shell "$machine" sh -c 'cd /tmp/swap
        mkdir -p real/d; echo own >real/d/secret; ln -s '"$TMPDIR"' evil; ln -s '"$TMPDIR"'/victim real/link
        echo ready >ready
        while :; do
            mv -T real now; mv -T now real; mv -T evil now; mv -T now evil
            mv -T real/d real/e; mv -T real/link real/d; mv -T real/d real/link; mv -T real/e real/d
        done' </dev/null >/dev/null 2>&1 &
    busy=$!
    wait_until test -e "$root/tmp/swap/ready"
    copies=0
    for ((i = 0; i < 40; i++)); do
        # In turn: where the links are on the way, and where they are in a tree.
        timeout 20 mymachines copy-to "$machine" tree/a/file "/tmp/swap/now/victim/file" 2>/dev/null
        timeout 20 mymachines copy-to --force "$machine" victim "/tmp/swap/real/d" 2>/dev/null
        timeout 20 mymachines copy-from "$machine" /tmp/swap "$TMPDIR/got.$i" 2>/dev/null && copies=$((copies + 1))
        timeout 20 mymachines copy-from "$machine" /tmp/swap/now/victim/secret "$TMPDIR/got.$i/top" 2>/dev/null
    done
    kill "$busy"
    wait "$busy" 2>/dev/null
    is "$(listing victim)" "$victim" "$machine: links that come and go: nothing is written here"
    is "$(find got.* -name top)" "" "$machine: or read from here"
    ok "$([ "$(find got.* -name ready | wc -l)" -gt 20 ]; echo $?)" "$machine: while copies are made"
    rm -rf got.*
done

# Names.
python3 - plain/tmp/names <<'P'
import os, socket, sys
os.mkdir(sys.argv[1])
os.chdir(sys.argv[1])
for name in (b"...", b"\x1b[31m\n", b"\xff", b" ", b"-rf", b"n" * 255):
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
s = socket.socket(socket.AF_UNIX)
s.bind(b"sock\n\x1b[31met")
P
copy copy-from plain /tmp/names names
is "$status|$err" "0|mymachines: plain: /tmp/names/sock\\x0a\\x1b[31met: is a socket, which isn't copied" \
    "control bytes in a name aren't printed"
is "$(ls -b names)" "$(ls -b --ignore='sock*' plain/tmp/names)" "but copied"

# FIFOs, which nobody opens.
mkfifo plain/tmp/names/pipe
copy copy-from plain /tmp/names/pipe pipe
is "$status|$(stat -c %F pipe)" "0|fifo" "a FIFO"

# Deeper than can be.
python3 -c '
import os
for i in range(400):
    os.mkdir("d")
    os.chdir("d")
open("bottom", "w")' >/dev/null
copy copy-to plain d /tmp/deep
like "$status|$err" "1|mymachines: d/d/*/d: is too deep" "too deep a tree"
ok "$([ -d plain/tmp/deep/d/d/d/d/d/d/d/d ]; echo $?)" "is copied as far as that goes"
rm -rf d

# A file that grows is copied as it was.
mymachines shell plain sh -c 'yes >/tmp/growing' </dev/null >/dev/null 2>&1 &
busy=$!
wait_until test -s plain/tmp/growing
copy copy-from plain /tmp/growing growing
is "$status" 0 "a file that grows comes to an end"
kill $busy
wait $busy 2>/dev/null
rm -f growing plain/tmp/growing

# held_visitor PID: sets visitor, when the copy of this mymachines has begun and before it ends; it
# stands still
held_visitor() {
    wait_until has_temporary "$to"
    kill -STOP "$1"
    visitor=$(pgrep -P "$1")
}
has_temporary() {
    find "$1" -maxdepth 1 -name '.mymachines-*' -size +0 | grep -q .
}
head -c 300000000 /dev/urandom >large
for machine in plain one; do
    for direction in to from; do
        if [ $direction = to ]; then
            to=$machine/tmp arguments=("$machine" large /tmp/large)
        else
            cp large "$machine/tmp/large"
            to=$TMPDIR arguments=("$machine" /tmp/large got)
        fi
        for signal in INT TERM KILL; do
            # Not by "&" alone, which has it ignore SIGINT.
            setsid python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' mymachines copy-$direction "${arguments[@]}" </dev/null >/dev/null 2>&1 &
            held_visitor $!
            kill -$signal $!
            kill -CONT $! 2>/dev/null
            wait $! 2>/dev/null
            is "$?" "$((128 + $(kill -l $signal)))" "$machine: copy-$direction: SIG$signal ends it"
            wait_until eval "! kill -0 $visitor"
            ok $? "and what it has sent"
            if [ $direction$signal = fromKILL ]; then
                rm -f "$to"/.mymachines-*
            fi
            is "$(find "$to" -maxdepth 1 \( -name '.mymachines-*' -o -name got \))" "" \
                "and nothing is left under any name"
            ok "$([ $direction = from ] || [ ! -e "$machine/tmp/large" ]; echo $?)" "nor its own"
        done
        # A machine may keep the visitor waiting for ever.
        mymachines copy-$direction "${arguments[@]}" </dev/null >/dev/null 2>&1 &
        held_visitor $!
        kill -STOP "$visitor"
        kill -CONT $!
        kill -TERM $!
        wait_until eval "! kill -0 $!"
        wait $! 2>/dev/null
        is "$?" 143 "$machine: copy-$direction: a signal ends it while the machine doesn't go on"
        wait_until eval "! kill -0 $visitor"
        ok $? "and what it has sent"
        rm -f "$to"/.mymachines-*
        # Or kill it.
        mymachines copy-$direction "${arguments[@]}" </dev/null >/dev/null 2>err &
        held_visitor $!
        kill -KILL "$visitor"
        kill -CONT $!
        wait $! 2>/dev/null
        is "$?|$(cat err)" "1|mymachines: $machine: the process that was sent there was killed" \
            "$machine: copy-$direction: the visitor is killed"
        rm -f "$to"/.mymachines-* got "$machine/tmp/large"
    done
done

# A full file system.
mkdir full
mount -t tmpfs -o size=1M tmpfs full
fails "mymachines: full/large: cannot write it: No space left on device" "no room here" \
    mymachines copy-from plain /bin/busybox full/large
is "$(ls -A full)" "" "and nothing is left"
umount full
mymachines shell plain mount -t tmpfs -o size=1M tmpfs /tmp/into </dev/null
fails "mymachines: plain: /tmp/into/large: cannot write it: No space left on device" "no room there" \
    mymachines copy-to plain plain/bin/busybox /tmp/into/large
is "$(mymachines shell plain ls -A /tmp/into </dev/null)" "" "and nothing is left there"

# What it says of how far it is.
mkdir plain/tmp/larger
cp large plain/tmp/larger/1
ln plain/tmp/larger/1 plain/tmp/larger/2
ln plain/tmp/larger/1 plain/tmp/larger/3
cat >stall <<'S'
until parent=$(pgrep -fx "mymachines copy-from plain /tmp/larger got.*") && visitor=$(pgrep -P "$parent"); do :; done
kill -STOP "$visitor"; sleep 0.7; kill -CONT "$visitor"
S
out=$(drive 'run=timeout 10 bash ./stall' -- mymachines copy-from plain /tmp/larger got)
is "$?" 0 "on a terminal"
like "$out" "*\[*\]*% * MiB, * files*got*" "it shows how far it is"
like "${out##*$'\e[K'}" "" "and takes that away"
for i in 1 2 3; do cmp large got/$i; done
ok $? "and all of it is there"
rm -rf got
out=$(drive 'run=timeout 10 bash ./stall' -- mymachines copy-from plain /tmp/larger got --quiet)
is "$?|$out" "0|" "--quiet"
kill -9 "$plain"
wait_until eval "! kill -0 $plain"
fails "mymachines: plain: cannot enter it: its leader has died" "a machine that has died" mymachines copy-from plain /tmp/large x
done_testing
