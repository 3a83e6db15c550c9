#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines shell and login: programs in machines, on a terminal of the machine's or on pipes, and
# that they get nothing of the caller's.
# shellcheck disable=SC2016,SC2154
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
need_root
command -v busybox >/dev/null || skip_all "busybox isn't installed"
PATH=$PATH:$SRCDIR/tests/support
export TERM=vt102
own_dev

start_three
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

# in_shell ARGUMENT...: run shell without a terminal and without input
in_shell() {
    run timeout 20 mymachines shell "$@" </dev/null
}

# sleeper N: print the pid of "sleep N.PID"; PID makes it this test's
sleeper() {
    pgrep -fx "sleep $1\.$$"
}
gone() {
    ! sleeper "$1"
}
# starts N: print a command for drive that waits for that sleeper
starts() {
    echo "timeout 10 sh -c 'until pgrep -fx \"sleep $1.$$\"; do sleep 0.02; done'"
}

# The command's properties, in each kind of machine.
for machine in plain one three; do
    in_shell "$machine" id
    is "$status|$out|$err" "0|uid=0(root) gid=0(root) groups=10(wheel)|" "$machine: shell runs a command as root"
    in_shell "app@$machine" id
    is "$out" "uid=1000(app) gid=1000(app) groups=10(wheel),29(audio)" "$machine: shell runs a command as the user before the @"
    in_shell "$machine" sh -c 'for i in user cgroup ipc uts net pid mnt; do readlink /proc/self/ns/$i; done'
    is "$out" "$(readlink "/proc/${!machine}/ns/"{user,cgroup,ipc,uts,net,pid,mnt})" \
        "$machine: the command is in all of the machine's namespaces"
    in_shell "$machine" sh -c 'ls /; readlink /proc/1/root'
    is "$out" "$(ls "$TMPDIR/$machine"; echo /)" "$machine: the command is in the machine's root directory"
    in_shell "$machine" grep ^Cap /proc/self/status
    is "$out" "$(grep ^Cap "/proc/${!machine}/status")" "$machine: root gets the leader's capabilities"
    in_shell "app@$machine" sed -n '/^Cap[^B]/s/.*\t//p' /proc/self/status
    is "$(sort -u <<<"$out")" 0000000000000000 "$machine: a user gets no capabilities"
    in_shell "$machine" sh -c 'readlink /proc/self/fd/* | grep -v ^pipe:; ls /proc/self/fd | wc -l'
# The fourth is that of the directory that ls reads.
    is "$out" 4 "$machine: the command gets no descriptors but three pipes"
    in_shell "app@$machine" sh -c 'echo by path >/proc/self/fd/1; cat /proc/self/fd/0; pwd'
    is "$status|$out|$err" "0|by path
/home/app|" "$machine: a user can open its pipes by path, and starts in its home directory"
done
exec 9<"$0"
in_shell plain sh -c 'ls /proc/self/fd | wc -l'
is "$out" 4 "the command doesn't get a descriptor that the caller had open"
exec 9<&-
out=$(setpriv --groups=4,4242 mymachines shell plain grep Groups /proc/self/status </dev/null)
is "$(xargs <<<"$out")" "Groups: 10" "the command doesn't get a supplementary group of the caller's"
mymachines shell app@three sleep 1111.$$ </dev/null &
wait_until sleeper 1111
is "$(ps -o uid=,gid= -p "$(sleeper 1111)" | xargs)" "1000 1000" "the command's ids are mapped, also to one of the host's own"
kill "$(sleeper 1111)"
wait "$!"
is "$?" 143 "a command that is killed by a signal gives the exit status 128 and its number"

# Users.
for user in 0 root ''; do
    in_shell "$user@one" id -u
    is "$status|$out" "0|0" "user '$user' is root"
