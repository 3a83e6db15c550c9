#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hooks, with what no runtime would hand over: logged, nothing registered, and never in the way of
# a start. And with what they do, where a real one can't be made to.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

use_module
own_dev
syslog_to "$TMPDIR/syslog"
start c1 --map=0:100000:65536
mkdir -p "$TMPDIR/bundle/rootfs"
echo '{"root": {"path": "rootfs"}}' >"$TMPDIR/bundle/config.json"

# hook ARGUMENT...: as a runtime runs it: no environment, anywhere; sets out, err, status and log
hook() {
    : >"$TMPDIR/log.before"
    cp "$TMPDIR/syslog" "$TMPDIR/log.before" 2>/dev/null
    out=$(cd / && env -i ${environment[@]+"${environment[@]}"} "$BUILDDIR/mymachines" hook "$@" 2>"$TMPDIR/stderr")
    status=$?
    err=$(cat "$TMPDIR/stderr")
}
environment=()

# log: what has come in syslog by it
log() {
    wait_until sh -c "! cmp -s '$TMPDIR/syslog' '$TMPDIR/log.before'" >/dev/null
    tail -c +$(($(stat -c %s "$TMPDIR/log.before") + 1)) "$TMPDIR/syslog"
}

# harmless PATTERN NAME ARGUMENT...: exits with 0, says one thing, on stderr and in syslog; nothing
# is registered. Standard input goes to the hook. With --strict it fails.
harmless() {
    local pattern=$1 name=$2 input=$TMPDIR/input log
    shift 2
    cat >"$input"
    hook "$@" <"$input"
    is "$status:$out" "0:" "$name: exits with 0"
    like "$err" "mymachines: $pattern" "$name: says what is wrong"
    log=$(log)
    like "$log" "*mymachines[[][0-9]*]: ${pattern%%$'\n'*}*" "$name: in syslog, too"
    is "$(mymachines list --all --json=short)" '[]' "$name: nothing is registered"
    hook "$1" --strict "${@:2}" <"$input"
    is "$status" 1 "$name: fails if it is to be strict"
}

# registered_as MACHINE PATTERN NAME ARGUMENT...: exits with 0, and the machine is registered under this
# name; what can't be used is reported on stderr and in syslog. Standard input goes to the hook.
registered_as() {
    local machine=$1 pattern=$2 name=$3 input=$TMPDIR/input
    shift 3
    cat >"$input"
    hook "$@" <"$input"
    is "$status:$out" "0:" "$name: exits with 0"
    like "$err" "mymachines: $pattern" "$name: says what it could not use"
    like "$(log)" "*mymachines[[][0-9]*]: ${pattern%%$'\n'*}*" "$name: in syslog, too"
    is "$(mymachines list --all --no-legend | cut -d' ' -f1)" "$machine" "$name: is registered as $machine"
    description=$(LC_ALL=C.UTF-8 mymachines show --value -p Description "$machine")
    mymachines unregister "$machine" 2>/dev/null
}

# state FIELD=VALUE...: of a container, as JSON, with these fields instead
state() {
    local filter='{ociVersion: "1.0.2", id: "web1", status: "created", pid: '$c1', bundle: "'$TMPDIR/bundle'"}'
    jq -nc "$filter $*"
}

# What is right, first.
hook oci < <(state)
is "$status:$out:$err" "0::" "an OCI state: it says nothing"
is "$(mymachines show --value -p Name -p Leader -p Service -p RootDirectory web1 | tr '\n' ' ')" \
    "web1 oci $c1 $TMPDIR/bundle/rootfs " "an OCI state: it is registered, with its root directory"
hook oci < <(state '+ {annotations: {"org.mymachines.class": "vm", "org.mymachines.alias": "www", "org.mymachines.name": "updates.example.org"}}')
is "$(mymachines show --value -p Name -p Class -p Aliases | tr '\n' ' ')" "web1 container  " \
    "annotations, which images may have, give no name, alias and class"
