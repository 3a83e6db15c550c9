#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines shell and login: programs in machines, on a terminal of theirs or with pipes, and what
# of the caller's they don't get.
# shellcheck disable=SC2016,SC2154
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
need_root
command -v busybox >/dev/null || skip_all "busybox isn't installed"
PATH=$PATH:$SRCDIR/tests/support
export TERM=vt102
own_dev

rootfs "$TMPDIR/plain" 0
rootfs "$TMPDIR/one" 200000
rootfs "$TMPDIR/three" 300000
start_rootfs plain "$TMPDIR/plain" --share=user
start_rootfs one "$TMPDIR/one" --map=0:200000:65536
start_rootfs three "$TMPDIR/three" --map=0:300000:1000 --map=1000:1000:1 --map=1001:301001:64535
for machine in plain one three; do
    mymachines register "$machine" --leader="${!machine}" --scope
done
cleanup() {
    kill -9 "$plain" "$one" "$three" "$noroot"
    for machine in plain one three; do
        wait_until mymachines unregister "$machine"
    done
    rmdir /sys/fs/cgroup/*/mymachines-shell-$$
} 2>/dev/null
trap cleanup EXIT

# in_shell ARGUMENT...: without a terminal, and without input
in_shell() {
    run timeout 20 mymachines shell "$@" </dev/null
}

# sleeper N: the pid of "sleep N.PID", which is one of this test's
sleeper() {
    pgrep -fx "sleep $1\.$$"
}
gone() {
    ! sleeper "$1"
}
# starts N: a command for drive, to wait for it
starts() {
    echo "timeout 10 sh -c 'until pgrep -fx \"sleep $1.$$\"; do sleep 0.02; done'"
}

# What it is, in each kind of machine.
for machine in plain one three; do
    in_shell "$machine" id
    is "$status|$out|$err" "0|uid=0(root) gid=0(root) groups=10(wheel)|" "$machine: as root"
    in_shell "app@$machine" id
    is "$out" "uid=1000(app) gid=1000(app) groups=10(wheel),29(audio)" "$machine: as a user"
    in_shell "$machine" sh -c 'for i in user cgroup ipc uts net pid mnt; do readlink /proc/self/ns/$i; done'
    is "$out" "$(readlink "/proc/${!machine}/ns/"{user,cgroup,ipc,uts,net,pid,mnt})" \
        "$machine: in all of its namespaces"
    in_shell "$machine" sh -c 'ls /; readlink /proc/1/root'
    is "$out" "$(ls "$TMPDIR/$machine"; echo /)" "$machine: in its root directory"
    in_shell "$machine" grep ^Cap /proc/self/status
    is "$out" "$(grep ^Cap "/proc/${!machine}/status")" "$machine: with root's capabilities there"
    in_shell "app@$machine" sed -n '/^Cap[^B]/s/.*\t//p' /proc/self/status
    is "$(sort -u <<<"$out")" 0000000000000000 "$machine: a user has none"
    in_shell "$machine" sh -c 'readlink /proc/self/fd/* | grep -v ^pipe:; ls /proc/self/fd | wc -l'
    # The directory itself is one.
    is "$out" 4 "$machine: with no descriptors but three pipes"
    in_shell "app@$machine" sh -c 'echo by path >/proc/self/fd/1; cat /proc/self/fd/0; pwd'
    is "$status|$out|$err" "0|by path
/home/app|" "$machine: a user may open these by their paths, in its home directory"
done
exec 9<"$0"
in_shell plain sh -c 'ls /proc/self/fd | wc -l'
is "$out" 4 "nor one that the caller had by chance"
exec 9<&-
out=$(setpriv --groups=4,4242 mymachines shell plain grep Groups /proc/self/status </dev/null)
is "$(xargs <<<"$out")" "Groups: 10" "nor a group of the caller's"
mymachines shell app@three sleep 1111.$$ </dev/null &
wait_until sleeper 1111
is "$(ps -o uid=,gid= -p "$(sleeper 1111)" | xargs)" "1000 1000" "ids are mapped, to one on the host"
kill "$(sleeper 1111)"
wait "$!"
is "$?" 143 "a signal that ends it is passed on as 128 and its number"

# Users.
for user in 0 root ''; do
    in_shell "$user@one" id -u
    is "$status|$out" "0|0" "user '$user'"
done
in_shell --uid=app one sh -c 'id -un; echo $HOME $USER $LOGNAME $SHELL'
is "$out" "app
/home/app app app /bin/sh" "--uid"
in_shell --uid=app root@one id -un
is "$out" root "a user before the name counts for more"
in_shell 1000@one sh -c 'id; echo $USER'
is "$out" "uid=1000(app) gid=1000(app) groups=10(wheel),29(audio)
app" "by number, with an entry"
in_shell 1234@one sh -c 'id; pwd; echo $USER $HOME $SHELL'
is "$out" "uid=1234 gid=1234
/
1234 / /bin/sh" "by number, without one"
fails "mymachines: one: has no user 'nobody-there'" "no such user" \
    mymachines shell nobody-there@one true
fails "mymachines: one: user '70000' is 70000:70000, and one of its ids is not in the machine's maps" \
    "an id that isn't mapped" mymachines shell 70000@one true
fails "mymachines: one: has no user '4294967295'" "the number that is none" \
    mymachines shell 4294967295@one true
echo 'locked:x:4294967295:0::/:/bin/sh' >>"$TMPDIR/one/etc/passwd"
fails "mymachines: one: has no user 'locked'" "nor in passwd" mymachines shell locked@one true

# Environment.
export SECRET=secret LD_LIBRARY_PATH=/nowhere FOO=bar
in_shell one /bin/busybox env
is "$(sort <<<"$out")" "HOME=/root
LOGNAME=root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
SHELL=/bin/sh
USER=root" "the environment is new"
in_shell -E FOO --setenv=ONE=1=2 -E EMPTY= -E ABSENT -E HOME=/tmp one /bin/busybox env
is "$(grep -E '^(FOO|ONE|EMPTY|ABSENT|HOME|SECRET)' <<<"$out" | sort)" "EMPTY=
FOO=bar
HOME=/tmp
ONE=1=2" "--setenv"
for bad in '' =x 1A A-B 'A B'; do
    fails "mymachines: shell: '$bad' is no environment variable" "--setenv='$bad'" \
        mymachines shell -E "$bad" one true
done
unset LD_LIBRARY_PATH FOO
in_shell one sh -c umask
is "$out" 0022 "the umask is new"
out=$(umask 077; nice -n 7 timeout 20 mymachines shell one sh -c 'umask; cut -d" " -f19 /proc/self/stat' </dev/null)
is "$out" "0022
$(cut -d' ' -f19 "/proc/$one/stat")" "and so is the priority"
out=$(chrt -b 0 timeout 20 mymachines shell one cut -d' ' -f40,41 /proc/self/stat </dev/null)
is "$out" "$(cut -d' ' -f40,41 "/proc/$one/stat")" "and how it is scheduled"
out=$(ulimit -Sn 77; mymachines shell one sh -c 'ulimit -Sn' </dev/null)
is "$out" "$(awk '/open files/ { print $4 }' "/proc/$one/limits")" "limits are the machine's"
# Those that libc keeps for itself, too: rt_sigaction(2), by its number on x86_64.
ignorant=(env)
[ "$(uname -m)" != x86_64 ] || ignorant=(python3 -c '
import ctypes, os, sys
ignore = (ctypes.c_ulong * 8)(1)
for number in 32, 33:
    ctypes.CDLL(None).syscall(13, number, ignore, None, 8)
os.execvp(sys.argv[1], sys.argv[1:])')
out=$(trap '' HUP INT USR1; "${ignorant[@]}" mymachines shell one grep -E '^Sig(Blk|Ign)' /proc/self/status </dev/null)
is "$(cut -f2 <<<"$out")" "0000000000000000
0000000000000000" "no signal is blocked or ignored"

# Keys: keyctl(2), request_key(2).
cat >"$TMPDIR/key.py" <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None)
numbers = {"x86_64": (248, 250), "aarch64": (217, 219)}
add, keyctl = numbers[os.uname().machine]
assert libc.syscall(keyctl, 1, None) > 0
assert libc.syscall(add, b"user", b"mymachines-test", b"x", 1, -3) > 0
os.execvp(sys.argv[1], sys.argv[1:])
P
if python3 "$TMPDIR/key.py" cat /proc/keys 2>/dev/null | grep -q mymachines-test; then
    out=$(python3 "$TMPDIR/key.py" mymachines shell one cat /proc/keys </dev/null)
    # It has an empty one; that of who sent it may still be there.
    is "$(grep -c mymachines-test <<<"$out")|$(sed -n 's/.* _ses: //p' <<<"$out" | sort -u)" "0|empty" \
        "keys of the session stay out"
else
    skip "there are no keyrings here" "keys of the session stay out"
fi

# Cgroups. The scope is in one hierarchy; in another, one is made here.
for procs in /sys/fs/cgroup/{pids,freezer}/cgroup.procs; do
    [ -e "$procs" ] || continue
    mkdir "${procs%/*}/mymachines-shell-$$"
    echo "$one" >"${procs%/*}/mymachines-shell-$$/cgroup.procs"
done
mymachines shell one sleep 1112.$$ </dev/null &
wait_until sleeper 1112
pid=$(sleeper 1112)
is "$(cat "/proc/$pid/cgroup")" "$(cat "/proc/$one/cgroup")" "it is in the leader's cgroups"
like "$(cat "/proc/$pid/cgroup")" "*machine-one.scope*" "and in the machine's scope"
is "$(ps -o machine= -p "$pid")" one "so ps knows it"
is "$(mymachines which "$pid")" one "and which does"
is "$(ps -o tty=,sid= -p "$pid" | xargs)" "? $pid" "it has no terminal and a session of its own"
# Whoever sent it dies.
kill -9 $!
wait $! 2>/dev/null
wait_until eval "! kill -0 $pid"
ok $? "when its sender is killed, it gets SIGHUP"

# The program that was sent runs from a copy that nobody can change.
mkfifo "$TMPDIR/input"
mymachines shell one sleep 1113.$$ <"$TMPDIR/input" &
exec {input}>"$TMPDIR/input"
wait_until sleeper 1113
is "$(readlink "/proc/$!/exe")" "/memfd:mymachines (deleted)" "it comes from a copy of the program"
is "$(python3 -c 'import fcntl, sys; print(fcntl.fcntl(open(sys.argv[1]), 1034))' "/proc/$!/exe")" 15 \
    "which is sealed"
is "$(cat "/proc/$!/comm")" mymachines "by its name"
kill "$!"
wait "$!"
is "$?" 143 "a signal ends the sender"
wait_until gone 1113
ok $? "and what it has sent"
exec {input}>&-
# A script that is run by whoever runs it.
printf '#!/proc/self/exe\n' >"$TMPDIR/plain/bin/self"
chmod 755 "$TMPDIR/plain/bin/self"
before=$(cksum <"$BUILDDIR/mymachines")
in_shell plain self
is "$status|$(cksum <"$BUILDDIR/mymachines")" "1|$before" "a script run by /proc/self/exe comes to nothing"

# In the machine, it is watched from its first moment on, by those who can't trace the host's processes.
cat >"$TMPDIR/spy.py" <<'P'
import os, sys
seen = set()
def spy(pid):
    try:
        if open("/proc/" + pid + "/comm").read() != "mymachines\n":
            return
        seen.add("seen")
        # What the kernel tells by the same rule as the rest of what is in there. It may
        # be that of the command, by now.
        if "mymachines" in os.readlink("/proc/" + pid + "/exe"):
            seen.add("looked into")
    except PermissionError:
        seen.add("denied")
    except OSError:
        pass
while True:
    before = len(seen)
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) != os.getpid():
            spy(pid)
    if len(seen) > before:
        with open(sys.argv[1] + ".new", "w") as file:
            print(*sorted(seen), sep="\n", file=file)
        os.rename(sys.argv[1] + ".new", sys.argv[1])
P
mkdir -m 777 "$TMPDIR/spy"
start spied --map=0:400000:65536 -- python3 "$TMPDIR/spy.py" "$TMPDIR/spy/spied"
start spied_plain --share=user -- capsh --drop=cap_sys_ptrace -- -c \
    "exec python3 $TMPDIR/spy.py $TMPDIR/spy/spied_plain"
for machine in spied spied_plain; do
    mymachines register "$machine" --leader="${!machine}" 2>/dev/null
    # Each is there for a moment.
    for ((i = 0; i < 200; i++)); do
        mymachines shell "$machine" true </dev/null
        grep -qs denied "$TMPDIR/spy/$machine" && [ "$i" -ge 20 ] && break
    done
    is "$(cat "$TMPDIR/spy/$machine")" "denied
seen" "$machine: what comes can be seen, but not looked into"
    kill -9 "${!machine}"
done

# Capabilities and namespaces of other kinds of machines.
start limited --share=user -- capsh --drop=cap_sys_admin,cap_net_raw,cap_setuid -- -c 'exec sleep 100000'
mymachines register limited --leader="$limited" 2>/dev/null
wait_until pgrep -fx 'sleep 100000'
wait_until eval "[ \$(tr '\0' ' ' </proc/$limited/cmdline | cut -c1-5) = sleep ]"
in_shell limited grep ^Cap /proc/self/status
is "$out" "$(grep ^Cap "/proc/$limited/status")" "no capability that the leader can't have"
in_shell 1234@limited grep -E '^(Uid|CapB|CapP)' /proc/self/status
is "$out" "$(printf 'Uid:\t1234\t1234\t1234\t1234\nCapPrm:\t0000000000000000\n'
grep CapBnd "/proc/$limited/status")" "whose root can't become somebody else, the caller can"
start unprivileged --share=user -- setpriv --no-new-privs sleep 100000
mymachines register unprivileged --leader="$unprivileged" 2>/dev/null
wait_until grep -q '^NoNewPrivs:.1' "/proc/$unprivileged/status"
in_shell unprivileged grep ^NoNewPrivs /proc/self/status
is "$out" $'NoNewPrivs:\t1' "nor new privileges, where that has none"
if unshare --time true 2>/dev/null; then
    unshare --time --boottime 100000000 --fork --kill-child sleep 100000 </dev/null >/dev/null 2>&1 &
    wait_until pgrep -P $!
    clock=$(pgrep -P $!)
    wait_until grep -qx sleep "/proc/$clock/comm"
    mymachines register clock --leader="$clock" 2>/dev/null
    in_shell clock cut -c1 /proc/uptime
    is "$out" 1 "its clock is the machine's"
    kill -9 "$clock"
else
    skip "there are no time namespaces here" "its clock is the machine's"
fi
start shared --share=user --share=net --share=mnt
mymachines register shared --leader="$shared" 2>/dev/null
in_shell shared readlink /proc/self/ns/{user,net,mnt}
is "$out" "$(readlink /proc/self/ns/{user,net,mnt})" "namespaces that are the host's stay"
# The same ids: what is possessed counts.
cat >"$TMPDIR/search.py" <<'P'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall({"x86_64": 250, "aarch64": 219}[os.uname().machine], 10, -3, b"user",
                   b"mymachines-test", 0), os.strerror(ctypes.get_errno()))
P
if python3 "$TMPDIR/key.py" python3 "$TMPDIR/search.py" 2>/dev/null | grep -q Success; then
    out=$(python3 "$TMPDIR/key.py" mymachines shell shared python3 "$TMPDIR/search.py" </dev/null)
    is "$out" "-1 Required key not available" "keys stay out of a machine with the host's ids, too"
else
    skip "there are no keyrings here" "keys stay out of a machine with the host's ids, too"
fi
unshare --user --map-user=1000 --map-group=1000 --net sleep 100000 </dev/null >/dev/null 2>&1 &
noroot=$!
wait_until grep -q 1000 "/proc/$noroot/uid_map"
wait_until grep -qx sleep "/proc/$noroot/comm"
mymachines register noroot --leader="$noroot" 2>/dev/null
fails "mymachines: noroot: user 'root' is 0:0, and one of its ids is not in the machine's maps" \
    "a machine without root" mymachines shell noroot true
run setpriv --groups=4,4242 mymachines shell 1000@noroot grep -E '^([UG]id|Groups)' /proc/self/status </dev/null
is "$(tr '\t' ' ' <<<"$out" | sed 's/ *$//')" "Uid: 1000 1000 1000 1000
Gid: 1000 1000 1000 1000
Groups:" "has its user"

# Killed anywhere, it leaves nothing in the machine.
# A sanitizer of leaks can't work there.
calls=$(ASAN_OPTIONS=detect_leaks=0 interrupt 0 mymachines shell one true 2>&1 </dev/null)
# Whoever is to wait for what is left may do so late.
is_alone() {
    [ "$(ps -o stat= -p "$(pgrep -d, --nslist pid --ns "$one")" | grep -cv Z)" = 1 ]
}
rounds=0 left=0
# The last calls are made when it has ended.
for ((i = 7; i < calls - 30; i += calls / 35)); do
    ASAN_OPTIONS=detect_leaks=0 timeout 10 interrupt "$i" mymachines shell one sleep "1117.$$" </dev/null >/dev/null 2>&1
    [ $? = 137 ] && rounds=$((rounds + 1))
    wait_until is_alone >/dev/null || left=$((left + 1))
    [ "$left" -lt 3 ] || break
done
is "$((rounds > 20))|$left" "1|0" "killed at any of its system calls, it leaves nothing there"

# Pipes.
in_shell one sh -c 'echo out; echo err >&2; exit 7'
is "$status|$out|$err" "7|out|err" "output, errors and the exit status"
is "$(printf 'a\nb\n' | mymachines shell one wc -l)" 2 "input, and its end"
head -c 30000000 /dev/urandom >"$TMPDIR/big"
timeout 60 mymachines shell one cat <"$TMPDIR/big" | cmp - "$TMPDIR/big"
ok $? "30 megabytes both ways"
timeout 60 cat "$TMPDIR/big" | timeout 60 mymachines shell one sh -c 'cat >/dev/null; cat /proc/self/stat >&2' 2>/dev/null
ok $? "one way"
timeout 60 mymachines shell one sh -c 'exec 3<&0; cat <&3 & dd if=/dev/zero bs=1000 count=20000 >&2 2>/dev/null; wait' \
    <"$TMPDIR/big" 2>"$TMPDIR/errors" | cmp - "$TMPDIR/big"
is "$?|$(stat -c %s "$TMPDIR/errors")" "0|20000000" "three ways"
timeout 20 mymachines shell one yes | head -n 1 >/dev/null
is "${PIPESTATUS[0]}" 141 "when nobody reads its output any more, it is told"
in_shell one sh -c 'sleep 1000 & echo done'
is "$status|$out" "0|done" "who stays in the background isn't waited for"
timeout 20 mymachines shell one sh -c 'exec <&-; sleep 0.1; echo done' <"$TMPDIR/big" >"$TMPDIR/out"
is "$?|$(cat "$TMPDIR/out")" "0|done" "input that it doesn't want"
mymachines shell one true </dev/null >/dev/full
is "$?" 0 "a full disk is no matter to who writes nothing"
fails "mymachines: cannot write the output: No space left on device" "but else it is said" \
    sh -c 'exec mymachines shell one echo x </dev/null >/dev/full'
is "$(mymachines shell one echo x <&- | cat)" x "with standard input closed"
tar -C "$TMPDIR/one" -c etc | mymachines shell one tar -C /tmp -x
ok "$(cmp "$TMPDIR/one/etc/group" "$TMPDIR/one/tmp/etc/group" >&2; echo $?)" "tar goes through"

# On a terminal.
connected="Connected to machine one. Press ^] three times within 1s to exit session."
terminated="Connection to machine one terminated."
out=$(drive 'expect=# ' 'send=tty; stty size; echo $TERM $0\n' expect=vt102 'send=exit 3\n' -- mymachines shell one)
is "$?" 3 "a login shell's exit status"
like "$out" "$connected
*tty; stty size; echo \$TERM \$0
/dev/pts/0
24 80
vt102 -sh
*exit 3
$terminated" "and what it looks like"
out=$(drive 'expect=# ' size=33,77 'send=stty size\n' 'expect=33 77' 'send=exit\n' -- mymachines shell -q one)
is "$?" 0 "the window's size is followed"
ok "$(grep -qE 'Connect|terminal changed' <<<"$out"; [ $? = 1 ]; echo $?)" "--quiet says nothing of the connection"
out=$(drive -- mymachines shell -q one sh -c 'for fd in /proc/$$/fd/*; do readlink $fd; done')
is "$(sort <<<"$out" | uniq -c | xargs)" "3 /dev/pts/0" "all its descriptors are of its own terminal"
out=$(drive -- mymachines shell -q app@one stat -c '%u %t:%T' /dev/pts/0)
is "$out" "1000 88:0" "a user owns it"
drive -- mymachines shell -q one sh -c 'kill -TERM $$' >/dev/null
is "$?" 143 "a command that dies of a signal"
out=$(drive 'expect=ready' 'send=\x03' -- mymachines shell -q one sh -c 'trap "echo caught; exit 9" INT; echo ready; while :; do sleep 0.1; done')
is "$?|$(grep -c caught <<<"$out")" "9|1" "^C is the machine's"
out=$(drive -- mymachines shell -q one sh -c 'head -c 300000 /dev/zero | tr "\0" x; echo end')
is "$?|$(tr -cd x <<<"$out" | wc -c)|${out: -3}" "0|300000|end" "nothing is lost at the end"
out=$(drive 'expect=# ' "send=sleep 1114.$$\n" "run=$(starts 1114)" \
    'send=\x1d\x1d\x1d' -- mymachines shell one)
is "$?" 0 "^] three times leaves it"
like "$out" "*$terminated" "and says so, and leaves the terminal as it was"
wait_until gone 1114
ok $? "what runs there gets SIGHUP"
out=$(drive expect=ready 'send=\x1d\x1d' 'run=sleep 1.2' 'send=\x1d' 'send=\x1da\x1d\x1d' 'send=q\n' -- \
    mymachines shell -q one sh -c 'stty raw -echo; echo ready; head -c 8 | od -An -tx1')
is "$(tail -n 1 <<<"$out")" " 1d 1d 1d 1d 61 1d 1d 71" "slower, or not in a row, they are keys"
for signal in TERM HUP INT QUIT USR1; do
    out=$(drive 'expect=# ' "kill=$signal" -- mymachines shell one)
    is "$?|$(tail -n 1 <<<"$out")" "$((128 + $(kill -l $signal)))|$terminated" \
        "SIG$signal ends it, and leaves the terminal as it was"
done
drive 'expect=# ' "send=sleep 1115.$$\n" "run=$(starts 1115)" \
    kill=KILL -- mymachines shell one >/dev/null
is "$?" 137 "SIGKILL ends it"
wait_until gone 1115
ok $? "and what runs there, with SIGHUP"
drive 'expect=# ' "send=sleep 1116.$$\n" "run=$(starts 1116)" \
    hangup= -- mymachines shell one >/dev/null
wait_until gone 1116
ok $? "the same when the terminal here goes"
out=$(drive expect=again 'send=x\n' -- mymachines shell -q one sh -c \
    'tty=$(tty); exec 0<&- 1>&- 2>&-; sleep 0.3; exec 0<>$tty 1>&0 2>&0; echo again; read -r x; echo $x')
is "$?|$(tail -n 1 <<<"$out")" "0|x" "a terminal that nobody has open for a while isn't the end"

cat >"$TMPDIR/vhangup.py" <<'P'
import ctypes, os, signal, time
signal.signal(signal.SIGHUP, signal.SIG_IGN)
terminal = os.ttyname(0)
assert ctypes.CDLL(None).vhangup() == 0
time.sleep(0.3)
fd = os.open(terminal, os.O_RDWR)
os.write(fd, b"again\n")
os.write(fd, b"got " + os.read(fd, 10))
P
out=$(drive expect=again 'send=x\n' -- mymachines shell -q shared python3 "$TMPDIR/vhangup.py")
is "$?|$(tail -n 1 <<<"$out")" "0|got x" "nor is vhangup(2), as of login"

# login
out=$(drive -- mymachines login one)
is "$?|$out" "1|mymachines: one: has neither /bin/login nor /sbin/agetty; mymachines shell needs none" \
    "login without one in there"
fails "mymachines: login: standard input and output are no terminal" "login without a terminal" \
    sh -c 'exec mymachines login one </dev/null'
ln -s busybox "$TMPDIR/one/bin/login"
out=$(drive expect=login: 'send=\x1d\x1d\x1d' -- mymachines login one)
is "$?" 0 "login asks for a name"
rm "$TMPDIR/one/bin/login"
printf '%s\n' '#!/bin/sh' 'echo "$0 $*"; tty; id -u' >"$TMPDIR/one/sbin/agetty"
chmod 755 "$TMPDIR/one/sbin/agetty"
out=$(drive -- mymachines login one)
is "$?|$out" "0|$connected
/sbin/agetty --noclear -
/dev/pts/0
0
$terminated" "or agetty does"
rm "$TMPDIR/one/sbin/agetty"

# What a machine can have in the place of its files.
etc=$TMPDIR/one/etc
keep() { cp "$etc/passwd" "$TMPDIR/passwd"; }
restore() { rm -rf "$etc/passwd"; cp "$TMPDIR/passwd" "$etc/passwd"; chmod 644 "$etc/passwd"; }
keep
rm "$etc/passwd"
in_shell one sh -c 'id -u; pwd; echo $HOME'
is "$status|$out" "0|0
/root
/root" "no passwd: root is root"
fails "mymachines: one: has no user 'app'" "and nobody else is" mymachines shell app@one true
mkfifo "$etc/passwd"
in_shell one pwd
is "$status|$out" "0|/root" "a FIFO for passwd"
fails "mymachines: one: its /etc/passwd is no regular file" "which has no users" \
    mymachines shell app@one true
for link in /proc/self/exe /proc/self/fd/3 /proc/1/root/etc/group /etc/passwd ../../../../../../etc/passwd nowhere; do
    rm -f "$etc/passwd"
    ln -s "$link" "$etc/passwd"
    fails "mymachines: one: has no user 'daemon'" "a link to $link for passwd" \
        mymachines shell daemon@one true
done
restore
head -c 3000000 /dev/urandom >"$etc/passwd"
printf '\n%s\n%s:x:5:5::/:/bin/sh\nodd:x:7:8::home:sh\nnul\0:x:9:9::/:/bin/sh\nlast:x:1001:1001::/:' \
    'short:x:5' "$(head -c 100000 /dev/zero | tr '\0' a)" >>"$etc/passwd"
in_shell last@one sh -c 'id; echo $SHELL'
is "$status|$out" "0|uid=1001(last) gid=1001
/bin/sh" "a line behind megabytes of noise, without a newline"
in_shell odd@one sh -c 'id -g; pwd; echo $SHELL'
is "$status|$out" "0|8
/
/bin/sh" "home and shell that are no paths"
for user in short nul "$(printf 'a%.0s' {1..300})"; do
    fails "mymachines: one: has no user '*" "what is no entry: ${user:0:10}" mymachines shell "$user@one" true
done
truncate -s 20G "$etc/passwd"
fails "mymachines: one: has no user 'app'" "twenty gigabytes" timeout 20 mymachines shell app@one true
restore
for i in {1..1025}; do echo "g$i:x:$((2000 + i)):app"; done >>"$etc/group"
fails "mymachines: one: user 'app' is in too many groups" "too many groups" mymachines shell app@one true
echo root:x:0: >"$etc/group"

dev=$TMPDIR/one/dev
rm "$dev/ptmx" 2>/dev/null
mymachines shell one umount /dev/pts </dev/null
none="mymachines: one: has no terminals: its /dev/ptmx and /dev/pts/ptmx lead to none; a command works without one, behind '| cat'"
out=$(drive -- mymachines shell one)
is "$?|$out" "1|$none" "no terminals"
for kind in file fifo null self; do
    rm -f "$dev/ptmx"
    case $kind in
    file) echo x >"$dev/ptmx" ;;
    fifo) mkfifo "$dev/ptmx" ;;
    null) ln -s null "$dev/ptmx" ;;
    self) ln -s /proc/self/fd/0 "$dev/ptmx" ;;
    esac
    chown -h 200000:200000 "$dev/ptmx"
    out=$(drive -- mymachines shell one)
    is "$?|$out" "1|$none" "a $kind in the place of ptmx"
done
in_shell one echo works
is "$status|$out" "0|works" "pipes need none"

for program in /bin/nonesuch nonesuch /etc/passwd /etc; do
    fails "mymachines: one: $program: *" "$program can't be run" mymachines shell one "$program"
done
rm "$TMPDIR/one/bin/sh"
fails "mymachines: one: /bin/sh: No such file or directory" "no shell" mymachines shell one
fails "mymachines: one: nonesuch??x1b*: No such file or directory" "an escape in a name isn't printed" \
    mymachines shell one $'nonesuch?\e[31m'

# What can't be entered.
fails "mymachines: no machine 'nonesuch' is registered" "no such machine" mymachines shell nonesuch
fails "mymachines: no machine 'app' is registered" "a user for a machine" mymachines shell one@app
for host in .host '' root@ root@.host; do
    fails "mymachines: shell: the host itself is no machine; use *" "'$host'" mymachines shell "$host"
done
fails "mymachines: shell: the name of a machine is missing; the host's own shell isn't opened here" \
    "no name" mymachines shell
fails "mymachines: login: takes the name of one machine" "login without a name" mymachines login
fails "mymachines: login: the host itself is no machine; use login(1)" "login .host" mymachines login .host
start emulator --share=user --share=net --share=mnt
mymachines register vm1 --leader="$emulator" --class=vm --ssh-address=root@vm1 --address=192.0.2.9
mymachines register vm1 --leader="$emulator" 2>/dev/null
fails "mymachines: vm1: is a virtual machine, which can't be entered; use 'mymachines ssh vm1'" "a VM" \
    mymachines shell vm1 true
sleep 100000 &
bare=$!
mymachines register bare --leader=$bare 2>/dev/null
fails "mymachines: bare: its leader has no namespace of its own, so there is nothing to enter" \
    "a leader in the host's namespaces" mymachines shell bare true
kill $bare
wait $bare 2>/dev/null
fails "mymachines: bare: cannot enter it: its leader has died" "a machine that has died" mymachines shell bare true
fails "mymachines: plain: to enter a machine needs root" "a user of the host" \
    setpriv --reuid=1000 --regid=1000 --clear-groups mymachines shell plain true
drive 'expect=# ' "run=kill -9 $plain" -- mymachines shell plain >"$TMPDIR/out"
is "$?|$(tail -n 1 "$TMPDIR/out")" "137|Connection to machine plain terminated." "a machine that dies meanwhile"
done_testing