done
in_shell --uid=app one sh -c 'id -un; echo $HOME $USER $LOGNAME $SHELL'
is "$out" "app
/home/app app app /bin/sh" "--uid chooses the user"
in_shell --uid=app root@one id -un
is "$out" root "a user before the name takes precedence over --uid"
in_shell 1000@one sh -c 'id; echo $USER'
is "$out" "uid=1000(app) gid=1000(app) groups=10(wheel),29(audio)
app" "a user is found by number in passwd"
in_shell 1234@one sh -c 'id; pwd; echo $USER $HOME $SHELL'
is "$out" "uid=1234 gid=1234
/
1234 / /bin/sh" "a number without an entry in passwd is a user"
fails "mymachines: one: has no user 'nobody-there'" "a user that the machine doesn't have is refused" \
    mymachines shell nobody-there@one true
fails "mymachines: one: user '70000' is 70000:70000, and one of its ids is not in the machine's maps" \
    "a user whose id isn't mapped is refused" mymachines shell 70000@one true
fails "mymachines: one: has no user '4294967295'" "the user 4294967295 is refused" \
    mymachines shell 4294967295@one true
echo 'locked:x:4294967295:0::/:/bin/sh' >>"$TMPDIR/one/etc/passwd"
fails "mymachines: one: has no user 'locked'" "a user with the uid 4294967295 in passwd is refused" mymachines shell locked@one true

# Environment.
# path_of USER: the PATH of a command of that user's
path_of() {
    in_shell "$1@one" /bin/busybox env
    sed -n 's/^PATH=//p' <<<"$out"
}
printf '%s\n' 'ENV_SUPATH PATH=/su/bin:/bin' $'ENV_PATH\tPATH=/user/bin:/bin' >"$TMPDIR/one/etc/login.defs"
is "$(path_of root) $(path_of app)" "/su/bin:/bin /user/bin:/bin" "PATH is that of the machine's login.defs"
printf '%s\n' '# PATH=/no' 'PATHS=/no' 'PATH=$HOME/bin' 'PATH="/env/bin:/bin"' 'LANG=C' >"$TMPDIR/one/etc/environment"
is "$(path_of root) $(path_of app)" "/env/bin:/bin /env/bin:/bin" "PATH of /etc/environment takes precedence"
mkdir -p "$TMPDIR/one/run/current-system/sw/bin"
like "$(path_of root)" "*:/run/current-system/sw/bin:/env/bin:/bin" "PATH has the directories of a NixOS"
rm -rf "$TMPDIR/one/etc/"{login.defs,environment} "$TMPDIR/one/run/current-system"
mkfifo "$TMPDIR/one/etc/environment"
like "$(path_of root)" "/usr/local/sbin:*" "a FIFO in place of /etc/environment isn't waited for"
rm "$TMPDIR/one/etc/environment"
sed -i 's|^app:.*|app:x:1000:1000::/home/app:/bin/zsh|' "$TMPDIR/one/etc/passwd"
out=$(echo 'echo $SHELL $0' | mymachines shell app@one 2>&1)
is "$out" "mymachines: one: user 'app' has the login shell /bin/zsh, which doesn't exist; using /bin/sh
/bin/sh -sh" "shell uses /bin/sh if the login shell doesn't exist, and reports that"
in_shell app@one true
is "$status|$err" "0|" "a command doesn't need the login shell"
sed -i 's|^app:.*|app:x:1000:1000::/home/app:/bin/sh|' "$TMPDIR/one/etc/passwd"
export SECRET=secret LD_LIBRARY_PATH=/nowhere FOO=bar
in_shell one /bin/busybox env
is "$(sort <<<"$out")" "HOME=/root
LOGNAME=root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
SHELL=/bin/sh
USER=root" "shell starts with a new environment"
in_shell -E FOO --setenv=ONE=1=2 -E EMPTY= -E ABSENT -E HOME=/tmp one /bin/busybox env
is "$(grep -E '^(FOO|ONE|EMPTY|ABSENT|HOME|SECRET)' <<<"$out" | sort)" "EMPTY=
FOO=bar
HOME=/tmp
ONE=1=2" "--setenv sets variables and passes them on"
for bad in '' =x 1A A-B 'A B'; do
    fails "mymachines: shell: --setenv=$bad: not an environment variable" "--setenv='$bad'" \
        mymachines shell -E "$bad" one true