hook oci --annotations --service=x < <(state '+ {annotations: {"org.mymachines.class": "container", "org.mymachines.alias": "www,db  app"}}')
is "$(mymachines show --value -p Aliases -p Service web1 | tr '\n' ' ')" "x www db app " \
    "with --annotations: aliases are taken from them"
# Names and root are those of the bundle; the state may have a root of its own, as crun's has.
mymachines unregister web1
hook oci --name=web2 < <(state '+ {root: "/srv/other"}')
is "$(mymachines show --value -p RootDirectory web2)" /srv/other "the root is that of the state, if it has one"
mymachines unregister web2
hook oci < <(state)
# It isn't told, and can't be told, which of that name has stopped: one that lives has not.
hook oci < <(state '+ {status: "stopped"} | del(.pid)')
is "$status:$out:$err" "0::" "stopped, but alive: nothing is reported"
is "$(mymachines list --no-legend | cut -d' ' -f1)" web1 "stopped, but alive: it stays"
start short --map=0:300000:65536
hook oci < <(state "+ {id: \"short\", pid: $short}")
kill -9 "$short"
wait_until has_ended "$short"
hook oci < <(state '+ {id: "short", status: "stopped", pid: 0}')
is "$status:$out:$err" "0::" "stopped: nothing is reported"
is "$(mymachines list --all --no-legend | cut -d' ' -f1)" web1 "stopped: it is forgotten, without a monitor"
hook oci < <(state '+ {id: "short", status: "stopped", pid: 0}')
is "$status:$out:$err" "0::" "a second stop does nothing and is silent"
mymachines unregister web1 2>/dev/null

# Podman's names are in its storage.
id=$(printf '0123456789abcdef%.0s' 1 2 3 4)
mkdir -p "$TMPDIR/storage/vfs-containers/$id/userdata"
podman="+ {id: \"$id\", bundle: \"$TMPDIR/storage/vfs-containers/$id/userdata\"}"
containers=$TMPDIR/storage/vfs-containers/containers.json
named() {
    hook oci < <(state "$podman")
    is "$status:$(mymachines list --no-legend | cut -d' ' -f1)" "0:$1" "$2"
    mymachines unregister "$1" 2>/dev/null
}
echo "[{\"id\":\"x\",\"names\":[\"other\"]},{\"id\":\"$id\",\"names\":[\"my_web\",\"second\"]}]" >"$containers"
named my_web "podman: the container's first name is the machine's"
for content in '' '[' '{}' '[1,null,{"id":7}]' "[{\"id\":\"$id\"}]" "[{\"id\":\"$id\",\"names\":[]}]" \
    "[{\"id\":\"$id\",\"names\":[3]}]" $'\xff\xfe'; do
    printf '%s' "$content" >"$containers"
    named 0123456789ab "podman: its short id, with containers.json: ${content@Q}"
done
rm "$containers"
named 0123456789ab "podman: the short id is the name without containers.json"
mkfifo "$containers"
named 0123456789ab "podman: the short id is the name if containers.json is a FIFO"
rm "$containers"
echo "[{\"id\":\"$id\",\"names\":[\"late\"]}]" >"$TMPDIR/storage/vfs-containers/volatile-containers.json"
named late "podman: the name of a container that is removed when it stops"

