# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman: one file in its directory of hooks, which 'mymachines setup podman' has put there.
. "$SRCDIR/tests/runtimes/lib.sh"

# pod ARGUMENT...: with a storage of the test's
pod() {
    env -i PATH="$PATH" HOME="$TMPDIR/pod" podman --root "$storage" --runroot "$TMPDIR/pod/run" \
        --tmpdir "$TMPDIR/pod/tmp" --network-config-dir "$TMPDIR/pod/net" --storage-driver "$driver" \
        --cgroup-manager cgroupfs --events-backend file --runtime "$runtime" "$@" </dev/null
}

# image: made of our root file system
image() {
    pod import -q "$TMPDIR/rootfs.tar" tiny:1 >/dev/null 2>&1
}

# start_container NAME VARIANT [OPTION...]: sets pid and id
start_container() {
    local name=$1 map words=() cgroups=()
    for map in ${maps[$2]}; do
        words+=(--uidmap "$map" --gidmap "$map")
    done
    # What crun would limit devices with wants a limit raised that can't be, in places.
    [ "$runtime" != crun ] || cgroups=(--cgroups=disabled)
    shift 2
    pod run -d --name "$name" "${cgroups[@]}" "${words[@]}" --no-hosts --log-driver k8s-file \
        --stop-signal 15 --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 "$@" tiny:1 /sbin/init \
        >"$TMPDIR/id" 2>"$TMPDIR/pod.log" || { sed 's/^/# /' "$TMPDIR/pod.log"; return 1; }
    id=$(cat "$TMPDIR/id")
    pid=$(pod inspect -f '{{.State.Pid}}' "$name")
}

remove() {
    # What conmon has started when the container ended may still be at work.
    wait_until pod rm -f -t 1 "$1"
}

test_variant() {
    local what="podman with $runtime $1" name="web_$1$$"
    driver=overlay
    # It maps the layers of an image by idmapped mounts below overlay, which not all kernels take.
    [ "$1" = plain ] || driver=vfs
    storage=$TMPDIR/pod/$driver
    image
    start_container "$name" "$1" --network none --annotation org.mymachines.alias=www
    ok $? "$what: it starts"
    addresses "$pid"
    runs "$pid" '/bin/sh /sbin/init'
    seen "$what" "$name" "$pid" podman 10.77.0.2 fd77::2
    seen_ids "$what" "$name" "$pid" "$1"
    is "$(value "$name" Aliases)" "www ${id:0:12}" "$what: its aliases are the annotation's and its short id"
    like "$(value "$name" RootDirectory)" "$storage/*" "$what: its root directory is in the storage"
    pod stop -t 5 "$name" >/dev/null
    gone "$what stopped" "$name"
    pod start "$name" >/dev/null
    pid=$(pod inspect -f '{{.State.Pid}}' "$name")
    registered_as "$name"
    is "$leader" "$pid" "$what: it is registered when it starts again"
    kill -9 "$pid"
    gone "$what killed" "$name"
    remove "$name"
}

start_one() {
    start_container "$1" plain --network none && runs "$pid" '/bin/sh /sbin/init'
}

stop_one() {
    pod stop -t 5 "$1" >/dev/null && remove "$1"
}

test_podman() {
    runtime=$1
    need podman "$runtime" conmon jq
    leaves_cgroups libpod_parent
    own_directory /usr/share/containers
    log_hooks
    use_module
    installed
    with_monitor
    # A disk of the host's is not a place for it, and overlay doesn't go on every file system.
    mkdir -p "$TMPDIR/pod/net"
    rootfs "$TMPDIR/rootfs" plain
    tar -C "$TMPDIR/rootfs" -cf "$TMPDIR/rootfs.tar" .
    need_to_run
    run mymachines setup --quiet podman
    is "$status:$out:$err" "0::" "podman is set up"
    # An image may have annotations as well, so they don't count by themselves.
    driver=vfs storage=$TMPDIR/pod/vfs
    start_container untold plain --network none --annotation org.mymachines.name=updates.example.org \
        --annotation org.mymachines.alias=code --annotation org.mymachines.class=vm
    is "$(mymachines show --value -p Name -p Class -p Aliases | tr '\n' ' ')" "untold container ${id:0:12} " \
        "podman: annotations give no name, alias and class"
    remove untold
    gone "podman: without annotations" untold
    mymachines setup --quiet --annotations podman
    for variant in plain userns multi; do
        test_variant "$variant"
    done
    driver=vfs storage=$TMPDIR/pod/vfs
    without_us "podman with $runtime" "pod$$"
}

# need_to_run: skips all if podman can't run a container here, whatever we do
need_to_run() {
    driver=vfs storage=$TMPDIR/pod/vfs
    local cgroups=()
    [ "$runtime" != crun ] || cgroups=(--cgroups=disabled)
    image
    pod run --rm "${cgroups[@]}" --network none --no-hosts --log-driver k8s-file --ulimit nofile=1024:1024 \
        --ulimit nproc=4096:4096 tiny:1 /bin/true >"$TMPDIR/pod.log" 2>&1 ||
        skip_all "podman can't run a container with $runtime here: $(tail -n 1 "$TMPDIR/pod.log")"
}