done
unset LD_LIBRARY_PATH FOO
in_shell one sh -c umask
is "$out" 0022 "shell starts with a new umask"
out=$(umask 077; nice -n 7 timeout 20 mymachines shell one sh -c 'umask; cut -d" " -f19 /proc/self/stat' </dev/null)
is "$out" "0022
$(cut -d' ' -f19 "/proc/$one/stat")" "the priority is the leader's, not the caller's"
out=$(chrt -b 0 timeout 20 mymachines shell one cut -d' ' -f40,41 /proc/self/stat </dev/null)
is "$out" "$(cut -d' ' -f40,41 "/proc/$one/stat")" "the scheduling policy is the leader's, not the caller's"
out=$(ulimit -Sn 77; mymachines shell one sh -c 'ulimit -Sn' </dev/null)
is "$out" "$(awk '/open files/ { print $4 }' "/proc/$one/limits")" "resource limits are the leader's, not the caller's"
# Ignore also the signals that libc reserves: rt_sigaction(2), by its number on x86_64.
ignorant=(env)
[ "$(uname -m)" != x86_64 ] || ignorant=(python3 -c '
import ctypes, os, sys
ignore = (ctypes.c_ulong * 8)(1)
for number in 32, 33:
    ctypes.CDLL(None).syscall(13, number, ignore, None, 8)
os.execvp(sys.argv[1], sys.argv[1:])')
out=$(trap '' HUP INT USR1; "${ignorant[@]}" mymachines shell one grep -E '^Sig(Blk|Ign)' /proc/self/status </dev/null)
is "$(cut -f2 <<<"$out")" "0000000000000000
0000000000000000" "the command has no signal blocked or ignored"

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
# It has an empty keyring; that of its caller may still exist.
    is "$(grep -c mymachines-test <<<"$out")|$(sed -n 's/.* _ses: //p' <<<"$out" | sort -u)" "0|empty" \
        "the command doesn't get the session keyring of the caller"
else
    skip "there are no keyrings here" "the command doesn't get the session keyring of the caller"
fi

# Cgroups. The scope is in one hierarchy; make a cgroup in another one.
for procs in /sys/fs/cgroup/{pids,freezer}/cgroup.procs; do
    [ -e "$procs" ] || continue
    mkdir "${procs%/*}/mymachines-shell-$$"
    echo "$one" >"${procs%/*}/mymachines-shell-$$/cgroup.procs"
done
mymachines shell one sleep 1112.$$ </dev/null &
wait_until sleeper 1112
pid=$(sleeper 1112)
is "$(cat "/proc/$pid/cgroup")" "$(cat "/proc/$one/cgroup")" "the command is in the leader's cgroups"
like "$(cat "/proc/$pid/cgroup")" "*machine-one.scope*" "the command is in the machine's scope"
is "$(ps -o machine= -p "$pid")" one "stock ps shows the machine of the command"
is "$(mymachines which "$pid")" one "which finds the machine of the command"
is "$(ps -o tty=,sid= -p "$pid" | xargs)" "? $pid" "the command on pipes has no terminal and a session of its own"
# The calling shell dies.
kill -9 $!
wait $! 2>/dev/null
wait_until has_ended "$pid"
ok $? "the command gets SIGHUP when the calling shell is killed"

# The calling shell runs from a copy of the program that nobody can change.
mkfifo "$TMPDIR/input"
mymachines shell one sleep 1113.$$ <"$TMPDIR/input" &
exec {input}>"$TMPDIR/input"
wait_until sleeper 1113
is "$(readlink "/proc/$!/exe")" "/memfd:mymachines (deleted)" "shell runs from a copy of the program in memory"
is "$(python3 -c 'import fcntl, sys; print(fcntl.fcntl(open(sys.argv[1]), 1034))' "/proc/$!/exe")" 15 \
    "the copy of the program is sealed"
is "$(cat "/proc/$!/comm")" mymachines "the copy of the program has the program's name"
kill "$!"
wait "$!"
is "$?" 143 "SIGTERM ends the calling shell"
wait_until gone 1113
ok $? "the command ends after the calling shell got SIGTERM"
exec {input}>&-
# A script whose interpreter is the process that executes it.
printf '#!/proc/self/exe\n' >"$TMPDIR/plain/bin/self"
chmod 755 "$TMPDIR/plain/bin/self"
before=$(cksum <"$BUILDDIR/mymachines")
in_shell plain self
is "$status|$(cksum <"$BUILDDIR/mymachines")" "127|$before" "a script with the interpreter /proc/self/exe can't change the program"

# Processes in the machine watch a visitor from its first moment on. They can't trace the host's processes.
cat >"$TMPDIR/spy.py" <<'P'
import os, sys
seen = set()
def spy(pid):
    try:
        if open("/proc/" + pid + "/comm").read() != "mymachines\n":
            return
        seen.add("seen")
# The kernel protects this link as it protects memory and descriptors. By now it may
# be that of the command.
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
# A visitor exists only for a moment.
    for ((i = 0; i < 200; i++)); do
        mymachines shell "$machine" true </dev/null
        grep -qs denied "$TMPDIR/spy/$machine" && [ "$i" -ge 20 ] && break
    done
    is "$(cat "$TMPDIR/spy/$machine")" "denied
seen" "$machine: processes of the machine see a visitor, but can't trace it"
    kill -9 "${!machine}"
done

# Capabilities and namespaces of other kinds of machines.
start limited --share=user -- capsh --drop=cap_sys_admin,cap_net_raw,cap_setuid -- -c "exec sleep 100001.$$"
mymachines register limited --leader="$limited" 2>/dev/null
wait_until pgrep -fx "sleep 100001.$$"
wait_until eval "[ \$(tr '\0' ' ' </proc/$limited/cmdline | cut -c1-5) = sleep ]"
in_shell limited grep ^Cap /proc/self/status
is "$out" "$(grep ^Cap "/proc/$limited/status")" "the command gets no capability that the leader lacks in its bounding set"
in_shell 1234@limited grep -E '^(Uid|CapB|CapP)' /proc/self/status
is "$out" "$(printf 'Uid:\t1234\t1234\t1234\t1234\nCapPrm:\t0000000000000000\n'
grep CapBnd "/proc/$limited/status")" "shell chooses the user even if the machine's root can't change ids"
start unprivileged --share=user -- setpriv --no-new-privs sleep 100000
mymachines register unprivileged --leader="$unprivileged" 2>/dev/null
wait_until grep -q '^NoNewPrivs:.1' "/proc/$unprivileged/status"
in_shell unprivileged grep ^NoNewPrivs /proc/self/status
is "$out" $'NoNewPrivs:\t1' "the command has no_new_privs if the leader has it"
if unshare --time true 2>/dev/null; then
    unshare --time --boottime 100000000 --fork --kill-child sleep 100000 </dev/null >/dev/null 2>&1 &
    wait_until pgrep -P $!
    clock=$(pgrep -P $!)
    wait_until grep -qx sleep "/proc/$clock/comm"
    mymachines register clock --leader="$clock" 2>/dev/null
    in_shell clock cut -c1 /proc/uptime
    is "$out" 1 "the command is in the machine's time namespace"
    kill -9 "$clock"
