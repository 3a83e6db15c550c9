#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Under the name of machinectl: what scripts do with that, as machinectl(1) of systemd 252 has it.
# shellcheck disable=SC2016,SC2154
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/rootfs.sh"
need_root
command -v busybox >/dev/null || skip_all "busybox isn't installed"
export TERM=vt102
own_dev

stock=$(command -v machinectl)
mkdir "$TMPDIR/bin"
ln -s "$BUILDDIR/mymachines" "$TMPDIR/bin/machinectl"
PATH=$TMPDIR/bin:$PATH

is "$(machinectl)" "No machines." "no machines"
is "$(machinectl list --no-legend)" "" "no machines, no words"

rootfs "$TMPDIR/one" 200000
printf '%s\n' ID=debian 'VERSION_ID="12"' >"$TMPDIR/one/etc/os-release"
start_rootfs one "$TMPDIR/one" --map=0:200000:65536
rootfs "$TMPDIR/two" 0
start_rootfs two "$TMPDIR/two" --share=user
register() {
    mymachines register "$@" 2>/dev/null
}
register web1 --leader="$one" --service=lxc --address=192.0.2.1 --address=192.0.2.2
register db1 --leader="$two"
cleanup() {
    kill -9 "$one" "$two"
} 2>/dev/null
trap cleanup EXIT

# fails_so PATTERN NAME ARGUMENT...: it fails so, by its own name
fails_so() {
    local pattern=$1 name=$2
    shift 2
    run timeout 20 machinectl "$@" </dev/null
    like "$status|$out|${err%%$'\n'*}" "1||machinectl: $pattern" "$name"
}
# same NAME OURS... -- THEIRS...: both say the same
same() {
    local name=$1 ours=()
    shift
    while [ "$1" != -- ]; do
        ours+=("$1")
        shift
    done
    shift
    is "$(timeout 20 machinectl "$@" 2>&1 </dev/null; echo $?)" \
        "$(timeout 20 mymachines "${ours[@]}" 2>&1 </dev/null; echo $?)" "$name"
}

# list, the names of which are in the first column
is "$(machinectl list)" "MACHINE CLASS     SERVICE OS     VERSION ADDRESSES
db1     container -       -      -       -
web1    container lxc     debian 12      192.0.2.1...

2 machines listed." "list"
is "$(machinectl list --no-legend --no-pager | awk '{ print $1 }' | paste -sd,)" db1,web1 "list for a script"
same "options before the verb" list --no-legend -- --no-legend --no-pager -q list
same "options without a verb" list --no-legend -- --no-legend
same "options that are for others" list --no-legend -- list --no-legend -l -n5 -o short --no-ask-password \
    --signal=KILL --uid=root -E A=b --verify=no
same "--max-addresses" list --max-addresses=all -- --max-addresses=all list
is "$(machinectl list -o json)" \
    '[{"machine":"db1","class":"container","service":null,"os":null,"version":null,"addresses":null},'"\
"'{"machine":"web1","class":"container","service":"lxc","os":"debian","version":"12","addresses":"192.0.2.1\n192.0.2.2"}]' \
    "list -o json is the table, with all addresses"
is "$(machinectl list -o json --max-addresses=1 | jq -r '.[1].addresses')" "192.0.2.1..." "or as many as were asked for"
is "$(machinectl list --max-addresses=0 | sed -n '1p;3p')" "MACHINE CLASS     SERVICE OS     VERSION
web1    container lxc     debian 12" "--max-addresses=0: no column for them"
is "$(machinectl list -a -o json --max-addresses=0 | jq -c '.[0, 2] | keys_unsorted')" \
    '["machine","class","service","os","version"]
["machine","class","service","os","version"]' "in JSON, too"
like "$(machinectl list -a | sed -n 2p)" ".host   host      - *" "list -a lists the host"
is "$(machinectl list -a | tail -n 1)" "3 machines listed." "and counts it"
is "$(machinectl list -a -o json | jq -r '.[0] | .machine, .class')" $'.host\nhost' "in JSON, too"
for option in -Mroot@ -M.host --machine=root@.host -H.host; do
    same "$option is this host" list -- "$option" list
