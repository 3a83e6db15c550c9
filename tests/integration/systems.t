#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which system runs in a machine, and its processes: list and status, whatever its files are.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

# rooted VARIABLE DIRECTORY: a container with a root of its own, of busybox alone
rooted() {
    mkdir -p "$2/bin" "$2/proc" "$2/etc" "$2/usr/lib" "$2/dev"
    # A shell opens it for what is in its background.
    touch "$2/dev/null"
    cp "$busybox" "$2/bin/busybox"
    chmod -R go+rX "$2"
    start "$1" --root="$2" -- /bin/busybox sleep 100000
}
# os NAME: columns OS and VERSION of list
os() {
    mymachines list --no-legend | awk -v n="$1" '$1 == n { print $4, $5 }'
}
busybox=$(command -v busybox) || skip_all "busybox isn't installed"
root=$TMPDIR/root
rooted box "$root"
mymachines register box --leader="$box" --service=test --root=/some/where 2>/dev/null
is "$(os box)" "- -" "no os-release"
printf 'ID=one\nVERSION_ID=1\n' >"$root/usr/lib/os-release"
is "$(os box)" "one 1" "/usr/lib/os-release"
printf '%s\n' '# ID=no' 'ID=two' "VERSION_ID='2 b'" 'PRETTY_NAME="T\"w\$o\\ \x"' >"$root/etc/os-release"
is "$(mymachines list --no-legend)" "box container test two 2 b -" "/etc/os-release comes first"
is "$(mymachines show box -p OS,Version)" "OS=two
Version=2 b" "show has it"
is "$(mymachines list --json=short | jq -c '.[] | [.os, .version]')" '["two","2 b"]' "JSON, too"
mymachines list --json=short | jq -c '.[]' | mymachines register --batch 2>/dev/null
ok $? "which can be registered again"
like "$(mymachines status box)" '*OS: T"w$o\\x5c \\x5cx*' "status has its pretty name, escaped"

# What a stranger may put there. The host's files are not for it to show.
echo ID=host >"$TMPDIR/host"
echo ID=inside >"$root/etc/real"
hostile() {
    rm -rf "$root/etc/os-release" "$root/usr/lib/os-release"
}
hostile
ln -s "$TMPDIR/host" "$root/etc/os-release"
is "$(os box)" "- -" "a link to the host's file finds none"
ln -sf ../../../../../../../../../../etc/real "$root/etc/os-release"
is "$(os box)" "inside -" ".. ends at its root"
ln -sf /etc/real "$root/etc/os-release"
is "$(os box)" "inside -" "an absolute link begins there"
ln -sf /proc/self/root/etc/os-release "$root/etc/os-release"
is "$(os box)" "- -" "a link of /proc's isn't followed"
ln -sf os-release "$root/etc/os-release"
is "$(os box)" "- -" "a link to itself ends"
hostile
mkfifo "$root/etc/os-release"
is "$(timeout 10 "$BUILDDIR/mymachines" list --no-legend | awk '{ print $4 }')" "-" "a FIFO isn't waited for"
hostile
mkdir "$root/etc/os-release"
is "$(os box)" "- -" "a directory"
hostile
mknod "$root/etc/os-release" c 1 5
is "$(os box)" "- -" "a device"
hostile
{ printf 'ID=huge\n'; head -c 200000 /dev/zero | tr '\0' '#'; } >"$root/etc/os-release"
is "$(os box)" "- -" "a file of 200 kB"
hostile
ln -s /proc/1/status "$root/etc/os-release"
is "$(os box)" "- -" "a file of the kernel's is empty"
hostile
printf 'ID="\033[31mx\n\001"\nID=a\033[31mb\nVERSION_ID=\xff\nPRETTY_NAME="\t\r\xc2\x9b1"\n' >"$root/etc/os-release"
is "$(os box)" 'a\x1b[31mb \xff' "control bytes are escaped"
like "$(mymachines status box)" '*OS: \\x09\\x0d\\xc2\\x9b1*' "also in status"
printf 'ID=%0200d\nVERSION_ID=1\n' 0 >"$root/etc/os-release"
is "$(os box)" "- 1" "a value that fills the screen is none"