else
    skip "there are no time namespaces here" "the command is in the machine's time namespace"
fi
start shared --share=user --share=net --share=mnt
mymachines register shared --leader="$shared" 2>/dev/null
in_shell shared readlink /proc/self/ns/{user,net,mnt}
is "$out" "$(readlink /proc/self/ns/{user,net,mnt})" "the command stays in namespaces that the machine shares with the host"
# With the same ids, a key is only protected by who possesses it.
cat >"$TMPDIR/search.py" <<'P'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall({"x86_64": 250, "aarch64": 219}[os.uname().machine], 10, -3, b"user",
                   b"mymachines-test", 0), os.strerror(ctypes.get_errno()))
P
if python3 "$TMPDIR/key.py" python3 "$TMPDIR/search.py" 2>/dev/null | grep -q Success; then
    out=$(python3 "$TMPDIR/key.py" mymachines shell shared python3 "$TMPDIR/search.py" </dev/null)
    is "$out" "-1 Required key not available" "keys of the caller are out of reach in a machine with the host's ids"
else
    skip "there are no keyrings here" "keys of the caller are out of reach in a machine with the host's ids"
fi
unshare --user --map-user=1000 --map-group=1000 --net sleep 100000 </dev/null >/dev/null 2>&1 &
noroot=$!
wait_until grep -q 1000 "/proc/$noroot/uid_map"
wait_until grep -qx sleep "/proc/$noroot/comm"
mymachines register noroot --leader="$noroot" 2>/dev/null
fails "mymachines: noroot: user 'root' is 0:0, and one of its ids is not in the machine's maps" \
    "a machine without a mapping for root has no user root" mymachines shell noroot true
