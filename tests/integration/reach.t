#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ids are told from one side of a map to the other; ssh is run to where a machine is.
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
gid 200033" "map-to: the first extent"
is "$(mymachines map-to web1 1000 --uid)" 1000 "the second, of the uid"
is "$(mymachines map-to --gid web1 1001)" 201001 "the third, of the gid"
is "$(mymachines map-to WEB1 65535 --uid)" 265535 "the last id"
is "$(mymachines map-to web1 33 --json=short)" '{"uid":200033,"gid":200033}' "in JSON"
fails "mymachines: web1: uid 65536 isn't in its map" "an id outside" mymachines map-to web1 65536 --uid
run mymachines map-to web2 33
is "$status|$out|$err" "1|uid 200033|mymachines: web2: gid 33 isn't in its map" "one in one map alone"
fails "mymachines: db1: has no uid map: its ids are the host's own" "no user namespace" mymachines map-to db1 33 --uid
fails "mymachines: guest1: is a VM: its uids are none of the host's" "a VM" mymachines map-to guest1 33 --uid
for id in root -1 033 4294967295 4294967296 '' 1x; do
    fails "mymachines: map-to: '$id' is no id" "'$id' is no id" mymachines map-to --uid web1 -- "$id"
    fails "mymachines: map-from: '$id' is no id" "'$id' is no id of the host's" mymachines map-from --uid -- "$id"
done
fails "mymachines: no machine 'nobody' is registered" "nobody's" mymachines map-to nobody 0
fails "mymachines: map-to: takes the name of a machine, and an id in it" "no id" mymachines map-to web1

is "$(mymachines map-from 201001)" "uid web1 1001
gid web1 1001
uid web2 1001" "map-from: of several, the oldest first"
is "$(mymachines map-from --uid 1000)" "web1 1000" "an extent of one id"
is "$(mymachines map-from --gid 300009)" "web2 9" "a gid alone"
is "$(mymachines map-from --json=short 200000)" \
    '[{"machine":"web1","uid":0,"gid":0},{"machine":"web2","uid":0}]' "in JSON"
fails "mymachines: map-from: 300010 is no machine's" "an id of the host's own" mymachines map-from 300010
fails "mymachines: map-from: 201000 is no machine's" "one between extents" mymachines map-from --gid 201000
is "$(mymachines map-from "$(mymachines map-to web1 77 --uid)" --uid | head -n 1)" "web1 77" "there and back"

# An ssh that tells how it was called.
mkdir "$TMPDIR/bin"
printf '%s\n' '#!/bin/sh' 'for a; do printf "<%s>" "$a"; done' 'exit 42' >"$TMPDIR/bin/ssh"
chmod 755 "$TMPDIR/bin/ssh"
PATH=$TMPDIR/bin:$PATH
run mymachines ssh web1
is "$status|$out|$err" "42|<--><192.0.2.7>|" "ssh to the first address; its status is ours"
run mymachines ssh me@web1 ls -l --color=auto -- 'a b' '' '$x'
is "$out" '<-l><me><--><192.0.2.7><ls><-l><--color=auto><--><a b><><$x>' "a user, and a command, unharmed"
mymachines register web1 --leader="$web1" --ssh-address=root@web1.example.com
is "$(mymachines ssh web1 -v)" "<--><root@web1.example.com><-v>" "the registered ssh address comes first"
is "$(mymachines ssh you@WEB1)" "<-l><you><--><root@web1.example.com>" "with another user"
mymachines register web1 --leader="$web1" --ssh-address=-oProxyCommand=id
fails "mymachines: web1: its ssh address is an option, and not used" "one that is an option isn't used" mymachines ssh web1
like "$(mymachines ssh guest1)" "<-o><ProxyCommand=*7*22>*<--><guest1>" "a VM by its vsock"
mymachines register web1 --leader="$web1" --ssh-address=vsock/9
like "$(mymachines ssh web1)" "<-o><ProxyCommand=*9*22>*<--><web1>" "or as the ssh address has it"
fails "mymachines: db1: has no address; see register --ssh-address" "no address" mymachines ssh db1
fails "mymachines: no machine 'nobody' is registered" "nobody" mymachines ssh root@nobody
fails "mymachines: ssh: a name is missing" "no name" mymachines ssh
rm "$TMPDIR/bin/ssh"
hash -r
# The real one takes nothing behind the name for an option.
if [ "$(command -v ssh)" ]; then
    mymachines register web1 --leader="$web1" --ssh-address=127.0.0.1
    run timeout 20 "$BUILDDIR/mymachines" ssh web1 -oProxyCommand="touch $TMPDIR/harmed"
    ok "$([ ! -e "$TMPDIR/harmed" ]; echo $?)" "a command that looks like an option isn't one to ssh"
else
    skip "ssh isn't installed" "a command that looks like an option isn't one to ssh"
fi
done_testing
