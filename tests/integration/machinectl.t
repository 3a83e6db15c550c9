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
same "options that are for others" list --no-legend -- list --no-legend -a -l -n5 -o short --no-ask-password \
    --signal=KILL --uid=root -E A=b --verify=no
same "--max-addresses" list --max-addresses=all -- --max-addresses=all list
is "$(machinectl list -o json)" \
    '[{"machine":"db1","class":"container","service":null,"os":null,"version":null,"addresses":null},'"\
"'{"machine":"web1","class":"container","service":"lxc","os":"debian","version":"12","addresses":"192.0.2.1..."}]' \
    "list -o json is the table"
like "$(machinectl list --output=json-pretty)" $'[[]\n  {\n*"machine": "db1",\n*' "list -o json-pretty"

# show
is "$(machinectl show web1 -p Leader --value)" "$one" "a leader's pid"
is "$(machinectl --value -p Leader show web1)" "$one" "the same, options first"
is "$(machinectl show -p Name -p Class -p State web1)" $'Name=web1\nClass=container\nState=running' "properties"
same "all properties" show --all web1 -- -a show web1
same "several machines" show -p Name db1 web1 -- show db1 --property=Name web1
is "$(machinectl status web1 --no-pager -n 0 -l | sed 's/; .* ago//')" \
    "$(mymachines status web1 | sed 's/; .* ago//')" "status"
run machinectl show nobody
is "$status" 1 "whether a machine is there: its exit status"
fails_so "show: a name is missing*" "there is no manager to show" show -p Version
fails_so "status: a name is missing" "status wants a name" status

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
fails_so "shell: the host itself is no machine; *" "the host has no shell here" shell .host
fails_so "shell: the name of a machine is missing; *" "nor without a name" shell
fails_so "no machine 'nobody' is registered" "nobody's shell" shell nobody
fails_so "login: standard input and output are no terminal" "login" login web1

# Not ours.
for verb in start enable disable; do
    fails_so "$verb: machines are started by what makes them, as systemctl $verb systemd-nspawn@NAME" "$verb" "$verb" x
done
for verb in list-images image-status clone remove pull-tar import-fs; do
    fails_so "$verb: images are not mymachines' business, and not here" "$verb" "$verb" x
done
for verb in register run monitor 'list ' '' ' '; do
    fails_so "unknown verb '$verb'; see machinectl --help" "no verb of machinectl's: '$verb'" "$verb"
done
for option in -Hhost --host=host -Mweb1 --machine=web1; do
    fails_so "--*: works on this host alone; *" "$option" "$option" list
done
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

# What ends machines, last.
is_gone() {
    ! grep -qs '^State:.[^ZX]' "/proc/$1/status"
}
run machinectl kill --kill-whom=leader -s KILL db1
is "$status" 0 "kill"
wait_until is_gone "$two"
ok $? "it is killed"
start two
register db1 --leader="$two" --replace
run machinectl terminate db1
is "$status|$(machinectl list --no-legend | grep -c '^db1')" "0|0" "terminate"
is_gone "$two"
ok $? "it is gone"
is "$(machinectl list | tail -n 1)" "1 machines listed." "as it has always said"
done_testing