run setpriv --groups=4,4242 mymachines shell 1000@noroot grep -E '^([UG]id|Groups)' /proc/self/status </dev/null
is "$(tr '\t' ' ' <<<"$out" | sed 's/ *$//')" "Uid: 1000 1000 1000 1000
Gid: 1000 1000 1000 1000
Groups:" "a machine without a mapping for root can be entered as its user"

# Killed at any time, shell leaves nothing in the machine.
# The leak sanitizer doesn't work under ptrace.
calls=$(ASAN_OPTIONS=detect_leaks=0 interrupt 0 mymachines shell one true 2>&1 </dev/null)
# The parent may be late to wait for a zombie.
is_alone() {
    [ "$(ps -o stat= -p "$(pgrep -d, --nslist pid --ns "$one")" | grep -cv Z)" = 1 ]
}
rounds=0 left=0
# The last system calls are made after the command has ended.
for ((i = 7; i < calls - 30; i += calls / 35)); do
    ASAN_OPTIONS=detect_leaks=0 timeout 10 interrupt "$i" mymachines shell one sleep "1117.$$" </dev/null >/dev/null 2>&1
    [ $? = 137 ] && rounds=$((rounds + 1))
    wait_until is_alone >/dev/null || left=$((left + 1))
    [ "$left" -lt 3 ] || break
done
is "$((rounds > 20))|$left" "1|0" "shell leaves no process in the machine when it is killed at any system call"

# Pipes.
in_shell one sh -c 'echo out; echo err >&2; exit 7'
is "$status|$out|$err" "7|out|err" "output, errors and the exit status are passed on"
is "$(printf 'a\nb\n' | mymachines shell one wc -l)" 2 "input is passed on, up to its end"
head -c 30000000 /dev/urandom >"$TMPDIR/big"
timeout 60 mymachines shell one cat <"$TMPDIR/big" | cmp - "$TMPDIR/big"
ok $? "30 megabytes are passed on as input and output"
timeout 60 cat "$TMPDIR/big" | timeout 60 mymachines shell one sh -c 'cat >/dev/null; cat /proc/self/stat >&2' 2>/dev/null
ok $? "30 megabytes of input are passed on to a command without output"
timeout 60 mymachines shell one sh -c 'exec 3<&0; cat <&3 & dd if=/dev/zero bs=1000 count=20000 >&2 2>/dev/null; wait' \
    <"$TMPDIR/big" 2>"$TMPDIR/errors" | cmp - "$TMPDIR/big"