done
like "$(machinectl list --output=json-pretty)" $'[[]\n  {\n*"machine": "db1",\n*' "list -o json-pretty"

is "$(machinectl list -o json-seq | od -An -c | tr -d ' \n' | cut -c1-16)" '036[{"machine":"' "list -o json-seq begins with a separator"
is "$(machinectl list -o json-sse | sed 's/^data: //; 2s/^$/behind/')" "$(machinectl list -o json)
behind" "list -o json-sse: an event"
is "$(machinectl list --max-addresses=0x1)|$(machinectl list --max-addresses=+01)" \
    "$(machinectl list --max-addresses=1)|$(machinectl list --max-addresses=1)" "numbers with another base"

# show
is "$(machinectl show web1 -p Leader --value)" "$one" "a leader's pid"
is "$(machinectl --value -p Leader show web1)" "$one" "the same, options first"
is "$(machinectl show -p Name -p Class -p State web1)" $'Name=web1\nClass=container\nState=running' "properties"
same "all properties" show --all web1 -- -a show web1
same "several machines" show -p Name db1 web1 -- show db1 --property=Name web1
is "$(machinectl status web1 --no-pager -n 0 -l | sed 's/; .* ago//')" \
    "$(mymachines status web1 | sed 's/; .* ago//; /^ *State:/d')" "status"
run machinectl show nobody
is "$status" 1 "whether a machine is there: its exit status"
is "$(machinectl show)" "PoolPath=/var/lib/machines
PoolUsage=18446744073709551615
PoolLimit=18446744073709551615" "show without a name: the properties of the manager"
is "$(machinectl show -p PoolPath --value)" /var/lib/machines "one of them"
is "$(machinectl show-image)" "$(machinectl show)" "show-image without a name: the same"
is "$(machinectl show -p Version)" "" "one that it hasn't"
if [ -x "$BUILDDIR/mymachines-import" ]; then
    is "$(machinectl list-transfers -o json)|$(machinectl -o json-pretty list-transfers --no-legend)|$(machinectl list-transfers -o cat)" \
        "[]|[
]|No transfers." "list-transfers -o json, -o json-pretty, and a mode for log lines"
else
    skip "it was configured without libarchive" "list-transfers -o json"
fi
fails_so "status: a name is missing" "status wants a name" status

# The host counts as a machine, for those who look.
is "$(machinectl show .host -p Name -p Class -p State -p Leader -p Unit -p RootDirectory | sort)" "Class=host
Leader=1
Name=.host
RootDirectory=/
State=running
Unit=-.slice" "show .host"
like "$(machinectl status .host)" ".host*
          Leader: 1 (*)
           Class: host
            Root: /
*
            Unit: -.slice" "status .host"
fails_so "no machine '.host' is registered" "nobody kills the host" kill .host
run mymachines status .host
is "$status|$err" "1|mymachines: no machine '.host' is registered" "under our name there is no .host"

# shell
# shells ARGUMENT...
shells() {
    run timeout 20 machinectl "$@" </dev/null
}
shells -q shell web1 /bin/id -u
is "$status|$out|$err" "0|0|" "shell"
shells shell --uid=app -E A=b web1 /bin/sh -c 'echo $(id -un) $A "$0" "$@"' -q --uid=x
is "$out" "app b -q --uid=x" "what comes after the machine is the command's"
shells -q --setenv=A=c shell -- app@web1 /bin/sh -c 'echo $(id -un) $A'
is "$out" "app c" "options before the verb, and a user's name before the machine's"
shells shell web1 /bin/false
is "$status|$err" "0|" "the command's exit status isn't machinectl's"
fails_so "web1: /bin/nonsense: No such file or directory" "unless it can't be run" shell web1 /bin/nonsense
for host in .host root@.host root@; do
    shells shell "$host" /bin/sh -c 'echo $(id -un) $HOME "$@"' sh 'a b'
    is "$status|$out" "0|root $(getent passwd root | cut -d: -f6) a b" "the shell of $host is the host's"
