#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines copy-to and copy-from: they copy what was given and nothing else, whatever the machine does
# at the same time.
# shellcheck disable=SC2016,SC2154
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
need_root
command -v busybox >/dev/null || skip_all "busybox isn't installed"
PATH=$PATH:$SRCDIR/tests/support
own_dev

start_three
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
# listing DIRECTORY: print all attributes and checksums of its contents
listing() {
    (cd "$1" && find . -printf '%P %y %m %U:%G %Ts %l %b\n' | sort)
    (cd "$1" && find . -type f -exec sh -c 'echo "$1 $(cksum <"$1")"' - {} \; | sort)
}
# as_owners OLD=NEW...: replace owners, UID:GID, in a listing
as_owners() {
    local change expressions=(-e '')
    for change in "$@"; do
        expressions+=(-e "s/ ${change%=*} / ${change#*=} /")
    done
    sed "${expressions[@]}"
}

# A tree with all types of files.
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
    is "$status|$out|$err" "0||" "$machine: copy-to copies a tree"
    case $machine in
    plain) changes=() ;;
    one) changes=(1000:1000=200000:200000 0:29=200000:200000 1000:0=200000:200000 0:0=200000:200000) ;;
    three) changes=(0:0=300000:300000 1000:1000=1000:1000 0:29=300000:300000 1000:0=1000:300000) ;;
    esac
    is "$(listing "$root/srv")" "$(as_owners "${changes[@]}" <<<"$before")" \
        "$machine: copy-to keeps types, modes, mapped owners, times, links, holes and contents"
    is "$(getfattr --absolute-names --only-values -n user.here "$root/srv/a/file")$(getfattr \
        --absolute-names --only-values -n user.directory "$root/srv/a")" valuevalue "$machine: copy-to keeps user attributes"
    is "$(getcap "$root/srv/a/nothing")" "" "$machine: copy-to doesn't copy file capabilities"
    copy copy-from "$machine" /srv "$TMPDIR/back-$machine"
    is "$status|$out|$err" "0||" "$machine: copy-from copies a tree"
# Without setuid bits, nothing runs as another user.
    is "$(listing "back-$machine")" "$(listing "$root/srv" | sed 's/ 4755 / 755 /')" \
        "$machine: copy-from maps owners to the host's ids, and removes setuid bits"
    rm -rf "back-$machine"

# Single files, and files that exist already.
    copy copy-to "$machine" tree/a/file /tmp/file
    is "$status|$(cat "$root/tmp/file")" "0|content" "$machine: copy-to copies a single file"
    echo other >other
    copy copy-to "$machine" other /tmp/file
    is "$status|$err|$(cat "$root/tmp/file")" \
        "1|mymachines: $machine: /tmp/file: exists already; --force replaces files|content" \
        "$machine: copy-to doesn't replace an existing file"
    copy copy-to --force "$machine" other /tmp/file
    is "$status|$err|$(cat "$root/tmp/file")" "0||other" "$machine: copy-to --force replaces a file"
    echo here >file
    copy copy-from "$machine" /tmp/file file
    is "$status|$err|$(cat file)" "1|mymachines: file: exists already; --force replaces files|here" \
        "$machine: copy-from doesn't replace an existing file"
    copy copy-from "$machine" /tmp/file file --force
    is "$status|$err|$(cat file)" "0||other" "$machine: copy-from --force replaces a file"
    is "$(find "$root" "$TMPDIR" -xdev -name '.mymachines-*')" "" "$machine: copies leave no temporary file"
    rm file
done

