#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# map-to and map-from translate ids between host and machine; ssh connects to a machine.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

start web1 --map=0:200000:1000 --map=1000:1000:1 --map=1001:201001:64535
start web2 --map=0:200000:65536
start db1 --share=user
mymachines register web1 --leader="$web1" --address=192.0.2.7 2>/dev/null
mymachines register web2 --leader="$web2" --gid-map=0:300000:10 2>/dev/null
mymachines register db1 --leader="$db1" 2>/dev/null
mymachines register guest1 --class=vm --leader=$$ --vsock-cid=7 --replace 2>/dev/null

is "$(mymachines map-to web1 33)" "uid 200033
gid 200033" "map-to maps an id of the first extent"
is "$(mymachines map-to web1 1000 --uid)" 1000 "map-to --uid maps an id of the second extent"
is "$(mymachines map-to --gid web1 1001)" 201001 "map-to --gid maps an id of the third extent"
is "$(mymachines map-to WEB1 65535 --uid)" 265535 "map-to maps the last id, and folds the name"
is "$(mymachines map-to web1 33 --json=short)" '{"uid":200033,"gid":200033}' "map-to prints JSON"
fails "mymachines: web1: uid 65536 isn't in its map" "map-to fails for an id outside of the map" mymachines map-to web1 65536 --uid
run mymachines map-to web2 33
is "$status|$out|$err" "1|uid 200033|mymachines: web2: gid 33 isn't in its map" "map-to reports an id that is only in one of the maps"
fails "mymachines: db1: has no uid map: its ids are the host's own" "map-to fails for a machine without a user namespace" mymachines map-to db1 33 --uid
fails "mymachines: guest1: is a VM: its uids aren't ids of the host" "map-to fails for a VM" mymachines map-to guest1 33 --uid
for id in root -1 033 4294967295 4294967296 '' 1x; do
    fails "mymachines: map-to: '$id' is not an id" "map-to refuses '$id' as an id" mymachines map-to --uid web1 -- "$id"
    fails "mymachines: map-from: '$id' is not an id" "map-from refuses '$id' as an id" mymachines map-from --uid -- "$id"
done
fails "mymachines: no machine 'nobody' is registered" "map-to refuses a name that isn't registered" mymachines map-to nobody 0
fails "mymachines: map-to: takes the name of a machine, and an id in it" "map-to without an id is refused" mymachines map-to web1

is "$(mymachines map-from 201001)" "uid web1 1001
gid web1 1001
uid web2 1001" "map-from lists all machines of an id, the oldest first"
is "$(mymachines map-from --uid 1000)" "web1 1000" "map-from finds an extent of one id"
is "$(mymachines map-from --gid 300009)" "web2 9" "map-from --gid finds an id that is only a gid"
is "$(mymachines map-from --json=short 200000)" \
    '[{"machine":"web1","uid":0,"gid":0},{"machine":"web2","uid":0}]' "map-from prints JSON"
fails "mymachines: map-from: 300010 belongs to no machine" "map-from fails for an id of the host's own" mymachines map-from 300010
fails "mymachines: map-from: 201000 belongs to no machine" "map-from fails for an id between extents" mymachines map-from --gid 201000
is "$(mymachines map-from "$(mymachines map-to web1 77 --uid)" --uid | head -n 1)" "web1 77" "map-from is the inverse of map-to"

# An ssh that prints its arguments.
mkdir "$TMPDIR/bin"
printf '%s\n' '#!/bin/sh' 'for a; do printf "<%s>" "$a"; done' 'exit 42' >"$TMPDIR/bin/ssh"
chmod 755 "$TMPDIR/bin/ssh"
PATH=$TMPDIR/bin:$PATH
run mymachines ssh web1
is "$status|$out|$err" "42|<--><192.0.2.7>|" "ssh connects to the first address, and its exit status is passed on"
run mymachines ssh me@web1 ls -l --color=auto -- 'a b' '' '$x'
is "$out" '<-l><me><--><192.0.2.7><ls><-l><--color=auto><--><a b><><$x>' "ssh passes on a user and a command unchanged"
cat >"$TMPDIR/bin/as" <<'P'
#!/usr/bin/env python3
import os, signal, sys
os.umask(0o27)
for number in signal.SIGCHLD, signal.SIGXFSZ, signal.SIGUSR1:
    signal.signal(number, signal.SIG_DFL if number == signal.SIGXFSZ else signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])
P
mkdir "$TMPDIR/state"
printf '%s\n' '#!/usr/bin/python3' 'print(*(line for line in open("/proc/self/status") if line.startswith(("Umask", "SigBlk", "SigIgn", "SigCgt"))))' >"$TMPDIR/state/ssh"
chmod 755 "$TMPDIR/bin/as" "$TMPDIR/state/ssh"
is "$(PATH=$TMPDIR/state:$PATH as mymachines ssh web1)" "$(PATH=$TMPDIR/state:$PATH as ssh web1)" \
    "ssh inherits umask and signals as they were"
mymachines register web1 --leader="$web1" --ssh-address=root@web1.example.com
is "$(mymachines ssh web1 -v)" "<--><root@web1.example.com><-v>" "ssh prefers the registered ssh address"
is "$(mymachines ssh you@WEB1)" "<-l><you><--><root@web1.example.com>" "ssh uses the given user with the registered ssh address"
mymachines register web1 --leader="$web1" --ssh-key=/root/key
is "$(mymachines ssh web1)" "<-i></root/key><--><root@web1.example.com>" "ssh uses the registered key"
mymachines register web1 --leader="$web1" --ssh-key='/root/100% a key'
is "$(mymachines ssh web1)" "<-i></root/100%% a key><--><root@web1.example.com>" "also one whose name ssh would expand"
mymachines register web1 --leader="$web1" --ssh-key=
mymachines register web1 --leader="$web1" --ssh-address=-oProxyCommand=id
fails "mymachines: web1: its ssh address begins with '-', so it isn't used" "ssh refuses an ssh address that looks like an option" mymachines ssh web1
like "$(mymachines ssh guest1)" "<-o><ProxyCommand=*7*22>*<--><guest1>" "ssh connects to a VM by its vsock"
mymachines register web1 --leader="$web1" --ssh-address=vsock/9
like "$(mymachines ssh web1)" "<-o><ProxyCommand=*9*22>*<--><web1>" "ssh connects to a vsock that the ssh address has"
start gone
mymachines register gone --leader="$gone" --address=192.0.2.9 --no-monitor
kill -9 "$gone"
wait_until has_ended "$gone"
fails "mymachines: gone: cannot connect to it: its leader has died" "ssh doesn't connect to the address of a dead machine" mymachines ssh gone
fails "mymachines: db1: has no address; see register --ssh-address" "ssh fails for a machine without an address" mymachines ssh db1
fails "mymachines: no machine 'nobody' is registered" "ssh refuses a name that isn't registered" mymachines ssh root@nobody
fails "mymachines: ssh: a name is missing" "ssh without a name is refused" mymachines ssh
rm "$TMPDIR/bin/ssh"
hash -r
# The real ssh must take nothing after the name as an option.
if [ "$(command -v ssh)" ]; then
    mymachines register web1 --leader="$web1" --ssh-address=127.0.0.1
    run timeout 20 "$BUILDDIR/mymachines" ssh web1 -oProxyCommand="touch $TMPDIR/harmed"
    ok "$([ ! -e "$TMPDIR/harmed" ]; echo $?)" "ssh takes a command that looks like an option as a command"
else
    skip "ssh isn't installed" "ssh takes a command that looks like an option as a command"
fi
done_testing