done
is "$(echo 'echo $LOGNAME' | machinectl shell .host '' 2>/dev/null | tail -n 1)" root "an empty command is the shell"
is "$(echo 'echo in $LOGNAME' | machinectl -q shell app@web1 '' 2>/dev/null | tail -n 1)" "in app" "in a machine, too"
shells shell -E A=b --uid=nobody .host /bin/sh -c 'echo $(id -un) $A'
is "$out" "nobody b" "as another user, with a variable"
shells shell .host /bin/false
is "$status" 0 "whatever the command's exit status"
shells shell .host /bin/nonsense
is "$status" 1 "unless there is no such command"
is "$(echo 'echo $LOGNAME' | machinectl shell 2>/dev/null | tail -n 1)" root "without a name, it is root's"
fails_so "no machine 'nobody' is registered" "nobody's shell" shell nobody
fails_so "login: standard input and output are not a terminal" "login" login web1

# Not ours.
for verb in enable disable; do
    fails_so "$verb: systemd isn't the init of this host, *'mymachines start NAME'" "$verb without systemd" "$verb" x
done
for verb in register run monitor '' ' '; do
    fails_so "unknown verb '$verb'; see machinectl --help" "no verb of machinectl's: '$verb'" "$verb"
done
for option in -Hhost --host=host -Mweb1 --machine=web1; do
    fails_so "list: --*: works on this host alone; *" "$option" "$option" list
done
# Of options that the verb doesn't have, the values are checked, as the stock program does.
for option in --output=foo -ofoo -n-1 --lines=all --max-addresses=foo --signal=FOO -s0 --format=rar --verify=maybe -E=b \
    --setenv=1A=b; do
    fails_so "show: --*" "$option with another verb" show web1 "$option"
done
run machinectl status -o help
is "$status|$err|$(head -n 2 <<<"$out" | xargs)|$(grep -c . <<<"$out")" "0||short short-full|16" "--output=help lists the modes, with any verb"
run machinectl pull-tar --verify=help
is "$status|$err|$(xargs <<<"$out")" "0||no checksum signature" "--verify=help"
for value in list help; do
    run machinectl poweroff --signal=$value
    like "$status|$err|$out" "0||*SIGTERM*" "--signal=$value"
done
for option in -n0x10 -n010 --lines=+5; do
    same "$option" show web1 -- show web1 "$option"
done
for option in -n08 -n0xg -n-0x1; do
    fails_so "show: --lines=*" "$option" show web1 "$option"
done
same "their right values" show web1 -- show web1 --output=cat -n0 --max-addresses=all --signal=RTMIN+3 -EA \
    --format=zstd --verify=sha256:00
fails_so "unknown verb 'list '; did you mean 'list'?" "a verb that is nearly one" 'list '
fails_so "unrecognized option '--nonsense'" "an unknown option" list --nonsense
fails_so "option requires an argument -- 'p'" "an argument that is missing" show web1 -p
for verb in poweroff stop reboot terminate kill; do
    run machinectl "$verb"
    is "$status|${err##*$'\n'}" "1|Try 'machinectl ${verb/stop/poweroff} --help'." "$verb wants a name"
done
like "$(machinectl --help)" "Usage: machinectl *" "--help"
like "$(machinectl list -h)" "Usage: machinectl *" "which a verb has not of its own"
like "$(machinectl help)" "Usage: machinectl *" "help"
like "$(machinectl list --version)" "mymachines [0-9]*" "--version"

# The first name that can't be found ends it, as in the stock program.
for verb in poweroff reboot terminate kill status show; do
    run machinectl "$verb" nosuch db1
    is "$status|$out|$(grep -c . <<<"$err")" "1||1" "$verb ends at the first failure"
done
has_ended "$two"
is $? 1 "and the next machine lives"
is "$(mymachines show --value -p Name nosuch db1 2>&1)" "mymachines: no machine 'nosuch' is registered
db1" "mymachines goes on"
for verb in show-image image-status remove; do
    run machinectl "$verb" nosuch nosuch2
    is "$status|$(grep -c . <<<"$err")" "1|1" "$verb ends at the first failure"