# Default paths and existing directories, as in machinectl.
mkdir "$TMPDIR/here"
echo x >here/same
copy copy-to plain "$TMPDIR/here/same"
like "$status|$err" "1|mymachines: plain: cannot open the directory of $TMPDIR/here/same: *" "copy-to without a second path needs the directory in the machine"
mkdir -p "plain/$TMPDIR/here"
copy copy-to plain "$TMPDIR/here/same"
is "$status|$(cat "plain/$TMPDIR/here/same")" "0|x" "copy-to without a second path uses the same path in the machine"
rm "plain/$TMPDIR/here/same"
(cd here && mymachines copy-to plain same)
is "$?|$(cat "plain/$TMPDIR/here/same")" "0|x" "copy-to makes a relative path absolute for the machine"
echo back >"plain/$TMPDIR/here/same"
copy copy-from plain --force "$TMPDIR/here/same"
is "$status|$(cat here/same)" "0|back" "copy-from without a second path uses the same path on the host"
copy copy-from plain /etc/./passwd ./here/
is "$status|$err" "1|mymachines: ./here/: cannot replace it: Is a directory" "copy-from doesn't replace a directory by a file"
mkdir -p plain/tmp/into/a
echo kept >plain/tmp/into/a/kept
chmod 711 plain/tmp/into
copy copy-to plain tree/ /tmp/into/
is "$status|$(cat plain/tmp/into/a/{kept,file})|$(stat -c %a plain/tmp/into)" "0|kept
content|711" "copy-to merges a tree into an existing directory, which keeps its attributes"
copy copy-to plain tree /tmp/into
like "$status|$err" "1|mymachines: plain: /tmp/into/*: exists already; --force replaces files" "copy-to of a tree doesn't replace existing files"
copy copy-to plain tree /tmp/into --force
is "$status|$err" "0|" "copy-to --force of a tree replaces existing files"
echo file >plain/tmp/into2
copy copy-to plain tree /tmp/into2 --force
is "$status|$err" "1|mymachines: plain: /tmp/into2: cannot open the directory: Not a directory" \
    "copy-to doesn't replace a file by a directory"
copy copy-from plain /etc/.. "$TMPDIR/whole"
is "$status|$(ls whole)" "0|$(ls plain)" "copy-from copies all files of a machine"
like "$err" "*mymachines: plain: /etc/../proc: is a file system of the kernel's, which isn't copied*" \
    "copy-from skips file systems of the kernel's, and reports that"
like "$err" "*mymachines: plain: /etc/../dev/null: is a device, which isn't copied*" "copy-from skips devices, and reports that"
rm -rf whole
copy copy-from plain /proc/version version
is "$status|$(cat version)" "0|$(cat /proc/version)" "copy-from copies a file of the kernel's that was given"

# Mistakes.
for direction in to from; do
    fails "mymachines: copy-$direction: takes the name of a machine and one path or two" \
        "copy-$direction with one argument is refused" mymachines copy-$direction plain
    fails "mymachines: copy-$direction: takes the name of a machine and one path or two" \
        "copy-$direction with four arguments is refused" mymachines copy-$direction plain /a /b /c
    fails "mymachines: no machine 'nonesuch' is registered" "copy-$direction refuses a name that isn't registered" \
        mymachines copy-$direction nonesuch /etc/passwd
    fails "mymachines: plain: entering a machine needs root" "copy-$direction needs root" \
        setpriv --reuid=1000 --regid=1000 --clear-groups mymachines copy-$direction plain /etc/passwd /tmp/x
done
fails "mymachines: copy-to: the path in the machine must be absolute, 'x' isn't" "copy-to refuses a relative path in the machine" \
    mymachines copy-to plain tree x
fails "mymachines: copy-from: the path in the machine must be absolute, 'x' isn't" "copy-from refuses a relative path in the machine" \
    mymachines copy-from plain x
fails "mymachines: nonesuch: No such file or directory" "copy-to fails if the source doesn't exist" mymachines copy-to plain nonesuch /x
fails "mymachines: nonesuch/x: No such file or directory" "copy-to fails if the directory of the source doesn't exist" \
    mymachines copy-to plain nonesuch/x /x
fails "mymachines: plain: /nonesuch: No such file or directory" "copy-from fails if the source doesn't exist" \
    mymachines copy-from plain /nonesuch x
fails "mymachines: plain: cannot open the directory of /nonesuch/x: No such file or directory" "copy-from fails if the directory of the source doesn't exist" \
    mymachines copy-from plain /nonesuch/x x
fails "mymachines: nonesuch/x: No such file or directory" "copy-from fails if the directory of the destination doesn't exist" \
    mymachines copy-from plain /etc/passwd nonesuch/x
fails "mymachines: /dev/null: is a socket or device, which isn't copied" "copy-to refuses a device" \
    mymachines copy-to plain /dev/null /tmp/null
fails "mymachines: plain: /dev/zero is a socket or device, which isn't copied" "copy-from refuses a device" \
    mymachines copy-from plain /dev/zero zero
fails "mymachines: one: cannot open the directory of /etc/x?x1b*: *" "control bytes in a path are escaped" \
    mymachines copy-to one tree/a/file $'/etc/x\e[31m/x'