# CRI-O's storage is elsewhere than its bundles.
mkdir -p "$TMPDIR/etc" "$TMPDIR/crio/overlay-containers" "$TMPDIR/run/overlay-containers/$id/userdata" "$TMPDIR/docker/containers/$id"
cp -a /etc "$TMPDIR/etc" && mount --bind "$TMPDIR/etc/etc" /etc
mkdir -p /etc/containers /etc/docker
printf '%s\n' '[storage]' '# graphroot = "/no"' "graphroot = \"$TMPDIR/crio\"" >/etc/containers/storage.conf
echo "[{\"id\":\"$id\",\"names\":[\"k8s_nginx_web-7d9f_default_3f2504e0-4f89-11d3_0\"]}]" >"$TMPDIR/crio/overlay-containers/containers.json"
podman="+ {id: \"$id\", bundle: \"$TMPDIR/run/overlay-containers/$id/userdata\"}"
named web-7d9f-nginx "CRI-O: its pod's and its container's name"
sed -i 's/k8s_nginx/k8s_POD/' "$TMPDIR/crio/overlay-containers/containers.json"
named web-7d9f "CRI-O: a sandbox has its pod's name"
# Docker's name is in a file of its own, containerd's clients' in annotations.
echo "{\"data-root\": \"$TMPDIR/docker\"}" >/etc/docker/daemon.json
echo '{"ID": "x", "Name": "/db-1"}' >"$TMPDIR/docker/containers/$id/config.v2.json"
podman="+ {id: \"$id\", bundle: \"/run/containerd/io.containerd.runtime.v2.task/moby/$id\"}"
named db-1 "Docker: the name in its own file"
echo '{"Name": 7}' >"$TMPDIR/docker/containers/$id/config.v2.json"
named 0123456789ab "Docker: the short id, if that file is damaged"
podman="+ {id: \"$id\", bundle: \"/run/containerd/io.containerd.runtime.v2.task/default/$id\", annotations: {\"nerdctl/name\": \"web-3\"}}"
named web-3 "nerdctl: the name in its annotation"
podman="+ {id: \"$id\", bundle: \"/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id\",
    annotations: {\"io.kubernetes.cri.sandbox-name\": \"web-7d9f\", \"io.kubernetes.cri.container-name\": \"nginx\"}}"
named web-7d9f-nginx "Kubernetes with containerd: its pod's and its container's name"
podman="+ {id: \"$id\", bundle: \"$TMPDIR/storage/vfs-containers/$id/userdata\", annotations: {\"nerdctl/name\": \"updates\"}}"
named late "podman: an annotation that only nerdctl sets gives no name"

# What an image's author writes into annotations costs no more than that.
for word in 'a\\u0000b' 'a\\\\\\u0000b' $'a\xffb' $'a\xc0\x80b' $'a\xed\xa0\x80b'; do
    hook oci < <(state '+ {annotations: {"org.opencontainers.image.title": "WORD"}}' | sed "s/WORD/$word/")
    is "$status:$out:$err" "0::" "an annotation ${word@Q}: exits with 0"
    is "$(mymachines show --value -p Leader web1)" "$c1" "an annotation ${word@Q}: it is registered"
    mymachines unregister web1 2>/dev/null
done
hook oci --annotations < <(state '+ {annotations: {"org.mymachines.name\u0000": "other"}}')
is "$status:$(mymachines list --no-legend | cut -d' ' -f1)" "0:web1" "a key with a NUL isn't the one in front of the NUL"
mymachines unregister web1 2>/dev/null
echo "{\"root\": {\"path\": \"other\"}, \"annotations\": {\"title\": \"\\u0000\"}}" >"$TMPDIR/bundle/config.json"
hook oci < <(state)
is "$status:$(mymachines show --value -p RootDirectory web1)" "0:$TMPDIR/bundle/other" "a NUL in config.json doesn't hide the root directory"
mymachines unregister web1 2>/dev/null
echo '{"root": {"path": "rootfs"}}' >"$TMPDIR/bundle/config.json"

# Broken, huge, truncated, hostile.
harmless 'hook oci: no JSON: *' "no input" oci </dev/null
harmless 'hook oci: no JSON: *' "half a state" oci < <(state | head -c 40)
harmless 'hook oci: no JSON: *' "two states" oci < <(state; state)
harmless 'hook oci: no JSON: *' "binary" oci < <(head -c 100000 /dev/urandom)
harmless 'hook oci: no JSON: has a NUL' "a NUL" oci < <(state | tr , '\0')
harmless "hook oci: isn't a JSON object" "an array" oci < <(echo '[1]')
harmless "hook oci: isn't a JSON object" "null" oci < <(echo null)
harmless 'hook oci: standard input is longer than 16 MiB' "20 MiB" oci < <(head -c 20M /dev/zero | tr '\0' ' ')
harmless 'hook oci: no JSON: *' "deep nesting" oci < <(printf '[%.0s' {1..100000})
harmless "hook oci: standard input isn't the state of a container: its id is missing" "no id" oci < <(state '| del(.id)')
harmless "hook oci: standard input isn't the state of a container: its id is missing" "an id that is a number" oci < <(state '+ {id: 1}')
harmless "hook oci: standard input isn't the state of a container: its status is missing" "no status" oci < <(state '| del(.status)')
harmless "hook oci: web1: status 'dancing' is unknown" "another status" oci < <(state '+ {status: "dancing"}')
harmless "hook oci: web1: standard input isn't the state of a container: its pid is missing" "no pid" oci < <(state '| del(.pid)')
harmless "hook oci: web1: standard input isn't the state of a container: its pid is missing" "a pid that is a word" oci < <(state '+ {pid: "12"}')
harmless "hook oci: web1: the bundle is not an absolute path" "a relative bundle" oci < <(state '+ {bundle: "bundle"}')
for pid in 0 -1 99999999999; do
    harmless "web1: leader $pid: is not a process id" "pid $pid" oci < <(state "+ {pid: $pid}")
done
harmless "web1: leader 1: is the host's own init" "pid 1" oci < <(state "+ {pid: 1}")
harmless "hook oci: web1: pid $$ is in this host's mount namespace, so it is not a container's" "a process of the host's" \
    oci < <(state "+ {pid: $$}")
registered_as etc "hook oci: ../../etc: registered as etc" "a path for an id" oci < <(state '+ {id: "../../etc"}')
registered_as a0b 'hook oci: a\\x0a<0>b: registered as a0b' "a newline in the id" oci < <(state '+ {id: "a\n<0>b"}')
is "$description" "a?<0>b" "a newline in the id is a question mark in the description"
registered_as web-example-org '*has a dot, and is in no domain that Domains= in mymachines.conf names
mymachines: hook oci: web.example.org: registered as web-example-org' "a name with dots" \
    oci < <(state '+ {id: "web.example.org"}')
registered_as oci-101 'hook oci: 101: registered as oci-101' "a number for an id" oci < <(state '+ {id: "101"}')
registered_as "oci-$c1" "hook oci: \\\\xe3\\\\x83\\\\x86: registered as oci-$c1" "an id without a byte that a name may have" \
    oci < <(state '+ {id: "テ"}')
is "$description" "テ" "an id without a byte that a name may have is the description"
long=$(printf 'a%.0s' {1..80})
registered_as "${long:0:63}" "hook oci: $long: registered as ${long:0:63}" "an id that is too long" oci < <(state "+ {id: \"$long\"}")
is "$description" "$long" "an id that is too long for a name is the description"
long=$(printf 'ä%.0s' {1..200})
registered_as "oci-$c1" "*" "an id of 400 bytes" oci < <(state "+ {id: \"$long\"}")
is "$description" "$(printf 'ä%.0s' {1..127})" "a long description ends with a whole character"
registered_as "$(hostname)-x" "hook oci: $(hostname)..x: registered as $(hostname)-x" "an id with two dots" oci < <(state "+ {id: \"$(hostname)..x\"}")
registered_as "oci-$(hostname)" "*hook oci: $(hostname): registered as oci-$(hostname)" "this host's own name" oci < <(state "+ {id: \"$(hostname)\"}")
registered_as oci-localhost "hook oci: web1: registered as oci-localhost" "a name that means something else" \
    oci --annotations < <(state '+ {annotations: {"org.mymachines.name": "localhost"}}')
harmless "hook oci: *'localhost' can't be a machine's name: *" "a given name that means something else" \
    oci --name=localhost < <(state)
registered_as web1 "web1: alias 'tty1' would be taken for a terminal" "an alias that means something else" \
    oci --annotations < <(state '+ {annotations: {"org.mymachines.alias": "www tty1"}}')
registered_as web1 "hook oci: web1: class 'spaceship' is neither container nor vm" "another class" \
    oci --annotations < <(state '+ {annotations: {"org.mymachines.class": "spaceship"}}')
harmless "hook oci: takes no arguments" "an argument" oci what < <(state)
harmless "hook: unrecognized option '--what'" "an unknown option" oci --what < <(state)
harmless "hook: 'docker' is neither oci, lxc nor libvirt" "another kind" docker </dev/null
harmless "hook: the kind of hook is missing: oci, lxc or libvirt" "no kind" --no-monitor </dev/null
out=$(env -i "$BUILDDIR/mymachines" hook oci 2>&1 <&-)
is "$?:$out" "0:mymachines: hook oci: cannot read standard input: Bad file descriptor" "a closed standard input keeps nothing from starting"
mkfifo "$TMPDIR/open"
exec {open}<>"$TMPDIR/open"
hook oci <&"$open"
is "$status:$err" "0:mymachines: hook oci: standard input doesn't end" "a standard input without an end keeps nothing from starting"
exec {open}>&-

harmless 'hook lxc: LXC_NAME isn*t in the environment' "lxc: no environment" lxc </dev/null
environment=(LXC_NAME=web1)
harmless "hook lxc: LXC_HOOK_TYPE isn't in the environment" "lxc: no type" lxc </dev/null
environment=(LXC_NAME=web1 LXC_HOOK_TYPE=start-host)
harmless "hook lxc: web1: LXC_PID isn't in the environment" "lxc: no pid" lxc </dev/null
environment=(LXC_NAME=web1 LXC_HOOK_TYPE=start-host LXC_PID=x)
harmless "hook lxc: web1: leader 'x' is not a process id" "lxc: a pid that is a word" lxc </dev/null
environment=(LXC_NAME=web1 LXC_HOOK_TYPE=start-host "LXC_PID=$c1" "LXC_ROOTFS_PATH=/$(printf '\n')x"$'\n')
registered_as web1 "hook lxc: web1: root directory '*' has a control byte" "lxc: a root with a newline" lxc </dev/null
environment=()
harmless "hook lxc: takes no arguments, or NAME lxc TYPE" "lxc: two arguments" lxc web1 lxc </dev/null
environment=(LXC_NAME=101 LXC_HOOK_TYPE=start-host "LXC_PID=$c1")
registered_as lxc-101 "hook lxc: 101: registered as lxc-101" "lxc: a number for a name" lxc </dev/null
environment=(LXC_NAME=web1 LXC_HOOK_TYPE=mount)
hook lxc </dev/null
is "$status:$out:$err" "0::" "lxc: a hook of another type does nothing"
environment=("LXC_PID=$c1" "LXC_ROOTFS_PATH=overlay:/a:/b")
hook lxc web1 lxc start-host </dev/null
is "$status:$err:$(mymachines show --value -p Service web1)" "0::lxc" "lxc: name and type may come as arguments"
mymachines unregister web1 2>/dev/null
environment=()

# domain [XML]: with this in it
domain() {
    echo "<domain type='lxc' id='7'><name>web1</name>${1-}</domain>"
}
controller=$(awk '/^PPid/ { print $2 }' "/proc/$c1/status")
mkdir -p /run/libvirt/lxc /run/libvirt/qemu
echo "$controller" >/run/libvirt/lxc/web1.pid
hook libvirt lxc web1 started begin - < <(domain "<uuid>ba6f43e4-b678-4364-883d-41c60581b3dd</uuid><devices>
    <filesystem type='mount'><source dir='/srv/not'/><target dir='/mnt'/></filesystem>
    <filesystem type='mount'><source dir='/srv/web1'/><target dir='/'/></filesystem></devices>")
is "$status:$err" "0:" "libvirt: a domain: it says nothing"
is "$(mymachines show --value -p Leader -p Id -p RootDirectory -p Aliases web1 | tr '\n' ' ')" \
    "ba6f43e4b6784364883d41c60581b3dd $c1 /srv/web1 lxc-7-web1 " "libvirt: a domain: it is registered"
mymachines unregister web1 2>/dev/null
for operation in prepare start migrate restore shutdown; do
    hook libvirt lxc web1 $operation begin - < <(domain)
    is "$status:$out:$err:$(mymachines list --all --no-legend)" "0:::" "libvirt: $operation doesn't matter"
done
harmless 'hook libvirt: web1: no XML: *' "libvirt: nothing" libvirt lxc web1 started begin - </dev/null
harmless 'hook libvirt: web1: no XML: *' "libvirt: half a domain" libvirt lxc web1 started begin - < <(domain | head -c 30)
harmless 'hook libvirt: web1: no XML: *' "libvirt: binary" libvirt lxc web1 started begin - < <(head -c 100000 /dev/urandom)
harmless 'hook libvirt: web1: no XML: has a document type' "libvirt: entities" libvirt lxc web1 started begin - \
    < <(echo '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'; domain '&b;')
harmless 'hook libvirt: web1: no XML: has a document type' "libvirt: a file of the host's" libvirt lxc web1 started begin - \
    < <(echo '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/shadow">]>'; domain '<uuid>&a;</uuid>')
harmless 'hook libvirt: web1: the XML is of another domain, or of none' "libvirt: another domain" \
    libvirt lxc web1 started begin - < <(echo '<domain><name>web2</name></domain>')
harmless 'hook libvirt: web1: the XML is of another domain, or of none' "libvirt: 100,000 elements deep" \
    libvirt lxc web1 started begin - < <(printf '<a>%.0s' {1..100000}; printf '</a>%.0s' {1..100000})
registered_as web1 "hook libvirt: web1: id 'x' is not a UUID" "libvirt: a bad id" libvirt lxc web1 started begin - < <(domain '<uuid>x</uuid>')
harmless "hook libvirt: the name of the domain isn't valid" "libvirt: a path for a name" libvirt lxc ../web1 started begin - < <(domain)
harmless "hook libvirt: takes 'lxc' or 'qemu', and libvirt's arguments" "libvirt: another driver" libvirt xen web1 started begin - < <(domain)
echo 12x >/run/libvirt/lxc/web1.pid
harmless 'hook libvirt: web1: /run/libvirt/lxc/web1.pid: isn*t a pid' "libvirt: a bad pid file" libvirt lxc web1 started begin - < <(domain)
sleep 100 >/dev/null 2>&1 &
echo $! >/run/libvirt/lxc/web1.pid
harmless 'hook libvirt: web1: its controller, pid *, has no child with namespaces of its own' \
    "libvirt: a controller without a container" libvirt lxc web1 started begin - < <(domain)
kill $!
rm /run/libvirt/lxc/web1.pid
harmless 'hook libvirt: web1: /run/libvirt/lxc/web1.pid: No such file or directory' "libvirt: no pid file" \
    libvirt lxc web1 started begin - < <(domain)
registered_as web1 "hook libvirt: web1: interface 'nonesuch' doesn't exist on the host" "libvirt: no such interface" libvirt qemu web1 started begin - \
    < <(echo $$ >/run/libvirt/qemu/web1.pid; domain "<devices><interface><target dev='nonesuch'/></interface></devices>")
is "$description" "" "a machine that has its runtime's name needs no description"

# What isn't a machine's name is kept as the description.
echo $$ >"/run/libvirt/qemu/Windows 10.pid"
hook libvirt qemu "Windows 10" started begin - <<<"<domain type='kvm' id='4'><name>Windows 10</name></domain>"
is "$(mymachines list --no-legend | cut -d' ' -f1)" "Windows10" "libvirt: a name with a blank: a name is made of it"
like "$(mymachines status Windows10)" "Windows10
*Description: Windows 10
*" "libvirt: a name with a blank: status shows it as the description"
is "$(mymachines show --json=short Windows10 | jq -r .description)" "Windows 10" "libvirt: a name with a blank: JSON has it as the description"
mymachines show --json=short Windows10 | jq -c '.name = "w10" | .description += "é"' >"$TMPDIR/line"
mymachines unregister Windows10
mymachines register --batch <"$TMPDIR/line" 2>/dev/null
mymachines refresh
is "$(LC_ALL=C mymachines show --value -p Description w10)" 'Windows 10\xc3\xa9' "register --batch takes a description"
mymachines register w10 --leader=$$ --description= --force 2>/dev/null
is "$(mymachines show --value -p Description w10)" "" "an empty --description takes it away"
fails "mymachines: w10: description 'a?x0ab' has a control byte" "--description takes no control bytes" \
    mymachines register w10 --leader=$$ --force --description=$'a\nb'
fails "mymachines: w10: description '*' is longer than 255 bytes" "--description takes no more than 255 bytes" \
    mymachines register w10 --leader=$$ --force --description="$(printf '%0256d' 1)"
mymachines unregister w10

# --strict may be given anywhere.
for words in 'oci --strict' '--strict oci' 'nosuch --strict' '--strict nosuch' '--strict' 'oci --what --strict' 'oci --strict --class=x'; do
    # shellcheck disable=SC2086
    hook $words </dev/null
    is "$status" 1 "hook $words: fails"
done

# Whatever else is wrong.
mkdir "$TMPDIR/gone" && cd "$TMPDIR/gone" && rmdir "$TMPDIR/gone"
out=$(env -i "$BUILDDIR/mymachines" hook oci < <(state) 2>&1)
is "$?:$out:$(mymachines list --no-legend | cut -d' ' -f1)" "0::web1" "a hook works in a directory that has been removed"
cd / || exit
mymachines unregister web1 2>/dev/null
env -i "$BUILDDIR/mymachines" hook oci < <(state) >&- 2>&-
is "$?:$(mymachines list --no-legend | cut -d' ' -f1)" "0:web1" "a hook works without standard output and error"
mymachines unregister web1 2>/dev/null
(
    trap '' PIPE
    env -i "$BUILDDIR/mymachines" hook oci < <(echo nonsense) 2> >(exec true)
)
is $? 0 "a standard error that nobody reads keeps nothing from starting"
case ${SANITIZERS-} in
*address*) skip "a sanitizer wants more memory than that" "too little memory keeps nothing from starting" ;;
*)
    (ulimit -v 20000; env -i "$BUILDDIR/mymachines" hook oci < <(state) >/dev/null 2>&1)
    is $? 0 "too little memory keeps nothing from starting"
    ;;