done
# The argument of an option isn't taken for the verb.
same "an option's argument that is a verb's name" list -- --uid list list
same "without a verb" list -- --uid list
same "of a property" show -p Name db1 -- --property list --property Name show db1

# Whatever the stock one knows is known here.
if [ -n "$stock" ]; then
    unknown=
    for option in $("$stock" --help | grep -Eo -- '^ {2,5}-.*' | grep -Eo -- '(^| )-(-[a-z-]+|[A-Za-z])' | sort -u); do
        run machinectl "$option" x list
        case $err in
        *"nrecognized option"* | *"invalid option"*) unknown+=" $option" ;;
        esac
    done
    is "$unknown" "" "all options of the machinectl that is installed"
    unknown=
    for verb in $("$stock" --help | sed -n '/Options:/q; s/^  \([a-z-]*\) .*/\1/p'); do
        run machinectl "$verb" x y </dev/null
        case $err in
        *"unknown verb"*) unknown+=" $verb" ;;
        esac
    done
    is "$unknown" "" "and all its verbs"
else
    skip "machinectl isn't installed" "all options of the machinectl that is installed"
    skip "machinectl isn't installed" "and all its verbs"
fi

# Files that are in a directory already stay, those that aren't come.
mkdir "$TMPDIR/site"
echo new | tee "$TMPDIR/site/index" >"$TMPDIR/site/more"
mkdir "$TMPDIR/one/tmp/site"
echo old >"$TMPDIR/one/tmp/site/index"
chown -R 200000:200000 "$TMPDIR/one/tmp/site"
run machinectl copy-to web1 "$TMPDIR/site" /tmp/site
is "$status|$err|$(cat "$TMPDIR/one/tmp/site/index" "$TMPDIR/one/tmp/site/more")" $'0||old\nnew' "copy-to merges a directory"
run machinectl copy-to web1 "$TMPDIR/site/index" /tmp/site/index
is "$status|$(cat "$TMPDIR/one/tmp/site/index")" "1|old" "but a single file that is there is an error"
run machinectl copy-to --force web1 "$TMPDIR/site" /tmp/site
is "$status|$(cat "$TMPDIR/one/tmp/site/index")" "0|new" "--force replaces files in a directory"

# An init of an unknown kind: a script that notes the signals. Only machinectl sends them.
cat >"$TMPDIR/init" <<'I'
#!/bin/bash
trap 'echo RTMIN+4 >>"$1"' RTMIN+4
trap 'echo INT >>"$1"' INT
echo ready >>"$1"
while :; do read -t 1 -u 8 8<>"$1.fifo"; done
I
chmod 755 "$TMPDIR/init"
mkfifo -m 666 "$TMPDIR/signals.fifo"
: >"$TMPDIR/signals"
chmod 666 "$TMPDIR/signals"
start init -- "$TMPDIR/init" "$TMPDIR/signals"
wait_until test -s "$TMPDIR/signals"
register init1 --leader="$init"
run machinectl poweroff init1
wait_until grep -q RTMIN+4 "$TMPDIR/signals"
is "$status|$err|$?" "0||0" "poweroff sends SIGRTMIN+4 to any init"
run machinectl reboot init1
wait_until grep -q INT "$TMPDIR/signals"
is "$status|$err|$?" "0||0" "reboot sends SIGINT to any init"
fails "mymachines: init1: cannot reboot it: *" "mymachines knows no signal for it" mymachines reboot init1
kill -9 "$init"
mymachines unregister init1 2>/dev/null

# What ends machines, last.
run machinectl kill --kill-whom=leader -s KILL db1
is "$status" 0 "kill"
wait_until has_ended "$two"
ok $? "it is killed"
start two
register db1 --leader="$two" --replace
run machinectl terminate db1
is "$status|$(machinectl list --no-legend | grep -c '^db1')" "0|0" "terminate"
has_ended "$two"
ok $? "it is gone"
is "$(machinectl list | tail -n 1)" "1 machines listed." "as it has always said"
done_testing