is "$?|$(stat -c %s "$TMPDIR/errors")" "0|20000000" "input, output and errors are passed on at the same time"
timeout 20 mymachines shell one yes | head -n 1 >/dev/null
is "${PIPESTATUS[0]}" 141 "the command gets SIGPIPE when its output isn't read any more"
in_shell one sh -c 'sleep 1000 & echo done'
is "$status|$out" "0|done" "shell doesn't wait for processes in the background"
timeout 20 mymachines shell one sh -c 'exec <&-; sleep 0.1; echo done' <"$TMPDIR/big" >"$TMPDIR/out"
is "$?|$(cat "$TMPDIR/out")" "0|done" "shell ends although the command has not read its input"
mymachines shell one true </dev/null >/dev/full
is "$?" 0 "a full disk is not a failure for a command without output"
fails "mymachines: cannot write the output: No space left on device" "output that can't be written is a failure" \
    sh -c 'exec mymachines shell one echo x </dev/null >/dev/full'
is "$(mymachines shell one echo x <&- | cat)" x "shell works with standard input closed"
tar -C "$TMPDIR/one" -c etc | mymachines shell one tar -C /tmp -x
ok "$(cmp "$TMPDIR/one/etc/group" "$TMPDIR/one/tmp/etc/group" >&2; echo $?)" "a tar archive is passed on unharmed"

# On a terminal.
connected="Connected to machine one. Press ^] three times within 1s to exit session."
terminated="Connection to machine one terminated."
out=$(drive 'expect=# ' 'send=tty; stty size; echo $TERM $0\n' expect=vt102 'send=exit 3\n' -- mymachines shell one)
is "$?" 3 "shell returns the exit status of a login shell on a terminal"
like "$out" "$connected
*tty; stty size; echo \$TERM \$0
/dev/pts/0
24 80
vt102 -sh
*exit 3
$terminated" "a login shell gets a terminal of the machine's, with size and TERM"
out=$(drive 'expect=# ' size=33,77 'send=stty size\n' 'expect=33 77' 'send=exit\n' -- mymachines shell -q one)
is "$?" 0 "the machine's terminal follows the size of the window"
ok "$(grep -qE 'Connect|terminal changed' <<<"$out"; [ $? = 1 ]; echo $?)" "--quiet reports no connection"
out=$(drive -- mymachines shell -q one sh -c 'for fd in /proc/$$/fd/*; do readlink $fd; done')
is "$(sort <<<"$out" | uniq -c | xargs)" "3 /dev/pts/0" "on a terminal, all descriptors of the command are that terminal"
out=$(drive -- mymachines shell -q app@one stat -c '%u %t:%T' /dev/pts/0)
is "$out" "1000 88:0" "the terminal belongs to the user"
drive -- mymachines shell -q one sh -c 'kill -TERM $$' >/dev/null
is "$?" 143 "a command on a terminal that is killed by a signal gives 128 and its number"
out=$(drive 'expect=ready' 'send=\x03' -- mymachines shell -q one sh -c 'trap "echo caught; exit 9" INT; echo ready; while :; do sleep 0.1; done')
is "$?|$(grep -c caught <<<"$out")" "9|1" "^C is sent to the command, not to the calling shell"
out=$(drive -- mymachines shell -q one sh -c 'head -c 300000 /dev/zero | tr "\0" x; echo end')
is "$?|$(tr -cd x <<<"$out" | wc -c)|${out: -3}" "0|300000|end" "all output on a terminal is shown before the session ends"
out=$(drive 'expect=# ' "send=sleep 1114.$$\n" "run=$(starts 1114)" \
    'send=\x1d\x1d\x1d' -- mymachines shell one)
is "$?" 0 "^] three times ends the session with status 0"
like "$out" "*$terminated" "^] three times is reported, and the terminal is restored"
wait_until gone 1114
ok $? "processes on the terminal get SIGHUP after ^] three times"
out=$(drive expect=ready 'send=\x1d\x1d' 'run=sleep 1.2' 'send=\x1d' 'send=\x1da\x1d\x1d' 'send=q\n' -- \
    mymachines shell -q one sh -c 'stty raw -echo; echo ready; head -c 8 | od -An -tx1')