start emulator --share=user --share=net --share=mnt
mymachines register vm1 --leader="$emulator" --class=vm --address=192.0.2.9
fails "mymachines: vm1: is a virtual machine, whose files can't be reached from here; use scp" "copy-from refuses a VM, and names scp" \
    mymachines copy-from vm1 /etc/passwd x

# A copy has the permissions of the machine's root, which can't write everywhere.
mkdir -m 755 one/hosts three/hosts
for machine in one three; do
    fails "mymachines: $machine: /hosts/x: cannot make it: Permission denied" \
        "$machine: copy-to can't write where the machine's root can't" mymachines copy-to $machine tree/a/file /hosts/x
    install -m 600 tree/a/file $machine/hosts/secret
    fails "mymachines: $machine: /hosts/secret: cannot open it: Permission denied" \
        "$machine: copy-from can't read what the machine's root can't" mymachines copy-from $machine /hosts/secret x
done
chmod 644 one/hosts/secret
copy copy-from one /hosts/secret x
is "$status|$(stat -c %u x)" "0|0" "a file whose owner isn't mapped becomes root's on the host"
rm -f x
echo nobody >one/tmp/nobody
chown 265534:265534 one/tmp/nobody
copy copy-from one /tmp/nobody x
is "$(stat -c %u:%g x)" 0:0 "a file of nobody's becomes root's on the host"
rm x

# A user namespace without maps: all its files are nobody's.
unshare --user --mount sleep 100000 </dev/null >/dev/null 2>&1 &
unmapped=$!
wait_until grep -qx sleep "/proc/$unmapped/comm"
mymachines register unmapped --leader="$unmapped" 2>/dev/null
install -m 644 -o 1000 -g 1000 tree/a/file theirs
copy copy-from unmapped "$TMPDIR/theirs" x
is "$status|$err|$(stat -c %u:%g x)" "0||0:0" "copy-from a machine with empty id maps gives files to root"
rm -f x theirs
kill -9 "$unmapped"
wait "$unmapped" 2>/dev/null

# A machine whose root may do less.
start limited --share=user -- capsh --drop=cap_fowner,cap_dac_override,cap_fsetid,cap_chown -- -c 'exec sleep 100000'
mymachines register limited --leader="$limited" 2>/dev/null
wait_until eval "[ \$(tr '\0' ' ' </proc/$limited/cmdline | cut -c1-5) = sleep ]"
copy copy-to limited tree/a "$TMPDIR/limited"
is "$status|$err|$(listing limited)" "0||$(listing tree/a)" "copy-to works in a machine whose root has few capabilities"
rm -rf limited
install -d -o 1000 -m 700 limited
copy copy-to limited tree/a/file "$TMPDIR/limited/file"
is "$status|$err" "1|mymachines: limited: $TMPDIR/limited/file: cannot make it: Permission denied" "copy-to in such a machine can't write to another user's directory"
kill -9 "$limited"

# Links, also those that are exchanged during a copy, never lead out of the machine.
mkdir victim
echo secret >victim/secret
victim=$(listing victim)
for machine in plain one; do
    root=$TMPDIR/$machine
    for link in "$TMPDIR/victim" "../../../../../../../../$TMPDIR/victim" "/proc/1/root/$TMPDIR/victim"; do
        ln -sfn "$link" "$root/tmp/link"
        copy copy-to "$machine" tree/a/file /tmp/link/file
        like "$status|$err" "1|mymachines: $machine: cannot open the directory of /tmp/link/file: *" \
            "$machine: copy-to doesn't follow a link to $link"
        copy copy-from "$machine" /tmp/link/secret x
        like "$status|$err" "1|mymachines: $machine: cannot open the directory of /tmp/link/secret: *" "$machine: copy-from doesn't follow a link to $link"
        copy copy-to "$machine" tree/a /tmp/link
        like "$status|$err" "1|mymachines: $machine: /tmp/link: cannot open the directory: Not a directory" \
            "$machine: copy-to of a directory doesn't follow a link to $link"
    done
    ln -sfn /etc "$root/tmp/link"
    copy copy-from "$machine" /tmp/link/passwd x
    is "$status|$(cat x)" "0|$(cat "$root/etc/passwd")" "$machine: copy-from follows a link on the way that stays in the machine"
    rm -f x
    copy copy-from "$machine" /tmp/link x
    is "$status|$(readlink x)" "0|/etc" "$machine: copy-from copies a link at the end of the path"
    rm -f x

