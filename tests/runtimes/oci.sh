# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# runc and crun: the hooks are in the bundle, where 'mymachines setup' has put them.
. "$SRCDIR/tests/runtimes/lib.sh"

# bundle DIRECTORY VARIANT [CGROUP]: as 'runc spec' lays it out
bundle() {
    local ids='[]' user=''
    mkdir -p "$1"
    rootfs "$1/rootfs" "$2"
    if [ "$2" != plain ]; then
        user='{"type": "user"},'
        ids="[$(sed 's/\([0-9]*\):\([0-9]*\):\([0-9]*\) \?/{"containerID": \1, "hostID": \2, "size": \3},/g; s/,$//' <<<"${maps[$2]}")]"
    fi
    cat >"$1/config.json" <<CONFIG
{
	"ociVersion": "1.0.2",
	"root": {"path": "rootfs"},
	"hostname": "c1",
	"process": {
		"user": {"uid": 0, "gid": 0}, "args": ["/sbin/init"],
		"env": ["PATH=/bin:/sbin"], "cwd": "/"
	},
	"mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
	"linux": {
		"namespaces": [
			$user {"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}
		],
		${3:+\"cgroupsPath\": \"$3\",}
		"uidMappings": $ids, "gidMappings": $ids
	},
	"annotations": {"org.example.note": "kept", "org.mymachines.alias": "www, db"},
	"hooks": {"poststop": [{"path": "/bin/true"}]}
}
CONFIG
}

# oci COMMAND...: the runtime, with its state in a directory of the test's; hooks get no environment
oci() {
    env -i PATH="$PATH" "$runtime" --root "$TMPDIR/state" "$@" </dev/null >"$TMPDIR/oci.log" 2>&1 ||
        { sed 's/^/# /' "$TMPDIR/oci.log"; return 1; }
}

# create VARIANT ID: sets pid
create() {
    oci create -b "$TMPDIR/$1" "$2" || return
    pid=$("$runtime" --root "$TMPDIR/state" state "$2" | jq .pid)
}

# need_to_run: skips all if the runtime can't run a container here, whatever we do
need_to_run() {
    bundle "$TMPDIR/probe" plain
    sed -i 's|"args": \["/sbin/init"\]|"args": ["/bin/true"]|; s|"hooks": .*|"hooks": {}|' "$TMPDIR/probe/config.json"
    env -i PATH="$PATH" timeout 60 "$runtime" --root "$TMPDIR/state" run -b "$TMPDIR/probe" "probe$$" \
        </dev/null >"$TMPDIR/oci.log" 2>&1 || skip_all "$runtime can't run a container here: $(head -n 1 "$TMPDIR/oci.log")"
}

test_variant() {
    local what="$runtime $1" id="$runtime-$1-$$"
    bundle "$TMPDIR/$1" "$1"
    run mymachines setup --quiet --annotations "$runtime" --bundle="$TMPDIR/$1"
    is "$status:$out:$err" "0::" "$what: hooks are put into the bundle"

    create "$1" "$id"
    ok $? "$what: it is created"
    is "$(value "$id" Leader)" "$pid" "$what: it is registered before anything runs in it"
    addresses "$pid"
    oci start "$id"
    ok $? "$what: it starts"
    runs "$pid" '/bin/sh /sbin/init'
    seen "$what" "$id" "$pid" "$runtime" 10.77.0.2 fd77::2
    seen_ids "$what" "$id" "$pid" "$1"
    is "$(value "$id" RootDirectory)" "$TMPDIR/$1/rootfs" "$what: its root directory is the bundle's"
    is "$(value "$id" Aliases)" "www db" "$what: its aliases are those of the annotation"
    is "$(getent ahostsv4 www | cut -d' ' -f1 | sort -u)" 10.77.0.2 "$what: getent knows it by an alias"
    oci kill "$id" TERM
    wait_until test ! -d "/proc/$pid/fd/0"
    wait_until has_ended "$pid"
    wait_until oci delete "$id"
    ok $? "$what: it is stopped and deleted"
    gone "$what stopped" "$id"

    create "$1" "$id" && oci start "$id"
    ok $? "$what: it starts again"
    is "$(value "$id" Leader)" "$pid" "$what: it is registered again"
    kill -9 "$pid"
    gone "$what killed" "$id"
    # The runtime may take it for alive until process 1 has reaped it.
    wait_until oci delete "$id"
    ok $? "$what: it is deleted after that"
    is "$(mymachines list --all --json=short)" '[]' "$what: and still not registered"
}

# It is the hook that drops it then; and it drops none that lives.
test_without_monitor() {
    local what="$runtime without a monitor" id="$runtime-alone-$$" other
    bundle "$TMPDIR/alone" plain
    mymachines setup --quiet "$runtime" --bundle="$TMPDIR/alone"
    create alone "$id" && oci start "$id"
    ok $? "$what: it starts"
    start other
    mymachines register other --leader="$other" 2>/dev/null
    kill -9 "$pid"
    wait_until has_ended "$pid"
    is "$(mymachines list --all --no-legend | cut -d' ' -f1 | sort)" "$(printf '%s\n' other "$id" | sort)" \
        "$what: killed, it stays registered"
    wait_until oci delete "$id"
    is "$(mymachines list --all --no-legend | cut -d' ' -f1)" other "$what: deleted, it is dropped"
    kill -9 "$other"
    wait_until has_ended "$other"
    mymachines refresh 2>/dev/null
}

start_one() {
    create absent "$1" && oci start "$1" && runs "$pid" '/bin/sh /sbin/init'
}

stop_one() {
    oci kill "$1" TERM && wait_until has_ended "$pid" && wait_until oci delete "$1"
}

test_oci() {
    runtime=$1
    need "$runtime" jq
    need_to_run
    log_hooks
    use_module
    installed
    test_without_monitor
    with_monitor
    for variant in plain userns multi; do
        test_variant "$variant"
    done
    bundle "$TMPDIR/absent" plain
    mymachines setup --quiet "$runtime" --bundle="$TMPDIR/absent"
    without_us "$runtime" "$runtime$$"
    said_nothing "$runtime: hooks that have nothing to complain of say nothing"
}
