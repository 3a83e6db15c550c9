#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a machine's root, an image or a runtime can make the host believe of its names, ids and leader.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
use_module

# leads NAME: the pid of the machine's leader, or nothing
leads() {
    mymachines show --value -p Leader "$1" 2>/dev/null
}

# maps NAME: its map of users
maps() {
    mymachines show --value -p UIDMap "$1"
}

# Leaders.
sleep 100000 >/dev/null 2>&1 </dev/null & process=$!
fails "mymachines: x: leader $process has only namespaces of the host, so it is not a container; *--force*" \
    "a process of the host is refused" mymachines register x --leader=$process
is "$(mymachines list --no-legend)" "" "a process of the host that was refused isn't registered"
fails "mymachines: line 1: x: leader $process has only namespaces of the host, *" \
    "a process of the host is refused in a batch" mymachines register --batch <<<"{\"name\":\"x\",\"leader\":$process}"
run mymachines register x --leader=$process --force
is "$status|$out|$err" "0||$(in_no_unit x)" "--force registers a process of the host"
like "$(mymachines status x)" "*Namespaces: none of its own*" "status shows that a machine has no namespace of its own"
is "$(mymachines list --json=short | jq .[0].ownNamespaces)" false "JSON shows that a machine has no namespace of its own"
run mymachines register x --leader=$process --alias=y
is "$status|$err" "0|" "a process that was forced once can be registered again"
mymachines unregister x
run mymachines register x --leader=$process --class=vm
is "$status" 0 "an emulator of a VM has the host's namespaces"
mymachines unregister x
for namespace in net uts ipc mount pid cgroup; do
    # shellcheck disable=SC2086
    unshare --$namespace --fork sleep 100000 >/dev/null 2>&1 </dev/null & wrapper=$!
    wait_until pgrep -P "$wrapper" sleep
    inner=$(pgrep -P "$wrapper" sleep)
    run mymachines register x --leader="$inner"
    is "$status" 0 "a process with a $namespace namespace of its own can be a machine"
    mymachines unregister x
    kill -9 "$inner"
done 2>/dev/null
forget

# Names.
hostname=$(hostname)
label=${hostname%%.*}
start c1
for name in "$label.example.com" "web.$label" host.docker.internal metadata.google.internal wpad \
    wpad.example.com isatap 10.0.0.256 0x7f.0b1 1.2.3.4.5 ip6-loopback; do
    fails "mymachines: register: '$name' can't be a machine's name: it *" "the name $name is refused" \
        mymachines register "$name" --leader="$c1"
    fails "mymachines: web1: alias '$name' *" "the alias $name is refused" \
        mymachines register web1 --leader="$c1" --alias="$name"
done
run mymachines register updates.example.org --leader="$c1"
is "$status" 0 "a person may give a name with dots"
forget

# hook NAME PID ALIAS...: what a runtime says of a container
hook() {
    local aliases
    aliases=$(IFS=,; echo "${*:3}")
    run mymachines hook oci --no-monitor --annotations <<<"{\"ociVersion\":\"1.0.0\",\"id\":\"$1\",
        \"status\":\"created\",\"pid\":$2,\"bundle\":\"/\",\"annotations\":{\"org.mymachines.alias\":\"$aliases\"}}"
}

start c2
hook updates.example.org "$c1" www.example.org
is "$(mymachines list --no-legend --all | cut -d' ' -f1)|$(mymachines show --value -p Aliases updates-example-org)" \
    "updates-example-org|" "a hook gives no name with dots"
like "$err" "*'updates.example.org' can't be a machine's name: it has a dot, and is in no domain*" \
    "a hook reports that a name has dots"
forget
echo "Domains=example.net, example.org" >>"$SYSCONFDIR/mymachines.conf"
hook updates.example.org "$c1" www.example.org evil.example.com
is "$(mymachines list --no-legend --all | cut -d' ' -f1)|$(mymachines show --value -p Aliases updates.example.org)" \
    "updates.example.org|www.example.org" "a hook may give names in the domains that are set"
forget

hook web1 "$c1" www db
is "$(leads web1)|$(leads www)" "$c1|$c1" "a hook registers a container under its name"
ids=$(maps web1)
run mymachines register web1 --leader="$c2" --alias=db
is "$status|$(leads web1)|$(leads db)" "0|$c2|$c2" "a name that a person gives goes before a hook's"
like "$err" "*web1: machine web1, pid $c1, which has the name from its runtime, is called oci-web1 now*" \
    "register says which name the hook's machine has now"