# In turn, the name is a directory of the machine's, a link to the host's, and nothing.
    mkdir "$root/tmp/swap"
    chown --reference="$root" "$root/tmp/swap"
    mymachines shell "$machine" sh -c 'cd /tmp/swap
        mkdir -p real/d; echo own >real/d/secret; ln -s '"$TMPDIR"' evil; ln -s '"$TMPDIR"'/victim real/link
        echo ready >ready' </dev/null >/dev/null 2>&1
    python3 -c '
import contextlib, itertools, os, sys, time
os.chdir(sys.argv[1])
for names in itertools.cycle((("real", "now"), ("now", "real"), ("evil", "now"), ("now", "evil"),
                              ("real/d", "real/e"), ("real/link", "real/d"), ("real/d", "real/link"), ("real/e", "real/d"))):
    # A copy may just have made a directory of that name.
    with contextlib.suppress(OSError):
        os.rename(*names)
    time.sleep(0.002)' "$root/tmp/swap" &
    busy=$!
    for ((i = 0; i < 20; i++)); do
# Links on the way to a file, and links in a tree.
        timeout 20 mymachines copy-to "$machine" tree/a/file "/tmp/swap/now/victim/file" 2>/dev/null
        timeout 20 mymachines copy-to --force "$machine" victim "/tmp/swap/real/d" 2>/dev/null
        timeout 20 mymachines copy-from "$machine" /tmp/swap "$TMPDIR/got.$i" 2>/dev/null
        timeout 20 mymachines copy-from "$machine" /tmp/swap/now/victim/secret "$TMPDIR/got.$i/top" 2>/dev/null
    done
    kill "$busy"
    ok $? "$machine: links were exchanged as long as there were copies"
    wait "$busy" 2>/dev/null
    is "$(listing victim)" "$victim" "$machine: copies write nothing on the host while links are exchanged"
    is "$(find got.* -name top)" "" "$machine: copies read nothing from the host while links are exchanged"
    ok "$([ "$(find got.* -name ready | wc -l)" -gt 10 ]; echo $?)" "$machine: copies succeed while links are exchanged"
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
    "control bytes in the name of a skipped file are escaped"
is "$(ls -b names)" "$(ls -b --ignore='sock*' plain/tmp/names)" "files with unusual names are copied"

# A FIFO must not be opened: that would block.
mkfifo plain/tmp/names/pipe
copy copy-from plain /tmp/names/pipe pipe
is "$status|$(stat -c %F pipe)" "0|fifo" "copy-from copies a FIFO without opening it"

# Deeper than COPY_DEPTH_MAX.
python3 -c '
import os
for i in range(400):
    os.mkdir("d")
    os.chdir("d")
open("bottom", "w")' >/dev/null
copy copy-to plain d /tmp/deep
like "$status|$err" "1|mymachines: d/d/*/d: is too deep" "copy-to fails for directories that are nested too deeply"
ok "$([ -d plain/tmp/deep/d/d/d/d/d/d/d/d ]; echo $?)" "copy-to of a tree that is too deep copies the upper part"
rm -rf d

# A file that grows is copied with the size that it had at first.
mymachines shell plain sh -c 'yes >/tmp/growing' </dev/null >/dev/null 2>&1 &
busy=$!
wait_until test -s plain/tmp/growing
copy copy-from plain /tmp/growing growing
is "$status" 0 "copy-from of a growing file ends"
kill $busy
wait $busy 2>/dev/null
rm -f growing plain/tmp/growing

# held.py DIRECTORY COMMAND...: a process becomes the command, and is stopped as soon as there is something of a copy in
# the directory. By a shell that looks now and then, it would have ended before on a loaded host.
cat >"$TMPDIR/held.py" <<'P'
import os, signal, sys, time
directory, *command = sys.argv[1:]
pid = os.getpid()
def has_begun():
    return any(entry.name.startswith(".mymachines-") and entry.stat().st_size for entry in os.scandir(directory))
if os.fork() == 0:
    # A child of nobody's here: the command's only child is to be its visitor.
    if os.fork() == 0:
        end = time.time() + 60
        while time.time() < end:
            try:
                if has_begun():
                    os.kill(pid, signal.SIGSTOP)
                    break
            except FileNotFoundError:
                pass
            time.sleep(0.0005)
    os._exit(0)