# status
hostile
printf 'PRETTY_NAME="A System"\n' >"$root/etc/os-release"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
args=$(printf 'A\033[1m%0100d' 7)
nsenter -t "$box" -p -m -U --root /bin/busybox sh -c '/bin/busybox sleep 5000 & exec /bin/busybox sleep 6000' \
    "$args" >/dev/null 2>&1 </dev/null &
# It has the descriptors that hold the containers, too.
trap 'kill -9 "$box"' EXIT
has_three() {
    [ "$(mymachines ps -M box --no-headers | wc -l)" = 3 ]
}
wait_until has_three
status_of() {
    mymachines status "$@" | sed -E 's/^( *Since: ).*; [0-9a-z]+ ago$/\1S/; s/-[ 0-9]*[0-9] /-P /'
}
mymachines register box --leader="$box" --address=192.0.2.7 --address=fd00::7 --unit=box.scope
is "$(status_of box)" "box(0123456789abcdef0123456789abcdef)
           Since: S
          Leader: $box (busybox)
         Service: test; class container
            Root: /some/where
         Address: 192.0.2.7
                  fd00::7
              OS: A System
            Unit: box.scope
                  |-P /bin/busybox sleep 100000
                  \`-P /bin/busybox sleep 6000
                    \`-P /bin/busybox sleep 5000" "status, as machinectl has it"
like "$(LC_ALL=C.UTF-8 mymachines status box | tail -n 1)" "*└─* sleep 5000" "in UTF-8"
echo ffff >"$root/etc/machine-id"
is "$(mymachines status box | head -n 1)" "box" "what is no machine id isn't shown"
start whole
mymachines register whole --leader="$whole" 2>/dev/null
is "$(mymachines status whole | head -n 1)" "whole" "nor is the host's, of what has its files"
start two --share=pid -- bash -c 'exec -a "$0" sleep 5000' "$args"
mymachines register two --leader="$two" --id=00112233445566778899aabbccddeeff 2>/dev/null
is "$(mymachines status two | head -n 1)" "two(00112233445566778899aabbccddeeff)" "the registered id"
like "$(mymachines status two | tail -n 1)" '*-'"$two"' A\\x1b[[]1m000*007 5000' "arguments are escaped, and whole in a file"
run mymachines status box nobody two
is "$status|$(grep -c '^[a-z]' <<<"$out")|$err" "1|2|mymachines: no machine 'nobody' is registered" \
    "status of several, one of which isn't there"
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
is "$(terminal mymachines status two | tail -n 1 | wc -c)" 61 "a terminal's lines are cut at its width"
like "$(terminal mymachines status two | head -n 1)" $'\033[[]0;1;32m\*\033[[]0m two(*' "with a dot in colour"
is "$(terminal mymachines status -l two | tail -n 1 | wc -c)" "$(mymachines status two | tail -n 1 | wc -c)" \
    "--full cuts nothing"
ok "$(mymachines status --no-pager two >/dev/null; echo $?)" "--no-pager is accepted"
fails "mymachines: status: a name is missing" "status without a name" mymachines status

# A leader that isn't there any more says nothing.
sleep 100 & late=$!
mymachines register late --leader="$late" 2>/dev/null
reuse_pid "$late" sleep 1000
ok $? "a pid is used again"
is "$(mymachines list --all --no-legend | awk '$1 == "late" { print $4 }')" "-" \
    "the root of whoever has the leader's pid now isn't looked at"
like "$(mymachines status late)" "*Leader: $late (dead)*" "and it is said to be dead"
kill -9 "$late"
start guest --root="$root" -- /bin/busybox sleep 100000
mymachines register guest1 --class=vm --leader="$guest" 2>/dev/null
is "$(os guest1)" "- -" "an emulator's root isn't its VM's"
done_testing
