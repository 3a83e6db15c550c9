#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real output of every verb that has --json is held to the schema of mymachines-json(7), with no
# machine, one, and many of all kinds; and all that the schema has is met.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/images.sh"
need_root
own_pool

schema=$SRCDIR/doc/mymachines.schema.json
# fits TEXT DEFINITION NAME [OPTION...]
fits() {
    local name=$3 text=$1 definition=$2
    shift 3
    is "$("$SRCDIR/tests/support/schema.py" "$schema" "$definition" "$@" --seen "$TMPDIR/seen" <<<"$text" 2>&1)" \
        "" "$name fits the schema"
}
# unfit TEXT DEFINITION WORDS NAME
unfit() {
    like "$("$SRCDIR/tests/support/schema.py" "$schema" "$2" <<<"$1" 2>&1)" "*$3*" "$4"
}
watch() {
    timeout 60 mymachines "$@" >"$TMPDIR/events" 2>/dev/null &
    watcher=$!
}

# A verb that prints JSON is in the schema. machinectl's modes aren't ours, and the monitor's
# --follow is `watch`.
with_json=$(for verb in $(mymachines --help | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do
    mymachines "$verb" --help | grep -q -- '--json=' && echo "$verb"
done | sort -u)
like " $(tr '\n' ' ' <<<"$with_json")" "* doctor list *show *watch *" "verbs with --json are found by their help"
is "$(for verb in $with_json; do
    [ "$verb" = monitor ] || jq -e --arg verb "$verb" '."$defs"[$verb]' "$schema" >/dev/null || echo "$verb"
done)" "" "each verb with --json has a definition in the schema"

# None.
fits "$(mymachines list --json=short)" list "list without a registry"
fits "$(mymachines show --json=pretty)" show "show without a registry" --each
fits "$(mymachines map-from 5 --json=short 2>/dev/null)" map-from "map-from without a registry"
fits "$(mymachines doctor --json=short)" doctor "doctor without a registry"
mymachines refresh
fits "$(mymachines list --all --json=pretty)" list "list of an empty registry"
fits "$(mymachines show --json=short)" show "show of an empty registry" --each

# One, with all that can be given.
start web1 --map=0:200000:65536
pair "$web1" ve-web1 10.99.1.0/24 fd00:99::/64
inside "$web1" ip addr add 10.99.1.2/24 dev pair0
inside "$web1" ip addr add 10.1.2.3/32 dev lo
inside "$web1" ip addr add fd00:99::2/64 dev pair0 nodad
mkdir -p "$TMPDIR/root" "$TMPDIR/r\\"$'\xff\u00e9'
watch watch --json=short
wait_until pgrep -P "$watcher"
mymachines register web1 --leader="$web1" --service=test --alias=www --alias=mail --description="Web 1" \
    --id=00112233-4455-6677-8899-AABBCCDDEEFF --ssh-address=root@web1 --ssh-key=/root/key --control-address=/run/c --vsock-cid=7 \
    --unit=web1.scope --root="$TMPDIR/r\\"$'\xff\u00e9' --poweroff-signal=RTMIN+3 --reboot-signal=15 --supervisor=$$
fits "$(mymachines list --json=short)" list "list of one machine"
fits "$(mymachines show web1 --json=pretty)" show "show of one machine"
fits "$(LC_ALL=C.UTF-8 mymachines show web1 --json=pretty)" show "show of one machine in UTF-8"
fits "$(mymachines map-to web1 33 --json=short)" map-to "map-to"
fits "$(mymachines map-to web1 33 --uid --json=short)" map-to "map-to --uid"
fits "$(mymachines map-from 200033 --json=short)" map-from "map-from"
fits "$(mymachines doctor --json=pretty)" doctor "doctor with a machine"

# Many.
start box1 --share=user --share=net
mymachines register box1 --leader="$box1" 2>/dev/null
sleep 1000 &
plain=$!
mymachines register plain --leader="$plain" --force 2>/dev/null
mymachines register vm1 --class=vm --leader="$$" --force --interface=ve-web1 --address=10.99.9.9 \
    --address=fe80::9 --control=/run/vm1.qmp --uid-map= 2>/dev/null