os.wait()
# With "&" alone, bash would start it with SIGINT ignored.
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(command[0], command)
P
# held_visitor PID: wait until the copy of this mymachines is held, and set visitor to the pid of its visitor
held_visitor() {
    wait_until grep -q "^State:.T" "/proc/$1/status"
    visitor=$(pgrep -P "$1")
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
            setsid python3 "$TMPDIR/held.py" "$to" mymachines copy-$direction "${arguments[@]}" </dev/null >/dev/null 2>&1 &
            held_visitor $!
            kill -$signal $!
            kill -CONT $! 2>/dev/null
            wait $! 2>/dev/null
            is "$?" "$((128 + $(kill -l $signal)))" "$machine: SIG$signal ends copy-$direction"
            wait_until has_ended "$visitor"
            ok $? "$machine: SIG$signal to copy-$direction ends its visitor"
            if [ $direction$signal = fromKILL ]; then
                rm -f "$to"/.mymachines-*
            fi
            is "$(find "$to" -maxdepth 1 \( -name '.mymachines-*' -o -name got \))" "" \
                "$machine: copy-$direction that got SIG$signal leaves no file"
            ok "$([ $direction = from ] || [ ! -e "$machine/tmp/large" ]; echo $?)" "$machine: copy-$direction that got SIG$signal leaves no file of the final name"
        done
# A machine may block the visitor for ever.
        setsid python3 "$TMPDIR/held.py" "$to" mymachines copy-$direction "${arguments[@]}" </dev/null >/dev/null 2>&1 &
        held_visitor $!
        stop_process "$visitor"
        kill -CONT $!
        kill -TERM $!
        wait_until has_ended $!
        wait $! 2>/dev/null
        is "$?" 143 "$machine: SIGTERM ends copy-$direction while the visitor is blocked"
        wait_until has_ended "$visitor"
        ok $? "$machine: SIGTERM to copy-$direction ends a visitor that is blocked"
        rm -f "$to"/.mymachines-*
# A machine may kill the visitor.
        setsid python3 "$TMPDIR/held.py" "$to" mymachines copy-$direction "${arguments[@]}" </dev/null >/dev/null 2>err &
        held_visitor $!
        kill -KILL "$visitor"
        kill -CONT $!
        wait $! 2>/dev/null
        is "$?|$(cat err)" "1|mymachines: $machine: the process that was sent there was killed" \
            "$machine: copy-$direction fails if the visitor is killed"
        rm -f "$to"/.mymachines-* got "$machine/tmp/large"
    done
done

# A full file system.
mkdir full
mount -t tmpfs -o size=1M tmpfs full
fails "mymachines: full/large: cannot write it: No space left on device" "copy-from reports a full file system on the host" \
    mymachines copy-from plain /bin/busybox full/large
is "$(ls -A full)" "" "copy-from leaves no file on a full file system"
umount full
mymachines shell plain mount -t tmpfs -o size=1M tmpfs /tmp/into </dev/null
fails "mymachines: plain: /tmp/into/large: cannot write it: No space left on device" "copy-to reports a full file system in the machine" \
    mymachines copy-to plain plain/bin/busybox /tmp/into/large
is "$(mymachines shell plain ls -A /tmp/into </dev/null)" "" "copy-to leaves no file on a full file system"

# Progress.
mkdir plain/tmp/larger
cp large plain/tmp/larger/1
ln plain/tmp/larger/1 plain/tmp/larger/2
ln plain/tmp/larger/1 plain/tmp/larger/3
# held COMMAND...: run it on a terminal, while one of the files takes a while to be opened
held() {
    local holder
    python3 "$SRCDIR/tests/support/held_file.py" plain/tmp/larger/1 0.7 >holder 2>&1 3>&- </dev/null &
    holder=$!
    wait_until grep -qx ready holder
    drive -- "$@"
    status=$?
    wait $holder
    return $status
}
out=$(held mymachines copy-from plain /tmp/larger got)
is "$?" 0 "copy-from works on a terminal"
like "$out" "*\[*\]*% * MiB, * file[s ]*got*" "copy-from shows its progress on a terminal"
like "${out##*$'\e[K'}" "" "copy-from removes its progress line at the end"
for i in 1 2 3; do cmp large got/$i; done
ok $? "copy-from with progress copies everything"
rm -rf got
out=$(held mymachines copy-from plain /tmp/larger got --quiet)
is "$?|$out" "0|" "--quiet shows no progress"
kill -9 "$plain"
wait_until has_ended "$plain"
fails "mymachines: plain: cannot enter it: its leader has died" "copy-from refuses a machine whose leader has died" mymachines copy-from plain /tmp/large x
done_testing