is "$(tail -n 1 <<<"$out")" " 1d 1d 1d 1d 61 1d 1d 71" "^] is passed on as a key if it is slow or not three in a row"
for signal in TERM HUP INT QUIT USR1; do
    out=$(drive 'expect=# ' "kill=$signal" -- mymachines shell one)
    is "$?|$(tail -n 1 <<<"$out")" "$((128 + $(kill -l $signal)))|$terminated" \
        "SIG$signal ends the session, and the terminal is restored"
done
drive 'expect=# ' "send=sleep 1115.$$\n" "run=$(starts 1115)" \
    kill=KILL -- mymachines shell one >/dev/null
is "$?" 137 "SIGKILL ends the session"
wait_until gone 1115
ok $? "processes on the terminal get SIGHUP after SIGKILL of the session"
drive 'expect=# ' "send=sleep 1116.$$\n" "run=$(starts 1116)" \
    hangup= -- mymachines shell one >/dev/null
wait_until gone 1116
ok $? "processes on the terminal get SIGHUP when the terminal here hangs up"
out=$(drive expect=again 'send=x\n' -- mymachines shell -q one sh -c \
    'tty=$(tty); exec 0<&- 1>&- 2>&-; sleep 0.3; exec 0<>$tty 1>&0 2>&0; echo again; read -r x; echo $x')
is "$?|$(tail -n 1 <<<"$out")" "0|x" "the session goes on while no process has the terminal open"

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
is "$?|$(tail -n 1 <<<"$out")" "0|got x" "the session goes on after vhangup(2)"

# login
out=$(drive -- mymachines login one)
is "$?|$out" "1|mymachines: one: has neither /bin/login nor /sbin/agetty; mymachines shell needs none" \
    "login fails in a machine without login or agetty"
fails "mymachines: login: standard input and output are not a terminal" "login fails without a terminal" \
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
$terminated" "login runs agetty if there is no login"
rm "$TMPDIR/one/sbin/agetty"

# A machine may have anything in place of its files.
etc=$TMPDIR/one/etc
keep() { cp "$etc/passwd" "$TMPDIR/passwd"; }
restore() { rm -rf "$etc/passwd"; cp "$TMPDIR/passwd" "$etc/passwd"; chmod 644 "$etc/passwd"; }
keep
rm "$etc/passwd"
in_shell one sh -c 'id -u; pwd; echo $HOME'
is "$status|$out" "0|0
/root
/root" "without a passwd, there is a user root"
fails "mymachines: one: has no user 'app'" "without a passwd, there is no user but root" mymachines shell app@one true
mkfifo "$etc/passwd"
in_shell one pwd
is "$status|$out" "0|/root" "with a FIFO in place of passwd, there is a user root"
fails "mymachines: one: its /etc/passwd is not a regular file" "with a FIFO in place of passwd, another user is refused" \
    mymachines shell app@one true
for link in /proc/self/exe /proc/self/fd/3 /proc/1/root/etc/group /etc/passwd ../../../../../../etc/passwd nowhere; do
    rm -f "$etc/passwd"
    ln -s "$link" "$etc/passwd"
    fails "mymachines: one: has no user 'daemon'" "a link to $link in place of passwd isn't followed out of the machine" \
        mymachines shell daemon@one true
done
restore
head -c 3000000 /dev/urandom >"$etc/passwd"
printf '\n%s\n%s:x:5:5::/:/bin/sh\nodd:x:7:8::home:sh\nnul\0:x:9:9::/:/bin/sh\nlast:x:1001:1001::/:' \
    'short:x:5' "$(head -c 100000 /dev/zero | tr '\0' a)" >>"$etc/passwd"
in_shell last@one sh -c 'id; echo $SHELL'
is "$status|$out" "0|uid=1001(last) gid=1001
/bin/sh" "a user is found after megabytes of noise, without a newline"
in_shell odd@one sh -c 'id -g; pwd; echo $SHELL'
is "$status|$out" "0|8
/
/bin/sh" "a home and a shell that are not absolute paths are replaced"
for user in short nul "$(printf 'a%.0s' {1..300})"; do
    fails "mymachines: one: has no user '*" "an invalid entry of passwd is not a user: ${user:0:10}" mymachines shell "$user@one" true
