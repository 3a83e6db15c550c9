#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# list and status: the operating system of a machine and its processes, whatever its files are.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

# rooted VARIABLE DIRECTORY: start a container whose root directory has only busybox
rooted() {
    mkdir -p "$2/bin" "$2/proc" "$2/etc" "$2/usr/lib" "$2/dev"
# A shell opens it for commands in its background.
    touch "$2/dev/null"
    cp "$busybox" "$2/bin/busybox"
    chmod -R go+rX "$2"
    start "$1" --root="$2" -- /bin/busybox sleep 100000
}
# os NAME: read the machine's files again, and print the columns OS and VERSION of list
os() {
    mymachines refresh "$1" >/dev/null
    mymachines list --no-legend | awk -v n="$1" '$1 == n { print $4, $5 }'
}
busybox=$(command -v busybox) || skip_all "busybox isn't installed"
root=$TMPDIR/root
rooted box "$root"
mymachines register box --leader="$box" --service=test --root=/some/where 2>/dev/null
is "$(os box)" "- -" "list shows no system without an os-release"
printf 'ID=one\nVERSION_ID=1\n' >"$root/usr/lib/os-release"
is "$(os box)" "one 1" "list reads /usr/lib/os-release"
printf '%s\n' '# ID=no' 'ID=two' "VERSION_ID='2 b'" 'PRETTY_NAME="T\"w\$o\\ \x"' >"$root/etc/os-release"
is "$(os box)" "two 2" "refresh reads the files of a machine again"
is "$(mymachines list --no-legend)" "box container test two 2 b -" "list prefers /etc/os-release"
is "$(mymachines show box -p OS,Version)" "OS=two
Version=2 b" "show prints the system and its version"
is "$(mymachines list --json=short | jq -c '.[].claimed')" \
    '{"os":"two","version":"2 b","osName":"T\"w$o\\x5c \\x5cx"}' "list --json has the system and its version"
mymachines list --json=short | jq -c '.[]' | mymachines register --batch 2>/dev/null
ok $? "the output of list --json can be registered again"
like "$(mymachines status box)" '*OS: T"w$o\\x5c \\x5cx*' "status shows PRETTY_NAME, escaped"

# Hostile files. list must not show the host's files for those of the machine.
echo ID=host >"$TMPDIR/host"
echo ID=inside >"$root/etc/real"
hostile() {
    rm -rf "$root/etc/os-release" "$root/usr/lib/os-release"
}
hostile
ln -s "$TMPDIR/host" "$root/etc/os-release"
is "$(os box)" "- -" "a link to a file of the host's isn't followed out of the machine"
ln -sf ../../../../../../../../../../etc/real "$root/etc/os-release"
is "$(os box)" "inside -" "a relative link with .. ends at the machine's root"
ln -sf /etc/real "$root/etc/os-release"
is "$(os box)" "inside -" "an absolute link begins at the machine's root"
ln -sf /proc/self/root/etc/os-release "$root/etc/os-release"
is "$(os box)" "- -" "a link of /proc isn't followed"
ln -sf os-release "$root/etc/os-release"
is "$(os box)" "- -" "a link to itself is not an os-release"
hostile
mkfifo "$root/etc/os-release"
run timeout 10 "$BUILDDIR/mymachines" refresh box
is "$status $(os box)" "0 - -" "refresh doesn't wait for a FIFO"
hostile
mkdir "$root/etc/os-release"
is "$(os box)" "- -" "a directory is not an os-release"
hostile
mknod "$root/etc/os-release" c 1 5
is "$(os box)" "- -" "a device is not an os-release"
hostile
{ printf 'ID=huge\n'; head -c 200000 /dev/zero | tr '\0' '#'; } >"$root/etc/os-release"
is "$(os box)" "- -" "a file of 200 kB is not an os-release"
hostile
ln -s /proc/1/status "$root/etc/os-release"
is "$(os box)" "- -" "a file of the kernel's is not an os-release"
hostile
printf 'ID="\033[31mx\n\001"\nID=a\033[31mb\nVERSION_ID=\xff\nPRETTY_NAME="\t\r\xc2\x9b1"\n' >"$root/etc/os-release"
is "$(os box)" 'a\x1b[31mb \xff' "list escapes control bytes of an os-release"
like "$(mymachines status box)" '*OS: \\x09\\x0d\\xc2\\x9b1*' "status escapes control bytes of an os-release"
printf 'ID="\xc3\x9b\xe2\x80\xae"\nVERSION_ID=1\nPRETTY_NAME="\xc3\x9b \xe2\x81\xa6x"\n' >"$root/etc/os-release"
mymachines refresh box
for verb in 'list --no-legend' 'status box' 'show box' 'list --json=short' 'show --json=short box'; do
    # shellcheck disable=SC2086
    is "$(mymachines $verb | LC_ALL=C tr -d '[:print:]\n')" "" "$verb prints ASCII alone where the locale is C"