start shared --map=0:200000:1000
mymachines register shared --leader="$shared" --uid-map=0:300000:10 --gid-map=0:300000:10 2>/dev/null
sleep 1000 &
dead=$!
mymachines register dead --leader="$dead" --force 2>/dev/null
{ kill -9 "$dead"; wait "$dead"; } 2>/dev/null
mymachines register web1 --leader="$web1" --alias= --service=other 2>/dev/null
mymachines unregister box1
fits "$(mymachines list --all --json=short)" list "list --all of many machines"
fits "$(mymachines show --json=short)" show "show of all machines" --each
is "$(mymachines list --all --json=short | jq -r '.[].state' | sort -u | paste -sd,)" "dead,running" \
    "a machine among them is dead"
seen_event() {
    grep -q "\"$1\"" "$TMPDIR/events"
}
wait_until seen_event removed
kill "$watcher" 2>/dev/null
fits "$(cat "$TMPDIR/events")" watch "watch" --each
is "$(jq -r .event "$TMPDIR/events" | sort -u | paste -sd,)" "added,changed,removed" "all events are among them"
watch monitor --follow --initial --json=short
wait_until seen_event added
kill "$watcher" 2>/dev/null
fits "$(cat "$TMPDIR/events")" watch "monitor --follow" --each

# Images.
fits "$(mymachines list-images --json=short)" list-images "list-images without any"
mkdir "$pool/a"
truncate -s 1M "$pool/b.raw"
fits "$(mymachines list-images --all --json=pretty)" list-images "list-images --all of several"
fits "$(mymachines show-image a b --json=short)" show-image "show-image" --each

# What lists print can be read again, and the schema says so, too.
fits "$(mymachines list --all --json=short | jq -c '.[]')" registration "output as input of register --batch" --each
fits '{"name":"a","leader":1,"addresses":["10.0.0.1"],"ifIndices":["eth0",3],"id":null,"aliases":null,
    "given":{"unit":null,"uidMap":[{"inner":0,"outer":1,"count":1}]}}' registration "a registration by hand"

# Transfers: one that waits for its archive.
unseen=
if [ -x "$BUILDDIR/mymachines-import" ]; then
    mkdir -p /var/lib/machines && mount -t tmpfs -o mode=700 tmpfs /var/lib/machines
    fits "$(mymachines list-transfers --json=short)" list-transfers "list-transfers without a transfer"
    mkfifo "$TMPDIR/pipe"
    mymachines import-tar "$TMPDIR/pipe" web >/dev/null 2>&1 &
    transfer=$!
    exec 7>"$TMPDIR/pipe"
    wait_until sh -c 'mymachines list-transfers --no-legend | grep -q pipe'
    fits "$(mymachines list-transfers --json=pretty)" list-transfers "list-transfers of one transfer"
    kill "$transfer"
    wait "$transfer" 2>/dev/null
    exec 7>&-
    umount /var/lib/machines
else
    unseen='|local|remote|progress'
fi

# All that the schema knows has been met, but for what needs a kernel, a system, a bus or a fault of its own.
here=$(jq -r '[.. | objects | .properties? // empty | keys[]] | unique[]' "$schema")
is "$(comm -23 <(sort -u <<<"$here") <(sort -u "$TMPDIR/seen") | grep -vxE "pidfdId|idsLost|os|osName|claimed|owner|version$unseen")" "" \
    "each property of the schema is seen"
is "$(for word in $here; do
    case $word in
    check | status | message | remedy | machine | uid | gid | event | changed) continue ;;
    esac
    grep -qw "$word" "$SRCDIR/man/mymachines-json.7.in" || echo "$word"
done)" "" "each property of a machine is in mymachines-json(7)"

# And it can fail.
machine=$(mymachines show web1 --json=short)
unfit "$(jq -c 'del(.name)' <<<"$machine")" show "has no name" "a missing property doesn't fit"
unfit "$(jq -c '.new = 1' <<<"$machine")" show "has new, which the schema doesn't know" "an unknown property doesn't fit"
unfit "$(jq -c '.leader = "1"' <<<"$machine")" show "is not of the type integer" "a wrong type doesn't fit"
unfit "$(jq -c '.addresses[0].standing = "true"' <<<"$machine")" show "is none of" "a wrong word doesn't fit"
unfit "$(jq -c '.uidMap[0].more = 1' <<<"$machine")" show "has more, which" "an unknown property below doesn't fit"
unfit '{"name":"a"}' registration "anyOf" "a registration without a leader doesn't fit"
unfit '{"name":"a","leader":1,"os2":1}' registration "has os2" "a registration with an unknown field doesn't fit"
{ kill -9 "$plain"; wait "$plain"; } 2>/dev/null
done_testing