like "$err" "*loses alias db*" "register says which alias the hook's machine loses"
is "$(leads oci-web1)|$(leads www)|$(maps oci-web1)" "$c1|$c1|$ids" "the hook's machine keeps its leader, other names and ids"
hook web1 "$c1" www db
is "$status|$(leads web1)|$(leads oci-web1)" "0|$c2|$c1" "a hook that runs again leaves the names as they are"
start c3
hook web1 "$c3"
is "$(leads web1)|$(leads "oci-$c3")" "$c2|$c3" "a third machine of one name gets one that is made of it"
like "$err" "mymachines: web1: already a name of machine web1, pid $c2; this one, pid $c3, is called oci-$c3" \
    "a hook says under which name it has registered a machine"
fails "mymachines: web1: already registered to pid $c2; *" "a person's name isn't taken by another person" \
    mymachines register web1 --leader="$process" --force
kill "$process"
forget

# Ids. The leader of a privileged container makes itself a user namespace that maps all ids of the host.
cat >"$TMPDIR/unshare.py" <<'PYTHON'
import ctypes, os, signal, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def claim(*_):
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(r, 1)
        for name in ("uid_map", "gid_map"):
            open(f"/proc/{os.getppid()}/{name}", "w").write(sys.argv[1])
        os._exit(0)
    libc.unshare(0x10000000)
    os.write(w, b"x")
    os.waitpid(child, 0)
signal.signal(signal.SIGUSR1, claim)
print("ready", flush=True)
while True:
    time.sleep(1000)
PYTHON
exec {evil_out}< <(exec unshare --net --mount --uts python3 "$TMPDIR/unshare.py" "0 65536 4294901758")
evil=$!
read -r _ <&"$evil_out"
mymachines register evil --leader="$evil" 2>/dev/null
start victim --map=0:300000:65536
mymachines register victim --leader="$victim" 2>/dev/null
kill -USR1 "$evil"
wait_until grep -q 65536 "/proc/$evil/uid_map"
run mymachines refresh
is "$status|$err" "0|mymachines: evil: leader $evil is in another user namespace now: its ids don't count any more, until it is registered again" \
    "a leader that makes itself a user namespace is reported"
is "$(maps evil)|$(getent passwd 300033 | cut -d: -f1)|$(getent -s mymachines passwd 1500000)" "|vu-victim-33|" \
    "a leader that makes itself a user namespace gets no ids"
run mymachines refresh
is "$status|$err" "0|" "lost ids are reported once"
like "$(mymachines status evil)" "*Ids: lost: *" "status shows that ids are lost"
is "$(mymachines list --json=short | jq '.[] | select(.name == "evil").idsLost')" true "JSON shows that ids are lost"
mymachines unregister evil
run mymachines register evil --leader="$evil" 2>/dev/null
is "$(getent passwd 300033 | cut -d: -f1)" "vu-victim-33" "a machine that is registered again takes no ids of older ones"
kill "$evil"
forget

# A user namespace that gets its map late.
exec {late_out}< <(exec unshare --net python3 -c '
import ctypes, time
ctypes.CDLL(None).unshare(0x10000000)
print("ready", flush=True)
time.sleep(1000)')
late=$!
read -r _ <&"$late_out"
mymachines register late --leader="$late" 2>/dev/null
start victim --map=0:300000:65536
mymachines register victim --leader="$victim" 2>/dev/null
is "$(maps late)" "" "an empty map maps nothing"
for map in uid_map gid_map; do
    echo "0 300000 100000" >"/proc/$late/$map"
done
mymachines refresh
is "$(getent passwd 300033 | cut -d: -f1)|$(getent passwd 365536 | cut -d: -f1)" "vu-victim-33|vu-late-65536" \
    "ids that are found late are those that no other machine has"
before=$(maps late)
mymachines unregister victim
mymachines refresh
is "$(maps late)" "$before" "a map doesn't grow when ids become free"
kill "$late"
forget

# A single id.
start lent --map=0:100000:1000 --map=1000:70000:1 --map=1001:101001:64535
mymachines register lent --leader="$lent" 2>/dev/null
is "$(getent passwd vu-lent-1000 | cut -d: -f3)|$(getent -s mymachines passwd 70000)|$(getent passwd 101001 | cut -d: -f1)" \
    "70000||vu-lent-1001" "a single id has a name by its machine, and keeps its own"
done_testing