done
is "$(LC_ALL=C.UTF-8 mymachines show --value -p OS box)" 'Û\xe2\x80\xae' "an override of the text direction is escaped in UTF-8"
is "$(LC_ALL=C.UTF-8 mymachines show --json=short box)" \
    "$(mymachines show --json=short box | sed 's/\\u00db/Û/g')" "JSON means the same in every locale"
printf 'ID=%0200d\nVERSION_ID=1\n' 0 >"$root/etc/os-release"
is "$(os box)" "- 1" "a value of 200 characters is ignored"

# status
hostile
printf 'PRETTY_NAME="A System"\n' >"$root/etc/os-release"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
args=$(printf 'A\033[1m%0100d' 7)
nsenter -t "$box" -p -m -U --root /bin/busybox sh -c '/bin/busybox sleep 5000 & exec /bin/busybox sleep 6000' \
    "$args" >/dev/null 2>&1 </dev/null &
# It also holds the descriptors that keep the containers alive.
trap 'kill -9 "$box"' EXIT
has_three() {
    [ "$(mymachines ps -M box --no-headers | wc -l)" = 3 ]
}
wait_until has_three
status_of() {
    mymachines status "$@" | sed -E 's/^( *Since: ).*; [0-9a-z]+ ago$/\1S/; s/-[ 0-9]*[0-9] /-P /'
}
mymachines register box --leader="$box" --address=192.0.2.7 --address=fd00::7 --unit=box.scope
mymachines refresh box
is "$(status_of box)" "box
           Since: S
           State: running
          Leader: $box (busybox)
         Service: test; class container
            Root: /some/where
         Address: 192.0.2.7
                  fd00::7
              OS: A System
      Machine Id: 0123456789abcdef0123456789abcdef (claimed)
            Unit: box.scope
                  |-P /bin/busybox sleep 100000
                  \`-P /bin/busybox sleep 6000
                    \`-P /bin/busybox sleep 5000" "status prints what machinectl prints, the state, and a claimed id as one"
is "$(mymachines show box -p Id,ClaimedId)" "Id=
ClaimedId=0123456789abcdef0123456789abcdef" "show tells a claimed id from a given one"
mymachines list --json=short | jq -c '.[]' | mymachines register --batch
is "$(mymachines show box --json=short | jq -c '[.id, .claimed.id]')" \
    '[null,"0123456789abcdef0123456789abcdef"]' "a claimed id isn't given when the output of list is registered again"
like "$(LC_ALL=C.UTF-8 mymachines status box | tail -n 1)" "*└─* sleep 5000" "status draws the process tree in UTF-8"
echo ffff >"$root/etc/machine-id"
mymachines refresh box
is "$(mymachines status box | grep -c "Machine Id")" 0 "status doesn't show an invalid machine id"
start whole
mymachines register whole --leader="$whole" 2>/dev/null
is "$(mymachines status whole | grep -c "^whole$\|Machine Id")" 1 "status doesn't show the host's machine id for a machine with the host's files"
start two --share=pid -- bash -c 'exec -a "$0" sleep 5000' "$args"
wait_until grep -q "^A" "/proc/$two/cmdline"
mymachines register two --leader="$two" --id=00112233445566778899aabbccddeeff 2>/dev/null
is "$(mymachines status two | head -n 1)" "two(00112233445566778899aabbccddeeff)" "status shows the registered id"
like "$(mymachines status two | tail -n 1)" '*-'"$two"' A\\x1b[[]1m000*007 5000' "status escapes arguments, and doesn't cut them in a file"
run mymachines status box nobody two
is "$status|$(grep -c '^[a-z]' <<<"$out")|$err" "1|2|mymachines: no machine 'nobody' is registered" \
    "status of several machines reports the one that isn't registered"
terminal() {
    python3 - "$@" <<'P'
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    os.environ["TERM"] = "xterm"
    os.environ.pop("COLUMNS", None)
    os.execvp(sys.argv[1], sys.argv[1:])
out = b""
try:
    while chunk := os.read(fd, 4096):
        out += chunk
except OSError:
    pass
os.waitpid(pid, 0)
sys.stdout.buffer.write(out.replace(b"\r", b""))
P
}
is "$(terminal mymachines status two | tail -n 1 | wc -c)" 61 "status cuts lines at the width of the terminal"
like "$(terminal mymachines status two | head -n 1)" $'\033[[]0;1;32m\*\033[[]0m two(*' "status shows a coloured dot on a terminal"
is "$(terminal mymachines status -l two | tail -n 1 | wc -c)" "$(mymachines status two | tail -n 1 | wc -c)" \
    "status --full doesn't cut lines"
ok "$(mymachines status --no-pager two >/dev/null; echo $?)" "status accepts --no-pager"
fails "mymachines: status: a name is missing" "status without a name is refused" mymachines status

# A machine's root mounts a file system that never answers.
silent() {
    python3 - <<'P'
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
fuse = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"silent", sys.argv[1].encode() if len(sys.argv) > 1 else b"/etc", b"fuse", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
open(os.environ["TMPDIR"] + "/is-silent", "w").close()
time.sleep(1000)
P
}
if [ -w /dev/fuse ] && command -v python3 >/dev/null; then
    unshare --mount --propagation private --net --pid --fork --kill-child bash -c "$(declare -f silent); silent" &
    silent_launcher=$!
    wait_until test -e "$TMPDIR/is-silent"
    silent_leader=$(pgrep -P "$silent_launcher")
    before=$(os two)
    mymachines register silent --leader="$silent_leader" 2>/dev/null
    for verb in 'list --no-legend' 'list --json=short' 'status silent' 'show silent' 'show --json=short silent' 'refresh'; do
        # shellcheck disable=SC2086
        run timeout -s KILL 30 "$BUILDDIR/mymachines" $verb
        is "$status" 0 "$verb doesn't wait for a file system that never answers"
    done
    is "$(os silent)" "- -" "a system whose files don't come isn't known"
    is "$(os two)" "$before" "list reads other machines' files after that"
    mymachines unregister silent
    kill -9 "$silent_leader" "$silent_launcher"
else
    skip "/dev/fuse or python3 is missing" "a file system that never answers"
fi

# Of a leader that has died, only what was known is told.
sleep 100 & late=$!
mymachines register late --leader="$late" --force 2>/dev/null
reuse_pid "$late" sleep 1000
ok $? "the test makes a pid be reused"
is "$(mymachines list --all --no-legend | awk '$1 == "late" { print $4, $5 }')" "$(host_os)" \
    "list shows the system that a dead machine had"
like "$(mymachines status late)" "*Leader: $late (dead)*" "status shows that the leader has died"
kill -9 "$late"
start guest --root="$root" -- /bin/busybox sleep 100000
mymachines register guest1 --class=vm --leader="$guest" 2>/dev/null
is "$(os guest1)" "- -" "list doesn't read the root of an emulator"
done_testing