esac
mymachines unregister web1 2>/dev/null
hook oci < <(yes '[{},' | tr -d '\n' | head -c 15M)
is "$status:$(mymachines list --all --no-legend)" "0:" "an input that needs gigabytes of memory keeps nothing from starting"
# Nobody reads what it has to say: it gives up, after 15 seconds.
if [ -z "${SANITIZERS-}" ]; then
    mkfifo "$TMPDIR/full"
    exec {full}<>"$TMPDIR/full"
    head -c 65536 /dev/zero >&"$full"
    timeout -s KILL 100 python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execve(sys.argv[1], [sys.argv[1], "hook", "oci"], {})' "$BUILDDIR/mymachines" </dev/null 2>&"$full"
    is $? 0 "a standard error that is full keeps nothing from starting, whatever signals are blocked"
    exec {full}>&-
fi
mount -t tmpfs -o ro,mode=755 tmpfs "$REGISTRY_DIRECTORY"
hook oci < <(state)
is "$status" 0 "a registry that can't be written keeps nothing from starting"
like "$err" "mymachines: *ead-only*" "a registry that can't be written is reported"
umount "$REGISTRY_DIRECTORY"
# Absence breaks nothing: neither of the configuration, nor of the module, nor of what /run has.
rm -f "$SYSCONFDIR/mymachines.conf"
mkdir "$SYSCONFDIR/mymachines.conf"
hook oci --no-monitor < <(state)
is "$status:$(mymachines list --no-legend | cut -d' ' -f1)" "0:web1" "a configuration that is a directory keeps nothing from being registered"
mymachines unregister web1
rmdir "$SYSCONFDIR/mymachines.conf"
head -c 1000 /dev/urandom >"$SYSCONFDIR/mymachines.conf"
hook oci --no-monitor < <(state)
is "$status:$(mymachines list --no-legend | cut -d' ' -f1)" "0:web1" "a damaged configuration keeps nothing from being registered"
mymachines unregister web1
echo 'Monitor=no' >"$SYSCONFDIR/mymachines.conf"
mv "$REGISTRY_DIRECTORY" "$TMPDIR/registry"
hook oci < <(state)
is "$status:$err:$(mymachines list --no-legend | cut -d' ' -f1)" "0::web1" "without the registry's directory, it is made"
mymachines unregister web1
rm -r "$REGISTRY_DIRECTORY"
touch "$REGISTRY_DIRECTORY"
hook oci < <(state)
is "$status" 0 "a file in the place of the registry's directory keeps nothing from starting"
rm "$REGISTRY_DIRECTORY"
mv "$TMPDIR/registry" "$REGISTRY_DIRECTORY"
echo garbage >"$REGISTRY_DIRECTORY/registry.mdb"
hook oci < <(state)
is "$status" 0 "a damaged registry keeps nothing from starting"
rm -f "$REGISTRY_DIRECTORY/registry.mdb"
hook oci < <(state '+ {id: "web1"}')
start c2
hook oci < <(state "+ {pid: $c2}")
like "$status:$err" "0:mymachines: web1: already a name of machine web1, pid $c1; this one, pid $c2, is called oci-web1" \
    "a name that is taken: the next one is used, which is reported"