done
truncate -s 20G "$etc/passwd"
fails "mymachines: one: has no user 'app'" "a passwd of twenty gigabytes is read up to a limit" timeout 20 mymachines shell app@one true
restore
for i in {1..1025}; do echo "g$i:x:$((2000 + i)):app"; done >>"$etc/group"
fails "mymachines: one: user 'app' is in too many groups" "a user in more than 1024 groups is refused" mymachines shell app@one true
echo root:x:0: >"$etc/group"

dev=$TMPDIR/one/dev
rm "$dev/ptmx" 2>/dev/null
mymachines shell one umount /dev/pts </dev/null
none="mymachines: one: has no terminals: neither /dev/ptmx nor /dev/pts/ptmx is one; add '| cat' to run a command without a terminal"
out=$(drive -- mymachines shell one)
is "$?|$out" "1|$none" "shell fails on a terminal if the machine has none"
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
    is "$?|$out" "1|$none" "shell fails on a terminal with a $kind in place of ptmx"
done
in_shell one echo works
is "$status|$out" "0|works" "shell on pipes works in a machine without terminals"

while read -r program code why; do
    in_shell one "$program"
    is "$status|$err" "$code|mymachines: one: $program: $why" "$program can't be executed, as a shell reports it"
done <<'P'
/bin/nonesuch 127 No such file or directory
nonesuch 127 No such file or directory
/etc/passwd/x 127 Not a directory
/etc/passwd 126 Permission denied
/etc 126 Permission denied
P
rm "$TMPDIR/one/bin/sh"
in_shell one
is "$status|$err" "127|mymachines: one: /bin/sh: No such file or directory" "shell fails with 127 if the login shell doesn't exist"
in_shell one $'nonesuch?\e[31m'
is "$status|$err" "127|mymachines: one: nonesuch?\\x1b[31m: No such file or directory" \
    "control bytes in the name of a program are escaped"

# Machines that can't be entered.
fails "mymachines: no machine 'nonesuch' is registered" "shell refuses a name that isn't registered" mymachines shell nonesuch
fails "mymachines: no machine 'app' is registered" "shell takes the part after the @ as the machine" mymachines shell one@app
for host in .host '' root@ root@.host; do
    fails "mymachines: shell: the host itself is not a machine; use *" "shell refuses '$host', which is the host" mymachines shell "$host"
done
fails "mymachines: shell: the name of a machine is missing; the host's own shell isn't opened here" \
    "shell without a name is refused" mymachines shell
fails "mymachines: login: takes the name of one machine" "login without a name is refused" mymachines login
fails "mymachines: login: the host itself is not a machine; use login(1)" "login refuses .host" mymachines login .host
start emulator --share=user --share=net --share=mnt
mymachines register vm1 --leader="$emulator" --class=vm --ssh-address=root@vm1 --address=192.0.2.9
mymachines register vm1 --leader="$emulator" 2>/dev/null
fails "mymachines: vm1: is a virtual machine, which can't be entered; use 'mymachines ssh vm1'" "shell refuses a VM, and names ssh" \
    mymachines shell vm1 true
sleep 100000 &
bare=$!
mymachines register bare --leader=$bare --force 2>/dev/null
fails "mymachines: bare: its leader has no namespace of its own, so there is nothing to enter" \
    "shell refuses a machine without a namespace of its own" mymachines shell bare true
kill $bare
wait $bare 2>/dev/null
fails "mymachines: bare: cannot enter it: its leader has died" "shell refuses a machine whose leader has died" mymachines shell bare true
fails "mymachines: plain: entering a machine needs root" "shell needs root" \
    setpriv --reuid=1000 --regid=1000 --clear-groups mymachines shell plain true
drive 'expect=# ' "run=kill -9 $plain" -- mymachines shell plain >"$TMPDIR/out"
is "$?|$(tail -n 1 "$TMPDIR/out")" "137|Connection to machine plain terminated." "the session ends when the machine dies"
done_testing