is "$(mymachines show --value -p Leader web1 oci-web1 | xargs)" "$c1 $c2" "a name that is taken stays with the first machine"
hook oci < <(state "+ {pid: $c2}")
is "$(mymachines list --no-legend | cut -d' ' -f1 | xargs)" "oci-web1 web1" "a machine under its next name is updated, not registered again"
mymachines unregister oci-web1
hook oci --annotations < <(state "+ {id: \"web2\", pid: $c2, annotations: {\"org.mymachines.alias\": \"web1,db\"}}")
is "$status:$err:$(mymachines show --value -p Aliases web2)" "0:mymachines: web2: alias web1 is already a name of machine web1, pid $c1; left out:db" \
    "an alias that is taken is left out, which is reported"

# The hook runs again for a machine that a person has made a VM of another name. It is looked at as that.
mymachines unregister web2
ip link add ve-vm type veth peer name ve-peer
ip addr add 10.77.0.1/24 dev ve-vm
ip link set ve-peer up
ip link set ve-vm up
ip neigh replace 10.77.0.2 lladdr 52:54:00:00:00:01 dev ve-vm nud permanent
mymachines register mine --replace --leader="$c2" --class=vm --interface=ve-vm 2>/dev/null
before=$(mymachines show -p Name,Leader,Class,Addresses)
like "$before" "*Addresses=10.77.0.2*" "a VM's address is found on its interface"
hook oci < <(state "+ {id: \"web2\", pid: $c2}")
is "$status:$(mymachines show -p Name,Leader,Class,Addresses)" "0:$before" "a machine that was renamed keeps what it is, and where"

# Unprivileged users run the same hooks, for machines that aren't the host's.
run setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILDDIR/mymachines" hook oci < <(state)
is "$status:$out:$err" "0::" "an ordinary user's hook does nothing and is silent"
if unshare --user --map-root-user true 2>/dev/null; then
    run setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user --map-root-user "$BUILDDIR/mymachines" hook oci --strict < <(state)
    is "$status:$out:$err" "0::" "a hook of root in an ordinary user's namespace does nothing and is silent"
else
    skip "user namespaces can't be made here" "a hook of root in an ordinary user's namespace does nothing and is silent"
fi

done_testing
